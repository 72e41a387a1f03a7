// The T-Library side: attached desktops, logins, agent states, and who may be routed to.
#include <cassert>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

using acd::AgentInput;
using acd::Where;
using tlib::Kind;

void SipServerEndpoint::tell(Context& context, const tlib::Message& what) {
  const ConnectionId connection = connections_[what.agent.value];
  if (!connection.valid()) return;
  const Message message{what};
  context.send(connection, message, size_bytes(message));
}

void SipServerEndpoint::tell(Context& context, AgentId agent, Kind kind, bool flag) {
  tell(context, {.kind = kind, .flag = flag, .agent = agent, .call = {}});
}

void SipServerEndpoint::tell_of_call(Context& context, AgentId agent, Kind kind, CallId call,
                                     Duration work) {
  tell(context, {.kind = kind, .agent = agent, .call = call, .work = work});
}

void SipServerEndpoint::on_connection(Context&, ConnectionId connection,
                                      sim::ConnectionEvent event) {
  if (event == sim::ConnectionEvent::accepted || event == sim::ConnectionEvent::established) return;
  const auto found = agent_by_connection_.find(connection.value);
  if (found == agent_by_connection_.end()) return;
  // logout-on-disconnect is false (domain.md §2.8): the agent stays as he is.
  ConnectionId& current = connections_[found->second.value];
  if (current == connection) current = {};
  agent_by_connection_.erase(found);
}

void SipServerEndpoint::on_tlib(Context& context, const tlib::Message& message,
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
      on_make_call(context, message);
      break;
    case Kind::single_step_transfer:
      transfer(context, message);
      break;
    case Kind::initiate_transfer:
      consult(context, message);
      break;
    case Kind::complete_transfer:
      complete_transfer(context, message);
      break;
    case Kind::reconnect_call:
      reconnect(context, message);
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
    case Kind::addp_poll:
    case Kind::addp_reply:
    case Kind::transfer_refused:
    case Kind::consulted:
    case Kind::not_consulted:
      break;  // events are ours to send
  }
}

void SipServerEndpoint::attach(Context& context, AgentId agent, ConnectionId connection) {
  ConnectionId& current = connections_[agent.value];
  if (current.valid()) {  // the desktop has given it up, whether it could tell us or not
    agent_by_connection_.erase(current.value);
    context.close(current);
  }
  current = connection;
  agent_by_connection_[connection.value] = agent;
}

void SipServerEndpoint::on_register_address(Context& context, AgentId agent) {
  tell(context, agent, Kind::registered, pair_.in_service(agent, context.now()));
  if (pair_.mode_ == ServerMode::single) {
    tell(context, agent, Kind::single_site_mode, true);
  }
  ServerAgent& a = agent_at(agent);
  if (!a.release_owed) return;
  a.release_owed = false;
  if (a.state() != AgentState::after_call_work) return;
  tell_of_call(context, agent, Kind::released, a.last_call, a.work);
}

// ---- login and logout (R20, R37–R39) ----

void SipServerEndpoint::log_in(Context& context, AgentId id) {
  const sim::SimTime now = context.now();
  const bool in_service = pair_.in_service(id, now);
  const bool endpoint_needed = ha::checks_endpoint_at_login(pair_.mode_);
  ServerAgent& agent = agent_at(id);
  const bool configured = directory_.can_log_in(id, site_);
  if (!agent.logged_in() && (closing() || !configured || (endpoint_needed && !in_service))) {
    using Cause = AgentLoginRefused::Cause;
    const Cause cause = closing()     ? Cause::closing
                        : !configured ? Cause::not_configured
                                      : Cause::endpoint_out_of_service;
    context.record(AgentLoginRefused{id, site_, cause});
    tell(context, id, Kind::login_refused);
    return;
  }
  agent.login_since = now;
  agent.login_noted = false;
  agent.logout_pending = false;
  if (!agent.logged_in()) {
    context.record(AgentLogin{id, site_, in_service});
    change(context, id, AgentInput::login);
  }
  // Who is logged in already, and asks after a lost connection, stays in his state; he is told
  // which call he is on.
  const bool on_call =
      agent.machine.in_call() && agent.on_call() && pair_.calls_[agent.call].supervises(id);
  tell_of_call(context, id, Kind::agent_logged_in,
               on_call ? pair_.calls_[agent.call].id : CallId{});
  if (ha::forces_logout_at_peer(pair_.mode_)) {
    tell_login(context, id);
  }
  advise(context, id);
}

