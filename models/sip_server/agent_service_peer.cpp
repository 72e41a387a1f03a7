// What the two SIP Servers tell each other of their agents: logins (R38, R47) and who may be routed
// to at the other site (R43, domain.md §2.8 both-sites).
#include "models/sip_server/agent_service.hpp"

namespace bcsim::models {

using acd::Where;

void AgentService::tell_mode(Context& context, bool single) {
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    tell(context, AgentId{i}, tlib::Kind::single_site_mode, single);
  }
}

/// Both may have logged in the same agent meanwhile: the newest login stays (R47).
void AgentService::enter_bc(Context& context) {
  for (ServerAgent& agent : agents_) {
    agent.login_noted = false;
    agent.rounds = 0;
  }
  tell_logins(context);
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    if (agents_[i].logged_in()) user_.advise(context, AgentId{i});
  }
  if (!router_.routes_to_peer()) return;
  send_agent_states(context);
  ask_for_states(context);
}

void AgentService::leave_bc(Context& context) {
  router_.forget_agents(Where::at_peer);
  for (ServerAgent& agent : agents_) agent.advertised = false;
  if (link_.closing() && router_.routes_to_peer()) {
    link_.send(context, {.kind = peer::Kind::no_agents, .agent = {}});
  }
}

void AgentService::forget_forced_logouts() {
  for (ServerAgent& agent : agents_) {
    agent.logout_pending = agent.logout_pending && !agent.logout_forced;
  }
}

/// Of those that the peer has not heard of yet.
void AgentService::tell_logins(Context& context) {
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    ServerAgent& agent = agents_[i];
    if (!agent.logged_in() || agent.login_noted) continue;
    ++agent.rounds;
    tell_login(context, AgentId{i});
  }
}

/// A link that drops all but the first of a burst drops those again that are told with the next
/// probe: they follow one by one.
void AgentService::tell_next_login(Context& context, AgentId after) {
  constexpr std::uint32_t kRepeated = 3;  // on joining, with the probe that joins, with the next
  const auto count = static_cast<std::uint32_t>(agents_.size());
  for (std::uint32_t i = 1; i < count; ++i) {
    const AgentId next{(after.value + i) % count};
    const ServerAgent& agent = agent_at(next);
    if (!agent.logged_in() || agent.login_noted || agent.rounds < kRepeated) continue;
    tell_login(context, next);
    return;
  }
}

void AgentService::tell_login(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  link_.send(context, {.kind = peer::Kind::agent_login,
                       .copy = agent.logins_told++,
                       .agent = id,
                       .since = agent.login_since});
}

void AgentService::send_agent_states(Context& context) {
  link_.send(
      context,
      {.kind = peer::Kind::states_told, .flag = true, .agent = {}, .number = states_.sent()});
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    ServerAgent& agent = agents_[i];
    if (!agent.logged_in()) continue;
    agent.advertised = router_.idle(i, Where::here);
    send_agent_state(context, AgentId{i});
  }
}

void AgentService::send_agent_state(Context& context, AgentId id) {
  const ServerAgent& agent = agent_at(id);
  link_.send(context, {.kind = peer::Kind::agent_state,
                       .flag = agent.advertised,
                       .agent = id,
                       .since = agent.idle_since,
                       .number = states_.next()});
}

void AgentService::ask_for_states(Context& context) {
  link_.send(context, {.kind = peer::Kind::agent_state, .agent = {}});  // of nobody
}

/// A datagram that is lost would hide who is idle there for ever: the next probe finds it out.
void AgentService::peer_answered(Context& context) {
  tell_logins(context);
  if (!router_.routes_to_peer()) return;
  link_.send(context, {.kind = peer::Kind::states_told, .agent = {}, .number = states_.sent()});
}

void AgentService::on_states_told(Context& context, const peer::Message& message) {
  if (message.flag) {
    states_.begin(message.number);
  } else if (!states_.told(message.number)) {
    ask_for_states(context);
  }
}

