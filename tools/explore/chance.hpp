// What is drawn for a world, from one stream: the same seed and number give the same world.
#pragma once

#include <cassert>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "sim/rng.hpp"

namespace bcsim::tools {

class Chance {
 public:
  Chance(std::uint64_t seed, std::uint64_t world) : stream_(seed, 0, "explore.world", world) {}

  [[nodiscard]] bool of(double p) { return stream_.bernoulli(p); }
  /// From 0 to n − 1.
  [[nodiscard]] std::size_t below(std::size_t n) { return stream_.below(n); }
  [[nodiscard]] double between(double low, double high) { return stream_.uniform(low, high); }
  /// Every order of magnitude is as likely as any other.
  [[nodiscard]] double log_between(double low, double high) {
    return low * std::exp(between(0, std::log(high / low)));
  }
  template <class T>
  [[nodiscard]] const T& pick(const std::vector<T>& from) {
    assert(!from.empty());
    return from[below(from.size())];
  }
  template <class T>
  [[nodiscard]] T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }
  /// An index, as likely as its weight; not all weights may be 0.
  [[nodiscard]] std::size_t weighted(const std::vector<double>& weights) {
    double sum = 0;
    for (const double w : weights) sum += w;
    assert(sum > 0);
    double at = between(0, sum);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      at -= weights[i];
      if (at < 0) return i;
    }
    return weights.size() - 1;
  }

 private:
  sim::RngStream stream_;
};

}  // namespace bcsim::tools
