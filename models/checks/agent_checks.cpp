// One login per agent in BC mode; nothing forwarded or forced in single-site mode; agents of the
// surviving site stay logged in.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "models/checks/all_checks.hpp"
#include "models/checks/liveness_bound.hpp"

namespace bcsim::models {
namespace {

using sim::kNever;
using sim::kStart;

bool on_call(AgentState state) {
  return state >= AgentState::ringing && state <= AgentState::held;
}

std::array<bool, kSites> logged_in_at_start(const Directory& directory, AgentId agent) {
  return {directory.logged_in_at_start(agent, 0), directory.logged_in_at_start(agent, 1)};
}

/// R20, R39: in BC mode an agent is logged in at one site. The older login may live for the time
/// that the peers need to tell each other, and until its call has ended. What is lost on the way
/// (in a cut too short to be noticed, by loss) is told again with the answer to the next probe of
/// the trunk, or the peers find themselves apart.
class OneLoginCheck final : public Check {
 public:
  explicit OneLoginCheck(const Directory& directory) : agents_(directory.agents.size()) {
    const LinkOptions& link = directory.scenario->network.dc_link;
    grace_ = 1s + 2 * (link.latency + link.jitter);
    const bool disturbed =
        is_poor(*directory.scenario, link) || !directory.scenario->faults.empty();
    if (disturbed) {
      Duration probe{};
      for (const auto& first : directory.scenario->first_trunk_probe) {
        probe = std::max(probe, first.value_or(0s));
      }
      for (const SiteOptions& site : directory.scenario->sites) {
        probe = std::max(probe, site.sip_server.oos_check + site.sip_server.oos_force);
      }
      grace_ += kProbes * probe;
    }
    // Who does not watch his peer finds out about it by chance (V-E11, where it is accepted).
    if (!peers_watch_each_other(*directory.scenario)) grace_ = Duration::max() / 2;
    for (const SiteOptions& site : directory.scenario->sites) {
      const SipServerOptions& server = site.sip_server;
      if (!is_slow(server)) continue;
      // Only datagrams are dropped above the limit: what desktops and the peer say waits in line.
      grace_ += (server.input_queue_limit + kWaiting * agents_.size()) *
                std::max({server.register_service, server.invite_service, server.other_service});
    }
    if (!directory.steady()) return;
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      agents_[a].logged_in = logged_in_at_start(directory, AgentId{a});
    }
    for (std::size_t s = 0; s < kSites; ++s) {
      bc_[s] = directory.scenario->sites[s].sip_server.dr_peer_trunk;
    }
    if (bc_[0] && bc_[1]) bc_since_ = kStart;
  }

  void on_record(const JournalEntry& entry, const CallLedger&) override {
    if (const auto* login = std::get_if<AgentLogin>(&entry.record)) {
      findings_.examined();
      set(entry.at, login->agent, login->site, true);
    } else if (const auto* logout = std::get_if<AgentLogout>(&entry.record)) {
      set(entry.at, logout->agent, logout->site, false);
    } else if (const auto* state = std::get_if<AgentStateChanged>(&entry.record)) {
      settle(entry.at, state->agent.value);
      Agent& agent = agents_[state->agent.value];
      const bool busy = on_call(state->state);
      if (agent.on_call[state->site] && !busy) agent.free_since = entry.at;
      agent.on_call[state->site] = busy;
    } else if (const auto* mode = std::get_if<ServerModeChanged>(&entry.record)) {
      settle_all(entry.at);
      bc_[mode->site] = mode->mode == ServerMode::bc;
      bc_since_ = bc_[0] && bc_[1] ? entry.at : kNever;
    } else if (const auto* pair = std::get_if<PairStateChanged>(&entry.record)) {
      if (pair->up != 0) return;
      for (std::uint32_t a = 0; a < agents_.size(); ++a) {
        set(entry.at, AgentId{a}, pair->site, false);
        agents_[a].on_call[pair->site] = false;
      }
    }
  }
  void finish(SimTime horizon, const CallLedger&) override { settle_all(horizon); }
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("one_login_per_agent", "R20", true,
                             "in BC mode no agent was logged in at both sites", "");
  }

 private:
  struct Agent {
    std::array<bool, kSites> logged_in{}, on_call{};
    SimTime both_since = kNever;
    SimTime free_since = kStart;
    bool told = false;
  };

