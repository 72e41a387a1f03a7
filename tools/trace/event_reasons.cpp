#include "tools/trace/event_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/demand/distribution.hpp"
#include "models/sip/phone_registration.hpp"
#include "models/sip/timers.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::Duration;
using models::NodeKind;
using models::NodeRole;
using models::SimTime;
using models::SiteIndex;
using namespace std::chrono_literals;

constexpr const char* kRefused = "a request was refused: no process there (ICMP)";

std::string time(Duration d) {
  return format_duration(d);
}

std::string copies(int n) {
  return fmt::format("{} retransmission{}", n, n == 1 ? "" : "s");
}

/// An ICMP message has come by then; the first timer of SIP has not run out yet.
bool just_before(SimTime at, SimTime now) {
  return at != sim::kNever && now - at < models::sip::Timers{}.t1;
}

/// Was it so long between the two, to the tick? Only a timer makes it so.
bool apart(SimTime from, SimTime to, Duration timer) {
  return from != sim::kNever && to - from == timer;
}

}  // namespace

EventReasons::EventReasons(const models::Layout& layout)
    : layout_(layout),
      s_(*layout.directory.scenario),
      gateways_(layout.directory.gateways.size()),
      phones_(layout.roles.size()),
      desktops_(layout.directory.agents.size()) {
  for (std::uint32_t i = 0; i < desktops_.size(); ++i) {
    const models::AgentId id{i};
    const models::PhoneOptions& o = layout.directory.group(id).phone;
    for (SiteIndex site = 0; site < models::kSites; ++site) {
      if (!layout.directory.registered_at_start(id, site)) continue;
      phones_[layout.directory.agent(id).phone.value].at[site].every =
          sim::from_seconds(o.refresh_fraction * sim::seconds(o.expires));
    }
  }
}

// ---- what happens ------------------------------------------------------------------------------

void EventReasons::on_record(const models::JournalEntry& entry) {
  const models::Record& record = entry.record;
  if (const auto* mode = std::get_if<models::ServerModeChanged>(&record)) {
    mode_[mode->site] = mode->mode;
  } else if (const auto* proxy = std::get_if<models::ProxyState>(&record)) {
    gateways_[proxy->gateway].offline[proxy->site] = proxy->online != 0 ? sim::kNever : entry.at;
  } else if (const auto* invited = std::get_if<models::CallInvited>(&record)) {
    if (invited->call.value >= invited_.size()) invited_.resize(invited->call.value + 1);
    invited_[invited->call.value] = entry.at;
  } else if (const auto* login = std::get_if<models::AgentLogin>(&record)) {
    desktops_[login->agent.value].refused[login->site].reset();
    desktops_[login->agent.value].drained[login->site] = false;
    desktops_[login->agent.value].logged_in[login->site] = entry.at;
  } else if (const auto* refused = std::get_if<models::AgentLoginRefused>(&record)) {
    desktops_[refused->agent.value].refused[refused->site] = refused->cause;
  } else if (const auto* logout = std::get_if<models::AgentLogout>(&record)) {
    const models::ServerMode mode_then = mode_[logout->site];
    if (logout->forced == 1 && mode_then == models::ServerMode::drain) {
      desktops_[logout->agent.value].drained[logout->site] = true;
    }
  } else if (const auto* dn = std::get_if<models::DnState>(&record)) {
    desktops_[dn->agent.value].dn_out[dn->site] = dn->in_service != 0 ? sim::kNever : entry.at;
  } else if (const auto* lost = std::get_if<models::DesktopConnectionLost>(&record)) {
    desktops_[lost->agent.value].lost = entry.at;
  } else if (const auto* moved = std::get_if<models::DesktopSwitch>(&record)) {
    desktops_[moved->agent.value].heard.push_back(entry.at);
  } else if (const auto* back = std::get_if<models::AgentAtWork>(&record)) {
    desktops_[back->agent.value].lost = sim::kNever;
    desktops_[back->agent.value].why = {};
  }
  on_phone(entry);
}

