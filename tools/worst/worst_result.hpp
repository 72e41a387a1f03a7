// What became of one failure at many moments: a row for each, and how they are distributed.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"
#include "tools/results/terminal_summary.hpp"

namespace bcsim::tools {

/// What has to come back after a failure, and the metric of the recovery that tells when.
enum class Return : std::uint8_t { service_level, agents, phones, queue };
inline constexpr std::size_t kReturns = 4;
/// "recovery.agents_100".
[[nodiscard]] const char* metric_of(Return what);

/// One run with the failure at one moment.
struct Moment {
  models::SimTime at{};
  std::uint64_t lost = 0, abandoned = 0, callers_lost = 0;  ///< of the whole run
  std::array<std::uint64_t, models::kCauses> causes{};      ///< of those lost
  /// Seconds after the failure; infinite: not before the end, NaN: there was nothing to come back.
  std::array<double, kReturns> back{};
  std::uint64_t fingerprint = 0;      ///< of the journal
  std::vector<std::string> violated;  ///< checks and expectations that said no
  std::string failed;                 ///< how the simulation died; empty: it did not

  /// The last of what came back; NaN if there was nothing.
  [[nodiscard]] double recovery_s() const;
};

/// From the run's result, of which it is replication 0.
[[nodiscard]] Moment moment_of(models::SimTime at, const models::RunResult& result,
                               std::uint64_t fingerprint);
[[nodiscard]] std::string to_bytes(const Moment& moment);
[[nodiscard]] Moment moment_from_bytes(const std::string& bytes);

struct WorstResult {
  std::string scenario, title, id, directory;
  std::uint64_t seed = 0;
  std::optional<sim::Duration> start_label;
  std::size_t fault = 0;      ///< in the list, from 0
  std::string fault_text;     ///< "fail site1"
  models::SimTime written{};  ///< when it is in the scenario
  models::SimTime from{}, until{};
  bool of_victim = false;            ///< only events that involve the victim
  std::size_t events = 0;            ///< distinct times in the window
  std::vector<Moment> moments;       ///< those tried, in order of time
  std::optional<Moment> as_written;  ///< at the scenario's own moment
  std::optional<Moment> without;     ///< nothing breaks

  /// Index of the moment with most calls lost, with the longest recovery; nullopt if there is none.
  [[nodiscard]] std::optional<std::size_t> worst() const;
  [[nodiscard]] std::optional<std::size_t> slowest() const;
  /// Of those not tried, no larger share is worse than the worst (95 % confidence); 0 if all were.
  [[nodiscard]] double unseen_share() const;
};

/// Quantiles of a number over the moments: the ⌈p n⌉-th smallest.
struct Spread {
  double least = 0, median = 0, p90 = 0, most = 0;
  std::size_t n = 0, never = 0;  ///< moments that have a value; of these infinite
  std::size_t most_at = 0;       ///< index of the first moment that has the most
};
[[nodiscard]] Spread spread_of(const std::vector<double>& values);

/// One number of a moment that is reported with its spread.
struct WorstMeasure {
  std::string id, words, unit;
  double (*value)(const Moment&);
};
[[nodiscard]] const std::vector<WorstMeasure>& worst_measures();
[[nodiscard]] Spread spread_of(const WorstResult& result, const WorstMeasure& measure);

// ---- output -------------------------------------------------------------------------------------

/// Columns of worst.csv.
[[nodiscard]] const std::vector<std::string>& worst_columns();
[[nodiscard]] std::string worst_csv(const WorstResult& result);
[[nodiscard]] std::string worst_json(const WorstResult& result);
[[nodiscard]] std::string worst_table(const WorstResult& result, const SummaryStyle& style);

/// "10:30:41.123", by the clock of the scenario if it has one.
[[nodiscard]] std::string moment_words(models::SimTime at, std::optional<sim::Duration> start);

}  // namespace bcsim::tools
