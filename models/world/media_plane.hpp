// Speech: which calls have it, over which links, and when it stops. RTP is no packet here but a
// fluid rate; what the ends notice of it comes to them as notices.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "models/domain.hpp"
#include "models/ledger/call_way.hpp"
#include "models/world/layout.hpp"
#include "models/world/media_routes.hpp"
#include "sim/network.hpp"

namespace bcsim::models {

/// G.711, 20 ms packets, IP bytes, per call and direction (domain.md §3.10).
inline constexpr double kSpeechBps = 80e3;

/// Folds the journal into the set of calls with speech, loads the links with it, and tells gateways
/// and phones when it stops: because a SIP Server of the path died (R5, R6; unless media survives
/// its signalling), or because RTP has no way any more (R55's partition, a dead media server), or
/// nobody speaks at its other end. Each direction stops by itself: who hears nothing is told so,
/// once, and again when he hears something, on whatever way.
/// Speech of a call served at one site runs gateway – that data centre – phone; of a call over the
/// inter-site trunk gateway – first data centre – dc-link – second – phone. Where gateway and phone
/// are at one location it never leaves it.
class MediaPlane {
 public:
  /// Gives a notice to a node at once.
  using Notify = std::function<void(NodeId, const notice::Message&)>;
  /// Is this node alive?
  using Alive = std::function<bool(NodeId)>;

  /// Does a SIP Server process serve at this site, and hear what it is told?
  using Serves = std::function<bool(SiteIndex)>;

  MediaPlane(const Layout& layout, sim::Network& network, Notify notify, Alive alive,
             Serves serves);

  /// Returns true if the call's speech shares an overloaded link from the start.
  bool on_record(const JournalEntry& entry);
  /// A SIP Server pair is gone for good or for a while: speech of every call through it stops now.
  void pair_lost(SiteIndex site);
  /// Nobody knows this call any more: its speech stops now.
  void call_lost(CallId id);
  /// Links or nodes have changed: RTP of some calls stops or comes back.
  void refresh();

 private:
  /// A gateway, phone or media server: the very device that was there when speech began.
  struct End {
    NodeId node;  ///< invalid: nobody
    sim::PlaceId place;
    LocationIndex location = 0;  ///< media server: unused
    bool listens = false;        ///< and notices silence: not a media server
    bool gone = false;           ///< it has died since, or hung up: it does not speak again
    bool goodbye = false;        ///< it has hung up, and until then it was heard
    bool silent = false;         ///< it was told that nothing arrives
  };
  struct Call {
    AgentId dialler;          ///< the agent who has called, if it was one
    std::uint32_t owner = 0;  ///< site whose SIP Server the gateway, or the dialler, talks to
    std::uint32_t site = 0;   ///< site that serves the agent, or the treatment
    PathMask path = 0;        ///< 0: no speech yet
    PathMask via = 0;         ///< sites that have forwarded it and stay in its path
    AgentId agent;            ///< invalid: treatment by the media server of `site`
    AgentId second;           ///< whom the agent consults, meanwhile
    PathMask second_path = 0;
    End near;                    ///< the gateway, or the phone of the agent who has called another
    End far;                     ///< the agent's phone, or the media server
    End other;                   ///< phone of `second`
    End music;                   ///< media server, while the caller is on hold
    std::uint32_t waits_at = 0;  ///< site of the last treatment, and its path; 0: none yet
    PathMask waits_on = 0;
    CallWay way;
    AgentId chosen;          ///< the agent whose answer it waits for
    AgentId left;            ///< who has hung up again before word of his answer came
    bool held = false;       ///< the caller is
    bool joined = false;     ///< word of the last answer, or hold, has gone from end to end
    bool passed_on = false;  ///< by an agent: then it is taken to have gone
    bool loaded = false;     ///< its rate is on the links
  };
  // media_routes.cpp
  [[nodiscard]] MediaRoute to_data_centre(const Call& call) const;
  [[nodiscard]] MediaRoute segments(const Call& call) const;
  [[nodiscard]] MediaRoute between_agents(const Call& call) const;
  [[nodiscard]] bool flows(const MediaRoute& route) const;
  [[nodiscard]] bool flows_back(const MediaRoute& route) const;
  [[nodiscard]] bool signalled(const Call& call) const;
  [[nodiscard]] bool music_is_over(const Call& call) const;
  [[nodiscard]] End gateway_end(std::uint32_t gateway) const;
  [[nodiscard]] End phone_end(AgentId agent) const;
  [[nodiscard]] End media_server_end(std::uint32_t site) const;
  [[nodiscard]] Call* known(CallId id);
  void follow(const JournalEntry& entry);
  [[nodiscard]] static bool passes_on(const Call& call, const CallTransferred& fact);
  [[nodiscard]] bool counts(const CallAnswered& answer);
  void load(Call& call, bool on);

  [[nodiscard]] std::vector<std::uint32_t> in_order() const;
  bool begin(CallId id, std::uint32_t site, AgentId agent, PathMask path);
  void begin_anew(CallId id, Call& call);
  void take_back(CallId id, Call& call);
  void release(CallId id, pstn::Release why);
  void hung_up(CallId id, AgentId agent, PhoneLeft::How how);
  void update(CallId id, Call& call);
  void tell(CallId id, End& end, bool hears, bool goodbye = false);
  void leave_alone(CallId id, const Call& call, End& end);
  void consultation_lost(CallId id, const Call& call);

  const Layout& layout_;
  sim::Network& network_;
  Notify notify_;
  Alive alive_;
  Serves serves_;
  std::unordered_map<std::uint32_t, Call> calls_;  ///< by CallId; never iterated for effect
};

}  // namespace bcsim::models
