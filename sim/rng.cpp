// Philox blocks, and the draws that need more than a shift.
#include "sim/rng.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace bcsim::sim {
namespace {

/// The SplitMix64 finaliser (Steele, Lea & Flood 2014): a bijection of 64 bits that mixes well.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

std::uint32_t low(std::uint64_t x) {
  return static_cast<std::uint32_t>(x);
}
std::uint32_t high(std::uint64_t x) {
  return static_cast<std::uint32_t>(x >> 32);
}
std::uint64_t join(std::uint32_t lo, std::uint32_t hi) {
  return lo | (static_cast<std::uint64_t>(hi) << 32);
}

r123::Philox4x32::ctr_type philox(std::uint64_t key, std::uint64_t a, std::uint64_t b) {
  static_assert(philox4x32_rounds == 10);
  const r123::Philox4x32::ctr_type counter{{low(a), high(a), low(b), high(b)}};
  const r123::Philox4x32::key_type philox_key{{low(key), high(key)}};
  return r123::Philox4x32()(counter, philox_key);
}

}  // namespace

std::uint64_t stream_key(std::uint64_t seed, std::uint32_t replication, StreamName name) {
  return mix(mix(mix(seed) ^ replication) ^ name.hash);
}

RngStream::RngStream(std::uint64_t seed, std::uint32_t replication, StreamName name,
                     std::uint64_t entity)
    : key_(stream_key(seed, replication, name)), entity_(entity) {}

std::uint64_t RngStream::next_block() {
  const auto words = philox(key_, block_++, entity_);
  half_ = join(words[2], words[3]);
  has_half_ = true;
  return join(words[0], words[1]);
}

double RngStream::exponential(double mean) {
  assert(mean > 0);
  return -mean * std::log(uniform());
}

double RngStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double angle = 2 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

double keyed_uniform(std::uint64_t seed, std::uint32_t replication, StreamName name,
                     std::uint64_t a, std::uint64_t b) {
  const auto words = philox(~stream_key(seed, replication, name), a, b);
  return (static_cast<double>(join(words[0], words[1]) >> 12) + 0.5) * 0x1p-52;
}

}  // namespace bcsim::sim
