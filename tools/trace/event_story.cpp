#include "tools/trace/event_story.hpp"
#include "models/world/holds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/ha/server_mode.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/trace/call_story.hpp"

namespace bcsim::tools {
namespace {

using Telling = EventStory::Telling;
using Rules = std::vector<std::string>;

/// How each record is told; what says nothing about rules or timers is not.
class EventTeller {
 public:
  EventTeller(const models::Layout& layout, const ThingNames& names,
              const std::array<models::ServerMode, models::kSites>& mode, bool apart,
              const models::CallLedger& ledger, const EventReasons& reasons,
              const models::JournalEntry& entry)
      : s_(*layout.directory.scenario),
        directory_(layout.directory),
        n_(names),
        mode_(mode),
        apart_(apart),
        ledger_(ledger),
        reasons_(reasons),
        by_(entry.by),
        now_(entry.at) {}

  // ---- servers, peers, gateways ----
  Telling operator()(const models::PairStateChanged& f) const {
    if (f.up != 0) return {server(f.site), "", "has a process again", "", {}};
    return {server(f.site), "", "is gone, with its calls", "", {"R4"}};
  }
  Telling operator()(const models::Switchover& f) const {
    const models::SipServerOptions& o = s_.sites[f.site].sip_server;
    return {"the backup of " + site(f.site),
            "",
            fmt::format("took over: {} of {} confirmed calls go on", f.calls_kept, f.calls_before),
            fmt::format("a dead process is noticed after {}, {}, a lost machine after {} to {}, "
                        "an order by hand at once; then {} to take over",
                        time(o.process_death_detection),
                        o.heartbeat_period ? fmt::format("a hung one {} later (heartbeat-period)",
                                                         time(*o.heartbeat_period))
                                           : "a hung one when it is ended and starts again "
                                             "(heartbeat-period: none)",
                        time(o.host_loss_detection_min), time(o.host_loss_detection_max),
                        time(o.promotion)),
            {"R9"}};
  }
  Telling operator()(const models::BothPrimary& f) const {
    if (f.both == 0) {
      return {"the older primary of " + site(f.site), "", "is made backup, or gone", "", {}};
    }
    return {"both SIP Servers of " + site(f.site), "", "are primary: the newer one has the address",
            "what the management layer does not reach is dead to it", Rules{"R9"}};
  }
  Telling operator()(const models::CallsCopied& f) const {
    if (f.calls == 0) return {};  // no call was there to be copied
    return {"a burst of calls",
            "bursts of calls",
            "copied to the backup of " + site(f.site),
            fmt::format("up to {} at once", s_.sites[f.site].sip_server.call_sync_burst),
            Rules{},
            true};
  }
  Telling operator()(const models::ProxyState& f) const {
    const std::string period = time(s_.gateways[f.gateway].options_period);
    const std::string did = fmt::format("took {} ", site(f.site));
    if (f.online == 0) {
      return with(reasons_.offline(f, now_),
                  {gateway(f.gateway), "gateways", did + "offline: " + reasons_.then(f), "", {}});
    }
    return {gateway(f.gateway), "gateways", did + "online again",
            "OPTIONS answered; options-period " + period, Rules{"R28"}};
  }
  Telling operator()(const models::PstnReroute& f) const {
    const models::GatewayOptions& o = s_.gateways[f.gateway];
    return {"the PSTN",
            "",
            fmt::format("{} {}", f.dead != 0 ? "goes round" : "sends calls again to",
                        gateway(f.gateway)),
            f.dead != 0 ? "pstn-detection " + time(o.pstn_detection) : "",
            {"R29"}};
  }
  Telling operator()(const models::PeerTrunk& f) const {
    const models::SipServerOptions& o = s_.sites[f.site].sip_server;
    return {
        site(f.site),
        "",
        f.in_service != 0 ? "reached its peer again" : "took its trunk to the peer out of service",
        fmt::format("oos-check {}, oos-force {}", time(o.oos_check), time(o.oos_force)),
        {f.in_service != 0 ? "R47" : "R40"}};
  }
  Telling operator()(const models::ServerModeChanged& f) const {
    const auto told = [&](const char* did, Rules rules) {
      return Telling{site(f.site), "", did, "", std::move(rules)};
    };
    switch (f.mode) {
      case models::ServerMode::starting:
        return told("started", {});
      case models::ServerMode::bc:
        return told("went into business-continuity mode", {"R39", "R47"});
      case models::ServerMode::single:
        return told("went into single-site mode", {apart_ ? "R46" : "R35", "R36", "R37", "R38"});
      case models::ServerMode::drain:
        return told("began to drain: no new calls, no logins", {"R2"});
      case models::ServerMode::stopped:
        return told("stopped, drained", {"R2"});
    }
    return {};
  }

