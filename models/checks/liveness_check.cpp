// After all faults, or while a site has failed and nothing else, the world is back: agents at work,
// phones registered, peers in BC mode, queues served, nobody talking to nobody, nobody going in and
// out. A minute after the last fault nobody gives up waiting for whom an agent is ready.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/checks/all_checks.hpp"
#include "models/checks/bad_since.hpp"
#include "models/checks/left_queue.hpp"
#include "models/checks/liveness_bound.hpp"
#include "models/checks/outages.hpp"
#include "models/checks/passed_over.hpp"
#include "models/checks/unrest.hpp"
#include "models/sip_server/agent_service.hpp"

namespace bcsim::models {
namespace {

using sim::kNever, sim::kStart;

bool at_a_phone(AgentState state) {
  return state >= AgentState::ringing && state <= AgentState::held;
}

class LivenessCheck final : public Check {
 public:
  explicit LivenessCheck(const Directory& directory)
      : directory_(directory),
        bound_(liveness_bound(*directory.scenario, {})),
        agents_(directory.agents.size()),
        passed_over_(*directory.scenario),
        unrest_(directory) {
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      agents_[a].working = directory.at_work(AgentId{a}, kStart);
      for (SiteIndex s = 0; s < kSites; ++s) {
        if (directory.logged_in_at_start(AgentId{a}, s)) agents_[a].state[s] = AgentState::ready;
        agents_[a].registered[s] = directory.registered_at_start(AgentId{a}, s);
      }
      judge(kStart, a);
    }
    for (BadSince& peer : apart_) peer.set(kStart, !directory.steady());
  }