void EventReasons::on_phone(const models::JournalEntry& entry) {
  if (const auto* node = std::get_if<models::NodeStateChanged>(&entry.record)) {
    if (layout_.roles[node->node.value].kind != NodeKind::phone || node->up == 0) return;
    phones_[node->node.value] = {};
    for (Registration& at : phones_[node->node.value].at) at.booted = true;
  }
  const auto* registered = std::get_if<models::PhoneRegistered>(&entry.record);
  const auto* failed = std::get_if<models::PhoneRegistrationFailed>(&entry.record);
  if (!entry.by.valid() || (registered == nullptr && failed == nullptr)) return;
  Phone& phone = phones_[entry.by.value];
  if (registered != nullptr) {
    Registration& here = phone.at[registered->site];
    here.under_way = here.booted = false;
    here.failed = sim::kNever;
    if (registered->first == 0) return;
    phone.failures = 0;
    phone.failed_last.reset();
    return;
  }
  Registration& at = phone.at[failed->site];
  at.under_way = false;
  at.failed = entry.at;
  at.status = failed->status;
  at.by_icmp = just_before(at.refused, entry.at);
  phone.failed_last = failed->site;
  ++phone.failures;
}

/// Whether a datagram met a machine where nobody listens at the SIP Server's port any more.
bool EventReasons::refuses(const models::Transmission& t, std::uint32_t site) const {
  if (!s_.network.icmp_unreachable) return false;
  const bool drained =
      t.dropped == sim::DropReason::none && mode_[site] == models::ServerMode::stopped;
  return drained || t.dropped == sim::DropReason::no_process;
}

void EventReasons::on_message(const models::Transmission& t) {
  if (!t.from.valid() || !t.to.valid()) return;
  const NodeRole& from = layout_.roles[t.from.value];
  const NodeRole& to = layout_.roles[t.to.value];
  on_sip(t, from, to);
  on_tlib(t, from, to);
}

void EventReasons::on_sip(const models::Transmission& t, const NodeRole& from, const NodeRole& to) {
  using models::sip::Method;
  if (const auto* response = std::get_if<models::sip::Response>(&t.envelope.message)) {
    const bool told = from.kind == NodeKind::sip_server && to.kind == NodeKind::phone &&
                      response->method == Method::register_ && t.dropped == sim::DropReason::none;
    if (!told) return;
    Registration& at = phones_[t.to.value].at[from.site];
    at.retry_after = std::chrono::seconds(response->retry_after_s);
    const models::PhoneOptions& o = layout_.directory.group(models::AgentId{to.index}).phone;
    if (response->status == 200 && response->expires_s > 0) {
      at.every = sim::from_seconds(o.refresh_fraction * response->expires_s);
    }
    return;
  }
  const auto* request = std::get_if<models::sip::Request>(&t.envelope.message);
  if (request == nullptr || to.kind != NodeKind::sip_server) return;
  if (from.kind == NodeKind::gateway) {
    // Of what belongs to a dialog the gateway does not heed it.
    const bool elsewhere = request->method == Method::options ||
                           (request->method == Method::invite && !request->in_dialog);
    const bool heeded = s_.gateways[from.index].heed_icmp && refuses(t, to.site);
    if (elsewhere) gateways_[from.index].refused[to.site] = heeded ? t.at : sim::kNever;
  } else if (from.kind == NodeKind::phone && request->method == Method::register_) {
    Registration& at = phones_[t.from.value].at[to.site];
    if (!at.under_way) at.tried = t.envelope.sent;
    at.under_way = true;
    const models::PhoneOptions& o = layout_.directory.group(models::AgentId{from.index}).phone;
    at.refused = o.heed_icmp && refuses(t, to.site) ? t.at : sim::kNever;
  }
}

void EventReasons::on_tlib(const models::Transmission& t, const NodeRole& from,
                           const NodeRole& to) {
  using models::tlib::Kind;
  const auto* message = std::get_if<models::tlib::Message>(&t.envelope.message);
  if (message == nullptr || t.dropped != sim::DropReason::none) return;
  if (from.kind == NodeKind::desktop && message->kind == Kind::agent_login) {
    Desktop& desktop = desktops_[from.index];
    desktop.why = why_login(desktop, models::AgentId{from.index}, to.site, t.envelope.sent);
  }
  if (to.kind != NodeKind::desktop || message->kind == Kind::addp_poll ||
      message->kind == Kind::addp_reply) {
    return;
  }
  Desktop& desktop = desktops_[to.index];
  if (message->kind == Kind::registered) desktop.attached[from.site] = t.at;
  if (message->kind == Kind::login_refused) desktop.heard_refusal = t.at;
  if (message->kind == Kind::agent_logged_out) desktop.heard_logout = t.at;
  const Duration work = layout_.directory.group(models::AgentId{to.index}).desktop.relogin_work;
  const auto old = [&](SimTime heard) { return heard + work < t.at - 1s; };
  desktop.heard.erase(std::remove_if(desktop.heard.begin(), desktop.heard.end(), old),
                      desktop.heard.end());
  desktop.heard.push_back(t.at);
}