  // ---- phones, desktops, agents ----
  Telling operator()(const models::PhoneRegistered& f) const {
    if (f.first == 0) return {};
    return with(
        reasons_.registered(by_, f),
        {"the phone of " + agent(f.agent), "phones", "registered at " + site(f.site), "", {}});
  }
  Telling operator()(const models::DnState& f) const {
    return {
        "the DN of " + agent(f.agent), "DNs",
        fmt::format("{} at {}", f.in_service != 0 ? "in service" : "out of service", site(f.site)),
        "", Rules{}};
  }
  Telling operator()(const models::DesktopConnectionLost& f) const {
    const std::string addp = time(s_.sites[f.site].desktop.addp_timeout);
    return {"the desktop of " + agent(f.agent), "desktops", "lost " + site(f.site),
            f.by_addp != 0 ? "ADDP: nothing heard, nor for a poll, for " + addp + " each"
                           : "the connection was reset",
            f.by_addp != 0 ? Rules{"R33", "R76"} : Rules{"R33"}};
  }
  Telling operator()(const models::DesktopSwitch& f) const {
    return with(reasons_.moved(f, now_), {"the desktop of " + agent(f.agent),
                                          "desktops",
                                          "began to move to " + site(f.to_site),
                                          "",
                                          {}});
  }
  Telling operator()(const models::AgentLogin& f) const {
    const bool checked = models::ha::checks_endpoint_at_login(mode_[f.site]);
    return {"agent " + agent(f.agent),
            "agents",
            "logged in at " + site(f.site),
            checked ? "business-continuity mode: the DN must be in service"
                    : "single-site mode: whatever the DN's state",
            {"R33", checked ? "R39" : "R37"}};
  }
  Telling operator()(const models::AgentLoginRefused& f) const {
    using Cause = models::AgentLoginRefused::Cause;
    const bool oos = f.cause == Cause::endpoint_out_of_service;
    return {"a login",
            "logins",
            "refused at " + site(f.site),
            oos                         ? "business-continuity mode: the DN is out of service"
            : f.cause == Cause::closing ? "the site is being drained"
                                        : "DN, Place, Agent Login or Person is missing there",
            {oos                         ? "R39"
             : f.cause == Cause::closing ? "R2"
                                         : "R10"},
            true};
  }
  Telling operator()(const models::AgentLogout& f) const {
    if (f.forced == 0) return {};
    if (f.forced == models::AgentLogout::kUnanswering) {
      return {"logout of agent " + agent(f.agent),
              "logouts",
              "by " + site(f.site),
              "a call was not answered: " + no_answer_options(f.site),
              {},
              true};
    }
    const models::ServerMode mode = mode_[f.site];
    if (mode == models::ServerMode::drain || mode == models::ServerMode::stopped) {
      return {"logout of agent " + agent(f.agent), "logouts", "by " + site(f.site),
              "the site is being drained",         {"R2"},    true};
    }
    return {"logout of agent " + agent(f.agent),
            "logouts",
            "by " + site(f.site),
            "business-continuity mode: a login at the other site ends this one",
            {"R20", "R39"},
            true};
  }
  Telling operator()(const models::AgentAtWork& f) const {
    return with(reasons_.at_work(f),
                {"agent " + agent(f.agent), "agents", "at work at " + site(f.site), "", {}});
  }
  Telling operator()(const models::StatServerConnected& f) const {
    return {"the desktop of " + agent(f.agent),
            "desktops",
            "connected to the Stat Server of " + site(f.site),
            "",
            {"R33"}};
  }
  Telling operator()(const models::PrivateInfo& f) const {
    return {"the desktop of " + agent(f.agent),
            "desktops",
            "told by EventPrivateInfo that the other site than " + site(f.site) + " is preferred",
            "hg-preferred-site",
            {"R59", "R60"}};
  }

