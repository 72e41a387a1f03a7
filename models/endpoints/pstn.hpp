// The public telephone network: brings callers to gateways over a bounded number of channels, and
// goes round a dead gateway once it has noticed (R29, domain.md §3.8).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/endpoints/callers.hpp"

namespace bcsim::models {

/// One trunk group per gateway; a channel is held from set-up to release. Between the death of a
/// gateway and its being noticed, set-ups to it get no answer and go elsewhere after T303.
class PstnEndpoint final : public Endpoint, private Exchange {
 public:
  PstnEndpoint(const Directory& directory, bool first);

  void on_start(Context& context) override;
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;

  [[nodiscard]] std::uint32_t channels_busy(std::uint32_t gateway) const {
    return groups_[gateway].busy;
  }
  [[nodiscard]] const Callers& callers() const { return callers_; }

  /// Wait for an answer to SETUP before another route is tried. Q.931 sends SETUP once again first;
  /// ASSUMPTION: this network does not.
  static constexpr Duration kT303 = 4s;

 private:
  enum TimerKind : std::uint32_t { t303_timer, answer_timer, hang_up_timer };
  struct TrunkGroup {
    std::uint32_t busy = 0;
    bool dead = false;  ///< answers nothing
    bool down = false;  ///< and the network has noticed
  };
  struct Channel {
    CallId call;  ///< invalid: none
    std::uint32_t gateway = 0;
    sim::TimerId t303;  ///< valid: no answer to SETUP yet
  };

  /// Somebody outside whom an agent calls.
  struct Callee {
    CallId call;
    std::uint32_t gateway = 0;
    Conversation conversation;
    sim::TimerId timer{};  ///< his phone rings, then: he speaks
  };

  // Exchange
  std::uint32_t choose_gateway(const CallStream& stream, std::optional<std::uint32_t> pinned,
                               sim::RngStream& random) override;
  bool set_up(Context& context, std::uint32_t slot, std::uint32_t gateway) override;
  void hang_up(Context& context, std::uint32_t slot) override;
  void set_up_agent_call(Context& context, std::uint32_t slot) override;
  void agent_call_over(Context& context, std::uint32_t slot) override;

  // Calls that come out of a gateway.
  void on_outgoing(Context& context, const pstn::Message& setup);
  void tell_gateway(Context& context, const Callee& callee, pstn::Kind kind,
                    pstn::Release release = pstn::Release::normal);
  void on_callee_timer(Context& context, std::uint32_t index, bool hangs_up);
  /// Whom the call has reached through this gateway; it may have gone on to another.
  void free_callee(Context& context, CallId call, std::uint32_t gateway);
  /// Out of another gateway, after this one was given up.
  [[nodiscard]] bool goes_on(CallId call) const;
  void phone_died(Context& context, AgentId agent);

  /// By the stream's shares among gateways that are not down and not `except`.
  [[nodiscard]] std::optional<std::uint32_t> draw_survivor(const CallStream& stream,
                                                           std::optional<std::uint32_t> except,
                                                           double uniform) const;
  void on_gateway(Context& context, const pstn::Message& message);
  void on_notice(Context& context, const notice::Message& notice);
  void gateway_died(Context& context, std::uint32_t gateway);
  void reroute(Context& context, std::uint32_t slot);
  void free_channel(Context& context, std::uint32_t slot);
  /// `unheard`: for how long the caller has heard nobody.
  void release(Context& context, std::uint32_t slot, pstn::Release release, std::uint16_t status,
               Duration unheard = {});

  const Directory& directory_;
  Callers callers_;
  std::vector<TrunkGroup> groups_;  ///< by gateway
  std::vector<Channel> channels_;   ///< by slot of the call
  std::unordered_map<std::uint32_t, std::uint32_t> slot_by_call_;
  sim::Slab<Callee> callees_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t>
      callees_by_call_;  ///< and gateway
  /// Of calls that agents place, by agent and call.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> slot_by_agent_;
};

}  // namespace bcsim::models