void SipServerEndpoint::log_out(Context& context, AgentId id, std::uint32_t forced) {
  ServerAgent& agent = agent_at(id);
  if (!agent.logged_in()) return;
  agent.logout_pending = agent.release_owed = false;
  change(context, id, AgentInput::logout);
  withdraw(context, id);
  context.record(AgentLogout{id, site_, forced});
  tell(context, id, Kind::agent_logged_out, forced != 0);
  stop_if_drained(context);
}

/// At once, or when his call has ended.
void SipServerEndpoint::log_out_when_free(Context& context, AgentId id, bool forced) {
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

// ---- ready and not ready ----

void SipServerEndpoint::set_ready(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  switch (agent.state()) {
    case AgentState::logged_out:
      // He thinks that he is logged in; the server has forgotten, and says so.
      tell(context, id, Kind::login_refused);
      break;
    case AgentState::not_ready:
    case AgentState::after_call_work:
      agent.release_owed = false;
      if (closing()) {
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
void SipServerEndpoint::begin_work(Context& context, AgentId id) {
  ServerAgent& agent = agent_at(id);
  if (agent.work > Duration::zero()) {
    if (!directory_.hunt_groups_of(id).empty()) await_end_of_work(context, id);
    return;
  }
  agent.release_owed = false;
  if (agent.logout_pending) return;  // which comes next
  if (closing()) {
    log_out(context, id, true);
    return;
  }
  agent.idle_since = context.now();
  agent.held_back_until = {};
  change(context, id, AgentInput::after_call_work_done);
  tell(context, id, agent.machine.available() ? Kind::ready : Kind::not_ready);
  update_routability(context, id);
}

void SipServerEndpoint::set_not_ready(Context& context, AgentId id, bool by_server) {
  const ServerAgent& agent = agent_at(id);
  if (!agent.logged_in()) return;
  change(context, id, AgentInput::set_not_ready);
  if (agent.state() != AgentState::not_ready) return;  // a wish for afterwards
  tell(context, id, Kind::not_ready, by_server);
  update_routability(context, id);
}

void SipServerEndpoint::change(Context& context, AgentId id, AgentInput input) {
  ServerAgent& agent = agent_at(id);
  const AgentState before = agent.state();
  [[maybe_unused]] const bool possible = agent.machine.on(input);
  assert(possible);
  if (agent.state() != before) context.record(AgentStateChanged{id, site_, agent.state()});
}

// ---- who may be routed to ----

bool SipServerEndpoint::routable(AgentId id, sim::SimTime now) const {
  const ServerAgent& agent = agent_at(id);
  return agent.machine.available() && !agent.on_call() && !agent.logout_pending &&
         agent.held_back_until <= now && !closing() && pair_.in_service(id, now);
}

/// Whenever something about an agent has changed: he takes a waiting call, or is listed, or not.
void SipServerEndpoint::update_routability(Context& context, AgentId id) {
  if (serve_hunt_line(context, id)) return;
  if (!routable(id, context.now())) {
    withdraw(context, id);
    return;
  }
  if (pair_.router_.idle(id.value, Where::here)) return;
  if (const auto call = pair_.router_.call_for(id.value, Where::here)) {
    offer(context, *call, {id.value, Where::here});
    return;
  }
  pair_.router_.agent_idle(id.value, Where::here, agent_at(id).idle_since);
  advertise(context, id, true);
}

void SipServerEndpoint::withdraw(Context& context, AgentId id) {
  pair_.router_.agent_gone(id.value, Where::here);
  advertise(context, id, false);
}

/// Tells the peer, if it may route to agents here (§2.8 both-sites).
void SipServerEndpoint::advertise(Context& context, AgentId id, bool available) {
  ServerAgent& agent = agent_at(id);
  if (!pair_.router_.routes_to_peer() || pair_.mode_ != ServerMode::bc) return;
  if (agent.advertised == available) return;
  agent.advertised = available;
  send_peer(
      context,
      {.kind = peer::Kind::agent_state, .flag = available, .agent = id, .since = agent.idle_since});
}

/// His phone is busy with something that this server does not know: not again at once.
void SipServerEndpoint::hold_back(Context& context, AgentId id) {
  agent_at(id).held_back_until = context.now() + kHoldBack;
  context.arm(kHoldBack, {.kind = hold_back_timer, .index = id.value});
}

}  // namespace bcsim::models