  // ---- calls ----
  Telling operator()(const models::SetupFailed& f) const {
    if (f.gateway == models::kNoGateway || f.status != 408) return {};
    const std::string did =
        fmt::format("got no answer from {} at {}", site(f.site), gateway(f.gateway));
    return with(reasons_.unanswered(f, now_), {call(f.call), "calls", did, "", {}});
  }
  Telling operator()(const models::HuntRedirect& f) const {
    return {call(f.call),
            "calls",
            "redirected by " + site(f.site) + " to the preferred site",
            "hg-preferred-site",
            {"R51"}};
  }
  Telling operator()(const models::BcForward& f) const {
    return {call(f.call),
            "calls",
            fmt::format("forwarded by {} to its peer {}", site(f.site),
                        f.by_302 != 0 ? "(302)" : "over the inter-site trunk"),
            "dr-forward",
            {"R39"}};
  }
  Telling operator()(const models::CallTransferred& f) const {
    const auto did = [&](const char* by) {
      return fmt::format("passed on by {} at {}{}", by, site(f.site),
                         f.joined != 0 ? " after a consultation" : "");
    };
    return {call(f.call),
            "calls",
            did("their agents"),
            f.path == 3 ? "both sites' SIP Servers stay in the path" : "",
            Rules{},
            false,
            did("its agent")};
  }
  Telling operator()(const models::CallDefaultRouted& f) const {
    const auto [why, option] = default_routing_words(f.cause, ledger_.row(f.call).kind);
    const bool group = f.cause == models::CallDefaultRouted::Cause::no_member_in_service;
    return {call(f.call), "calls",
            fmt::format("sent by {} to the default destination: {}", site(f.site), why),
            group ? "" : option, group ? Rules{"R56"} : Rules{}};
  }
  Telling operator()(const models::CallAnswered& f) const {
    // Of a call that an agent has placed the one who is told may be himself.
    if (f.monitored != 0 || !f.agent.valid() || ledger_.row(f.call).from.valid()) return {};
    const auto did = [&](const char* by) {
      return fmt::format("answered through {} by {} whose desktop is not logged in there",
                         site(f.site), by);
    };
    return {call(f.call), "calls", did("agents"), "", {"R57"}, false, did("an agent")};
  }
  Telling operator()(const models::EarlyDialogLost& f) const {
    return {call(f.call),
            "calls",
            "in set-up forgotten in the switchover at " + site(f.site),
            "",
            {"R27"}};
  }
  Telling operator()(const models::CallStateLost& f) const {
    return {call(f.call),
            "calls",
            "ended with the switchover at " + site(f.site) + ": not yet copied",
            "",
            {"R27"}};
  }
  Telling operator()(const models::RequestRejected& f) const {
    if (f.status == 486) return {};  // a busy phone: every day
    return {"a request",
            "requests",
            fmt::format("rejected by {} with {}", site(f.site), f.status),
            static_cast<int>(f.status) == s_.sites[f.site].sip_server.shutdown_sip_reject_code
                ? "shutdown-sip-reject-code"
                : "",
            Rules{},
            true};
  }
  Telling operator()(const models::RequestDropped& f) const {
    const auto limit = s_.sites[f.site].sip_server.input_queue_limit;
    return {"a request",
            "requests",
            "dropped by " + site(f.site),
            fmt::format("input-queue-limit {}", limit),
            Rules{},
            true};
  }
  Telling operator()(const models::CallReleased& f) const {
    const models::CallRow& row = ledger_.row(f.call);
    if (!models::is_loss(row.cause)) return {};
    // With its SIP Server gone a call ends at once; what else ends it is no rule, but a timer.
    const bool gone =
        models::is_drop(row.cause) && row.release == models::pstn::Release::speech_lost;
    const bool both = gone && row.path == 3;
    return {call(f.call), "calls", fmt::format("lost: {}", models::in_words(row.cause)),
            both ? "both sites' SIP Servers were in the path" : "",
            !gone ? Rules{} : Rules{both ? "R6" : "R5"}};
  }

