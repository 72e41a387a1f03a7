// The T-Library side: attached desktops, logins, agent states, and who may be routed to.
#include "models/sip_server/agent_service.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

using acd::AgentInput;
using acd::Where;
using tlib::Kind;

AgentAfterFailure after_no_answer(AfterRoutingAction action) {
  switch (action) {
    case AfterRoutingAction::not_ready:
      return AgentAfterFailure::not_ready;
    case AfterRoutingAction::logout:
      return AgentAfterFailure::logged_out;
    case AfterRoutingAction::none:
      break;
  }
  return AgentAfterFailure::ready;
}

AgentService::AgentService(const ServerSite& site, AgentTable& table, const CallTable& calls,
                           const Registrations& phones, PeerLink& link, User& user)
    : site_(site),
      agents_(table.agents),
      router_(table.router),
      states_(table.states),
      calls_(calls),
      phones_(phones),
      link_(link),
      user_(user),
      connections_(table.agents.size()) {}

void AgentService::tell(Context& context, const tlib::Message& what) {
  const ConnectionId connection = connections_[what.agent.value];
  if (!connection.valid()) return;
  const Message message{what};
  context.send(connection, message, size_bytes(message));
}

void AgentService::tell(Context& context, AgentId agent, Kind kind, bool flag) {
  tell(context, {.kind = kind, .flag = flag, .agent = agent, .call = {}});
}

void AgentService::tell_of_call(Context& context, AgentId agent, Kind kind, CallId call,
                                Duration work) {
  tell(context, {.kind = kind, .agent = agent, .call = call, .work = work});
}

void AgentService::on_closed(ConnectionId connection) {
  const auto found = agent_by_connection_.find(connection.value);
  if (found == agent_by_connection_.end()) return;
  // logout-on-disconnect is false (domain.md §2.8): the agent stays as he is.
  ConnectionId& current = connections_[found->second.value];
  if (current == connection) current = {};
  agent_by_connection_.erase(found);
}

void AgentService::close_connections(Context& context) {
  for (ConnectionId& connection : connections_) {
    if (connection.valid()) context.close(connection);
    connection = {};
  }
  agent_by_connection_.clear();
}

void AgentService::dn_changed(Context& context, AgentId agent, bool in_service) {
  context.record(DnState{agent, site_.index, in_service});
  tell(context, agent, in_service ? Kind::dn_in_service : Kind::dn_out_of_service);
  update_routability(context, agent);
}

void AgentService::on_tlib(Context& context, const tlib::Message& message,
                           ConnectionId connection) {
  const AgentId agent = message.agent;
  if (message.kind == Kind::addp_poll) {
    const Message reply{tlib::Message{
        .kind = Kind::addp_reply, .flag = false, .agent = agent, .call = {}, .work = {}}};
    context.send(connection, reply, size_bytes(reply));
    return;
  }
  if (agent.value >= connections_.size()) return;
  // A desktop that has not attached to its DN yet speaks for it all the same.
  if (connections_[agent.value] != connection) attach(context, agent, connection);
  switch (message.kind) {
    case Kind::register_address:
      on_register_address(context, agent);
      break;
    case Kind::agent_login:
      log_in(context, agent);
      break;
    case Kind::agent_logout:
      log_out_when_free(context, agent, false);
      break;
    case Kind::set_ready:
      set_ready(context, agent);
      break;
    case Kind::set_not_ready:
      set_not_ready(context, agent, false);
      break;
    case Kind::make_call:
    case Kind::single_step_transfer:
    case Kind::initiate_transfer:
    case Kind::complete_transfer:
    case Kind::reconnect_call:
    case Kind::release_call:
      user_.on_call_request(context, message);
      break;
    case Kind::registered:
    case Kind::agent_logged_in:
    case Kind::login_refused:
    case Kind::agent_logged_out:
    case Kind::ready:
    case Kind::not_ready:
    case Kind::ringing:
    case Kind::established:
    case Kind::held:
    case Kind::retrieved:
    case Kind::dialing:
    case Kind::call_refused:
    case Kind::released:
    case Kind::dn_out_of_service:
    case Kind::dn_in_service:
    case Kind::private_info:
    case Kind::single_site_mode:
    case Kind::closing:
    case Kind::addp_poll:
    case Kind::addp_reply:
    case Kind::transfer_refused:
    case Kind::consulted:
    case Kind::not_consulted:
      break;  // events are ours to send
  }
}

