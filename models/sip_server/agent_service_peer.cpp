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
  link_.send(context, {.kind = peer::Kind::agent_state,
                       .agent = {}});  // of nobody: asks for all of the peer's
}

void AgentService::leave_bc() {
  router_.forget_agents(Where::at_peer);
  for (ServerAgent& agent : agents_) agent.advertised = false;
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
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    ServerAgent& agent = agents_[i];
    if (!agent.logged_in()) continue;
    agent.advertised = router_.idle(i, Where::here);
    link_.send(context, {.kind = peer::Kind::agent_state,
                         .flag = agent.advertised,
                         .agent = AgentId{i},
                         .since = agent.idle_since});
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

}  // namespace bcsim::models