// ---- gateways ----------------------------------------------------------------------------------

EventReason EventReasons::offline(const models::ProxyState& f, SimTime now) const {
  if (just_before(gateways_[f.gateway].refused[f.site], now)) return {kRefused, {"R28"}};
  return {"no answer to a request and " + copies(s_.gateways[f.gateway].retransmissions), {"R28"}};
}

const char* EventReasons::then(const models::ProxyState& f) const {
  const auto other = models::peer_of(static_cast<models::SiteIndex>(f.site));
  const bool another =
      s_.gateways[f.gateway].second_target && gateways_[f.gateway].offline[other] == sim::kNever;
  return another ? "new calls go elsewhere" : "it holds no other SIP Server for alive";
}

EventReason EventReasons::unanswered(const models::SetupFailed& f, SimTime now) const {
  using models::sip::Retransmission;
  const models::GatewayOptions& o = s_.gateways[f.gateway];
  const SimTime sent = f.call.value < invited_.size() ? invited_[f.call.value] : now;
  const bool flushed =
      gateways_[f.gateway].offline[f.site] == now &&
      now - sent < models::sip::Timers{}.give_up_after(Retransmission::invite, o.retransmissions);
  if (flushed) return {"flush-on-offline: they do not wait for their own timers", {"R7", "R28"}};
  return {copies(o.retransmissions), {"R7", "R28"}};
}

// ---- phones ------------------------------------------------------------------------------------

std::string EventReasons::failure_words(const models::PhoneOptions& o,
                                        const Registration& at) const {
  using models::sip::Retransmission;
  const std::string every =
      at.every ? fmt::format("REGISTER every {}, ", time(*at.every)) : "REGISTER ";
  if (at.by_icmp) return every + "refused: no process there (ICMP)";
  constexpr std::uint32_t kNoAnswer = 408;
  if (at.status != kNoAnswer) return every + fmt::format("answered with {}", at.status);
  const Duration repeated =
      models::sip::Timers{}.give_up_after(Retransmission::non_invite, o.retransmissions);
  if (o.response_timeout && *o.response_timeout < repeated) {
    return every + "no answer: response-timeout " + time(*o.response_timeout);
  }
  if (o.retransmissions >= models::sip::kFullTimerF) {
    return every + fmt::format("no answer for {} (timer F)", time(repeated));
  }
  return every + "no answer to it and " + copies(o.retransmissions);
}

/// What a phone has waited for after a failure at this server.
std::string EventReasons::retry_words(const models::PhoneOptions& o, const Registration& at) {
  if (o.registrar_hold_down && apart(at.failed, at.tried, *o.registrar_hold_down)) {
    return "registrar-hold-down " + time(*o.registrar_hold_down);
  }
  if (at.retry_after > 0s && apart(at.failed, at.tried, at.retry_after)) {
    return "Retry-After " + time(at.retry_after);
  }
  if (o.register_retry) return "register-retry " + models::describe(*o.register_retry);
  return fmt::format("register-retry by RFC 5626: longer after each failure, up to {}",
                     time(models::sip::RetryPolicy{}.max));
}

