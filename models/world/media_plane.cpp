#include "models/world/media_plane.hpp"

#include <algorithm>
#include <utility>

namespace bcsim::models {

MediaPlane::MediaPlane(const Layout& layout, sim::Network& network, Notify notify, Alive alive)
    : layout_(layout), network_(network), notify_(std::move(notify)), alive_(std::move(alive)) {}

bool MediaPlane::on_record(const Record& record) {
  if (const auto* r = std::get_if<CallInvited>(&record)) {
    Call& call = calls_[r->call.value];
    call.gateway = r->gateway;
    call.owner = r->site;
    call.way.invited(r->site);
  } else if (const auto* r = std::get_if<PhoneInvited>(&record)) {
    calls_[r->call.value].way.invited(r->site);
  } else if (const auto* r = std::get_if<AgentCallTaken>(&record)) {
    Call& call = calls_[r->call.value];
    call.dialler = r->agent;
    call.owner = r->site;
  } else if (const auto* r = std::get_if<CallSentOut>(&record)) {
    calls_[r->call.value].gateway = r->gateway;
    calls_[r->call.value].way.anybody();
  } else if (follows(record)) {
    return false;
  } else if (const auto* r = std::get_if<TreatmentStarted>(&record)) {
    return begin(r->call, r->site, {}, path_of(static_cast<int>(r->site)));
  } else if (const auto* r = std::get_if<CallAnswered>(&record)) {
    return begin(r->call, r->site, r->agent, static_cast<PathMask>(r->path));
  } else if (const auto* r = std::get_if<Consultation>(&record)) {
    const auto found = calls_.find(r->call.value);
    if (found == calls_.end()) return false;
    found->second.second = r->second;
    found->second.second_path = static_cast<PathMask>(r->second.valid() ? r->path : 0);
  } else if (const auto* r = std::get_if<CallTransferred>(&record)) {
    return begin(r->call, r->site, {}, static_cast<PathMask>(r->path));
  } else if (const auto* r = std::get_if<CallReleased>(&record)) {
    const auto found = calls_.find(r->call.value);
    if (found != calls_.end()) {
      load(found->second, false);
      calls_.erase(found);
    }
  }
  return false;
}

/// Keeps in mind whose answer a call waits for. True if there is no more to do about this record:
/// also if it is of a SIP Server that the caller's side has given up, or of an agent given up.
bool MediaPlane::follows(const Record& record) {
  const auto known = [this](CallId id) {
    const auto found = calls_.find(id.value);
    return found == calls_.end() ? nullptr : &found->second;
  };
  if (const auto* r = std::get_if<CallRouted>(&record)) {
    Call* call = known(r->call);
    if (call != nullptr && call->way.leads_to(r->site, r->path)) call->chosen = r->agent;
    return true;
  }
  if (const auto* r = std::get_if<CallReturned>(&record)) {
    Call* call = known(r->call);
    if (call != nullptr && call->chosen == r->agent) call->chosen = {};
    return true;
  }
  if (const auto* r = std::get_if<HuntLeg>(&record)) {
    Call* call = known(r->call);
    if (call != nullptr && call->way.leads_to(r->site)) call->way.anybody();
    return true;
  }
  if (const auto* r = std::get_if<BcForward>(&record)) {
    Call* call = known(r->call);
    if (call != nullptr && r->by_302 == 0) call->way.forwarded();
    return true;
  }
  if (const auto* r = std::get_if<TreatmentStarted>(&record)) {
    const Call* call = known(r->call);
    return call != nullptr && !call->way.leads_to(r->site);
  }
  if (const auto* r = std::get_if<CallAnswered>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || !call->way.waits_for(*r, call->chosen)) return true;
    call->way.answered();
    return false;
  }
  if (const auto* r = std::get_if<CallTransferred>(&record)) {
    if (Call* call = known(r->call)) {
      call->way.passed_on(r->joined != 0);
      call->chosen = {};
    }
  }
  return false;
}

bool MediaPlane::begin(CallId id, std::uint32_t site, AgentId agent, PathMask path) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return false;  // released in the same instant
  Call& call = found->second;
  load(call, false);
  call.second = {};
  call.second_path = 0;
  call.site = site;
  call.agent = agent;
  call.path = path;
  load(call, true);
  call.stopped = !flows(call);
  if (call.stopped) {
    notify_(near_end(call), {.kind = notice::Kind::rtp_stopped, .call = id});
  }
  const auto route = segments(call);
  return std::any_of(route.begin(), route.end(), [this](const Segment& s) {
    return network_.media_overloaded(s.from, s.to) || network_.media_overloaded(s.to, s.from);
  });
}

