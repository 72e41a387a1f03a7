// Which agents can take calls at any instant, and whom a failure cost their place.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/metrics/access_paths.hpp"
#include "models/metrics/accumulators.hpp"
#include "models/metrics/levels.hpp"

namespace bcsim::models {

/// Folds the journal into the agents' levels. An agent is *at work* while it is his shift, his
/// desktop is at work at a site (EventAgentReady seen since the last loss), that site's SIP Server
/// serves, the access paths to it are whole, his phone and desktop live, and his DN is in service
/// there. A phone is *reachable* while a serving SIP Server it can reach has its binding.
class Workforce {
 public:
  /// `board`, which is laid out by `plan`, must outlive it.
  Workforce(const Directory& directory, const BoardPlan& plan, Board& board);

  void on_record(const JournalEntry& entry);

  /// Agents, or phones, whose condition the last record changed. Not caused by a shift.
  struct Change {
    AgentId agent;
    bool up = false;
  };
  [[nodiscard]] const std::vector<Change>& agents_changed() const { return agents_changed_; }
  [[nodiscard]] const std::vector<Change>& phones_changed() const { return phones_changed_; }

 private:
  struct Person {
    std::array<AgentState, kSites> state = {AgentState::logged_out, AgentState::logged_out};
    std::array<bool, kSites> registered{};
    std::int8_t desk_site = -1;  ///< where his desktop is at work
    bool working = false;
    bool phone_up = true, desktop_up = true;
    bool at_work = false, reachable = false;
    std::array<int, kSites> unseen{};  ///< calls that he talks on where he is not logged in
    std::array<bool, kSites> left{};   ///< his phone has left the call that he is held in there
  };
  /// What somebody counts for at one site, or as a person, who is one wherever he is logged in.
  struct Standing {
    bool logged_in = false, ready = false, busy = false;
  };
  struct Standings {
    std::array<Standing, kSites> at{};
    Standing person;
  };
  struct Unseen {
    AgentId agent;
    std::uint32_t site;  ///< that rang him
  };

  void on(SimTime at, const AgentLogin& fact);
  void on(SimTime at, const AgentLogout& fact);
  void on(SimTime at, const AgentStateChanged& fact);
  void on(SimTime at, const AgentAtWork& fact);
  void on(SimTime at, const DesktopConnectionLost& fact);
  void on(SimTime at, const DesktopSwitch& fact);
  void on(SimTime at, const ShiftChanged& fact);
  void on(SimTime at, const DnState& fact);
  void on(SimTime at, const NodeStateChanged& fact);
  void on(SimTime at, const PairStateChanged& fact);
  void on(SimTime at, const Switchover& fact);
  void on(SimTime at, const ServerModeChanged& fact);
  void on(SimTime at, const FaultInjected& fact);
  void on(SimTime at, const CallAnswered& fact);
  void on(SimTime at, const CallReturned& fact);
  void on(SimTime at, const CallTransferred& fact);
  void on(SimTime at, const CallReleased& fact);
  void on(SimTime at, const PhoneLeft& fact);
  template <class Other>
  void on(SimTime, const Other&) {}

  void set_state(SimTime at, AgentId agent, std::uint32_t site, AgentState state);
  /// Whoever talks unseen on this call talks no longer.
  void hangs_up(SimTime at, CallId call);
  void talks_unseen(SimTime at, Unseen talk, int change);
  /// Where his desktop is at work from now on; -1: nowhere.
  void set_desk(SimTime at, AgentId agent, int site);
  void set_registered(SimTime at, AgentId agent, std::uint32_t site, bool registered);
  void serves(SimTime at, std::uint32_t site);
  void pair_died(SimTime at, std::size_t site);
  /// Recomputes what follows from the rest, for one or for all.
  void review(SimTime at, AgentId agent, bool shift = false);
  void review_all(SimTime at);
  /// One more or less of this kind at this site, and in this agent's group.
  void count(SimTime at, LevelKind kind, int site, AgentId agent, double change);
  [[nodiscard]] static Standings standings(const Person& person);
  /// What has changed since this was what he counted for.
  void recount(SimTime at, AgentId agent, const Standings& before);

  const Directory& directory_;
  BoardPlan plan_;
  Board& board_;
  std::vector<Person> people_;
  /// Calls whose agents are not logged in where their phones were rung, and at which site.
  std::map<CallId, Unseen> unseen_;
  std::vector<AgentId> owner_;  ///< by NodeId: whose phone or desktop; invalid otherwise
  std::array<bool, kSites> serving_ = {true, true};
  std::array<int, kSites> primary_ = {0, 0};
  AccessPaths access_;
  NodeId by_;  ///< who recorded the current fact
  std::vector<Change> agents_changed_, phones_changed_;
};

}  // namespace bcsim::models
