#include "models/world/media_plane.hpp"

#include <algorithm>
#include <utility>

namespace bcsim::models {

MediaPlane::MediaPlane(const Layout& layout, sim::Network& network, Notify notify, Alive alive,
                       Serves serves)
    : layout_(layout),
      network_(network),
      notify_(std::move(notify)),
      alive_(std::move(alive)),
      serves_(std::move(serves)) {}

MediaPlane::Call* MediaPlane::known(CallId id) {
  const auto found = calls_.find(id.value);
  return found == calls_.end() ? nullptr : &found->second;
}

bool MediaPlane::on_record(const JournalEntry& entry) {
  const Record& record = entry.record;
  follow(entry);
  if (const auto* r = std::get_if<TreatmentStarted>(&record)) {
    const Call* call = known(r->call);
    if (call == nullptr || !call->way.holds(r->branch)) return false;
    return begin(r->call, r->site, {}, path_of(static_cast<int>(r->site)));
  } else if (const auto* r = std::get_if<CallAnswered>(&record)) {
    if (counts(*r)) return begin(r->call, r->site, r->agent, static_cast<PathMask>(r->path));
    End nobody_hears = phone_end(r->agent);
    tell(r->call, nobody_hears, false);
  } else if (const auto* r = std::get_if<CallReturned>(&record)) {
    // His answer has not reached the server that has the caller, who still hears music.
    Call* call = known(r->call);
    if (call == nullptr || call->path == 0 || call->agent != r->agent) return false;
    if (!call->way.holds(r->branch)) return false;  // a server given up finds him busy
    if (call->waits_on != 0) return begin(r->call, call->waits_at, {}, call->waits_on);
    take_back(r->call, *call);
  } else if (const auto* r = std::get_if<CallTransferred>(&record)) {
    const Call* call = known(r->call);
    if (r->joined != 0 || call == nullptr) return false;  // the second one answers now
    if (!passes_on(*call, *r)) return false;
    return begin(r->call, r->site, {}, static_cast<PathMask>(r->path));
  } else if (const auto* r = std::get_if<CallHeld>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || call->agent != r->agent || !call->way.holds(r->branch)) return false;
    call->held = r->held != 0;
    call->joined = false;
    call->music = media_server_end(r->site);
    update(r->call, *call);
  } else if (const auto* r = std::get_if<Consultation>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || !call->way.holds(r->branch)) return false;
    leave_alone(r->call, *call, call->other);
    call->second = r->second;
    call->second_path = static_cast<PathMask>(r->second.valid() ? r->path : 0);
    call->other = r->second.valid() ? phone_end(r->second) : End{};
    update(r->call, *call);
  } else if (const auto* r = std::get_if<HungUpInSilence>(&record)) {
    hung_up(r->call, r->agent, PhoneLeft::How::alone);
  } else if (const auto* r = std::get_if<PhoneLeft>(&record)) {
    hung_up(r->call, r->agent, r->how);
  } else if (const auto* r = std::get_if<CallReleased>(&record)) {
    release(r->call, r->release);
  } else if (std::holds_alternative<Switchover>(record)) {
    refresh();  // there is somebody again who passes word on
  }
  return false;
}