  void on_record(const JournalEntry& entry, const CallLedger& ledger) override {
    std::visit([&](const auto& fact) { on(entry.at, fact); }, entry.record);
    if (const auto* over = std::get_if<CallReleased>(&entry.record)) {
      if (ledger.knows(over->call)) gave_up(entry.at, over->call, ledger);
    } else if (const auto* routed = std::get_if<CallRouted>(&entry.record)) {
      if (ledger.knows(routed->call)) passed_over_.on_routed(ledger.row(routed->call));
    }
    unrest_.on_record(entry);
  }
  void finish(SimTime horizon, const CallLedger& ledger) override {
    const std::string unfit = close_faults(horizon);
    bound_ = liveness_bound(*directory_.scenario, outages_.longest());
    if (!unfit.empty()) bound_.unfit = unfit;
    if (bound_.unfit.empty() && last_end_ + bound_.needed >= horizon) {
      bound_.unfit = fmt::format("the run ends {:.0f} s after the last fault, {:.0f} s are needed",
                                 sim::seconds(horizon - last_end_), sim::seconds(bound_.needed));
    }
    if (!bound_.unfit.empty()) return;
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      const auto can = [&](SiteIndex site) { return directory_.can_log_in(AgentId{a}, site); };
      if (!can(0) && !can(1)) agents_[a].lost = true;
    }
    for (std::uint32_t a = 0; a < agents_.size(); ++a) finish_agent(horizon, a, ledger);
    finish_calls(horizon, ledger);
    if (lost_site_) return;
    finish_peers(horizon);
    std::vector<bool> lost;
    std::vector<Presence> presence;
    for (const Agent& agent : agents_) lost.push_back(agent.lost);
    for (const Agent& agent : agents_) presence.push_back({agent.state, agent.working});
    const SimTime since = last_end_ + bound_.needed;
    unrest_.finish(since, horizon, lost, ledger, findings_);
    left_queue_ = left_queue_words(directory_, presence, ledger, since);
  }
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("liveness", "R25 R39", bound_.unfit.empty() || findings_.any(),
                             fmt::format("{:.0f} s after the last fault all were back{}",
                                         sim::seconds(bound_.needed), left_queue_),
                             "not judged: " + bound_.unfit);
  }

 private:
  struct Agent {
    bool working = false;
    std::array<AgentState, kSites> state{};
    std::array<SimTime, kSites> state_since{};
    std::array<bool, kSites> registered{};
    /// Where his only login is, or was until he logged in at the other site too, while he is at the
    /// phone there: he finishes that call, and is logged out then.
    std::optional<std::size_t> finishes;
    BadSince away;       ///< on shift, and not logged in once, ready or busy
    BadSince unreached;  ///< the phone is not registered as its mode says
    SimTime at_phone_since = kNever;
    SimTime last_call_over = kNever;
    SimTime refused = kNever;   ///< his phone, a call; the last time
    std::vector<CallId> calls;  ///< that he is, or may be, part of
    CallId own_call;            ///< that he has dialled; where he is logged in it may not be seen
    SimTime own_call_over = kStart;  ///< of the last
    bool lost = false;               ///< his phone or desktop never comes back
  };

  template <class Other>
  void on(SimTime, const Other&) {}
  void on(SimTime at, const FaultInjected& fact) {
    outages_.on_fault(at, open_.empty() && (last_end_ == kStart || at - last_end_ > bound_.needed));
    last_end_ = at;
    const auto& faults = directory_.scenario->faults;
    if (fact.fault < faults.size() &&
        std::holds_alternative<ChangeOption>(faults[fact.fault].deed)) {
      passed_over_.on_change(at);
      outages_.on_change(at);
    }
    if (fact.undone == 0) open_.insert(fact.fault);
    if (fact.undone != 0 && open_.erase(fact.fault) != 0) outages_.on_end(at);
  }
  void on(SimTime, const PhoneRegistered& fact) { outages_.on_registered(fact.agent, fact.site); }
  void on(SimTime at, const PhoneRegistrationFailed& fact) {
    outages_.on_registration_failed(at, fact.agent, fact.site);
  }
  void on(SimTime at, const ShiftChanged& fact) {
    agents_[fact.agent.value].working = fact.working != 0;
    judge(at, fact.agent.value);
  }
  void on(SimTime at, const AgentLogin& fact) {
    Agent& agent = agents_[fact.agent.value];
    if (agent.state[fact.site] == AgentState::logged_out) {
      agent.state[fact.site] = AgentState::not_ready;
    }
    judge(at, fact.agent.value);
  }
  void on(SimTime at, const AgentLogout& fact) {
    agents_[fact.agent.value].state[fact.site] = AgentState::logged_out;
    judge(at, fact.agent.value);
  }
  void on(SimTime at, const AgentStateChanged& fact) {
    agents_[fact.agent.value].state[fact.site] = fact.state;
    agents_[fact.agent.value].state_since[fact.site] = at;
    judge(at, fact.agent.value);
  }
  void on(SimTime at, const DnState& fact) {
    agents_[fact.agent.value].registered[fact.site] = fact.in_service != 0;
    judge(at, fact.agent.value);
  }
  void on(SimTime at, const PairStateChanged& fact) {
    if (fact.up != 0) return;
    apart_[fact.site].set(at, true);
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      agents_[a].state[fact.site] = AgentState::logged_out;
      agents_[a].registered[fact.site] = false;
      judge(at, a);
    }
  }
  void on(SimTime at, const ServerModeChanged& fact) {
    apart_[fact.site].set(at, fact.mode != ServerMode::bc);
    mode_changed_ = at;
  }
  void on(SimTime, const CallRouted& fact) { joins(fact.agent, fact.call); }
  void on(SimTime, const CallRinging& fact) { joins(fact.agent, fact.call); }
  void on(SimTime, const HuntLeg& fact) { joins(fact.agent, fact.call); }
  void on(SimTime, const CallAnswered& fact) { joins(fact.agent, fact.call); }
  void on(SimTime at, const AgentDialled& fact) {
    joins(fact.agent, fact.call);
    if (fact.agent.value >= agents_.size()) return;
    agents_[fact.agent.value].own_call = fact.call;
    judge(at, fact.agent.value);
  }
  void on(SimTime, const Consultation& fact) {
    joins(fact.agent, fact.call);
    if (fact.step == Consultation::Step::answered) joins(fact.second, fact.call);
  }
  void on(SimTime at, const CallReturned& fact) {
    if (fact.agent.value < agents_.size()) agents_[fact.agent.value].refused = at;
    passed_over_.on_returned(fact.call);
  }
  void on(SimTime at, const CallReleased& fact) {
    const auto parties = parties_.find(fact.call.value);
    if (parties == parties_.end()) return;
    for (const AgentId id : parties->second) {
      Agent& agent = agents_[id.value];
      std::erase(agent.calls, fact.call);
      agent.last_call_over = at;
      if (agent.own_call == fact.call) {
        agent.own_call = {};
        agent.own_call_over = at;
      }
      judge(at, id.value);
    }
    parties_.erase(parties);
  }

  /// What is still open at the end: deeds of an instant do not matter, those of single devices
  /// take their agents out, one site its server, and with any other nothing can be said: why.
  std::string close_faults(SimTime horizon) {
    std::string unfit;
    for (const std::uint32_t index : open_) {
      const Fault& fault = directory_.scenario->faults[index];
      if (!holds(fault)) continue;
      if (lose_agent_of(fault) || lose_site_of(fault)) continue;
      unfit = "a fault lasts to the end of the run";
    }
    for (const AgentInfo& agent : directory_.agents) {
      if (agent.spare_desktop.valid()) unfit = "people may have moved to other desks";
    }
    if (horizon < kStart + directory_.scenario->run.horizon) unfit = "the run was stopped";
    return unfit;
  }
  /// False if it is more than one phone or desktop.
  bool lose_agent_of(const Fault& fault) {
    const auto* fail = std::get_if<Fail>(&fault.deed);
    if (fail == nullptr) return false;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> who;
    if (const auto* phone = std::get_if<PhoneTarget>(&fail->target)) {
      who.emplace(phone->group, phone->member);
    } else if (const auto* desktop = std::get_if<DesktopTarget>(&fail->target)) {
      who.emplace(desktop->group, desktop->member);
    }
    if (!who) return false;
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      const AgentInfo& info = directory_.agents[a];
      if (info.group == who->first && info.member == who->second) agents_[a].lost = true;
    }
    return true;
  }

  /// Its agents, if they are not lost with the building, are to work at the other site. False if it
  /// is not one site.
  bool lose_site_of(const Fault& fault) {
    const auto* fail = std::get_if<Fail>(&fault.deed);
    const auto* site = fail == nullptr ? nullptr : std::get_if<SiteTarget>(&fail->target);
    if (site == nullptr || (lost_site_ && lost_site_ != site->site)) return false;
    const SiteIndex other = peer_of(site->site);
    if (!registers_all(*directory_.scenario, other)) return false;
    lost_site_ = site->site;
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      const AgentId id{a};
      const bool phone = directory_.group(id).phone.registration != RegistrationMode::fixed ||
                         directory_.agents[a].phone_site == other;
      const bool gone = site->scope == SiteScope::building &&
                        directory_.agents[a].location == static_cast<LocationIndex>(site->site);
      const bool can = phone && directory_.can_log_in(id, other) &&
                       directory_.desktop_knows(id, other) &&
                       !may_never_start(directory_, id, site->site);
      agents_[a].lost = agents_[a].lost || gone || !can;
    }
    return true;
  }

  void joins(AgentId id, CallId call) {
    if (id.value >= agents_.size()) return;
    Agent& agent = agents_[id.value];
    if (std::ranges::find(agent.calls, call) != agent.calls.end()) return;
    agent.calls.push_back(call);
    parties_[call.value].push_back(id);
  }

  [[nodiscard]] bool registered_as_wanted(std::uint32_t a) const {
    const Agent& agent = agents_[a];
    switch (directory_.group(AgentId{a}).phone.registration) {
      case RegistrationMode::dual:
        return agent.registered[0] && agent.registered[1];
      case RegistrationMode::fixed:
        return agent.registered[directory_.agents[a].phone_site];
      case RegistrationMode::single:
      case RegistrationMode::active_backup:
        break;
    }
    return agent.registered[0] || agent.registered[1];
  }

  void judge(SimTime at, std::uint32_t a) {
    Agent& agent = agents_[a];
    int logins = 0;
    bool active = false, at_phone = false;
    for (const AgentState state : agent.state) {
      logins += state != AgentState::logged_out;
      active = active || state >= AgentState::ready;
      at_phone = at_phone || at_a_phone(state);
    }
    if (logins < kSites) agent.finishes.reset();
    for (std::size_t s = 0; s < kSites && logins == 1; ++s) {
      if (at_a_phone(agent.state[s])) agent.finishes = s;
    }
    if (agent.finishes && !at_a_phone(agent.state[*agent.finishes])) agent.finishes.reset();
    active = active || agent.own_call.valid() || !agent.calls.empty();  // on the phone, seen or not
    const bool placed = logins == 1 || agent.finishes.has_value();
    agent.away.set(at, agent.working && !(placed && active));
    agent.unreached.set(at, !registered_as_wanted(a));
    if (!at_phone) {
      agent.at_phone_since = kNever;
    } else if (agent.at_phone_since == kNever) {
      agent.at_phone_since = at;
    }
  }

  void finish_agent(SimTime horizon, std::uint32_t a, const CallLedger& ledger) {
    const Agent& agent = agents_[a];
    if (agent.lost) return;
    findings_.examined();
    const auto told = [&](const char* what, SimTime since) {
      const auto words = [&] {
        return fmt::format("agent {} {} since {:.3f} s", a, what, sim::seconds(since));
      };
      findings_.violated(horizon, words);
    };
    // With a lost server his own call may go on: he hears it ring until his patience ends.
    const bool dials = lost_site_ && std::ranges::any_of(agent.calls, [&](CallId call) {
                         return ledger.row(call).from.value == a;
                       });
    if (!dials && agent.away.longer_than(bound_.needed, last_end_, horizon)) {
      told(away_how(agent), agent.away.since());
    }
    // A phone that changes its server after the call only has the time from then on.
    const bool waits = !directory_.group(AgentId{a}).phone.failover_in_call;
    const bool in_call = waits && !agent.calls.empty();
    const SimTime free_since =
        waits && agent.last_call_over != kNever ? agent.last_call_over : kStart;
    if (!lost_site_ && !in_call &&
        agent.unreached.longer_than(bound_.needed, std::max(last_end_, free_since), horizon)) {
      told("has a phone that is not registered as it should be", agent.unreached.since());
    }
    if (agent.calls.empty() && agent.at_phone_since != kNever && agent.last_call_over != kNever) {
      const SimTime since = std::max(agent.at_phone_since, agent.last_call_over);
      if (std::max(since, last_end_) + bound_.speech < horizon) {
        told("talks to nobody", since);
      }
    }
    for (SiteIndex s = 0; s < kSites; ++s) {
      // Who went home while his desktop was dead stays logged in there, and nobody ends his work.
      if (agent.state[s] != AgentState::after_call_work || !bound_.work || !agent.working) continue;
      // Whose phone is in use presses ready when he has put it down, and the server where he is
      // logged in need not see that call, his own or another.
      if (agent.own_call.valid() || !agent.calls.empty()) continue;
      const SimTime over = agent.last_call_over == kNever ? kStart : agent.last_call_over;
      const SimTime since =
          std::max({agent.state_since[s], agent.own_call_over, over, last_end_ + bound_.needed});
      if (since + *bound_.work < horizon) {
        told("does after-call work that should be over", agent.state_since[s]);
      }
    }
  }
  static const char* away_how(const Agent& agent) {
    const auto logins = kSites - std::ranges::count(agent.state, AgentState::logged_out);
    return logins == 0   ? "is on shift and logged in nowhere"
           : logins == 1 ? "is logged in and not ready"
                         : "is logged in at both sites";
  }

  void finish_peers(SimTime horizon) {
    for (std::size_t s = 0; s < kSites; ++s) {
      findings_.examined();
      if (!apart_[s].longer_than(bound_.needed, last_end_, horizon)) continue;
      findings_.violated(horizon, [&] {
        return fmt::format("the SIP Server of site {} is not in BC mode since {:.3f} s", s + 1,
                           sim::seconds(apart_[s].since()));
      });
    }
  }

  void finish_calls(SimTime horizon, const CallLedger& ledger) {
    for (std::uint32_t i = 0; i < ledger.rows().size(); ++i) {
      const CallRow& row = ledger.rows()[i];
      if (row.stage == CallRow::Stage::over || row.stage == CallRow::Stage::setup) continue;
      findings_.examined();
      if (row.stage == CallRow::Stage::waiting) {
        waits(horizon, i, ledger);
      } else if (!row.between_agents() && row.kind == CallKind::queue) {
        talks(horizon, i, row);
      }
    }
  }
  void waits(SimTime horizon, std::uint32_t call, const CallLedger& ledger) {
    const CallRow& row = ledger.rows()[call];
    if (row.at_agent() || row.kind != CallKind::queue || row.queue_site >= kSites) return;
    if (lost_site_ == row.queue_site) return;  // nobody there knows of it
    const SimTime since = std::max(row.queued, last_end_) + bound_.waiting;
    if (since >= horizon) return;
    const std::string wrong =
        unserved(horizon, ledger, CallId{call}, 2 * AgentService::kHoldBack, since);
    if (wrong.empty()) return;
    findings_.violated(horizon, [&] {
      return fmt::format("call {} waits at site {} since {:.3f} s though {}", call,
                         row.queue_site + 1, sim::seconds(row.queued), wrong);
    });
  }
  /// The same law for one who waits no longer, while nothing is broken: a server that lives routes
  /// at once, whatever has been.
  void gave_up(SimTime at, CallId call, const CallLedger& ledger) {
    constexpr Duration kLong = std::chrono::minutes(1);
    const CallRow& row = ledger.row(call);
    if (row.cause != Cause::abandoned_in_queue || row.answered != kNever) return;
    if (row.routed != kNever || row.kind != CallKind::queue || row.queue_site >= kSites) return;
    if (!bound_.unfit.empty()) return;
    const auto& faults = directory_.scenario->faults;
    if (std::ranges::any_of(open_, [&](std::uint32_t f) { return holds(faults[f]); })) return;
    const Duration announcement = bound_.waiting - bound_.needed;
    const SimTime since = std::max(row.queued + announcement, last_end_ + bound_.promotion) + kLong;
    if (since >= at) return;
    const std::string wrong = unserved(at, ledger, call, kLong, since);
    if (wrong.empty()) return;
    findings_.violated(at, [&] {
      return fmt::format("call {} waited at site {} since {:.3f} s, and was given up, though {}",
                         call.value, row.queue_site + 1, sim::seconds(row.queued), wrong);
    });
  }
  /// Why this call, which is in its queue, should have been routed; empty: it may wait.
  [[nodiscard]] std::string unserved(SimTime at, const CallLedger& ledger, CallId call,
                                     Duration least, SimTime since) const {
    const CallRow& row = ledger.row(call);
    if (directory_.scenario->queues[directory_.scenario->calls[row.stream].queue].hunt_group)
      return "";
    if (const auto a = ready_for(at, ledger, row, least))
      return fmt::format("agent {} is ready", *a);
    return passed_over_.by_one_after(since, call, row) ? "one who came later was routed" : "";
  }
  /// Somebody who could take the call, at a phone that is registered where it waits, is ready for
  /// longer than `least`, and not only because that phone, busy with what this server does not see,
  /// has just refused it.
  [[nodiscard]] std::optional<std::uint32_t> ready_for(SimTime at, const CallLedger& ledger,
                                                       const CallRow& row, Duration least) const {
    const std::uint32_t queue = directory_.scenario->calls[row.stream].queue;
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      const bool serves = directory_.group(AgentId{a}).serves(queue);
      const Agent& agent = agents_[a];
      const bool refuses = agent.refused != kNever && at - agent.refused <= least;
      const auto ready = [&](std::size_t s, Duration longer) {
        return agent.state[s] == AgentState::ready && at - agent.state_since[s] > longer &&
               agent.registered[s];
      };
      const bool there =
          directory_.scenario->queues[queue].routing_scope == RoutingScope::both_sites &&
          bound_.probes && in_bc_for(at) > *bound_.probes &&
          ready(1u - row.queue_site, least + *bound_.probes);
      if (serves && (there || ready(row.queue_site, least)) && !agent.lost && !refuses &&
          !in_call(a, ledger)) {
        return a;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] Duration in_bc_for(SimTime at) const {
    const bool apart = apart_[0].since() != kNever || apart_[1].since() != kNever;
    return apart ? Duration{} : at - mode_changed_;
  }
  /// In a call, or rung for one, that he has had before he logged in there: of a hunt group (R57),
  /// or to his own number.
  [[nodiscard]] bool in_call(std::uint32_t a, const CallLedger& ledger) const {
    return std::ranges::any_of(agents_[a].calls, [&](CallId call) {
      const CallRow& row = ledger.row(call);
      const bool his = row.agent.value == a || row.transferred_by.value == a || row.from.value == a;
      return his && (row.stage == CallRow::Stage::talking || row.at_agent());
    });
  }
  /// The agent of a call that is talked on is at his phone.
  void talks(SimTime horizon, std::uint32_t call, const CallRow& row) {
    const auto& queue = directory_.scenario->queues[directory_.scenario->calls[row.stream].queue];
    if (row.agent.value >= agents_.size() || queue.hunt_group) return;
    const Agent& agent = agents_[row.agent.value];
    if (agent.at_phone_since != kNever || agent.lost) return;
    if (std::max(row.answered, last_end_) + bound_.speech >= horizon) return;
    // A phone may go on with a call after its server has forgotten it.
    if (directory_.scenario->run.media_survives) return;
    findings_.violated(horizon, [&] {
      return fmt::format("the caller of call {} talks to nobody since {:.3f} s or later", call,
                         sim::seconds(row.answered));
    });
  }

  const Directory& directory_;
  LivenessBound bound_;           ///< as if no fault lasted, until finish()
  std::set<std::uint32_t> open_;  ///< faults by number
  std::string left_queue_;        ///< words of a queue that nobody serves any more at a site
  SimTime last_end_ = kStart;     ///< of a fault; the start, if there are none
  Outages outages_;
  std::optional<SiteIndex> lost_site_;  ///< by a fault that lasts to the end
  std::vector<Agent> agents_;
  std::array<BadSince, kSites> apart_;
  SimTime mode_changed_ = kStart;  ///< of either server
  PassedOver passed_over_;
  Unrest unrest_;
  std::map<std::uint32_t, std::vector<AgentId>> parties_;  ///< by call that is not over
  Findings findings_;
};

}  // namespace

std::unique_ptr<Check> liveness_check(const Directory& directory) {
  return std::make_unique<LivenessCheck>(directory);
}

}  // namespace bcsim::models