  void set(SimTime at, AgentId id, std::uint32_t site, bool logged_in) {
    settle(at, id.value);
    Agent& agent = agents_[id.value];
    agent.logged_in[site] = logged_in;
    const bool both = agent.logged_in[0] && agent.logged_in[1];
    if (both && agent.both_since == kNever) agent.both_since = at;
    if (!both) {
      agent.both_since = kNever;
      agent.told = false;
    }
  }
  void settle(SimTime at, std::uint32_t a) {
    Agent& agent = agents_[a];
    if (agent.both_since == kNever || bc_since_ == kNever || agent.told) return;
    if (agent.on_call[0] || agent.on_call[1]) return;
    const SimTime since = std::max({agent.both_since, bc_since_, agent.free_since});
    if (at - since <= grace_) return;
    agent.told = true;
    findings_.violated(at, [&] {
      return fmt::format("agent {} has been logged in at both sites in BC mode for {:.3f} s", a,
                         sim::seconds(at - since));
    });
  }
  /// Until so many probes of a disturbed link have come to nothing in a row.
  static constexpr int kProbes = 4;
  /// Messages of one agent that may wait at a slow server, all agents talking at once: his desktop
  /// registers, logs in, presses Ready and polls; the peer tells of his login and of his state.
  static constexpr std::uint32_t kWaiting = 6;

  void settle_all(SimTime at) {
    for (std::uint32_t a = 0; a < agents_.size(); ++a) settle(at, a);
  }

  std::vector<Agent> agents_;
  std::array<bool, kSites> bc_{};
  SimTime bc_since_ = kNever;  ///< both servers in BC mode
  Duration grace_{};
  Findings findings_;
};

/// R36, R38: a SIP Server in single-site mode forwards no call and forces nobody to log out.
class SingleModeCheck final : public Check {
 public:
  void on_record(const JournalEntry& entry, const CallLedger&) override {
    if (const auto* mode = std::get_if<ServerModeChanged>(&entry.record)) {
      single_[mode->site] = mode->mode == ServerMode::single;
      applies_ = applies_ || single_[mode->site];
    } else if (const auto* forward = std::get_if<BcForward>(&entry.record)) {
      findings_.examined();
      if (!single_[forward->site]) return;
      findings_.violated(entry.at, [&] {
        return fmt::format("site {} forwarded call {} in single-site mode", forward->site + 1,
                           forward->call.value);
      });
    } else if (const auto* logout = std::get_if<AgentLogout>(&entry.record)) {
      findings_.examined();
      // Logout as the action for an agent who does not answer forces him out in any mode.
      const bool unanswering = logout->forced == AgentLogout::kUnanswering;
      if (!single_[logout->site] || logout->forced == 0 || unanswering) return;
      findings_.violated(entry.at, [&] {
        return fmt::format("site {} forced agent {} to log out in single-site mode",
                           logout->site + 1, logout->agent.value);
      });
    }
  }
  void finish(SimTime, const CallLedger&) override {}
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict(
        "single_site_mode", "R36 R38", applies_,
        "in single-site mode no call was forwarded, and nobody forced out for a login "
        "elsewhere",
        "no SIP Server was in single-site mode");
  }

 private:
  std::array<bool, kSites> single_{};
  bool applies_ = false;
  Findings findings_;
};