void AgentService::attach(Context& context, AgentId agent, ConnectionId connection) {
  ConnectionId& current = connections_[agent.value];
  if (current.valid()) {  // the desktop has given it up, whether it could tell us or not
    agent_by_connection_.erase(current.value);
    context.close(current);
  }
  current = connection;
  agent_by_connection_[connection.value] = agent;
}

void AgentService::on_register_address(Context& context, AgentId agent) {
  // Before the connection is of use to him.
  if (link_.closing()) tell(context, agent, Kind::closing, true);
  tell(context, agent, Kind::registered, phones_.in_service(agent, context.now()));
  if (link_.mode() == ServerMode::single) tell(context, agent, Kind::single_site_mode, true);
  ServerAgent& a = agent_at(agent);
  if (!a.release_owed) return;
  a.release_owed = false;
  if (a.state() != AgentState::after_call_work) return;
  tell_of_call(context, agent, Kind::released, a.last_call, a.work);
}

// ---- login and logout (R20, R37–R39) ----

void AgentService::log_in(Context& context, AgentId id) {
  const SimTime now = context.now();
  const bool in_service = phones_.in_service(id, now);
  const bool endpoint_needed = link_.checks_endpoint_at_login();
  ServerAgent& agent = agent_at(id);
  const bool configured = site_.directory.can_log_in(id, site_.index);
  if (!agent.logged_in() && (link_.closing() || !configured || (endpoint_needed && !in_service))) {
    using Cause = AgentLoginRefused::Cause;
    const Cause cause = link_.closing() ? Cause::closing
                        : !configured   ? Cause::not_configured
                                        : Cause::endpoint_out_of_service;
    context.record(AgentLoginRefused{id, site_.index, cause});
    tell(context, id, Kind::login_refused);
    return;
  }
  agent.login_since = now;
  agent.login_noted = false;
  agent.rounds = 0;
  agent.logout_pending = false;
  if (!agent.logged_in()) {
    context.record(AgentLogin{id, site_.index, in_service});
    change(context, id, AgentInput::login);
  }
  // Who is logged in already, and asks after a lost connection, stays in his state; he is told
  // which call he is on.
  const bool on_call =
      agent.machine.in_call() && agent.on_call() && calls_[agent.call].supervises(id);
  tell_of_call(context, id, Kind::agent_logged_in, on_call ? calls_[agent.call].id : CallId{});
  if (link_.forces_logout_at_peer()) tell_login(context, id);
  user_.advise(context, id);
}

void AgentService::log_out(Context& context, AgentId id, std::uint32_t forced) {
  ServerAgent& agent = agent_at(id);
  if (!agent.logged_in()) return;
  agent.logout_pending = agent.release_owed = false;
  change(context, id, AgentInput::logout);
  withdraw(context, id);
  context.record(AgentLogout{id, site_.index, forced});
  tell(context, id, Kind::agent_logged_out, forced != 0 && forced != AgentLogout::kUnanswering);
  user_.logged_out(context);
}

/// At once, or when his call has ended.
void AgentService::log_out_when_free(Context& context, AgentId id, bool forced) {
  ServerAgent& agent = agent_at(id);
  if (!agent.logged_in()) return;
  if (agent.machine.in_call()) {
    // What the agent asked for himself stays asked for.
    agent.logout_forced = forced && (!agent.logout_pending || agent.logout_forced);
    agent.logout_pending = true;
  } else {
    log_out(context, id, forced);
  }
}

bool AgentService::anybody_logged_in() const {
  return std::ranges::any_of(agents_, [](const ServerAgent& agent) { return agent.logged_in(); });
}

void AgentService::tell_closing(Context& context, bool closing) {
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    tell(context, AgentId{i}, Kind::closing, closing);
  }
}

void AgentService::drain(Context& context) {
  tell_closing(context, true);
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    const AgentId id{i};
    // Who still works on his last call may finish it; his next Ready is answered with a logout.
    if (agent_at(id).state() != AgentState::after_call_work) log_out_when_free(context, id, true);
  }
}

