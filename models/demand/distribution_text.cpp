// What a distribution is called, and what is wrong with its parameters.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/demand/distribution.hpp"

namespace bcsim::models {
namespace {

// describe_kind

std::string describe_kind(const Deterministic& d) {
  return fmt::format("deterministic({:g} s)", d.value_s);
}
std::string describe_kind(const Exponential& d) {
  return fmt::format("exponential(mean {:g} s)", d.mean_s);
}
std::string describe_kind(const Lognormal& d) {
  return fmt::format("lognormal(mean {:g} s, cv {:g})", d.mean_s, d.cv);
}
std::string describe_kind(const Gamma& d) {
  return fmt::format("gamma(mean {:g} s, cv {:g})", d.mean_s, d.cv);
}
std::string describe_kind(const Weibull& d) {
  return fmt::format("weibull(shape {:g}, scale {:g} s)", d.shape, d.scale_s);
}
std::string describe_kind(const Hyperexponential& d) {
  return fmt::format("hyperexponential(mean {:g} s with probability {:g}, else {:g} s)", d.mean1_s,
                     d.p, d.mean2_s);
}
std::string describe_kind(const Uniform& d) {
  return fmt::format("uniform({:g} s to {:g} s)", d.low_s, d.high_s);
}
std::string describe_kind(const Empirical& d) {
  return fmt::format("empirical({} values, mean {:g} s)", d.values_s.size(), mean_s(d));
}
std::string describe_kind(const PiecewiseHazard& d) {
  return fmt::format("piecewise hazard({} pieces, mean {:g} s)", d.start_s.size(), mean_s(d));
}
std::string describe_kind(const Erlang& d) {
  return fmt::format("erlang({} stages, mean {:g} s)", d.stages, d.mean_s);
}
std::string describe_kind(const Never&) {
  return "never";
}

// error_in: the first thing wrong. Comparisons are written so that NaN is wrong too.

bool is_time(double s) {
  return s >= 0 && std::isfinite(s);
}
bool is_positive(double s) {
  return s > 0 && std::isfinite(s);
}

std::string error_in_mean_and_cv(double mean_s, double cv) {
  if (!is_positive(mean_s)) return "mean must be above 0 s";
  if (!is_time(cv)) return "cv must be 0 or more";
  return {};
}

std::string error_in(const Deterministic& d) {
  return is_time(d.value_s) ? "" : "value must be 0 s or more";
}
std::string error_in(const Exponential& d) {
  return error_in_mean_and_cv(d.mean_s, 1);
}
std::string error_in(const Lognormal& d) {
  return error_in_mean_and_cv(d.mean_s, d.cv);
}
std::string error_in(const Gamma& d) {
  return error_in_mean_and_cv(d.mean_s, d.cv);
}
std::string error_in(const Weibull& d) {
  if (!is_positive(d.shape)) return "shape must be above 0";
  return is_positive(d.scale_s) ? "" : "scale must be above 0 s";
}
std::string error_in(const Hyperexponential& d) {
  if (!(d.p >= 0 && d.p <= 1)) return "probability must be between 0 and 1";
  return is_positive(d.mean1_s) && is_positive(d.mean2_s) ? "" : "both means must be above 0 s";
}
std::string error_in(const Uniform& d) {
  if (!is_time(d.low_s) || !is_time(d.high_s)) return "both bounds must be 0 s or more";
  return d.low_s <= d.high_s ? "" : "the lower bound is above the upper";
}
std::string error_in(const Empirical& d) {
  if (d.values_s.empty()) return "there must be at least one value";
  if (!std::all_of(d.values_s.begin(), d.values_s.end(), is_time)) {
    return "values must be 0 s or more";
  }
  return std::is_sorted(d.values_s.begin(), d.values_s.end()) ? "" : "values must be sorted";
}
std::string error_in(const PiecewiseHazard& d) {
  if (d.start_s.empty()) return "there must be at least one piece";
  if (d.start_s.size() != d.rate_per_s.size()) return "each piece needs one start and one rate";
  if (!std::all_of(d.start_s.begin(), d.start_s.end(), is_time)) {
    return "starts must be 0 s or more";
  }
  if (!std::all_of(d.rate_per_s.begin(), d.rate_per_s.end(), is_time)) {
    return "rates must be 0/s or more";
  }
  const auto not_rising = [](double a, double b) { return !(a < b); };
  const auto found = std::adjacent_find(d.start_s.begin(), d.start_s.end(), not_rising);
  return found == d.start_s.end() ? "" : "starts must rise";
}
std::string error_in(const Erlang& d) {
  if (d.stages < 1) return "there must be at least one stage";
  return error_in_mean_and_cv(d.mean_s, 1);
}
std::string error_in(const Never&) {
  return {};
}

}  // namespace

std::string describe(const Distribution& d) {
  return std::visit([](const auto& kind) { return describe_kind(kind); }, d);
}

std::string parameter_error(const Distribution& d) {
  return std::visit([](const auto& kind) { return error_in(kind); }, d);
}

}  // namespace bcsim::models
