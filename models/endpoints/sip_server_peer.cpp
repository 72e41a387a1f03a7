// The SIP Server Peer: the inter-site trunk, the mode that follows from it, and what the two
// servers tell each other (R35–R47); also the graceful shutdown of this one (domain.md §2.3).
#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::Where;

// ---- the Trunk DN (domain.md §5.4) ----

ha::PeerTrunkOptions SipServerEndpoint::trunk_options() const {
  return {.oos_check = options().oos_check, .oos_force = options().oos_force};
}

/// Uniform in (0, oos-check), or pinned for the first process of a run.
Duration SipServerEndpoint::first_probe_phase(Context& context) {
  const std::uint32_t nth = pair_.probe_phases_++;
  const std::optional<Duration>& pinned = directory_.scenario->first_trunk_probe[site_];
  if (nth == 0 && pinned) return *pinned;
  if (!trunk_options().watched()) return {};
  const double u = context.stream("peer.probe", site_ + 2ull * nth).uniform();
  return sim::from_seconds(u * sim::seconds(options().oos_check));
}

void SipServerEndpoint::on_probe_timer(Context& context) {
  const ha::PeerTrunkOptions trunk = trunk_options();
  const ha::PeerTrunkEffects effects = pair_.trunk_.on_timer(trunk);
  context.arm(effects.timer.after, {.kind = probe_timer});
  if (!effects.send_options) {
    follow_trunk(context, effects, true);
    return;
  }
  context.record(PeerProbe{site_});
  sip::Request options_request;
  options_request.dialog = sip::dialog_id(sip::Leg::options, site_, context.self(), effects.probe);
  options_request.cseq = 1;
  options_request.contact = address();
  layer_.request(context, address(), directory_.sip_server[peer_of(site_)], options_request,
                 trunk.probe_policy(), {.kind = probe_owner, .index = effects.probe});
}

void SipServerEndpoint::on_probe_result(Context& context, std::uint32_t probe, sip::Inform inform) {
  using Result = ha::PeerTrunk::Result;
  if (inform == sip::Inform::provisional) return;
  const Result result = inform == sip::Inform::success   ? Result::ok
                        : inform == sip::Inform::failure ? Result::other
                                                         : Result::no_answer;
  follow_trunk(context, pair_.trunk_.on_result(trunk_options(), probe, result),
               result == Result::ok);
}

/// `fine`: there is no reason to doubt the peer.
void SipServerEndpoint::follow_trunk(Context& context, const ha::PeerTrunkEffects& effects,
                                     bool fine) {
  if (effects.change != ha::PeerTrunkEffects::Change::none) {
    context.record(PeerTrunk{site_, pair_.trunk_.in_service()});
  }
  if (closing()) return;
  set_mode(context, ha::mode_of({.dr_peer_trunk = options().dr_peer_trunk,
                                 .peer_in_service = pair_.trunk_.in_service()}));
  if (fine && pair_.mode_ == ServerMode::bc) tell_logins(context);
}

// ---- mode ----

void SipServerEndpoint::set_mode(Context& context, ServerMode mode) {
  const ServerMode before = pair_.mode_;
  if (mode == before) return;
  pair_.mode_ = mode;
  context.record(ServerModeChanged{site_, mode});
  const bool single = mode == ServerMode::single;
  if (single != (before == ServerMode::single)) {
    for (std::uint32_t i = 0; i < connections_.size(); ++i) {
      tell(context, AgentId{i}, tlib::Kind::single_site_mode, single);
    }
  }
  if (mode == ServerMode::bc) enter_bc(context);
  if (before == ServerMode::bc) leave_bc(context);
  if (single) forget_forced_logouts();
}

/// What the peer has asked for and a call has put off: alone nobody is forced out (R38). If both
/// logins still stand when BC mode is back, the peers tell each other of them again.
void SipServerEndpoint::forget_forced_logouts() {
  for (ServerAgent& agent : pair_.agents_) {
    agent.logout_pending = agent.logout_pending && !agent.logout_forced;
  }
}

/// Both may have logged in the same agent meanwhile: the newest login stays (R47).
void SipServerEndpoint::enter_bc(Context& context) {
  for (ServerAgent& agent : pair_.agents_) agent.login_noted = false;
  tell_logins(context);
  for (std::uint32_t i = 0; i < pair_.agents_.size(); ++i) {
    if (pair_.agents_[i].logged_in()) advise(context, AgentId{i});
  }
  if (!pair_.router_.routes_to_peer()) return;
  send_agent_states(context);
  send_peer(context, {.kind = peer::Kind::agent_state,
                      .agent = {}});  // of nobody: asks for all of the peer's
}

/// Of those that the peer has not heard of yet.
void SipServerEndpoint::tell_logins(Context& context) {
  for (std::uint32_t i = 0; i < pair_.agents_.size(); ++i) {
    const ServerAgent& agent = pair_.agents_[i];
    if (agent.logged_in() && !agent.login_noted) tell_login(context, AgentId{i});
  }
}

void SipServerEndpoint::tell_login(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  send_peer(context, {.kind = peer::Kind::agent_login,
                      .copy = agent.logins_told++,
                      .agent = id,
                      .since = agent.login_since});
}

