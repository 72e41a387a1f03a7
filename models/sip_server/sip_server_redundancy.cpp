// The life of a SIP Server process: primary or backup, the steady start, and the switchover.
#include "models/sip_server/sip_server.hpp"

namespace bcsim::models {

void SipServerEndpoint::on_start(Context& context) {
  if (first_) {
    redundancy_ = ha::Redundancy::steady(redundancy_options());
    if (primary()) {
      primacy_.begin(process_);
      context.claim(site_.address());
      if (site_.directory.steady()) start_steady(context);
      begin_service(context);
    }
    return;
  }
  const ha::RedundancyOptions options = redundancy_options();
  if (!primacy_.exists()) {
    apply(context, redundancy_.on(ha::HaInput::started_alone, options));
    return;
  }
  apply(context, redundancy_.on(ha::HaInput::started_beside_primary, options));
  knows_calls_ = false;
  if (primacy_.ha_link_up()) copy_calls(context);
}

/// The next burst of calls for a backup that does not know all of them; after the last it is ready
/// for a switchover (D21). What is new meanwhile is copied at once.
void SipServerEndpoint::copy_calls(Context& context) {
  copy_timer_ = {};
  if (role() != ha::HaRole::synchronizing || !primacy_.ha_link_up()) return;
  if (!primacy_.can_be_asked()) {
    // Nobody can be asked before somebody is primary.
    copy_timer_ = context.arm(ha::Redundancy::kBurstPause, tag_of(ServerTimer::copy));
    return;
  }
  std::uint32_t copied = 0, left = 0;
  CallTable& calls = pair_.calls();
  for (std::uint32_t slot = 0; slot < calls.capacity(); ++slot) {
    ServerCall& call = calls[slot];
    if (!call.live || (knows_calls_ && call.copied)) continue;
    call.copied = copied < site_.options().call_sync_burst;
    ++(call.copied ? copied : left);
  }
  knows_calls_ = true;
  context.record(CallsCopied{site_.index, copied, left});
  if (left > 0) {
    copy_timer_ = context.arm(ha::Redundancy::kBurstPause, tag_of(ServerTimer::copy));
  } else {
    apply(context, redundancy_.on(ha::HaInput::synchronized, redundancy_options()));
  }
}

void SipServerEndpoint::take_over(Context& context) {
  primacy_.prepare(process_);
  apply(context, redundancy_.on(ha::HaInput::become_primary, redundancy_options()));
}

ha::RedundancyOptions SipServerEndpoint::redundancy_options() const {
  return {.promotion = site_.options().promotion, .designated_primary = process_ == 0};
}

void SipServerEndpoint::apply(Context& context, const ha::RedundancyEffects& effects) {
  if (effects.timer.kind != TimerChange::Kind::keep) {
    context.cancel(ha_timer_);
    ha_timer_ = {};
    if (effects.timer.arms()) ha_timer_ = context.arm(effects.timer.after, tag_of(ServerTimer::ha));
  }
  if (effects.take_address) become_primary(context, effects.calls_lost);
}

void SipServerEndpoint::become_primary(Context& context, bool calls_lost) {
  if (calls_lost) pair_.lose_everything();
  const bool taken_over = primacy_.exists();
  primacy_.take_over(process_);
  context.claim(site_.address());
  phones_.expire(context);
  if (taken_over) {
    calls_.scrub_calls(context, knows_calls_);
    knows_calls_ = true;
  }
  begin_service(context);
  drain_or_serve(context);
}

/// As if the world had been running for long: bindings, connections and logins exist (R80).
void SipServerEndpoint::start_steady(Context& context) {
  link_.start_steady(context);
  for (std::uint32_t i = 0; i < agents_.count(); ++i) {
    const AgentId id{i};
    if (site_.directory.registered_at_start(id, site_.index)) phones_.bind_at_start(context, id);
    agents_.start_steady(context, id);
  }
}

void SipServerEndpoint::begin_service(Context& context) {
  phones_.watch_expiry(context);
  link_.begin(context);
}

void SipServerEndpoint::on_notice(Context& context, const notice::Message& notice) {
  if (notice.kind == notice::Kind::become_primary) {
    if (!primary()) take_over(context);
  } else if (notice.kind == notice::Kind::drain) {
    pair_.set_draining(notice.index == 0);
    if (primary() && !left_behind()) drain_or_serve(context);
  } else if (notice.kind == notice::Kind::ha_link && !primary()) {
    apply(context, redundancy_.on(ha::HaInput::ha_link_lost, redundancy_options()));
    if (notice.index != 0 && !copy_timer_.valid()) copy_calls(context);
  }
}

// ---- graceful shutdown (domain.md §2.3) ----

void SipServerEndpoint::drain_or_serve(Context& context) {
  if (!pair_.draining()) {
    if (!link_.closing()) return;
    agents_.forget_forced_logouts();  // whom a call has kept may stay
    link_.serve_again(context);
    agents_.tell_closing(context, false);
    return;
  }
  if (link_.closing()) return;
  link_.set_mode(context, ServerMode::drain);
  calls_.drain(context);
  agents_.drain(context);
  stop_if_drained(context);
}

void SipServerEndpoint::stop_if_drained(Context& context) {
  if (link_.mode() != ServerMode::drain || pair_.call_count() != 0) return;
  if (agents_.anybody_logged_in()) return;
  link_.set_mode(context, ServerMode::stopped);
  agents_.close_connections(context);
  phones_.clear(context);
}

}  // namespace bcsim::models
