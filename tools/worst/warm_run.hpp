// A run that is brought to a moment once, and from there goes on in forked branches, each with the
// failure at its own moment.
#pragma once

#include <functional>
#include <vector>

#include "models/metrics/run_recorder.hpp"
#include "models/scenario.hpp"
#include "models/world/world.hpp"
#include "sim/platform.hpp"

namespace bcsim::tools {

/// The lines of the fault list that move with this one: itself, and all that do not come before it
/// in time. They keep their distances.
[[nodiscard]] std::vector<bool> moves_with(const models::Scenario& scenario, std::size_t fault);

/// "path=value", for --set: the scenario with this fault at another time, and what moves with it.
[[nodiscard]] std::vector<std::string> shift_settings(const models::Scenario& scenario,
                                                      std::size_t fault, models::SimTime to);

/// Does this next thing of the run involve the victim of a fault?
using Involves = std::function<bool(const sim::Upcoming&)>;

/// On the loop driver, which has no state outside of the process's memory: a fork has all of it,
/// and its journal is the one that SimGrid gives. What `fault` and those that move with it do does
/// not happen before it is told when.
class WarmRun {
 public:
  WarmRun(const models::Scenario& scenario, std::size_t fault);

  /// Does all that comes before this moment; nothing of its own instant, of which a fault is first.
  /// `goes_on` is asked about every second of simulated time; false: it stopped there.
  bool run_before(models::SimTime moment, const std::function<bool(models::SimTime)>& goes_on);

  /// The distinct times, from now to `until`, at which anything happens that `involves`; it is then
  /// there.
  [[nodiscard]] std::vector<models::SimTime> event_times(models::SimTime until,
                                                         const Involves& involves);
  /// Messages from, to or over what the fault lies on, and its timers; what the world itself does
  /// involves everybody.
  [[nodiscard]] Involves involves_victim(const models::Fault& fault) const;

  /// Goes on to the horizon as `shifted`, the scenario with the fault at a moment not before now;
  /// false: it was stopped.
  bool finish_as(const models::Scenario& shifted,
                 const std::function<bool(models::SimTime)>& goes_on);
  /// What was measured; once, at the end.
  [[nodiscard]] models::RunResult result() { return recorder_.finish(simulation_.now()); }
  [[nodiscard]] std::uint64_t journal_fingerprint() const {
    return simulation_.journal_fingerprint();
  }

 private:
  models::TwoSiteWorld world_;
  models::RunRecorder recorder_;
  sim::PlainPlatform platform_;
  models::Simulation& simulation_;
};

}  // namespace bcsim::tools