EventReason EventReasons::registered(sim::NodeId by, const models::PhoneRegistered& f) const {
  constexpr const char* kModes[] = {"single", "active-backup", "dual", "fixed"};
  using models::RegistrationMode;
  const models::PhoneOptions& o = layout_.directory.group(f.agent).phone;
  const bool old = o.profile == models::PhoneProfile::alcatel_4000;
  const auto mode = static_cast<std::size_t>(o.registration);
  const std::vector<std::string> rules[] = {{"R31"}, {old ? "R17" : "R19"}, {"R16", "R32"}, {}};
  const auto said = [&](const std::string& why) {
    return EventReason{
        fmt::format("{} registration{}{}", kModes[mode], why.empty() ? "" : "; ", why),
        rules[mode]};
  };
  if (!by.valid()) return said("");
  const Phone& phone = phones_[by.value];
  const Registration& here = phone.at[f.site];
  const bool moves = models::moves(o.registration);
  const bool failed = moves ? phone.failed_last.has_value() : here.failed != sim::kNever;
  if (!failed) {
    const bool returns = o.registration == RegistrationMode::active_backup &&
                         f.site == layout_.directory.agent(f.agent).phone_site;
    return said(here.booted ? "the phone has started"
                : returns   ? "poll-primary " + time(o.poll_primary) + ": the primary answers again"
                            : "");
  }
  if (!moves) return said(retry_words(o, here));
  const Registration& there = phone.at[*phone.failed_last];
  if (*phone.failed_last == f.site) return said(retry_words(o, here));
  const std::string hold = here.failed != sim::kNever ? retry_words(o, here) : "";
  if (phone.failures > 1) {
    const bool held = hold.starts_with("registrar") || hold.starts_with("Retry");
    return said("both servers had failed; " + (held ? hold : retry_words(o, there)));
  }
  std::string why = failure_words(o, there);
  if (!o.failover_in_call && here.tried > there.failed) {
    why += ", and the end of a call (failover-in-call: false)";
  }
  return said(why);
}

// ---- desktops ----------------------------------------------------------------------------------

EventReason EventReasons::moved(const models::DesktopSwitch& f, SimTime now) const {
  const std::uint32_t from = 1 - f.to_site;
  const models::DesktopOptions& o = s_.sites[from].desktop;
  if (f.by_registration == 0) return {"site-timeout " + time(o.site_timeout), {"R21", "R78"}};
  const std::string timer = "site-sip-register-timeout " + time(o.site_sip_register_timeout);
  const Desktop& desktop = desktops_[f.agent.value];
  if (const auto cause = desktop.refused[from]) {
    using Cause = models::AgentLoginRefused::Cause;
    switch (*cause) {
      case Cause::closing:
        return {"login refused there, the site is being drained; then " + timer,
                {"R2", "R21", "R79"}};
      case Cause::endpoint_out_of_service:
        return {"login refused there, the DN is out of service; then " + timer,
                {"R21", "R39", "R79"}};
      case Cause::not_configured:
        return {"login refused there, an object is missing; then " + timer, {"R10", "R21", "R79"}};
    }
  }
  if (desktop.drained[from]) {
    return {"logged out there, the site is being drained; then " + timer, {"R2", "R21", "R79"}};
  }
  const SimTime out = desktop.dn_out[from], in = desktop.logged_in[from];
  if (out == sim::kNever) return {timer, {"R21", "R79"}};
  const SimTime since = in == sim::kNever ? out : std::max(out, in);
  const bool later = now - since > o.site_sip_register_timeout + 1s;
  return {"DN out of service; " + timer + (later ? ", then looked for again" : ""), {"R21", "R79"}};
}

EventReason EventReasons::why_login(const Desktop& d, models::AgentId agent, std::uint32_t site,
                                    SimTime sent) const {
  const models::DesktopPolicy& o = layout_.directory.group(agent).desktop;
  if (d.attached[site] == sent) {
    if (d.lost == sim::kNever) return {};
    if (sent - d.lost < o.reconnect_delay) return {"connected again at once", {"R33"}};
    return {"connected again: reconnect-delay " + time(o.reconnect_delay), {"R33"}};
  }
  if (apart(d.heard_refusal, sent, o.login_retry)) {
    return {"a login was refused: login-retry " + time(o.login_retry), {"R33"}};
  }
  if (apart(d.heard_logout, sent, o.login_retry)) {
    return {"after a logout by the server: login-retry " + time(o.login_retry), {"R33"}};
  }
  const bool worked = std::any_of(d.heard.begin(), d.heard.end(), [&](SimTime heard) {
    return apart(heard, sent, o.relogin_work);
  });
  if (worked && o.relogin_work > 0s) return {"relogin-work " + time(o.relogin_work), {"R33"}};
  return {};
}

EventReason EventReasons::at_work(const models::AgentAtWork& f) const {
  EventReason why = desktops_[f.agent.value].why;
  why.rules = {"R33"};
  return why;
}

}  // namespace bcsim::tools
