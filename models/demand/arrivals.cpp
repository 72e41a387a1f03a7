// The three kinds of arrival process.
#include "models/demand/arrivals.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace bcsim::models {
namespace {

using sim::from_seconds;
using sim::kNever;
using sim::seconds;

/// A Poisson process with a piecewise constant rate.
class PoissonArrivals final : public ArrivalProcess {
 public:
  PoissonArrivals(Intensity intensity, sim::RngStream gaps)
      : intensity_(std::move(intensity)), gaps_(gaps) {}

  std::optional<Arrival> next() override {
    if (finished_) return std::nullopt;
    double left = gaps_.exponential(1);  // expected calls still to pass
    while (true) {
      if (piece_.end <= now_) piece_ = intensity_.at(now_);
      const double within = piece_.end == kNever ? std::numeric_limits<double>::infinity()
                                                 : seconds(piece_.end - now_);
      if (piece_.per_s > 0 && left < piece_.per_s * within) {
        const Duration gap = from_seconds(left / piece_.per_s);
        if (gap >= kNever - now_) break;
        // Rounding to nanoseconds must not carry a call out of its piece.
        now_ = std::min(now_ + gap, piece_.end - Duration(1));
        return Arrival{.at = now_, .caller = callers_++};
      }
      if (piece_.end == kNever) break;
      left -= piece_.per_s * within;
      now_ = piece_.end;
    }
    finished_ = true;
    return std::nullopt;
  }

 private:
  Intensity intensity_;
  sim::RngStream gaps_;
  Intensity::Piece piece_{0, sim::kStart};
  SimTime now_ = sim::kStart;
  std::uint64_t callers_ = 0;
  bool finished_ = false;
};

/// A given number of calls in each interval.
class ExactArrivals final : public ArrivalProcess {
 public:
  ExactArrivals(IntervalVolumes volumes, Intensity intensity, const sim::RngFactory& random,
                std::uint32_t call_stream)
      : volumes_(std::move(volumes)),
        intensity_(std::move(intensity)),
        random_(random),
        call_stream_(call_stream) {}

  std::optional<Arrival> next() override {
    while (used_ == times_.size()) {
      if (interval_ == volumes_.intervals.size()) return std::nullopt;
      place(interval_++);
    }
    return Arrival{.at = times_[used_++], .caller = callers_++};
  }

 private:
  /// Fills times_ with the calls of one interval.
  void place(std::size_t index) {
    const SimTime start = volumes_.intervals[index].at;
    const SimTime end = start + volumes_.intervals[index].length;
    const double expected = intensity_.expected_calls(start, end);
    const auto before = std::llround(expected_so_far_);
    expected_so_far_ += expected;
    const auto count = static_cast<std::size_t>(std::llround(expected_so_far_) - before);

    // An interval's own stream: its calls do not move when another interval's count changes.
    sim::RngStream places =
        random_.stream("arrivals.place", (static_cast<std::uint64_t>(call_stream_) << 32) | index);
    std::vector<double> passed(count);  // expected calls of this interval before each call
    for (double& p : passed) p = places.uniform(0, expected);
    std::sort(passed.begin(), passed.end());

    times_.clear();
    used_ = 0;
    SimTime now = start;
    double until_now = 0;
    Intensity::Piece piece = intensity_.at(now);
    for (const double p : passed) {
      while (piece.end < end && p >= until_now + piece.per_s * seconds(piece.end - now)) {
        until_now += piece.per_s * seconds(piece.end - now);
        now = piece.end;
        piece = intensity_.at(now);
      }
      const SimTime last = std::min(piece.end, end) - Duration(1);
      const double offset_s = piece.per_s > 0 ? (p - until_now) / piece.per_s : 0;
      times_.push_back(std::min(now + from_seconds(offset_s), last));
    }
  }

  IntervalVolumes volumes_;
  Intensity intensity_;
  sim::RngFactory random_;
  std::uint32_t call_stream_;
  std::size_t interval_ = 0;
  double expected_so_far_ = 0;
  std::vector<SimTime> times_;
  std::size_t used_ = 0;
  std::uint64_t callers_ = 0;
};

/// Calls as given.
class GivenArrivals final : public ArrivalProcess {
 public:
  GivenArrivals(const SingleCalls& spec, SimTime until) : calls_(spec.calls), until_(until) {
    // Stable, so that calls of the same instant stay in file order.
    std::stable_sort(calls_.begin(), calls_.end(),
                     [](const SingleCall& a, const SingleCall& b) { return a.at < b.at; });
  }

  std::optional<Arrival> next() override {
    if (used_ == calls_.size() || calls_[used_].at >= until_) return std::nullopt;
    const SingleCall& call = calls_[used_];
    return Arrival{call.at, used_++, call.talk, call.patience, call.gateway};
  }

 private:
  std::vector<SingleCall> calls_;
  SimTime until_;
  std::uint64_t used_ = 0;
};

}  // namespace

std::unique_ptr<ArrivalProcess> make_arrivals(const ArrivalSpec& spec,
                                              const ArrivalOptions& options,
                                              const sim::RngFactory& random,
                                              std::uint32_t call_stream) {
  if (const auto* given = std::get_if<SingleCalls>(&spec)) {
    return std::make_unique<GivenArrivals>(*given, options.until);
  }
  Intensity intensity(spec, options, random);
  const auto* volumes = std::get_if<IntervalVolumes>(&spec);
  if (volumes && volumes->exact) {
    return std::make_unique<ExactArrivals>(*volumes, std::move(intensity), random, call_stream);
  }
  return std::make_unique<PoissonArrivals>(std::move(intensity),
                                           random.stream("arrivals.gap", call_stream));
}

}  // namespace bcsim::models
