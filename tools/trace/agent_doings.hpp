// What every agent of a run was doing when, as far as the records tell.
#pragma once

#include <vector>

#include "models/world/layout.hpp"
#include "models/world/observer.hpp"

namespace bcsim::tools {

/// What an agent's SIP Server knew of him at an instant.
struct AgentThen {
  enum class Doing : std::uint8_t { no_call, given, rung, talks, has_placed };
  models::AgentId agent;
  std::uint32_t site = 0;  ///< of that server
  models::AgentState state = models::AgentState::logged_out;
  bool in_service = false;  ///< his DN
  Doing doing = Doing::no_call;
  models::CallId call;  ///< that he was given, rung for, …; invalid with no_call
};

/// A SIP Server has refused to ring this agent for a call.
struct AgentRefused {
  models::SimTime sent{};  ///< its final response
  AgentThen agent;
};

/// Folds the records of a run. Remembers of what is over the last minute only. The layout must
/// outlive it.
class AgentDoings {
 public:
  explicit AgentDoings(const models::Layout& layout);

  void on_record(const models::JournalEntry& entry);
  /// What he was doing then beside this call, which he was wanted for.
  [[nodiscard]] AgentThen at(models::SimTime then, models::AgentId agent, std::uint32_t site,
                             models::CallId wanted) const;

 private:
  struct Engagement {
    models::CallId call;
    models::SimTime since{}, until = sim::kNever;
    models::SimTime rung = sim::kNever, talks = sim::kNever;
    bool placed = false;
  };
  template <class Value>
  struct Changing {
    Value before{}, now{};
    models::SimTime since = sim::kStart;

    void change(Value value, models::SimTime at) {
      if (value != now) *this = {now, value, at};
    }
    [[nodiscard]] Value at(models::SimTime then) const { return then < since ? before : now; }
  };
  struct Agent {
    Changing<models::AgentState> state[models::kSites];
    Changing<bool> in_service[models::kSites];
    std::vector<Engagement> calls;
  };

  Engagement& engage(models::AgentId agent, models::CallId call, models::SimTime now);
  void end(models::AgentId agent, models::CallId call, models::SimTime now);
  void on_state(const models::JournalEntry& entry);

  std::vector<Agent> agents_;
};

}  // namespace bcsim::tools
