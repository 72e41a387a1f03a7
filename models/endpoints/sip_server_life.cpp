// The life of a SIP Server process: primary or backup, the steady start, and the switchover.
#include <algorithm>

#include "models/endpoints/sip_server.hpp"

namespace bcsim::models {

void SipServerEndpoint::on_start(Context& context) {
  if (first_) {
    redundancy_ = ha::Redundancy::steady(redundancy_options());
    if (primary()) {
      pair_.primary_ = process_;
      context.claim(address());
      if (directory_.steady()) start_steady(context);
      begin_service(context);
    }
    return;
  }
  const ha::RedundancyOptions options = redundancy_options();
  if (!pair_.has_primary()) {
    apply(context, redundancy_.on(ha::HaInput::started_alone, options));
    return;
  }
  apply(context, redundancy_.on(ha::HaInput::started_beside_primary, options));
  knows_calls_ = false;
  if (pair_.ha_link_up_) copy_calls(context);
}

/// The next burst of calls for a backup that does not know all of them; after the last it is ready
/// for a switchover (D21). What is new meanwhile is copied at once.
void SipServerEndpoint::copy_calls(Context& context) {
  copy_timer_ = {};
  if (role() != ha::HaRole::synchronizing || !pair_.ha_link_up_) return;
  if (pair_.primary_gone_ || pair_.successor_ >= 0) {
    // Nobody can be asked before somebody is primary.
    copy_timer_ = context.arm(ha::Redundancy::kBurstPause, {.kind = copy_timer});
    return;
  }
  std::uint32_t copied = 0, left = 0;
  for (std::uint32_t slot = 0; slot < pair_.calls_.capacity(); ++slot) {
    ServerCall& call = pair_.calls_[slot];
    if (!call.live || (knows_calls_ && call.copied)) continue;
    call.copied = copied < options().call_sync_burst;
    ++(call.copied ? copied : left);
  }
  knows_calls_ = true;
  context.record(CallsCopied{site_, copied, left});
  if (left > 0) {
    copy_timer_ = context.arm(ha::Redundancy::kBurstPause, {.kind = copy_timer});
  } else {
    apply(context, redundancy_.on(ha::HaInput::synchronized, redundancy_options()));
  }
}

void SipServerEndpoint::take_over(Context& context) {
  pair_.successor_ = process_;
  apply(context, redundancy_.on(ha::HaInput::become_primary, redundancy_options()));
}

void SipServerEndpoint::apply(Context& context, const ha::RedundancyEffects& effects) {
  if (effects.timer.kind != TimerChange::Kind::keep) {
    context.cancel(ha_timer_);
    ha_timer_ = {};
    if (effects.timer.arms()) ha_timer_ = context.arm(effects.timer.after, {.kind = ha_timer});
  }
  if (effects.take_address) become_primary(context, effects.calls_lost);
}

void SipServerEndpoint::become_primary(Context& context, bool calls_lost) {
  if (calls_lost) pair_.lose_everything();
  const bool taken_over = pair_.has_primary();
  pair_.primary_ = process_;
  pair_.successor_ = -1;
  pair_.primary_gone_ = false;
  context.claim(address());
  expire_bindings(context);
  if (taken_over) scrub_calls(context);
  begin_service(context);
}

/// As if the world had been running for long: bindings, connections and logins exist (R80).
void SipServerEndpoint::start_steady(Context& context) {
  const sim::SimTime now = context.now();
  const SiteIndex peer = peer_of(site_);
  const bool paired = options().dr_peer_trunk;
  pair_.trunk_ = ha::PeerTrunk(paired);
  context.record(PeerTrunk{site_, paired});
  pair_.mode_ = paired ? ServerMode::bc : ServerMode::single;
  context.record(ServerModeChanged{site_, pair_.mode_});
  for (std::uint32_t i = 0; i < directory_.agents.size(); ++i) {
    const AgentId id{i};
    const AgentInfo& info = directory_.agent(id);
    if (info.server_connection[site_].valid()) {
      connections_[i] = info.server_connection[site_];
      agent_by_connection_[connections_[i].value] = id;
    }
    if (directory_.registered_at_start(id, site_)) {
      const AddressId contact{info.phone.value};
      // The phone's cached nonce is of this registrar: it has asked before.
      (void)pair_.registrar_.on_register({.dn = i, .contact = contact}, {}, now);
      pair_.registrar_.bind(i, contact, directory_.binding_expiry_at_start(id, site_));
      context.record(DnState{id, site_, 1});
    }
    if (!directory_.at_work(id, now)) continue;
    if (info.preferred_site == site_) {
      if (!directory_.can_log_in(id, site_)) continue;
      ServerAgent& agent = agent_at(id);
      agent.login_since = agent.idle_since = now;
      agent.login_noted = true;
      context.record(AgentLogin{id, site_, pair_.in_service(id, now)});
      change(context, id, acd::AgentInput::login);
      change(context, id, acd::AgentInput::set_ready);
      if (!routable(id, now)) continue;
      pair_.router_.agent_idle(i, acd::Where::here, now);
      agent.advertised = paired && pair_.router_.routes_to_peer();
    } else if (paired && pair_.router_.routes_to_peer() &&
               directory_.registered_at_start(id, peer)) {
      pair_.router_.agent_idle(i, acd::Where::at_peer, now);
    }
  }
}

void SipServerEndpoint::begin_service(Context& context) {
  watch_expiry(context);
  if (options().dr_peer_trunk) {
    const ha::PeerTrunkEffects effects = ha::PeerTrunk::start(first_probe_phase(context));
    context.arm(effects.timer.after, {.kind = probe_timer});
  } else if (pair_.mode_ == ServerMode::starting) {
    set_mode(context, ServerMode::single);
  }
}

void SipServerEndpoint::on_notice(Context& context, const notice::Message& notice) {
  if (notice.kind == notice::Kind::become_primary) {
    if (!primary()) take_over(context);
  } else if (notice.kind == notice::Kind::drain && primary()) {
    if (notice.index == 0) {
      drain(context);
    } else {
      serve_again(context);
    }
  } else if (notice.kind == notice::Kind::ha_link && !primary()) {
    apply(context, redundancy_.on(ha::HaInput::ha_link_lost, redundancy_options()));
    if (notice.index != 0 && !copy_timer_.valid()) copy_calls(context);
  }
}

// ---- switchover (domain.md §2.4) ----

void SipServerEndpoint::scrub_calls(Context& context) {
  const std::uint32_t before = pair_.call_count_;
  for (std::uint32_t slot = 0; slot < pair_.calls_.capacity(); ++slot) {
    if (!pair_.calls_[slot].live) continue;
    pair_.calls_[slot].copied = pair_.calls_[slot].copied && knows_calls_;
    scrub_call(context, slot);
  }
  knows_calls_ = true;
  context.record(Switchover{site_, before, pair_.call_count_});
  // Only now that all calls and agents are as they are to be may they be brought together.
  for (std::uint32_t slot = 0; slot < pair_.calls_.capacity(); ++slot) {
    const ServerCall& call = pair_.calls_[slot];
    if (!call.live) continue;
    const bool asks = call.asks() && !call.caller.from_peer;
    const bool goes_on =
        call.consult != ServerCall::kNoCall && call.state == ServerCall::State::talking;
    if (asks && !goes_on) {
      end_call(context, slot, hang_up(call, 480));
    } else if (call.state == ServerCall::State::waiting && !pair_.router_.waits(slot, call.queue)) {
      make_routable(context, slot);
    } else if (call.state == ServerCall::State::offered) {  // whom its agent called is forgotten
      context.record(EarlyDialogLost{call.id, site_});
      end_call(context, slot, hang_up(call, 480));
    }
  }
  for (std::uint32_t i = 0; i < pair_.agents_.size(); ++i) {
    const AgentId id{i};
    ServerAgent& agent = agent_at(id);
    agent.held_back_until = {};
    if (agent.logout_pending && !agent.machine.in_call()) {
      log_out(context, id, agent.logout_forced);
      continue;
    }
    if (agent.state() == AgentState::after_call_work && !directory_.hunt_groups_of(id).empty()) {
      await_end_of_work(context, id);
    }
    update_routability(context, id);
  }
}

/// Transactions and timers have died with the old primary: early dialogs are lost, confirmed ones
/// go on, and an agent whose phone was ringing is forgotten (his phone rings on, unanswered).
void SipServerEndpoint::scrub_call(Context& context, std::uint32_t slot) {
  using State = ServerCall::State;
  ServerCall& call = pair_.calls_[slot];
  call.caller.invite = call.caller.reinvite = call.caller.own_invite = {};
  call.treatment.invite = call.agent_leg.invite = {};
  call.announcement_timer = call.routing_timer = call.wait_timer = {};
  call.caller.session_timer = call.agent_leg.session_timer = {};
  if (call.state == State::offered) {
    if (call.agent_where == acd::Where::here) {
      ServerAgent& agent = agent_at(call.agent);
      agent.call = ServerAgent::kNoCall;
      if (call.agent_supervised) change(context, call.agent, acd::AgentInput::no_answer);
    } else if (call.queued() && !call.forwarded && !call.asks()) {
      // The peer's agent may have answered: it will hear that the call is not his.
      context.record(CallReturned{call.id, call.agent, peer_of(site_), 408});
    }
    pair_.call_by_dialog_.erase(call.agent_leg.dialog);
    call.agent_leg.state = ServerLeg::State::none;
    ++call.agent_leg.attempt;
    if (call.queued()) {
      ++pair_.waiting_[call.queue];
      call.state = State::waiting;
    }
  }
  if (!call.confirmed()) {
    if (call.dialler.valid()) {
      agent_at(call.dialler).call = ServerAgent::kNoCall;
      tell_of_call(context, call.dialler, tlib::Kind::released, call.id);
      if (call.dialler_supervised) change(context, call.dialler, acd::AgentInput::no_answer);
    }
    if (call.hunt != kNoHunt) forget_hunt(context, slot);
    if (!call.asks()) context.record(EarlyDialogLost{call.id, site_});
    free_call(context, slot);
    return;
  }
  if (!call.copied) {
    forget_call(context, slot);
    return;
  }
  call.caller.state = CallerLeg::State::confirmed;
  const sim::SimTime now = context.now();
  caller_refreshed(context, slot, call.caller.refreshed_at);
  const bool talking = call.state == State::talking;
  if (talking) await_refresh(context, slot, call.agent_leg.refreshed_at);
  if (talking || call.transferred) {
    // On hold, or between two agents: the music.
    const bool needed = call.held || !talking;
    if (needed && call.treatment.state == ServerLeg::State::inviting) {
      pair_.call_by_dialog_.erase(call.treatment.dialog);
      invite_media_server(context, slot);
    }
    if (call.caller.media_owed) send_reinvite(context, slot);
  }
  if (call.state == State::treated) {
    const Duration left = std::max(call.routable_at - now, Duration{});
    call.announcement_timer = context.arm(left, {.kind = announcement_timer, .index = slot});
  }
  if (!call.queued() || call.state == State::talking) return;
  if (const auto& maximum = queue_options(call.queue).maximum_wait) {
    const Duration left = std::max(call.queued_at + *maximum - now, Duration{});
    call.wait_timer = context.arm(left, {.kind = wait_timer, .index = slot});
  }
}

/// The backup was never told of it: the call is gone though it was confirmed. Its agent's state is
/// known, and is what it was before (ASSUMPTION: logins and states are copied first).
void SipServerEndpoint::forget_call(Context& context, std::uint32_t slot) {
  const ServerCall& call = pair_.calls_[slot];
  if (!call.asks()) context.record(CallStateLost{call.id, site_});
  if (call.state == ServerCall::State::talking && call.agent_where == acd::Where::here) {
    ServerAgent& agent = agent_at(call.agent);
    if (agent.call == slot) agent.call = ServerAgent::kNoCall;
    if (call.agent_supervised) change(context, call.agent, acd::AgentInput::release_no_work);
  }
  free_call(context, slot);
}

}  // namespace bcsim::models
