#include "models/endpoints/agent_desktop.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

namespace {

using EffectKind = tlib::DesktopEffect::Kind;
using tlib::DesktopTimer;
using tlib::SwitchReason;

}  // namespace

tlib::DesktopSessionOptions AgentDesktopEndpoint::session_options(const Directory& directory,
                                                                  AgentId agent) {
  const DesktopPolicy& policy = directory.group(agent).desktop;
  const auto leads_to_proxy = [&](SiteIndex site) {
    // ASSUMPTION: a site has one Proxy; nobody is found at the address of a backup one.
    const auto has = [&](LocalItem item) {
      return (policy.local_data[site] >> static_cast<unsigned>(item)) % 2 != 0;
    };
    return has(LocalItem::primary_proxy) && has(LocalItem::application) && has(LocalItem::place);
  };
  return {.preferred = directory.agent(agent).preferred_site,
          .ail = {directory.scenario->sites[0].desktop, directory.scenario->sites[1].desktop},
          .policy = policy,
          .preferred_cached = policy.cache_preferred_site,
          .can_bootstrap = {leads_to_proxy(0), leads_to_proxy(1)}};
}

AgentDesktopEndpoint::AgentDesktopEndpoint(const Directory& directory, AgentId agent, bool first)
    : directory_(directory),
      agent_(agent),
      first_(first),
      steady_(first && directory.steady()),
      options_(session_options(directory, agent)),
      session_(options_),
      has_local_data_(steady_ ||
                      options_.policy.local_configuration == LocalConfiguration::desktop) {}

void AgentDesktopEndpoint::on_start(Context& context) {
  const bool works = directory_.at_work(agent_, context.now());
  if (!first_) {  // he may be on it since before the desktop was lost
    notice::Message question;
    question.kind = notice::Kind::phone_asked;
    context.notify(directory_.agent(agent_).phone, question);
  }
  if (!steady_) {
    if (works) feed(context, Input::shift_start);
    return;
  }
  start_steady_links(context);
  if (!works) return;  // connected, but logged out
  if (!directory_.can_log_in(agent_, options_.preferred)) {
    feed(context, Input::shift_start);
    return;
  }
  session_.assume_active(options_.preferred);
  for (SiteIndex site = 0; site < kSites; ++site) {
    feed(context, servers_[site].dn_in_service ? Input::dn_in_service : Input::dn_out_of_service,
         site);
  }
}

// ---- the session
// ---------------------------------------------------------------------------------

/// Effects may give rise to further inputs; those wait until all effects are carried out.
void AgentDesktopEndpoint::feed(Context& context, Input input, SiteIndex site) {
  inputs_.push_back({input, site});
  if (feeding_) return;
  feeding_ = true;
  while (!inputs_.empty()) {
    const SessionInput next = inputs_.front();
    inputs_.pop_front();
    const tlib::DesktopEffects effects = session_.on(next.input, options_, next.site);
    for (const tlib::DesktopEffect& effect : effects) carry_out(context, effect);
  }
  feeding_ = false;
  dial_if_wished(context);
  press_ready_if_due(context);
}

void AgentDesktopEndpoint::carry_out(Context& context, const tlib::DesktopEffect& effect) {
  switch (effect.kind) {
    case EffectKind::connect_csp:
      want_proxy(context, effect.site);
      return;
    case EffectKind::read_person:
      read_person(context);
      return;
    case EffectKind::connect:
      if (directory_.desktop_knows(agent_, effect.site)) {
        connect_server(context, effect.site);
      } else if (effect.site == session_.current()) {
        servers_[effect.site].attempted_at = context.now();
        feed(context, Input::connection_failed, effect.site);
      }
      return;
    case EffectKind::close:  // at the end of a shift the desktop stays connected, logged out
      return;
    case EffectKind::login:
    case EffectKind::resume:  // the same question; the answer is immediate if the login stands
      send(context, effect.site, tlib::Kind::agent_login);
      return;
    case EffectKind::logout:
      if (effect.site == session_.current()) ready_wanted_ = false;
      send(context, effect.site, tlib::Kind::agent_logout);
      return;
    case EffectKind::set_ready:
      ready_wanted_ = true;
      not_ready_pressed_ = false;
      return;
    case EffectKind::set_not_ready:
      not_ready_pressed_ = true;
      send(context, effect.site, tlib::Kind::set_not_ready);
      return;
    case EffectKind::open_stat:
      want_stat(context, effect.site);
      return;
    case EffectKind::arm:
    case EffectKind::cancel:
      set_timer(context, effect);
      return;
    case EffectKind::switching:
      on_switching(context, effect);
      return;
  }
}

