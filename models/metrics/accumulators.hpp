// Running statistics that need no memory of what they have seen.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/time.hpp"

namespace bcsim::models {

/// Mean, variance and extremes of a sequence, numerically stable (Welford 1962; merging: Chan,
/// Golub & LeVeque 1983).
class Moments {
 public:
  void add(double x) {
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
  }
  void merge(const Moments& other) {
    if (other.count_ == 0) return;
    const double n = static_cast<double>(count_), m = static_cast<double>(other.count_);
    const double delta = other.mean_ - mean_;
    mean_ += delta * m / (n + m);
    squares_ += other.squares_ + delta * delta * n * m / (n + m);
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// NaN if nothing was added; so are the others below.
  [[nodiscard]] double mean() const { return count_ == 0 ? kNone : mean_; }
  /// With the divisor count − 1; NaN below two.
  [[nodiscard]] double variance() const {
    return count_ < 2 ? kNone : squares_ / static_cast<double>(count_ - 1);
  }
  [[nodiscard]] double min() const { return count_ == 0 ? kNone : min_; }
  [[nodiscard]] double max() const { return count_ == 0 ? kNone : max_; }

 private:
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
};

/// What a quantity that changes by steps has done over some time. `max` is over values that lasted:
/// one that is taken back in the same instant never was.
struct LevelSummary {
  double integral_s = 0;  ///< value times seconds
  double max = 0;         ///< 0 if no time has passed

  void merge(const LevelSummary& other) {
    integral_s += other.integral_s;
    max = std::max(max, other.max);
  }
};

/// A SIP Server's load, summed over samples.
struct ServerLoadSummary {
  std::uint64_t messages = 0;
  double delay_sum_s = 0, delay_max_s = 0;

  void merge(const ServerLoadSummary& other) {
    messages += other.messages;
    delay_sum_s += other.delay_sum_s;
    delay_max_s = std::max(delay_max_s, other.delay_max_s);
  }
};

/// What a Board has seen over one stretch of time, or several.
struct Slice {
  double duration_s = 0;
  std::vector<LevelSummary> levels;
  std::vector<std::uint64_t> counts;
  std::vector<ServerLoadSummary> servers;

  void merge(const Slice& other) {
    duration_s += other.duration_s;
    if (levels.empty()) {
      levels = other.levels, counts = other.counts, servers = other.servers;
      return;
    }
    for (std::size_t i = 0; i < other.levels.size(); ++i) levels[i].merge(other.levels[i]);
    for (std::size_t i = 0; i < other.counts.size(); ++i) counts[i] += other.counts[i];
    for (std::size_t i = 0; i < other.servers.size(); ++i) servers[i].merge(other.servers[i]);
  }
  /// Time average; NaN if no time has passed.
  [[nodiscard]] double mean(std::size_t level) const {
    return duration_s > 0 ? integral_s(level) / duration_s
                          : std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double max(std::size_t level) const {
    return duration_s > 0 && level < levels.size() ? levels[level].max
                                                   : std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double integral_s(std::size_t level) const {
    return level < levels.size() ? levels[level].integral_s : 0;
  }
  [[nodiscard]] std::uint64_t count(std::size_t counter) const {
    return counter < counts.size() ? counts[counter] : 0;
  }
  [[nodiscard]] ServerLoadSummary server(std::size_t site) const {
    return site < servers.size() ? servers[site] : ServerLoadSummary{};
  }
};

/// Non-negative quantities that change by steps (calls waiting, agents ready), integrated over
/// time; plain counters; and server samples; all cut into slices. A change costs constant time, a
/// cut one step per quantity.
class Board {
 public:
  struct Size {
    std::size_t levels = 0, counters = 0, servers = 0;
  };
  explicit Board(Size size)
      : levels_(size.levels), counts_(size.counters), servers_(size.servers) {}

  [[nodiscard]] double value(std::size_t level) const { return levels_[level].value; }
  void add(sim::SimTime now, std::size_t level, double change) {
    set(now, level, levels_[level].value + change);
  }
  void set(sim::SimTime now, std::size_t level, double value) {
    settle(now, levels_[level]);
    levels_[level].value = value;
  }
  void count(std::size_t counter) { ++counts_[counter]; }
  void sample(std::size_t server, const ServerLoadSummary& load) { servers_[server].merge(load); }

  /// Everything since the last cut.
  [[nodiscard]] Slice cut(sim::SimTime now) {
    Slice slice;
    slice.duration_s = sim::seconds(now - cut_);
    slice.levels.reserve(levels_.size());
    for (Level& level : levels_) {
      settle(now, level);
      slice.levels.push_back(level.summary);
      level.summary = {};
    }
    slice.counts = counts_;
    std::fill(counts_.begin(), counts_.end(), 0);
    slice.servers = servers_;
    std::fill(servers_.begin(), servers_.end(), ServerLoadSummary{});
    cut_ = now;
    return slice;
  }

 private:
  struct Level {
    double value = 0;
    sim::SimTime since{};
    LevelSummary summary;
  };
  static void settle(sim::SimTime now, Level& level) {
    if (now > level.since) {
      level.summary.integral_s += level.value * sim::seconds(now - level.since);
      level.summary.max = std::max(level.summary.max, level.value);
    }
    level.since = now;
  }
  std::vector<Level> levels_;
  std::vector<std::uint64_t> counts_;
  std::vector<ServerLoadSummary> servers_;
  sim::SimTime cut_{};
};

/// The p-quantile of a sample: its ⌈p n⌉-th smallest value (inverse of the empirical distribution
/// function; Hyndman & Fan 1996, type 1). NaN for an empty sample. Reorders `sample`.
[[nodiscard]] inline double quantile(std::vector<float>& sample, double p) {
  if (sample.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double n = static_cast<double>(sample.size());
  // The tolerance keeps 0.9 × 10 at rank 9 though 0.9 has no exact binary form.
  const double rank = std::clamp(std::ceil(p * n - 1e-9), 1.0, n);
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(sample.begin(), at, sample.end());
  return static_cast<double>(*at);
}

}  // namespace bcsim::models