std::vector<MediaPlane::Segment> MediaPlane::segments(const Call& call) const {
  const LocationIndex at_gateway = near_location(call);
  const sim::PlaceId gateway = call.gateway != kNoGateway ? layout_.gateway_place[call.gateway]
                                                          : layout_.premises[at_gateway];
  const sim::PlaceId served = layout_.data_centre[call.site];
  const sim::PlaceId owner = layout_.data_centre[peer_of(static_cast<SiteIndex>(call.site))];
  if (!call.agent.valid()) {
    if (call.path == 3) return {{gateway, owner}, {owner, served}};
    return {{gateway, served}};
  }
  const LocationIndex at_phone = layout_.directory.agent(call.agent).location;
  if (at_gateway == at_phone) return {};
  const sim::PlaceId phone = layout_.premises[at_phone];
  if (call.path == 3) return {{gateway, owner}, {owner, served}, {served, phone}};
  return {{gateway, served}, {served, phone}};
}

void MediaPlane::load(Call& call, bool on) {
  if (call.loaded == on) return;
  call.loaded = on;
  for (const Segment& s : segments(call)) {
    network_.add_media(s.from, s.to, on ? kSpeechBps : -kSpeechBps);
    network_.add_media(s.to, s.from, on ? kSpeechBps : -kSpeechBps);
  }
}

NodeId MediaPlane::near_end(const Call& call) const {
  const Directory& directory = layout_.directory;
  return call.gateway != kNoGateway ? directory.gateways[call.gateway]
                                    : directory.agent(call.dialler).phone;
}

LocationIndex MediaPlane::near_location(const Call& call) const {
  const Directory& directory = layout_.directory;
  return call.gateway != kNoGateway ? directory.scenario->gateways[call.gateway].location
                                    : directory.agent(call.dialler).location;
}

bool MediaPlane::flows(const Call& call) const {
  const NodeId far_end = call.agent.valid()
                             ? layout_.directory.agent(call.agent).phone
                             : NodeId{layout_.directory.media_server[call.site].value};
  if (!alive_(far_end)) return false;
  const auto route = segments(call);
  return std::all_of(route.begin(), route.end(), [this](const Segment& s) {
    return network_.up(s.from, s.to) && network_.up(s.to, s.from);
  });
}

std::vector<std::uint32_t> MediaPlane::in_order() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(calls_.size());
  for (const auto& [id, call] : calls_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void MediaPlane::pair_lost(SiteIndex site) {
  for (const std::uint32_t id : in_order()) {
    const Call& call = calls_.at(id);
    if (call.path & path_of(site)) {
      call_lost(CallId{id});
    } else if (call.second_path & path_of(site)) {
      consultation_lost(CallId{id}, call);
    }
  }
}

/// The two agents no longer hear each other; the caller is still there.
void MediaPlane::consultation_lost(CallId id, const Call& call) {
  const notice::Message lost{.kind = notice::Kind::speech_lost, .call = id};
  notify_(layout_.directory.agent(call.agent).desktop, lost);
  notify_(layout_.directory.agent(call.second).phone, lost);
}

void MediaPlane::call_lost(CallId id) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  const Call& call = found->second;
  const notice::Message lost{.kind = notice::Kind::speech_lost, .call = id};
  notify_(near_end(call), lost);
  if (call.agent.valid()) notify_(layout_.directory.agent(call.agent).phone, lost);
  if (call.second.valid()) notify_(layout_.directory.agent(call.second).phone, lost);
}

void MediaPlane::refresh() {
  for (const std::uint32_t id : in_order()) {
    Call& call = calls_.at(id);
    if (call.path == 0) continue;  // no speech yet
    const bool stopped = !flows(call);
    if (stopped == call.stopped) continue;
    call.stopped = stopped;
    notify_(near_end(call),
            {.kind = stopped ? notice::Kind::rtp_stopped : notice::Kind::rtp_resumed,
             .call = CallId{id}});
  }
}

}  // namespace bcsim::models
