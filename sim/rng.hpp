// Named, counter-based random streams: a draw depends on what it is for, never on when it is made.
#pragma once

#include <cassert>
#include <cstdint>
#include <string_view>

namespace bcsim::sim {

/// FNV-1a of a stream's name, e.g. "caller.patience". constexpr, so that names cost nothing.
struct StreamName {
  std::uint64_t hash;
  constexpr StreamName(std::string_view name) : hash(0xcbf29ce484222325ull) {  // NOLINT: implicit
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  constexpr StreamName(const char* name) : StreamName(std::string_view(name)) {}  // NOLINT
};

/// One stream of random numbers, addressed by (seed, replication, name, entity); Philox 4x32-10
/// (Salmon et al. 2011) through Random123. Two streams with the same address give the same
/// numbers whatever else the run does: common random numbers by construction. 48 bytes, copyable.
///
/// How the address becomes a Philox block (stream_key and the tests hold it to this):
///   key     = mix(mix(mix(seed) ^ replication) ^ name.hash), 64 bits, low word first;
///             mix is the SplitMix64 finaliser, a bijection, so that with any two of the three
///             fixed, two values of the third can never give the same key;
///   counter = (number of the block, entity), 64 bits each, low words first.
/// The name is in the key and not in the counter because that leaves entity and draw number their
/// full 64 bits. Each block of 128 bits gives two draws of 64.
class RngStream {
 public:
  RngStream(std::uint64_t seed, std::uint32_t replication, StreamName name, std::uint64_t entity);

  /// 64 fresh random bits.
  std::uint64_t bits() {
    if (!has_half_) return next_block();
    has_half_ = false;
    return half_;
  }
  /// Uniform in the open interval (0, 1): never 0, never 1; an odd multiple of 2^-53, so that the
  /// largest value is still below 1 in a double.
  double uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }
  /// Uniform in (low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Exponential with the given mean (> 0), by inversion of one uniform.
  double exponential(double mean);
  /// Standard normal, by Box and Muller (both halves of a pair are used).
  double normal();
  /// True with probability p.
  bool bernoulli(double p) { return uniform() < p; }
  /// Uniform in [0, n), n > 0, without modulo bias worth speaking of (Lemire 2019 multiply-shift).
  std::uint64_t below(std::uint64_t n) {
    assert(n > 0);
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(bits()) * n) >> 64);
  }

 private:
  std::uint64_t next_block();

  std::uint64_t key_;
  std::uint64_t entity_;
  std::uint64_t block_ = 0;
  std::uint64_t half_ = 0;
  double spare_normal_ = 0;
  bool has_half_ = false;
  bool has_spare_normal_ = false;
};

/// A source of streams for one replication.
struct RngFactory {
  std::uint64_t seed = 1;
  std::uint32_t replication = 0;
  [[nodiscard]] RngStream stream(StreamName name, std::uint64_t entity = 0) const {
    return {seed, replication, name, entity};
  }
};

/// The Philox key of a stream's address without its entity; see RngStream.
[[nodiscard]] std::uint64_t stream_key(std::uint64_t seed, std::uint32_t replication,
                                       StreamName name);

/// A stateless draw for network loss and jitter: uniform in (0,1), keyed as RngStream's, counter
/// (a, b). The key's bits are flipped, so that it never repeats a block of a stream of that name.
[[nodiscard]] double keyed_uniform(std::uint64_t seed, std::uint32_t replication, StreamName name,
                                   std::uint64_t a, std::uint64_t b);

}  // namespace bcsim::sim