  Telling operator()(const models::HungUpInSilence& f) const {
    const auto& patience = directory_.group(f.agent).phone.silence_patience;
    return {"agent " + agent(f.agent), "agents", "heard nothing and hung up",
            patience ? "silence-patience " + time(*patience) : "", Rules{}};
  }

  // ---- configuration ----
  Telling operator()(const models::ConfigMasterKnown& f) const {
    return {"the Configuration Server Proxy of " + site(f.site),
            "",
            f.known != 0 ? "found a master" : "lost its master: it reads from memory",
            "",
            {"R45"}};
  }
  Telling operator()(const models::ConfigStandbyUp& f) const {
    const models::ConfigurationOptions& o = s_.configuration;
    std::string why;
    if (o.standby_activation) why = "standby-activation " + time(*o.standby_activation);
    if (o.partition_activation) {
      why += (why.empty() ? "" : ", ") + ("partition-activation " + time(*o.partition_activation));
    }
    return {"the standby Configuration Server of " + site(f.site),
            "",
            "in service",
            why,
            {"R34", "R45"}};
  }
  Telling operator()(const models::ConfigWritten& f) const {
    return {"the master of " + site(f.site),
            "",
            "wrote: " + ThingNames::of(n_.changes, f.edit),
            "",
            {"R12"}};
  }
  Telling operator()(const models::ConfigWriteRefused& f) const {
    return {"a change",        "changes", "of the configuration refused at " + site(f.site),
            "no master there", {"R45"},   true};
  }
  Telling operator()(const models::ConfigDrift& f) const {
    const auto type = static_cast<models::ObjectType>(f.type);
    using models::ObjectType;
    const bool queue = type == ObjectType::acd_queue || type == ObjectType::routing_point;
    const bool person = type == ObjectType::extension || type == ObjectType::place ||
                        type == ObjectType::agent_login || type == ObjectType::person;
    const std::string whose = queue    ? " of " + ThingNames::of(n_.queues, f.index)
                              : person ? " of " + agent(models::AgentId{f.index})
                                       : "";
    return {fmt::format("the {}{}", models::name(type), whose),
            fmt::format("{} objects", models::name(type)),
            "missing or older at " + site(f.site),
            "",
            {"R10", "R12"}};
  }
  Telling operator()(const models::ConfigReconciled& f) const {
    return {"the databases",
            "",
            fmt::format("became one again: {} objects had been written at both sites", f.both),
            "",
            {"R45"}};
  }
  template <class Other>
  Telling operator()(const Other&) const {
    return {};
  }

 private:
  static std::string time(sim::Duration d) { return format_duration(d); }
  /// The options that log out whoever does not answer there.
  [[nodiscard]] std::string no_answer_options(std::uint32_t at) const {
    using models::AfterRoutingAction;
    const models::SipServerOptions& o = s_.sites[at].sip_server;
    const bool routed = o.after_routing_timeout_action == AfterRoutingAction::logout;
    const bool called = o.agent_no_answer_action == AfterRoutingAction::logout;
    return routed && called ? "after-routing-timeout-action or agent-no-answer-action"
           : called         ? "agent-no-answer-action"
                            : "after-routing-timeout-action";
  }
  [[nodiscard]] static Telling with(const EventReason& why, Telling told) {
    told.decided_by = why.decided_by;
    told.rules = why.rules;
    return told;
  }
  static std::string call(models::CallId c) { return fmt::format("call {}", c.value); }
  [[nodiscard]] std::string site(std::uint32_t i) const { return ThingNames::of(n_.sites, i); }
  [[nodiscard]] std::string server(std::uint32_t i) const {
    return "the SIP Server pair of " + site(i);
  }
  [[nodiscard]] std::string gateway(std::uint32_t i) const {
    return ThingNames::of(n_.gateways, i);
  }
  [[nodiscard]] std::string agent(models::AgentId a) const {
    return ThingNames::of(n_.agents, a.value);
  }