sim::TimerId& AgentDesktopEndpoint::timer_of(DesktopTimer timer, SiteIndex site) {
  switch (timer) {
    case DesktopTimer::switchover:
      return switchover_timer_;
    case DesktopTimer::work:
      return login_timer_;
    case DesktopTimer::csp:
      return csp_timer_;
    case DesktopTimer::calm:
      return calm_timer_;
    case DesktopTimer::reconnect:
      break;
  }
  return servers_[site].retry;
}

void AgentDesktopEndpoint::set_timer(Context& context, const tlib::DesktopEffect& effect) {
  constexpr TimerKind kKinds[] = {switchover_timer, login_timer, csp_timer, reconnect_timer,
                                  calm_timer};
  sim::TimerId& timer = timer_of(effect.timer, effect.site);
  context.cancel(timer);
  timer = {};
  if (effect.kind == EffectKind::cancel) return;
  Duration after = effect.after;
  if (effect.timer == DesktopTimer::reconnect) {
    // Attempts begin every reconnect_delay, however long each of them took to fail.
    after -= std::min(after, context.now() - servers_[effect.site].attempted_at);
  }
  timer = context.arm(after, {kKinds[static_cast<std::size_t>(effect.timer)], effect.site});
}

void AgentDesktopEndpoint::on_switching(Context& context, const tlib::DesktopEffect& effect) {
  const bool by_registration = effect.reason == SwitchReason::registration_lost ||
                               effect.reason == SwitchReason::login_refused;
  if (by_registration || effect.reason == SwitchReason::site_lost) {
    context.record(DesktopSwitch{agent_, effect.site, by_registration});
  }
  // Nobody will send the EventReleased of a call whose server has been gone for so long.
  if (effect.reason == SwitchReason::site_lost) on_rest(context);
}

bool AgentDesktopEndpoint::works_at(SiteIndex site) const {
  const State state = session_.state();
  return session_.current() == site &&
         (state == State::active || state == State::resuming || state == State::wait_registration);
}

// ---- T-Library
// -----------------------------------------------------------------------------------

void AgentDesktopEndpoint::on_tlib(Context& context, const tlib::Message& message, SiteIndex site) {
  using tlib::Kind;
  ServerLink& link = servers_[site];
  link.addp.on_received(context.now());
  switch (message.kind) {
    case Kind::registered:
      on_registered(context, site, message.flag);
      return;
    case Kind::agent_logged_in:
      on_agent_logged_in(context, message, site);
      return;
    case Kind::login_refused:
      on_login_refused(context, site);
      return;
    case Kind::agent_logged_out:
      feed(context, message.flag ? Input::forced_out : Input::logged_out, site);
      return;
    case Kind::ready:
    case Kind::not_ready:
      on_agent_state(context, message, site);
      return;
    case Kind::dn_in_service:
    case Kind::dn_out_of_service:
      link.dn_in_service = message.kind == Kind::dn_in_service;
      feed(context, link.dn_in_service ? Input::dn_in_service : Input::dn_out_of_service, site);
      return;
    case Kind::private_info:
      on_private_info(context, site);
      return;
    case Kind::single_site_mode:
      link.single_site_mode = message.flag;
      feed(context, message.flag ? Input::single_mode_on : Input::single_mode_off, site);
      return;
    case Kind::closing:
      link.closing = message.flag;
      feed(context, message.flag ? Input::closing_on : Input::closing_off, site);
      return;
    case Kind::dialing:
    case Kind::ringing:
    case Kind::established:
    case Kind::retrieved:
    case Kind::consulted:
    case Kind::not_consulted:
    case Kind::transfer_refused:
    case Kind::call_refused:
    case Kind::released:
      on_call_event(context, message, site);
      return;
    case Kind::held:
    case Kind::addp_reply:
    case Kind::register_address:
    case Kind::agent_login:
    case Kind::agent_logout:
    case Kind::set_ready:
    case Kind::set_not_ready:
    case Kind::make_call:
    case Kind::addp_poll:
    case Kind::single_step_transfer:
    case Kind::initiate_transfer:
    case Kind::complete_transfer:
    case Kind::reconnect_call:
    case Kind::release_call:
      return;
  }
}