void AgentService::start_steady(Context& context, AgentId id) {
  const SimTime now = context.now();
  const Directory& directory = site_.directory;
  const AgentInfo& info = directory.agent(id);
  const bool paired = site_.options().dr_peer_trunk;
  if (info.server_connection[site_.index].valid()) {
    connections_[id.value] = info.server_connection[site_.index];
    agent_by_connection_[connections_[id.value].value] = id;
  }
  if (!directory.at_work(id, now)) return;
  if (info.preferred_site == site_.index) {
    if (!directory.can_log_in(id, site_.index)) return;
    ServerAgent& agent = agent_at(id);
    agent.login_since = agent.idle_since = now;
    agent.login_noted = true;
    context.record(AgentLogin{id, site_.index, phones_.in_service(id, now)});
    change(context, id, AgentInput::login);
    change(context, id, AgentInput::set_ready);
    if (!routable(id, now)) return;
    router_.agent_idle(id.value, Where::here, now);
    agent.advertised = paired && router_.routes_to_peer();
  } else if (paired && router_.routes_to_peer() &&
             directory.registered_at_start(id, site_.peer())) {
    router_.agent_idle(id.value, Where::at_peer, now);
  }
}

// ---- ready and not ready ----

void AgentService::set_ready(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  switch (agent.state()) {
    case AgentState::logged_out:
      // He thinks that he is logged in; the server has forgotten, and says so.
      tell(context, id, Kind::login_refused);
      break;
    case AgentState::not_ready:
    case AgentState::after_call_work:
      agent.release_owed = false;
      if (link_.closing()) {
        log_out(context, id, true);
        break;
      }
      agent.idle_since = context.now();
      agent.held_back_until = {};
      change(context, id, AgentInput::set_ready);
      tell(context, id, Kind::ready);
      update_routability(context, id);
      break;
    case AgentState::ready:
      tell(context, id, Kind::ready);
      break;
    case AgentState::ringing:
    case AgentState::talking:
    case AgentState::held:
      change(context, id, AgentInput::set_ready);  // a wish for afterwards
      break;
  }
}

/// After-call work begins, and is over at once if there is none: nobody has to press ready then (a
/// wrap-up time of 0), and who has pressed not ready during the call, as at the end of his shift,
/// is not ready.
void AgentService::begin_work(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  if (agent.work > Duration::zero()) {
    await_end_of_work(context, id);
    return;
  }
  agent.release_owed = false;
  if (agent.logout_pending) return;  // which comes next
  if (link_.closing()) {
    log_out(context, id, true);
    return;
  }
  agent.idle_since = context.now();
  agent.held_back_until = {};
  change(context, id, AgentInput::after_call_work_done);
  tell(context, id, agent.machine.available() ? Kind::ready : Kind::not_ready);
  update_routability(context, id);
}

/// Calls to a hunt group may wait for a member when his after-call work should be done.
void AgentService::await_end_of_work(Context& context, AgentId id) {
  if (site_.directory.hunt_groups_of(id).empty()) return;
  const Duration left = agent_at(id).work_over + kWorkGrace - context.now();
  context.arm(std::max(left, Duration{}), tag_of(ServerTimer::hold_back, id.value));
}

bool AgentService::works(AgentId id, SimTime now) const {
  const ServerAgent& agent = agent_at(id);
  return agent.state() == AgentState::after_call_work && now < agent.work_over + kWorkGrace;
}

void AgentService::set_not_ready(Context& context, AgentId id, bool by_server) {
  const ServerAgent& agent = agent_at(id);
  if (!agent.logged_in()) return;
  change(context, id, AgentInput::set_not_ready);
  if (agent.state() != AgentState::not_ready) return;  // a wish for afterwards
  tell(context, id, Kind::not_ready, by_server);
  update_routability(context, id);
}

void AgentService::change(Context& context, AgentId id, AgentInput input) {
  ServerAgent& agent = agent_at(id);
  const AgentState before = agent.state();
  [[maybe_unused]] const bool possible = agent.machine.on(input);
  assert(possible);
  if (agent.state() != before) context.record(AgentStateChanged{id, site_.index, agent.state()});
}

// ---- the call that he is on ----

bool AgentService::occupy(Context& context, AgentId id, std::uint32_t slot) {
  ServerAgent& agent = agent_at(id);
  withdraw(context, id);
  agent.asks_until = {};
  agent.call = slot;
  if (!agent.logged_in()) return false;
  change(context, id, AgentInput::ring);
  return true;
}

bool AgentService::vacate(AgentId id, std::uint32_t slot) {
  ServerAgent& agent = agent_at(id);
  if (agent.call != slot) return false;
  agent.call = ServerAgent::kNoCall;
  return true;
}