/// Keeps in mind who is at the caller's end, and whose answer the call waits for: not that of a SIP
/// Server that the caller's side has given up, nor of an agent given up.
void MediaPlane::follow(const JournalEntry& entry) {
  const Record& record = entry.record;
  if (const auto* r = std::get_if<CallInvited>(&record)) {
    Call& call = calls_[r->call.value];
    if (call.near.node.valid()) begin_anew(r->call, call);
    call.owner = r->site;
    if (!call.near.node.valid()) call.near = gateway_end(r->gateway);
    call.way.invited(r->nth);
  } else if (const auto* r = std::get_if<PhoneInvited>(&record)) {
    calls_[r->call.value].way.invited(r->nth);
  } else if (const auto* r = std::get_if<AgentCallTaken>(&record)) {
    Call& call = calls_[r->call.value];
    const CallWay way = call.way;  // his phone has asked already
    if (call.near.node.valid()) begin_anew(r->call, call);
    call.way = way;
    call.dialler = r->agent;
    call.owner = r->site;
    call.near = phone_end(r->agent);
  } else if (const auto* r = std::get_if<CallSentOut>(&record)) {
    Call& call = calls_[r->call.value];
    if (!call.way.holds(r->branch)) return;
    call.near = gateway_end(r->gateway);
    call.way.anybody();
  } else if (const auto* r = std::get_if<CallQueued>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || !call->way.holds(r->branch)) return;
    call->chosen = {};
    call->way.looks(r->branch);
  } else if (const auto* r = std::get_if<CallRouted>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || !call->way.holds(r->branch)) return;
    call->chosen = r->agent;
    call->left = {};
    call->way.leads_on(r->leg);
  } else if (const auto* r = std::get_if<CallReturned>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || !call->way.returns(r->branch, r->agent, call->chosen)) return;
    call->chosen = {};
    call->way.looks(r->branch);
  } else if (const auto* r = std::get_if<HuntLeg>(&record)) {
    Call* call = known(r->call);
    if (call != nullptr && call->way.holds(r->branch)) call->way.anybody();
  } else if (const auto* r = std::get_if<BcForward>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr || r->by_302 != 0 || !call->way.holds(r->branch)) return;
    call->via |= path_of(static_cast<int>(r->site));
    call->way.leads_on(r->leg);
  } else if (const auto* r = std::get_if<CallLetGo>(&record)) {
    if (Call* call = known(r->call)) call->way.let_go(r->branch);
  } else if (const auto* r = std::get_if<CallTransferred>(&record)) {
    Call* call = known(r->call);
    if (call == nullptr) return;
    if (!passes_on(*call, *r)) return;
    call->passed_on = true;
    call->way.passed_on(r->branch, r->joined != 0);
    call->chosen = {};
  }
}

/// Not of a server that has been given up, nor of an agent who was, though his server does not
/// know.
bool MediaPlane::passes_on(const Call& call, const CallTransferred& fact) {
  if (!call.way.holds(fact.branch)) return false;
  return fact.agent == call.agent || fact.agent == call.dialler;
}

/// Is this the answer that the caller waits for?
bool MediaPlane::counts(const CallAnswered& answer) {
  Call* call = known(answer.call);
  if (call == nullptr || !call->way.ends_at(answer.branch, answer.agent, call->chosen))
    return false;
  call->way.answered(answer.branch);
  return true;
}

/// The caller hears somebody else from now on, or for the first time.
bool MediaPlane::begin(CallId id, std::uint32_t site, AgentId agent, PathMask path) {
  Call& call = *known(id);
  End far = agent.valid() ? phone_end(agent) : media_server_end(site);
  if (call.far.node != far.node) leave_alone(id, call, call.far);
  if (call.other.node == far.node) {
    far = call.other;  // whom the agent has consulted has the caller now
  } else {
    leave_alone(id, call, call.other);
  }
  load(call, false);
  call.second = {};
  call.second_path = 0;
  call.other = {};
  call.held = false;
  call.joined = call.passed_on;
  call.site = site;
  call.agent = agent;
  call.path = path;
  call.far = far;
  call.far.gone = call.far.gone || (agent.valid() && call.left == agent);
  if (!agent.valid()) {
    call.waits_at = site;
    call.waits_on = path;
  }
  load(call, true);
  update(id, call);
  const auto route = segments(call);
  return std::any_of(route.begin(), route.end(), [this](const MediaSegment& s) {
    return network_.media_overloaded(s.from, s.to) || network_.media_overloaded(s.to, s.from);
  });
}

/// Another server is tried: nothing that went on at the first one is this call's any more.
void MediaPlane::begin_anew(CallId id, Call& call) {
  load(call, false);
  for (End* end : {&call.far, &call.other}) tell(id, *end, false);
  tell(id, call.near, true);
  const End near = call.near;
  call = {};
  call.near = near;
}