  const models::Scenario& s_;
  const models::Directory& directory_;
  const ThingNames& n_;
  const std::array<models::ServerMode, models::kSites>& mode_;
  bool apart_;
  const models::CallLedger& ledger_;
  const EventReasons& reasons_;
  sim::NodeId by_;
  models::SimTime now_;
};

}  // namespace

EventStory::EventStory(const models::Layout& layout)
    : layout_(layout),
      names_(names_of(layout)),
      ledger_(*layout.directory.scenario),
      reasons_(layout) {
  told_.push_back({sim::kStart, "before anything failed", {}});
}

void EventStory::on_message(const models::Transmission& t) {
  reasons_.on_message(t);
}

void EventStory::on_record(const models::JournalEntry& entry) {
  ledger_.on_record(entry);
  if (const auto* f = std::get_if<models::FaultInjected>(&entry.record)) {
    const models::Fault& fault = layout_.directory.scenario->faults[f->fault];
    const models::LinkTarget* link = models::held_link(fault);
    const bool cut = std::holds_alternative<models::Cut>(fault.deed);
    if (link != nullptr && link->dc_link) apart_ = cut && f->undone == 0;
  }
  if (const auto* f = std::get_if<models::ServerModeChanged>(&entry.record)) {
    mode_[f->site] = f->mode;
  }
  keep(entry);
  reasons_.on_record(entry);
}

void EventStory::keep(const models::JournalEntry& entry) {
  if (const auto* f = std::get_if<models::FaultInjected>(&entry.record)) {
    std::string title = ThingNames::of(names_.faults, f->fault);
    if (f->undone != 0) title += " is over";
    const bool together = told_.size() > 1 && told_.back().at == entry.at;
    if (together && told_.back().kinds.empty()) {
      told_.back().title += "; " + title;
    } else {
      told_.push_back({entry.at, std::move(title), {}});
    }
    return;
  }
  if (entry.at == sim::kStart || told_.size() > kMost) return;  // a steady start, or too many
  Telling told = std::visit(EventTeller(layout_, names_, mode_, apart_, ledger_, reasons_, entry),
                            entry.record);
  if (told.one.empty()) return;
  const std::string& who = told.many.empty() ? told.one : told.many;
  Kept& kept = told_.back().kinds[who + '\n' + told.did + '\n' + told.decided_by];
  kept.subjects.insert(told.one);
  if (kept.at.empty()) kept.telling = std::move(told);
  kept.at.push_back(entry.at);
}

/// "28 agents logged in at site2, 101 times": counts those to whom it happened, not the events.
std::string EventStory::sentence(const Kept& kept) {
  const Telling& t = kept.telling;
  const std::size_t times = kept.at.size();
  const std::size_t subjects = t.happenings ? times : kept.subjects.size();
  const std::string who =
      subjects == 1 || t.many.empty() ? t.one : count_words(subjects) + " " + t.many;
  const std::string& did = subjects == 1 && !t.did_alone.empty() ? t.did_alone : t.did;
  if (subjects == times || t.many.empty()) return who + " " + did;
  const std::string again = fmt::format(", {} times", count_words(times));
  const std::size_t colon = std::min(did.find(':'), did.size());
  return who + " " + did.substr(0, colon) + again + did.substr(colon);
}

std::vector<EventChapter> EventStory::chapters() const {
  std::vector<EventChapter> all;
  for (const Chapter& chapter : told_) {
    if (all.size() == kMost) break;
    EventChapter out{chapter.at, chapter.title, {}};
    for (const auto& [key, kept] : chapter.kinds) {
      const std::size_t subjects = kept.telling.happenings ? kept.at.size() : kept.subjects.size();
      out.lines.push_back(
          {kept.at, subjects, sentence(kept), kept.telling.decided_by, kept.telling.rules});
    }
    std::stable_sort(out.lines.begin(), out.lines.end(),
                     [](const auto& a, const auto& b) { return a.at.front() < b.at.front(); });
    all.push_back(std::move(out));
  }
  return all;
}

}  // namespace bcsim::tools