void AgentDesktopEndpoint::on_agent_state(Context& context, const tlib::Message& message,
                                          SiteIndex site) {
  on_rest(context);
  if (!works_at(site)) return;
  if (message.kind == tlib::Kind::ready) {
    if (!back_at_work_) return;
    back_at_work_ = false;
    context.record(AgentAtWork{agent_, site});
  } else if (message.flag) {
    context.cancel(ready_again_);
    ready_again_ = context.arm(kReadyAgain, {ready_timer});
  }
}

/// The answer also says which call the agent is on, so that what was missed while the connection
/// was down (an EventRinging, an EventReleased) does not leave the desktop waiting.
void AgentDesktopEndpoint::on_agent_logged_in(Context& context, const tlib::Message& message,
                                              SiteIndex site) {
  const State state = session_.state();
  if (site != session_.current() || (state != State::logging_in && state != State::resuming)) {
    return;
  }
  if (message.call.valid()) {
    start_call(context);
  } else if (own_call_.state == OwnCall::State::asked) {
    put_down(context);  // the request was lost with the server or the connection; or all its events
  } else {
    on_rest(context);  // ASSUMPTION: without its EventReleased there is no after-call work
  }
  if (state == State::logging_in) {
    feed(context, Input::logged_in, site);
  } else {
    ready_wanted_ = true;
    not_ready_pressed_ = false;
    feed(context, Input::resumed, site);
  }
  // With a call or its after-call work in hand the agent is at work again, but no EventAgentReady
  // will say so soon.
  back_at_work_ = !busy();
  if (busy()) context.record(AgentAtWork{agent_, site});
}

/// Advice to log in at the sender's peer (R59, R60), which its agent may heed, after a while; a
/// call in hand is finished first.
void AgentDesktopEndpoint::on_private_info(Context& context, SiteIndex from) {
  const DesktopPolicy& policy = options_.policy;
  sim::RngStream stream =
      context.stream("desktop.advice", (std::uint64_t{agent_.value} << 32) | advices_++);
  if (!stream.bernoulli(policy.heeding_share())) return;
  const Duration delay = draw(policy.private_info_delay, stream);
  context.cancel(advice_timer_);
  advice_timer_ = {};
  if (delay == Duration{}) {
    feed(context, Input::recommended, peer_of(from));
  } else if (delay < Duration::max()) {
    advice_timer_ = context.arm(delay, {advice_timer, peer_of(from)});
  }
}

/// Also the answer of a server that has forgotten the login, to a resumption or to TAgentSetReady.
void AgentDesktopEndpoint::on_login_refused(Context& context, SiteIndex site) {
  const bool working = works_at(site);
  const bool resuming = session_.state() == State::resuming;
  feed(context,
       !working   ? Input::login_refused
       : resuming ? Input::not_logged_in
                  : Input::forced_out,
       site);
}