/// The first answer was heard by nobody, and nothing was heard before it: no speech has begun.
void MediaPlane::take_back(CallId id, Call& call) {
  load(call, false);
  leave_alone(id, call, call.far);
  tell(id, call.near, true);
  call.agent = {};
  call.path = 0;
  call.far = {};
  call.held = call.joined = false;
}

/// For an end that another one, or its server, has left with a BYE: if that may not arrive, silence
/// is all that tells it.
void MediaPlane::leave_alone(CallId id, const Call& call, End& end) {
  if (end.listens && !signalled(call)) tell(id, end, false);
}

/// For the caller the call is over. Whoever is still there hears nobody.
void MediaPlane::release(CallId id, pstn::Release why) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  Call& call = found->second;
  load(call, false);
  const bool said = why == pstn::Release::normal || why == pstn::Release::caller_hung_up;
  if (call.path != 0 && (!said || !signalled(call))) {
    if (call.dialler.valid()) tell(id, call.near, false);
    tell(id, call.far, false);
    tell(id, call.other, false);
  }
  calls_.erase(found);
}

/// Nothing comes from this agent's phone any more.
void MediaPlane::hung_up(CallId id, AgentId agent, PhoneLeft::How how) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  Call& call = found->second;
  End* const end = call.agent == agent     ? &call.far
                   : call.second == agent  ? &call.other
                   : call.dialler == agent ? &call.near
                                           : nullptr;
  if (end == nullptr) {
    // Who is released before he has answered had the call before: he has passed it on, to himself.
    if (call.chosen == agent && how != PhoneLeft::How::released) call.left = agent;
    return;
  }
  end->goodbye = how != PhoneLeft::How::alone && !end->gone;
  end->gone = true;
  update(id, call);
}

/// Tells those for whom something has changed. On hold the caller hears the media server, and the
/// agent nobody, as he expects, or the second agent. A media server does not listen. Until the SIP
/// Servers have told each other of a new answer, or that the caller is taken back, he hears what he
/// heard before, unless that is over; while they do not know of a hold, nobody: the agent's phone
/// sends nothing more.
void MediaPlane::update(CallId id, Call& call) {
  for (End* end : {&call.near, &call.far, &call.other, &call.music}) {
    if (end->node.valid() && !alive_(end->node)) end->gone = true;
  }
  if (call.path == 0) return;  // no speech yet
  const MediaRoute route = segments(call);
  call.joined = call.joined || (!call.far.gone && !call.near.gone && signalled(call));
  if (call.held) {
    tell(id, call.near, call.joined && !call.music.gone && flows_back(to_data_centre(call)));
  } else if (call.joined) {
    tell(id, call.near, !call.far.gone && flows_back(route), call.far.goodbye);
  } else if (call.agent.valid() && music_is_over(call)) {
    tell(id, call.near, false);
  }
  if (!call.agent.valid()) return;
  if (!call.held) {
    tell(id, call.far, call.joined && !call.near.gone && flows(route), call.near.goodbye);
  } else if (call.second.valid()) {
    const MediaRoute talk = between_agents(call);
    tell(id, call.far, !call.other.gone && flows_back(talk));
    tell(id, call.other, !call.far.gone && flows(talk));
  } else {
    tell(id, call.far, true);
  }
}

/// `goodbye`: who was heard until now has hung up.
void MediaPlane::tell(CallId id, End& end, bool hears, bool goodbye) {
  if (!end.listens || end.gone || end.silent == !hears) return;
  end.silent = !hears;
  notify_(end.node, {.kind = hears ? notice::Kind::rtp_resumed : notice::Kind::rtp_stopped,
                     .index = !hears && goodbye,
                     .call = id});
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
  notify_(call.other.node, lost);
}

void MediaPlane::call_lost(CallId id) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  const Call& call = found->second;
  const notice::Message lost{.kind = notice::Kind::speech_lost, .call = id};
  notify_(call.near.node, lost);
  if (call.agent.valid()) notify_(call.far.node, lost);
  if (call.second.valid()) notify_(call.other.node, lost);
}

void MediaPlane::refresh() {
  for (const std::uint32_t id : in_order()) update(CallId{id}, calls_.at(id));
}

}  // namespace bcsim::models
