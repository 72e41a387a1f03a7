// A media gateway's view of its SIP Servers: which are online, and which gets the next INVITE
// (§5.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "models/inline_list.hpp"
#include "models/scenario.hpp"
#include "models/timer_change.hpp"

namespace bcsim::models::ha {

using sim::SimTime;

/// A gateway's targets, by index; two sites have two.
inline constexpr int kMaxProxies = 4;
using ProxyIndex = std::uint8_t;
using ProxyMask = std::uint8_t;  ///< bit i: proxy i

struct ProxySetOptions {
  RedundancyMode mode = RedundancyMode::homing;
  ProxyIndex home = 0;              ///< the gateway's own site
  Duration options_period = 60s;    ///< K_g
  int success_retries = 1;          ///< answered OPTIONS in a row until online again …
  Duration success_interval = 10s;  ///< … this far apart
  /// load_balance: shares of the calls; unset: in turn.
  std::optional<std::array<double, kMaxProxies>> weights{};
  /// Final responses that count as being down, e.g. 503 (D29); none by default.
  InlineList<std::uint16_t, 8> failure_codes{};
};

/// How a request to a proxy ended, or that it has its first response.
struct ProxyOutcome {
  enum class Kind : std::uint8_t { response, no_response, transport_error };
  Kind kind = Kind::response;
  std::uint16_t status = 200;
  Duration retry_after{};  ///< of a 503; 0: none
};

/// What to do now about one proxy; trivially copyable.
struct ProxyEffects {
  enum class Event : std::uint8_t { none, offline, online };
  bool send_options = false;
  Event event = Event::none;
  TimerChange timer{};  ///< of this proxy
  constexpr bool operator==(const ProxyEffects&) const = default;
};

/// Any response proves life unless configured as a failure; an OPTIONS or INVITE without response
/// marks the proxy offline; only OPTIONS bring it back (D29). One timer per proxy.
class ProxySet {
 public:
  explicit ProxySet(int count);

  /// `first_options_after`: the phase, to be drawn from U(0, K_g).
  [[nodiscard]] static ProxyEffects start(Duration first_options_after) {
    return {.timer = TimerChange::arm(first_options_after)};
  }
  [[nodiscard]] ProxyEffects on_timer(ProxyIndex proxy, const ProxySetOptions& options);
  [[nodiscard]] ProxyEffects on_options_result(ProxyIndex proxy, const ProxySetOptions& options,
                                               const ProxyOutcome& outcome, SimTime now);
  [[nodiscard]] ProxyEffects on_invite_result(ProxyIndex proxy, const ProxySetOptions& options,
                                              const ProxyOutcome& outcome, SimTime now);

  struct Choice {
    ProxyMask tried = 0;  ///< by this call already
    SimTime now{};
    double uniform = 0;  ///< in [0, 1), for weighted load balancing
  };
  /// The proxy for an INVITE: home if homing, the one in use if parking, any of the online ones
  /// if load_balance. With nobody online a new call tries its home all the same; nullopt: give up.
  [[nodiscard]] std::optional<ProxyIndex> choose(const ProxySetOptions& options,
                                                 const Choice& choice);

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool online(ProxyIndex proxy) const { return proxies_[proxy].online; }
  /// Online, and not to be left alone because of a Retry-After (RFC 3261 §21.5.4).
  [[nodiscard]] bool available(ProxyIndex proxy, SimTime now) const {
    return proxies_[proxy].online && proxies_[proxy].shunned_until <= now;
  }

 private:
  struct Proxy {
    SimTime shunned_until{};
    int successes = 0;  // OPTIONS answered in a row while offline
    bool online = true;
    bool probing = false;  // an OPTIONS is outstanding
  };
  [[nodiscard]] bool is_alive(const ProxySetOptions&, const ProxyOutcome&) const;
  void heed_retry_after(Proxy&, const ProxyOutcome&, SimTime now);
  ProxyEffects::Event set_offline(ProxyIndex, const ProxySetOptions&, SimTime now);
  /// The first candidate at or after `from`, cyclically.
  [[nodiscard]] ProxyIndex next_of(ProxyMask candidates, ProxyIndex from) const;
  [[nodiscard]] ProxyIndex weighted(ProxyMask candidates, const std::array<double, kMaxProxies>&,
                                    double uniform) const;

  std::array<Proxy, kMaxProxies> proxies_{};
  ProxyIndex count_;
  std::optional<ProxyIndex> parked_;  // parking: the one in use
  ProxyIndex turn_ = 0;               // load_balance: whose turn it is
};

}  // namespace bcsim::models::ha