void SipServerEndpoint::send_agent_states(Context& context) {
  for (std::uint32_t i = 0; i < pair_.agents_.size(); ++i) {
    ServerAgent& agent = pair_.agents_[i];
    if (!agent.logged_in()) continue;
    agent.advertised = pair_.router_.idle(i, Where::here);
    send_peer(context, {.kind = peer::Kind::agent_state,
                        .flag = agent.advertised,
                        .agent = AgentId{i},
                        .since = agent.idle_since});
  }
}

/// No agent of the peer is routed to from now on (R43); one who is being rung is given up, one who
/// talks talks on, and calls forwarded earlier are left alone (R36).
void SipServerEndpoint::leave_bc(Context& context) {
  pair_.router_.forget_agents(Where::at_peer);
  for (ServerAgent& agent : pair_.agents_) agent.advertised = false;
  for (std::uint32_t slot = 0; slot < pair_.calls_.capacity(); ++slot) {
    const ServerCall& call = pair_.calls_[slot];
    if (!call.live || call.state != ServerCall::State::offered || !call.queued() ||
        call.agent_where != Where::at_peer || call.forwarded) {
      continue;
    }
    layer_.cancel(context, call.agent_leg.invite);
    leg_failed(context, slot, 408, AgentAfterFailure::held_back);
  }
}

// ---- what the peer says ----

void SipServerEndpoint::send_peer(Context& context, const peer::Message& message) {
  const Message m{message};
  context.send_as(address(), directory_.sip_server[peer_of(site_)], m, size_bytes(m));
}

void SipServerEndpoint::on_peer(Context& context, const peer::Message& message) {
  if (pair_.mode_ != ServerMode::bc) return;  // no forced logout, no forwarding (R36, R38)
  switch (message.kind) {
    case peer::Kind::agent_login:
      on_peer_login(context, message);
      break;
    case peer::Kind::login_noted: {
      ServerAgent& agent = agent_at(message.agent);
      agent.login_noted = agent.login_noted || agent.login_since == message.since;
      break;
    }
    case peer::Kind::agent_state:
      on_peer_agent_state(context, message);
      break;
  }
}

void SipServerEndpoint::on_peer_login(Context& context, const peer::Message& message) {
  send_peer(context, {.kind = peer::Kind::login_noted,
                      .copy = message.copy,
                      .agent = message.agent,
                      .since = message.since});
  const ServerAgent& agent = agent_at(message.agent);
  if (!agent.logged_in()) return;
  const bool theirs_is_newer =
      message.since != agent.login_since ? message.since > agent.login_since : site_ != 0;
  if (theirs_is_newer) {
    log_out_when_free(context, message.agent, true);
  } else {
    tell_login(context, message.agent);
  }
}

void SipServerEndpoint::on_peer_agent_state(Context& context, const peer::Message& message) {
  if (!message.agent.valid()) {
    send_agent_states(context);
    return;
  }
  if (!message.flag) {
    pair_.router_.agent_gone(message.agent.value, Where::at_peer);
    return;
  }
  if (const auto call = pair_.router_.call_for(message.agent.value, Where::at_peer)) {
    offer(context, *call, {message.agent.value, Where::at_peer});
  } else {
    pair_.router_.agent_idle(message.agent.value, Where::at_peer, message.since);
  }
}

// ---- graceful shutdown (domain.md §2.3) ----

void SipServerEndpoint::drain(Context& context) {
  if (closing()) return;
  set_mode(context, ServerMode::drain);
  for (std::uint32_t slot = 0; slot < pair_.calls_.capacity(); ++slot) {
    const ServerCall& call = pair_.calls_[slot];
    const bool waits =
        call.state == ServerCall::State::treated || call.state == ServerCall::State::waiting;
    if (call.live && waits) {
      default_route(context, slot, CallDefaultRouted::Cause::draining);
    }
  }
  for (std::uint32_t i = 0; i < pair_.agents_.size(); ++i) {
    const AgentId id{i};
    // Who still works on his last call may finish it; his next Ready is answered with a logout.
    if (agent_at(id).state() != AgentState::after_call_work) log_out_when_free(context, id, true);
  }
  stop_if_drained(context);
}

/// The graceful shutdown is called off, or what has stopped is started: with the registrations that
/// have not expired meanwhile, and the agents who come back (ASSUMPTION).
void SipServerEndpoint::serve_again(Context& context) {
  if (!closing()) return;
  set_mode(context, ha::mode_of({.dr_peer_trunk = options().dr_peer_trunk,
                                 .peer_in_service = pair_.trunk_.in_service()}));
}

void SipServerEndpoint::stop_if_drained(Context& context) {
  if (pair_.mode_ != ServerMode::drain || pair_.call_count_ != 0) return;
  for (const ServerAgent& agent : pair_.agents_) {
    if (agent.logged_in()) return;
  }
  set_mode(context, ServerMode::stopped);
  for (ConnectionId& connection : connections_) {
    if (connection.valid()) context.close(connection);
    connection = {};
  }
  agent_by_connection_.clear();
}

}  // namespace bcsim::models