void AgentDesktopEndpoint::press_ready_if_due(Context& context) {
  const SiteIndex site = session_.current();
  const State state = session_.state();
  if (!ready_wanted_ || not_ready_pressed_ || busy()) return;
  if (state != State::active && state != State::wait_registration) return;
  ready_wanted_ = false;
  send(context, site, tlib::Kind::set_ready);
}

// ---- what happens around the agent
// ------------------------------------------------------------------------------

void AgentDesktopEndpoint::on_notice(Context& context, const notice::Message& notice) {
  switch (notice.kind) {
    case notice::Kind::shift_start:
      feed(context, Input::shift_start);
      return;
    case notice::Kind::shift_end:
      feed(context, Input::shift_end);
      return;
    case notice::Kind::wishes_to_call:
      wishes_.push_back({notice.index, notice.conversation.agent_releases});
      keep_calls_away(context);
      dial_if_wished(context);
      return;
    case notice::Kind::make_call:
      make_call(context, notice);
      return;
    case notice::Kind::own_call_over:
      // If the server follows the call, its EventReleased says what work is left.
      if (own_call_.state == OwnCall::State::followed) {
        if (notice.call == own_call_.id) own_call_ = {};
      } else if (work_ == Work::call && own_call_.state != OwnCall::State::none) {
        end_call(context);
      }
      return;
    case notice::Kind::bye_unanswered:
      left_call_ = notice.call;
      for (SiteIndex site = 0; site < kSites; ++site) release_left_call(context, site);
      return;
    case notice::Kind::phone_state:
      on_phone_state(context, static_cast<notice::PhoneState>(notice.index));
      return;
    case notice::Kind::speech_lost:  // of the agent whom he asks
      on_consultation(context, tlib::Kind::not_consulted);
      return;
    case notice::Kind::rtp_stopped:
    case notice::Kind::rtp_resumed:
    case notice::Kind::become_primary:
    case notice::Kind::activate_standby:
    case notice::Kind::stand_down:
    case notice::Kind::config_write:
    case notice::Kind::drain:
    case notice::Kind::ha_link:
    case notice::Kind::gateway_died:
    case notice::Kind::gateway_down:
    case notice::Kind::gateway_up:
    case notice::Kind::dials:
    case notice::Kind::dial:
    case notice::Kind::hang_up:
    case notice::Kind::phone_asked:
      return;
  }
}

void AgentDesktopEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  const auto site = static_cast<SiteIndex>(tag.index);
  switch (static_cast<TimerKind>(tag.kind)) {
    case addp_timer: {
      ServerLink& link = servers_[site];
      link.timer = {};
      apply(context, site, link.addp.on_timer(context.now(), options_.ail[site].addp_timeout));
      return;
    }
    case attempt_timer:
      server_attempt_failed(context, site);
      return;
    case reconnect_timer:
      servers_[site].retry = {};
      feed(context, Input::timer_reconnect, site);
      return;
    case proxy_timer:
      proxy_failed(context);
      return;
    case stat_timer:
      stat_failed(context);
      return;
    case local_timer:
      local_failed(context);
      return;
    case switchover_timer:
      feed(context, Input::timer_switchover);
      return;
    case login_timer:
      feed(context, Input::timer_work);
      return;
    case csp_timer:
      feed(context, Input::timer_csp);
      return;
    case calm_timer:
      feed(context, Input::timer_calm);
      return;
    case after_call_timer:
      ready_wanted_ = true;
      end_call(context);
      return;
    case ready_timer:  // with a call in hand: as soon as that is done
      ready_wanted_ = true;
      press_ready_if_due(context);
      return;
    case advice_timer:
      advice_timer_ = {};
      feed(context, Input::recommended, site);
      return;
    case transfer_timer:
      transfer_timer_ = {};
      on_transfer_timer(context);
      return;
  }
}

}  // namespace bcsim::models
