// What becomes of the calls when the other process takes over (domain.md §2.4).
#include <algorithm>
#include <cassert>

#include "models/sip_server/call_control.hpp"

namespace bcsim::models {

void CallControl::scrub_calls(Context& context, bool knows_calls) {
  const std::uint32_t before = calls_.count();
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    if (!calls_[slot].live) continue;
    calls_[slot].copied = calls_[slot].copied && knows_calls;
    scrub_call(context, slot);
  }
  context.record(Switchover{site_.index, before, calls_.count()});
  // Only now that all calls and agents are as they are to be may they be brought together.
  for (std::uint32_t slot = 0; slot < calls_.capacity(); ++slot) {
    const ServerCall& call = calls_[slot];
    if (!call.live) continue;
    const bool asks = call.asks() && !call.caller.from_peer;
    const bool goes_on = call.consult != CallTable::kNone && call.connected();
    if (asks && !goes_on) {
      end_call(context, slot, hang_up(call, 480));
    } else if (call.state == ServerCall::State::waiting && !agents_.call_is_waiting(slot, call)) {
      make_routable(context, slot);
    } else if (call.state == ServerCall::State::offered && !call.queued()) {
      // Whom its agent called is forgotten; of a queue it has just been given to somebody.
      context.record(EarlyDialogLost{call.id, site_.index, call.branch});
      end_call(context, slot, hang_up(call, 480));
    }
  }
  agents_.update_all(context);
}

/// Transactions and timers have died with the old primary: early dialogs are lost, confirmed ones
/// go on, and an agent whose phone was ringing is forgotten (his phone rings on, unanswered).
void CallControl::scrub_call(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.caller.invite = call.caller.reinvite = call.caller.own_invite = {};
  call.treatment.invite = call.agent_leg.invite = {};
  call.announcement_timer = call.routing_timer = call.wait_timer = {};
  call.caller.session_timer = call.agent_leg.session_timer = {};
  if (call.state == ServerCall::State::offered) forget_offer(context, slot);
  if (!call.confirmed()) {
    forget_early_call(context, slot);
  } else if (!call.copied) {
    forget_call(context, slot);
  } else {
    take_up_call(context, slot);
  }
}

void CallControl::forget_offer(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  if (call.here()) {
    (void)agents_.vacate(call.agent, slot);
    if (call.supervised()) agents_.change(context, call.agent, acd::AgentInput::no_answer);
  } else if (call.far == ServerCall::Far::agent_at_peer && !call.asks()) {
    // The peer's agent may have answered: it will hear that the call is not his.
    context.record(CallReturned{call.id, call.agent, site_.peer(), 408, call.branch});
  }
  call.far = ServerCall::Far::nobody;
  calls_.unbind(call.agent_leg.dialog);
  call.agent_leg.state = ServerLeg::State::none;
  ++call.agent_leg.attempt;
  if (!call.queued()) return;
  calls_.enter_line(call.queue);
  call.state = ServerCall::State::waiting;
}

/// Who has dialled it is as he was before.
void CallControl::forget_dialler(Context& context, std::uint32_t slot, const ServerCall& call) {
  if (!call.dialler.valid() || !agents_.vacate(call.dialler, slot)) return;
  agents_.tell_of_call(context, call.dialler, tlib::Kind::released, call.id);
  if (!call.dialler_supervised) return;
  agents_.change(context, call.dialler,
                 call.connected() ? acd::AgentInput::release_no_work : acd::AgentInput::no_answer);
}

void CallControl::forget_early_call(Context& context, std::uint32_t slot) {
  const ServerCall& call = calls_[slot];
  forget_dialler(context, slot, call);
  if (call.hunt != ServerCall::kNoHunt) hunts_.forget_hunt(context, slot);
  if (!call.asks()) context.record(EarlyDialogLost{call.id, site_.index, call.branch});
  free_call(context, slot);
}

/// The backup was never told of it: the call is gone though it was confirmed. Its agent's state is
/// known, and is what it was before (ASSUMPTION: logins and states are copied first).
void CallControl::forget_call(Context& context, std::uint32_t slot) {
  const ServerCall& call = calls_[slot];
  if (!call.asks()) context.record(CallStateLost{call.id, site_.index});
  if (call.connected() && call.here()) {
    (void)agents_.vacate(call.agent, slot);
    if (call.supervised()) agents_.change(context, call.agent, acd::AgentInput::release_no_work);
  }
  forget_dialler(context, slot, call);
  free_call(context, slot);
}

/// A confirmed call that this process knows: its timers run again, and what was under way is begun
/// anew.
void CallControl::take_up_call(Context& context, std::uint32_t slot) {
  ServerCall& call = calls_[slot];
  call.caller.state = CallerLeg::State::confirmed;
  const SimTime now = context.now();
  media_.caller_refreshed(context, slot, call.caller.refreshed_at);
  const bool connected = call.connected();
  if (connected) media_.await_refresh(context, slot, call.agent_leg.refreshed_at);
  if (connected || call.errand == ServerCall::Errand::passed_on) {
    // On hold, or between two agents: the music.
    const bool needed = call.state != ServerCall::State::talking;
    if (needed && call.treatment.state == ServerLeg::State::inviting) {
      calls_.unbind(call.treatment.dialog);
      media_.invite_media_server(context, slot);
    }
    if (call.caller.media_owed) media_.send_reinvite(context, slot);
  }
  if (call.state == ServerCall::State::treated) {
    const Duration left = std::max(call.routable_at - now, Duration{});
    call.announcement_timer = context.arm(left, tag_of(ServerTimer::announcement, slot));
  }
  if (!call.queued() || connected) return;
  if (const auto& maximum = site_.queue_options(call.queue).maximum_wait) {
    const Duration left = std::max(call.queued_at + *maximum - now, Duration{});
    call.wait_timer = context.arm(left, tag_of(ServerTimer::wait, slot));
  }
}

}  // namespace bcsim::models