void AgentService::on_peer(Context& context, const peer::Message& message) {
  if (!link_.bc()) return;  // no forced logout, no forwarding (R36, R38)
  switch (message.kind) {
    case peer::Kind::agent_login:
      on_peer_login(context, message);
      break;
    case peer::Kind::login_noted: {
      ServerAgent& agent = agent_at(message.agent);
      agent.login_noted = agent.login_noted || agent.login_since == message.since;
      tell_next_login(context, message.agent);
      break;
    }
    case peer::Kind::agent_state:
      on_peer_agent_state(context, message);
      break;
    case peer::Kind::states_told:
      on_states_told(context, message);
      break;
    case peer::Kind::no_agents:
      router_.forget_agents(Where::at_peer);
      break;
    case peer::Kind::call_asked:
      on_call_asked(context, message);
      break;
    case peer::Kind::no_call:
      if (agent_at(message.agent).asks_until && routable(message.agent, context.now())) {
        give_call_or_list(context, message.agent, &message);
      }
      break;
  }
}

void AgentService::on_peer_login(Context& context, const peer::Message& message) {
  link_.send(context, {.kind = peer::Kind::login_noted,
                       .copy = message.copy,
                       .agent = message.agent,
                       .since = message.since});
  const ServerAgent& agent = agent_at(message.agent);
  if (!agent.logged_in()) return;
  const bool theirs_is_newer =
      message.since != agent.login_since ? message.since > agent.login_since : site_.index != 0;
  if (theirs_is_newer) {
    log_out_when_free(context, message.agent, true);
  } else {
    tell_login(context, message.agent);
  }
}

void AgentService::on_peer_agent_state(Context& context, const peer::Message& message) {
  if (!message.agent.valid()) {
    send_agent_states(context);
    return;
  }
  states_.heard(message.number);
  ServerAgent& agent = agent_at(message.agent);
  if (message.number < agent.state_heard) return;  // what was said later has come before
  agent.state_heard = message.number;
  if (!message.flag) {
    router_.agent_gone(message.agent.value, Where::at_peer);
    return;
  }
  if (const auto call = router_.call_for(message.agent.value, Where::at_peer)) {
    user_.offer(context, *call, {message.agent.value, Where::at_peer});
  } else {
    router_.agent_idle(message.agent.value, Where::at_peer, message.since);
  }
}

bool AgentService::comes_before(const ServerCall& call, std::int64_t priority, SimTime since) {
  return call.standing.priority != priority ? call.standing.priority > priority
                                            : call.queued_at < since;
}

/// First come, first served holds over both sites: a call that waits at the peer may come before
/// the one that waits here. False: it cannot, or the peer is not there.
bool AgentService::ask_peer(Context& context, AgentId id, const ServerCall& waiting) {
  if (!link_.bc() || !router_.serves_both_sites(id.value)) return false;
  agent_at(id).asks_until = context.now() + kPeerAnswers;
  context.arm(kPeerAnswers, tag_of(ServerTimer::hold_back, id.value));
  link_.send(context, {.kind = peer::Kind::call_asked,
                       .agent = id,
                       .since = waiting.queued_at,
                       .priority = waiting.standing.priority});
  return true;
}

void AgentService::on_call_asked(Context& context, const peer::Message& message) {
  peer::Message none{.kind = peer::Kind::no_call, .agent = message.agent};
  if (const auto slot = router_.call_for(message.agent.value, Where::at_peer)) {
    const ServerCall& call = calls_[*slot];
    if (comes_before(call, message.priority, message.since)) {
      user_.offer(context, *slot, {message.agent.value, Where::at_peer});
      return;
    }
    none.flag = true;
    none.since = call.queued_at;
    none.priority = call.standing.priority;
  }
  link_.send(context, none);
}

}  // namespace bcsim::models
