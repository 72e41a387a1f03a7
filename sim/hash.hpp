// A running 64-bit hash for fingerprints: order matters, platform does not.
#pragma once

#include <cstdint>
#include <string>

namespace bcsim::sim {

/// Mixes a word so that every input bit reaches every output bit (finaliser of SplitMix64,
/// Steele, Lea & Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

class Hash64 {
 public:
  constexpr void add(std::uint64_t word) {
    state_ = mix64(state_ * 0x9e3779b97f4a7c15ull + word + 1);
  }
  [[nodiscard]] constexpr std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0x6a09e667f3bcc908ull;
};

/// Sixteen lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(std::uint64_t value);

}  // namespace bcsim::sim
