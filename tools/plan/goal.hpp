// What a plan demands of a run, and when enough runs have decided whether it is met.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario.hpp"
#include "tools/stats/estimate.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// What is looked at in each run. Results dictionary, "Plans".
enum class Measure : std::uint8_t { service_level, blocking, server_delay, media_degraded, metric };
[[nodiscard]] std::string_view name(Measure measure);

/// Which part of a run counts: all of it after the warm-up, or from the first fault on.
enum class Stretch : std::uint8_t { run, failure };
[[nodiscard]] std::string_view name(Stretch stretch);

/// A limit on any metric of the run.
struct MetricGoal {
  std::string id;
  std::string unit;       ///< of the metric: "1", "s", "calls"
  bool at_least = false;  ///< else at most
  double limit = 0;       ///< in this unit
};

struct Goal {
  Measure measure = Measure::service_level;
  Stretch stretch = Stretch::failure;
  double limit = 0.8;  ///< of service_level the least, of the others the most, or as `metric` says
  std::optional<MetricGoal> metric;         ///< if that is the measure
  std::optional<double> probability = 0.9;  ///< share of the runs; nullopt: on average over them
  double confidence = 0.95;                 ///< with which a verdict is right

  [[nodiscard]] bool at_least() const {
    return metric ? metric->at_least : measure == Measure::service_level;
  }
  /// Does a run with this value do?
  [[nodiscard]] bool holds(double value) const {
    return at_least() ? value >= limit : value <= limit;
  }
};

/// The measure in one replication. NaN with weight 0: nothing to be measured happened; a metric
/// that was asked for by name does not hold then: what never came back did not come back in time.
struct Measured {
  double value = 0, weight = 0;
};
[[nodiscard]] Measured measure(const ReplicationRecord& record, const Goal& goal,
                               models::ServiceLevelDefinition headline);

enum class PlanVerdict : std::uint8_t { meets, fails, open };
[[nodiscard]] std::string_view name(PlanVerdict verdict);

/// What some replications say of a goal.
struct Judgement {
  PlanVerdict verdict = PlanVerdict::open;
  std::uint32_t n = 0, met = 0;  ///< replications, and those in which the measure held
  Estimate value;                ///< of the measure over all of them; 95 % interval
  double share_low = 0,
         share_high = 1;  ///< bounds on the share of runs that hold (Clopper–Pearson)
};

/// So many replications are looked at first, and so many where only the way is sought.
inline constexpr std::uint32_t kFirstLook = 12, kFirstGlance = 4;

/// After how many replications to look, rising, at most `most`. A verdict at any of them errs with
/// at most 1 − confidence in all (Bonferroni).
[[nodiscard]] std::vector<std::uint32_t> looks(const Goal& goal, std::uint32_t most);
/// Probability of error allowed at each look, to either side.
[[nodiscard]] double error_per_look(const Goal& goal, std::uint32_t most);
/// Can `most` replications, all of them good, show the goal?
[[nodiscard]] bool can_be_shown(const Goal& goal, std::uint32_t most);

/// Meets or fails only if the other is excluded with probability 1 − error.
[[nodiscard]] Judgement judge(std::span<const Measured> sample, const Goal& goal, double error);
/// With what probability `most` replications will have decided, after those that there are: if the
/// share of runs that hold is as likely to be any other as before the first. 1 if it is not about a
/// share.
[[nodiscard]] double chance_to_decide(const Judgement& now, const Goal& goal, std::uint32_t most);
/// Is every run so far from the limit that a glance at a few shows the way?
[[nodiscard]] bool is_clear(std::span<const Measured> sample, const Goal& goal);
/// What the numbers alone suggest, without confidence; for finding the way.
[[nodiscard]] PlanVerdict suggest(std::span<const Measured> sample, const Goal& goal);

}  // namespace bcsim::tools
