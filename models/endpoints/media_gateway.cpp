#include "models/endpoints/media_gateway.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "models/endpoints/failover_policy.hpp"

namespace bcsim::models {

namespace {

/// RFC 3261 §8.1.3.1: what the transaction layer reports counts as these responses.
constexpr std::uint16_t kTimeoutStatus = 408, kTransportErrorStatus = 503;

ha::ProxySetOptions proxy_set_options(const GatewayOptions& options) {
  ha::ProxySetOptions out;
  out.mode = options.redundancy;
  out.home = options.second_target ? options.home_site : ha::ProxyIndex{0};
  out.options_period = options.options_period;
  out.success_retries = options.success_retries;
  out.success_interval = options.success_interval;
  return out;
}

ha::ProxyOutcome outcome_of(sip::Inform inform, const sip::Response* response) {
  using Kind = ha::ProxyOutcome::Kind;
  if (inform == sip::Inform::timeout) return {.kind = Kind::no_response};
  if (inform == sip::Inform::transport_error) return {.kind = Kind::transport_error};
  return {.status = response->status, .retry_after = std::chrono::seconds(response->retry_after_s)};
}

}  // namespace

MediaGatewayEndpoint::MediaGatewayEndpoint(const Directory& directory, std::uint32_t gateway,
                                           bool first)
    : directory_(directory),
      gateway_(gateway),
      first_(first),
      options_(directory.scenario->gateways[gateway]),
      layer_(*this),
      policy_(failover_policy(options_)),
      proxy_options_(proxy_set_options(options_)),
      proxies_(options_.second_target ? kSites : 1) {
  for (const AgentInfo& agent : directory.agents) {
    for (const NodeId phone : {agent.phone, agent.spare_phone}) {
      if (!phone.valid()) continue;
      if (phone.value >= phones_.size()) phones_.resize(phone.value + 1);
      phones_[phone.value] = true;
    }
  }
}

void MediaGatewayEndpoint::on_start(Context& context) {
  for (ha::ProxyIndex proxy = 0; proxy < proxies_.count(); ++proxy) {
    // A gateway that boots again draws another phase.
    std::uint64_t entity = std::uint64_t{gateway_} * kSites + site_of(proxy);
    if (!first_) {
      const auto booted_ms = context.now().time_since_epoch() / 1ms;
      entity |= static_cast<std::uint64_t>(booted_ms) << 24;
    }
    const double u = context.stream("gateway.options", entity).uniform();
    const Duration phase = sim::from_seconds(u * sim::seconds(options_.options_period));
    apply(context, proxy, ha::ProxySet::start(options_.first_options.value_or(phase)));
  }
}

// ---- proxies -----------------------------------------------------------------------------------

std::optional<ha::ProxyIndex> MediaGatewayEndpoint::proxy_of(SiteIndex site) const {
  if (options_.second_target) return site;
  if (site == options_.home_site) return ha::ProxyIndex{0};
  return std::nullopt;
}

SiteIndex MediaGatewayEndpoint::site_of(ha::ProxyIndex proxy) const {
  return options_.second_target ? proxy : options_.home_site;
}

bool MediaGatewayEndpoint::online(SiteIndex site) const {
  const auto proxy = proxy_of(site);
  return proxy && proxies_.online(*proxy);
}

void MediaGatewayEndpoint::apply(Context& context, ha::ProxyIndex proxy,
                                 const ha::ProxyEffects& effects) {
  using Event = ha::ProxyEffects::Event;
  const SiteIndex site = site_of(proxy);
  if (effects.timer.kind != TimerChange::Kind::keep) {
    context.cancel(options_timers_[proxy]);
    options_timers_[proxy] = effects.timer.arms()
                                 ? context.arm(effects.timer.after, {options_timer, proxy})
                                 : sim::TimerId{};
  }
  if (effects.send_options) send_options(context, site);
  if (effects.event == Event::none) return;
  context.record(ProxyState{gateway_, site, effects.event == Event::online});
  if (effects.event == Event::offline && options_.flush_on_offline) flush(context, site);
}

void MediaGatewayEndpoint::send_options(Context& context, SiteIndex site) {
  options_sent_at_[*proxy_of(site)] = context.now();
  sip::Request request;
  request.method = sip::Method::options;
  request.dialog = dialog_id(sip::Leg::options, gateway_, context.self(), options_sent_++);
  request.cseq = 1;
  request.contact = context.address();
  layer_.request(context, context.address(), directory_.sip_server[site], request, policy_,
                 {.kind = options_owner, .index = site});
}

void MediaGatewayEndpoint::on_options_response(Context& context, sip::Inform inform,
                                               const sip::Response* response, SiteIndex site) {
  if (inform == sip::Inform::provisional) return;
  const auto proxy = proxy_of(site);
  assert(proxy);
  ha::ProxyEffects effects = proxies_.on_options_result(
      *proxy, proxy_options_, outcome_of(inform, response), context.now());
  if (effects.timer.arms()) {  // intervals are from OPTIONS to OPTIONS (domain.md §5.1)
    const Duration waited = context.now() - options_sent_at_[*proxy];
    effects.timer.after = std::max(effects.timer.after - waited, Duration::zero());
  }
  apply(context, *proxy, effects);
}

void MediaGatewayEndpoint::on_invite_outcome(Context& context, SiteIndex site,
                                             const ha::ProxyOutcome& outcome) {
  const auto proxy = proxy_of(site);
  if (!proxy) return;  // a redirection led to a server that is none of its targets
  apply(context, *proxy, proxies_.on_invite_result(*proxy, proxy_options_, outcome, context.now()));
}

/// Every set-up that still waits for a first answer from this site goes elsewhere now. Its INVITE
/// lives on, to be cancelled should the server answer after all.
void MediaGatewayEndpoint::flush(Context& context, SiteIndex site) {
  const auto count = static_cast<std::uint32_t>(invites_.capacity());
  for (std::uint32_t i = 0; i < count; ++i) {
    Invite& invite = invites_[i];
    if (!invite.live || invite.heard || invite.call == kNone || invite.site != site) continue;
    const std::uint32_t slot = std::exchange(invite.call, kNone);
    layer_.cancel(context, invite.transaction);
    calls_[slot].invite = kNone;
    site_failed(context, slot, site, {pstn::Release::no_response, kTimeoutStatus});
  }
}

// ---- set-up ------------------------------------------------------------------------------------

void MediaGatewayEndpoint::on_setup(Context& context, const pstn::Message& setup) {
  assert(find(setup.call) == kNone);
  const std::uint32_t slot = calls_.take();
  Call& call = calls_[slot];
  call = {};
  call.id = setup.call;
  call.dn = setup.dn;
  call.conversation = setup.conversation;
  call.priority = setup.priority;
  slot_by_call_.emplace(setup.call.value, slot);
  // Without anybody to ask, every server has asked to be left alone (Retry-After).
  try_next(context, slot, {pstn::Release::rejected, 503});
}

void MediaGatewayEndpoint::try_next(Context& context, std::uint32_t slot, const Failure& failure) {
  ha::ProxyMask tried = 0;
  for (SiteIndex site = 0; site < kSites; ++site) {
    const auto proxy = proxy_of(site);
    if (proxy && (calls_[slot].failed & path_of(site))) {
      tried = static_cast<ha::ProxyMask>(tried | (1u << *proxy));
    }
  }
  const auto proxy = proxies_.choose(proxy_options_, {.tried = tried, .now = context.now()});
  if (proxy) {
    send_invite(context, slot, site_of(*proxy));
  } else {
    release(context, slot, failure);
  }
}

void MediaGatewayEndpoint::send_invite(Context& context, std::uint32_t slot, SiteIndex site) {
  Call& call = calls_[slot];
  call.state = CallState::calling;
  call.remote = directory_.sip_server[site];
  call.dialog = dialog_id(sip::Leg::caller, call.id.value, context.self(), call.invites_sent);
  sip::Request request;
  request.method = sip::Method::invite;
  request.bc_hop = call.redirected_by != 0;
  request.priority = call.priority;
  request.dialog = call.dialog;
  request.cseq = call.cseq = 1;
  request.call = call.id;
  request.dn = call.dn;
  request.media = context.self();
  request.contact = context.address();
  request.call_branch = CallBranch::of_invite(call.invites_sent);
  request.conversation = call.conversation;
  request.expires_s = session_expires_s();

  call.invite = invites_.take();
  ++pending_invites_;
  Invite& invite = invites_[call.invite];
  invite.call = slot;
  invite.site = site;
  invite.live = true;
  invite.heard = false;
  context.record(CallInvited{call.id, gateway_, site, call.invites_sent++});
  invite.transaction =
      layer_.request(context, context.address(), call.remote, request, policy_,
                     {.kind = invite_owner, .index = call.invite, .data = invite.generation});
}

void MediaGatewayEndpoint::drop_invite(std::uint32_t index) {
  Invite& invite = invites_[index];
  if (invite.call != kNone) calls_[invite.call].invite = kNone;
  invite.live = false;
  ++invite.generation;
  invites_.give_back(index);
  --pending_invites_;
}

void MediaGatewayEndpoint::on_invite_response(Context& context, sip::Inform inform,
                                              const sip::Response* response,
                                              const sip::Request& request, std::uint32_t index) {
  const Invite invite = invites_[index];
  const std::uint32_t slot = invite.call;
  const bool wanted = slot != kNone;
  if (inform == sip::Inform::provisional) {
    invites_[index].heard = true;
    if (wanted) on_provisional(context, slot, *response);
    return;
  }
  drop_invite(index);
  if (inform == sip::Inform::success) {
    acknowledge(context, request, *response);
    if (wanted) {
      on_answer(context, slot, *response);
    } else {  // it crossed our CANCEL (RFC 3261 §15)
      sip::Request bye = request;
      ++bye.cseq;
      send_bye(context, response->contact, bye);
    }
    return;
  }
  // Silence after a provisional response is about this call, not about the server: an early dialog
  // that did not survive a switchover is no reason to leave the site.
  const bool timeout = inform == sip::Inform::timeout;
  if (!timeout || !invite.heard) {
    on_invite_outcome(context, invite.site, outcome_of(inform, response));
  }
  if (!wanted) return;
  if (response != nullptr) {
    on_rejection(context, slot, invite.site, *response);
  } else {
    site_failed(context, slot, invite.site,
                {pstn::Release::no_response, timeout ? kTimeoutStatus : kTransportErrorStatus});
  }
}

void MediaGatewayEndpoint::on_provisional(Context& context, std::uint32_t slot,
                                          const sip::Response& response) {
  Call& call = calls_[slot];
  if (call.state == CallState::calling) {
    // Timer B is off: from now on only this one bounds the set-up (domain.md §3.1).
    call.state = CallState::proceeding;
    call.timer = context.arm(options_.ring_timeout, {ring_timer, slot});
  }
  if (response.status > 100 && !call.alerting) {
    call.alerting = true;
    tell_pstn(context, slot, pstn::Kind::alerting);
  }
}

void MediaGatewayEndpoint::on_answer(Context& context, std::uint32_t slot,
                                     const sip::Response& response) {
  Call& call = calls_[slot];
  call.state = CallState::answered;
  context.cancel(call.timer);
  call.timer = {};
  if (response.contact.valid()) call.remote = response.contact;
  if (call.rtp_stopped != sim::kNever) {
    call.timer = context.arm(options_.rtp_loss_timeout, {rtp_timer, slot});
  }
  await_refresh(context, slot);
  tell_pstn(context, slot, pstn::Kind::connect);
  tell_speech(context, slot, response.media);
}

void MediaGatewayEndpoint::on_rejection(Context& context, std::uint32_t slot, SiteIndex site,
                                        const sip::Response& response) {
  const Failure failure{pstn::Release::rejected, response.status};
  switch (response.status / 100) {
    case 3:
      on_redirection(context, slot, site, response);
      break;
    case 5:  // the server, not the request, is at fault (RFC 3261 §21.5)
      site_failed(context, slot, site, failure);
      break;
    default:
      release(context, slot, failure);
      break;
  }
}

/// Out-of-signalling-path transfer to the peer, or the default destination (domain.md §2.1, §3.9b).
/// ASSUMPTION: a call is redirected once by either site; one that asks for it again is not heeded.
void MediaGatewayEndpoint::on_redirection(Context& context, std::uint32_t slot, SiteIndex site,
                                          const sip::Response& response) {
  Call& call = calls_[slot];
  const int target = directory_.site_of(response.contact);
  if (target < 0 && response.status == 302) {
    release(context, slot, {pstn::Release::default_routed, response.status});
    return;
  }
  if (target < 0 || (call.redirected_by & path_of(site))) {
    release(context, slot, {pstn::Release::rejected, response.status});
    return;
  }
  call.redirected_by = static_cast<PathMask>(call.redirected_by | path_of(site));
  context.cancel(call.timer);
  call.timer = {};
  if (call.failed & path_of(target)) {  // asked in vain already: not twice (RFC 3261 §8.1.3.4)
    try_next(context, slot, {pstn::Release::no_response, kTimeoutStatus});
  } else {
    send_invite(context, slot, static_cast<SiteIndex>(target));
  }
}

void MediaGatewayEndpoint::site_failed(Context& context, std::uint32_t slot, SiteIndex site,
                                       const Failure& failure) {
  Call& call = calls_[slot];
  context.cancel(call.timer);
  call.timer = {};
  call.failed = static_cast<PathMask>(call.failed | path_of(site));
  context.record(SetupFailed{call.id, gateway_, site, failure.status});
  // The PSTN is told a status only if a server gave one.
  const bool answered = failure.release == pstn::Release::rejected;
  try_next(context, slot, {failure.release, answered ? failure.status : std::uint16_t{0}});
}

}  // namespace bcsim::models
