// Speech: which calls have it, over which links, and when it stops. RTP is no packet here but a
// fluid rate; what the ends notice of it comes to them as notices.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "models/ledger/call_way.hpp"
#include "models/world/layout.hpp"
#include "sim/network.hpp"

namespace bcsim::models {

/// G.711, 20 ms packets, IP bytes, per call and direction (domain.md §3.10).
inline constexpr double kSpeechBps = 80e3;

/// Folds the journal into the set of calls with speech, loads the links with it, and tells gateways
/// and phones when it stops: because a SIP Server of the path died (R5, R6; unless media survives
/// its signalling), or because RTP has no way any more (R55's partition, a dead media server).
/// Speech of a call served at one site runs gateway – that data centre – phone; of a call over the
/// inter-site trunk gateway – first data centre – dc-link – second – phone. Where gateway and phone
/// are at one location it never leaves it.
class MediaPlane {
 public:
  /// Gives a notice to a node at once.
  using Notify = std::function<void(NodeId, const notice::Message&)>;
  /// Is this node alive?
  using Alive = std::function<bool(NodeId)>;

  MediaPlane(const Layout& layout, sim::Network& network, Notify notify, Alive alive);

  /// Returns true if the call's speech shares an overloaded link from the start.
  bool on_record(const Record& record);
  /// A SIP Server pair is gone for good or for a while: speech of every call through it stops now.
  void pair_lost(SiteIndex site);
  /// Nobody knows this call any more: its speech stops now.
  void call_lost(CallId id);
  /// Links or nodes have changed: RTP of some calls stops or comes back.
  void refresh();

  [[nodiscard]] std::size_t calls() const { return calls_.size(); }

 private:
  struct Call {
    std::uint32_t gateway = kNoGateway;
    AgentId dialler;          ///< without a gateway: the agent who has called another
    std::uint32_t owner = 0;  ///< site whose SIP Server the gateway talks to
    std::uint32_t site = 0;   ///< site that serves the agent, or the treatment
    PathMask path = 0;
    AgentId agent;   ///< invalid: treatment by the media server of `site`
    AgentId second;  ///< whom the agent consults, meanwhile
    PathMask second_path = 0;
    CallWay way;
    AgentId chosen;        ///< the agent whose answer it waits for
    bool loaded = false;   ///< its rate is on the links
    bool stopped = false;  ///< RTP does not arrive
  };
  struct Segment {
    sim::PlaceId from, to;
  };

  [[nodiscard]] std::vector<Segment> segments(const Call& call) const;
  [[nodiscard]] bool flows(const Call& call) const;
  /// Who is not the agent: the gateway, or the agent who has called him.
  [[nodiscard]] NodeId near_end(const Call& call) const;
  [[nodiscard]] LocationIndex near_location(const Call& call) const;
  [[nodiscard]] std::vector<std::uint32_t> in_order() const;
  [[nodiscard]] bool follows(const Record& record);
  void load(Call& call, bool on);
  void consultation_lost(CallId id, const Call& call);
  bool begin(CallId id, std::uint32_t site, AgentId agent, PathMask path);

  const Layout& layout_;
  sim::Network& network_;
  Notify notify_;
  Alive alive_;
  std::unordered_map<std::uint32_t, Call> calls_;  ///< by CallId; never iterated for effect
};

}  // namespace bcsim::models