/// R25: the failure of one site logs nobody out at the other. Watched from the loss of a pair until
/// it is back or something else is broken; not for agents whose shift ends, or has ended before
/// their last call, or whose own phone or desktop is gone (so that the desktop looks for it at the
/// other site, R79), nor for those who were logged in at both sites (one login was to end), are
/// logged out because they did not answer, or may heed advice to go to the other site, which they
/// have had before it failed (R59, R60).
class UnaffectedAgentsCheck final : public Check {
 public:
  explicit UnaffectedAgentsCheck(const Directory& directory)
      : directory_(directory), agents_(directory.agents.size()) {
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      agents_[a].logged_in = logged_in_at_start(directory, AgentId{a});
    }
  }

  void on_record(const JournalEntry& entry, const CallLedger&) override {
    if (const auto* login = std::get_if<AgentLogin>(&entry.record)) {
      Agent& agent = agents_[login->agent.value];
      agent.logged_in[login->site] = true;
      agent.dn_out[login->site] = login->endpoint_in_service == 0;
    } else if (const auto* logout = std::get_if<AgentLogout>(&entry.record)) {
      logged_out(entry.at, *logout);
    } else if (const auto* shift = std::get_if<ShiftChanged>(&entry.record)) {
      Agent& agent = agents_[shift->agent.value];
      agent.goes_home = shift->working == 0;
      if (agent.goes_home) agent.watched = false;
    } else if (const auto* node = std::get_if<NodeStateChanged>(&entry.record)) {
      if (node->up == 0) device_lost(node->node);
    } else if (const auto* dn = std::get_if<DnState>(&entry.record)) {
      Agent& agent = agents_[dn->agent.value];
      agent.dn_out[dn->site] = dn->in_service == 0;
      if (dn->in_service == 0 && static_cast<int>(dn->site) == survivor_) agent.watched = false;
    } else if (std::get_if<FaultInjected>(&entry.record) != nullptr) {
      if (entry.at != failed_at_) watch_ends();
    } else if (const auto* mode = std::get_if<ServerModeChanged>(&entry.record)) {
      draining_[mode->site] = mode->mode == ServerMode::drain;
      if (draining_[mode->site]) watch_ends();
    } else if (const auto* pair = std::get_if<PairStateChanged>(&entry.record)) {
      pair_changed(entry.at, *pair);
    }
  }
  void finish(SimTime, const CallLedger&) override {}
  [[nodiscard]] Verdict verdict() const override {
    return findings_.verdict("survivor_agents_unaffected", "R25", applies_,
                             "no agent of the surviving site was logged out",
                             "no SIP Server pair failed alone");
  }

 private:
  struct Agent {
    std::array<bool, kSites> logged_in{}, dn_out{};
    bool watched = false;
    bool goes_home = false;  ///< his shift is over, and maybe a call is not
  };

  void logged_out(SimTime at, const AgentLogout& logout) {
    Agent& agent = agents_[logout.agent.value];
    agent.logged_in[logout.site] = false;
    if (!agent.watched || static_cast<int>(logout.site) != survivor_) return;
    agent.watched = false;
    if (logout.forced == AgentLogout::kUnanswering) return;
    findings_.violated(at, [&] {
      return fmt::format("agent {} of the surviving site was logged out there", logout.agent.value);
    });
  }
  void device_lost(NodeId node) {
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      const AgentInfo& info = directory_.agents[a];
      if (info.phone == node || info.desktop == node) agents_[a].watched = false;
    }
  }
  void pair_changed(SimTime at, const PairStateChanged& pair) {
    const bool other_failed = survivor_ == static_cast<int>(pair.site);
    watch_ends();
    if (pair.up != 0) return;
    if (other_failed) {  // nobody has survived
      for (Agent& agent : agents_) agent.logged_in[pair.site] = false;
      return;
    }
    if (draining_[1 - pair.site]) return;  // it sends its agents away all the same
    applies_ = true;
    failed_at_ = at;
    survivor_ = 1 - static_cast<int>(pair.site);
    for (std::uint32_t a = 0; a < agents_.size(); ++a) {
      Agent& agent = agents_[a];
      const bool both = std::exchange(agent.logged_in[pair.site], false);
      const auto survivor = static_cast<std::size_t>(survivor_);
      agent.watched = agent.logged_in[survivor] && !agent.dn_out[survivor] && !both &&
                      !agent.goes_home && !may_be_advised(AgentId{a}, survivor);
      findings_.examined(agent.watched);
    }
  }
  /// May he have been told to log in at the other site, and go there when his call is over?
  [[nodiscard]] bool may_be_advised(AgentId id, std::size_t survivor) const {
    const bool heeds = directory_.group(id).desktop.heeding_share() > 0;
    const bool elsewhere = directory_.agents[id.value].preferred_site != survivor;
    return heeds && (elsewhere || !directory_.hunt_groups_of(id).empty());
  }
  void watch_ends() {
    survivor_ = -1;
    for (Agent& agent : agents_) agent.watched = false;
  }

  const Directory& directory_;
  std::vector<Agent> agents_;
  std::array<bool, kSites> draining_{};
  int survivor_ = -1;
  SimTime failed_at_ = kNever;
  bool applies_ = false;
  Findings findings_;
};

}  // namespace

std::unique_ptr<Check> one_login_check(const Directory& directory) {
  return std::make_unique<OneLoginCheck>(directory);
}
std::unique_ptr<Check> single_mode_check() {
  return std::make_unique<SingleModeCheck>();
}
std::unique_ptr<Check> unaffected_agents_check(const Directory& directory) {
  return std::make_unique<UnaffectedAgentsCheck>(directory);
}

}  // namespace bcsim::models