void AgentService::end_work(Context& context, AgentId id, CallId call, Duration work) {
  ServerAgent& agent = agent_at(id);
  agent.last_call = call;
  agent.work = work;
  agent.work_over = context.now() + work;
  agent.release_owed = !connections_[id.value].valid();
  change(context, id, AgentInput::release);
  tell_of_call(context, id, Kind::released, call, work);
  begin_work(context, id);
}

void AgentService::stop_ringing(Context& context, AgentId id, CallId call, bool told) {
  if (told) tell_of_call(context, id, Kind::released, call);
  change(context, id, AgentInput::no_answer);
}

void AgentService::after_ringing(Context& context, AgentId id, AgentAfterFailure after) {
  ServerAgent& agent = agent_at(id);
  if (agent.logout_pending || after == AgentAfterFailure::logged_out) {
    log_out(context, id, agent.logout_pending ? agent.logout_forced : AgentLogout::kUnanswering);
  } else if (after == AgentAfterFailure::not_ready) {
    set_not_ready(context, id, true);
  } else {
    agent.idle_since = context.now();  // not the next one to be tried
    if (after == AgentAfterFailure::held_back) hold_back(context, id);
  }
}

void AgentService::free(Context& context, AgentId id) {
  if (agent_at(id).logout_pending) {
    log_out_if_pending(context, id);
  } else {
    update_routability(context, id);
  }
}

void AgentService::log_out_if_pending(Context& context, AgentId id) {
  const ServerAgent& agent = agent_at(id);
  if (agent.logout_pending) log_out(context, id, agent.logout_forced);
}

// ---- who may be routed to ----

bool AgentService::routable(AgentId id, SimTime now) const {
  const ServerAgent& agent = agent_at(id);
  return agent.machine.available() && !agent.on_call() && !agent.logout_pending &&
         agent.held_back_until <= now && !link_.closing() && phones_.in_service(id, now);
}

/// Whenever something about an agent has changed: he takes a waiting call, or is listed, or not.
void AgentService::update_routability(Context& context, AgentId id) {
  if (user_.serve_hunt_line(context, id)) return;
  ServerAgent& agent = agent_at(id);
  if (!routable(id, context.now())) {
    agent.asks_until = {};
    withdraw(context, id);
    return;
  }
  if (router_.idle(id.value, Where::here)) return;
  const bool asked = agent.asks_until.has_value();
  if (asked && *agent.asks_until > context.now()) return;
  const peer::Message no_answer;
  give_call_or_list(context, id, asked ? &no_answer : nullptr);
}

/// `peers`: what the peer, if it was asked, says of the first call that it has. The call of which
/// it was asked may have gone to somebody else meanwhile.
void AgentService::give_call_or_list(Context& context, AgentId id, const peer::Message* peers) {
  agent_at(id).asks_until = {};
  if (const auto call = router_.call_for(id.value, Where::here)) {
    const ServerCall& waiting = calls_[*call];
    const bool first =
        peers != nullptr && (!peers->flag || comes_before(waiting, peers->priority, peers->since));
    if (!first && ask_peer(context, id, waiting)) return;
    user_.offer(context, *call, {id.value, Where::here});
    return;
  }
  router_.agent_idle(id.value, Where::here, agent_at(id).idle_since);
  advertise(context, id, true);
}

void AgentService::update_all(Context& context) {
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    const AgentId id{i};
    ServerAgent& agent = agent_at(id);
    agent.held_back_until = {};
    agent.asks_until = {};
    if (agent.logout_pending && !agent.machine.in_call()) {
      log_out(context, id, agent.logout_forced);
      continue;
    }
    if (agent.state() == AgentState::after_call_work) await_end_of_work(context, id);
    update_routability(context, id);
  }
}

void AgentService::withdraw(Context& context, AgentId id) {
  router_.agent_gone(id.value, Where::here);
  advertise(context, id, false);
}

/// Tells the peer, if it may route to agents here (§2.8 both-sites).
void AgentService::advertise(Context& context, AgentId id, bool available) {
  ServerAgent& agent = agent_at(id);
  if (!router_.routes_to_peer() || !link_.bc()) return;
  if (agent.advertised == available) return;
  agent.advertised = available;
  send_agent_state(context, id);
}

/// His phone is busy with something that this server does not know: not again at once.
void AgentService::hold_back(Context& context, AgentId id) {
  agent_at(id).held_back_until = context.now() + kHoldBack;
  context.arm(kHoldBack, tag_of(ServerTimer::hold_back, id.value));
}

}  // namespace bcsim::models
