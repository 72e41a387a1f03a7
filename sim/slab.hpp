// A table of equal-sized values with stable indices and a free list: no allocation in steady state.
#pragma once

#include <cstdint>
#include <vector>

namespace bcsim::sim {

/// take() gives an index that stays valid until give_back(); the value there is whatever was left.
/// The most recently returned slot is taken first, while it is still in the cache.
template <class T>
class Slab {
 public:
  [[nodiscard]] std::uint32_t take() {
    if (free_.empty()) {
      values_.emplace_back();
      return static_cast<std::uint32_t>(values_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }

  [[nodiscard]] T& operator[](std::uint32_t slot) { return values_[slot]; }
  [[nodiscard]] const T& operator[](std::uint32_t slot) const { return values_[slot]; }
  [[nodiscard]] std::size_t capacity() const { return values_.size(); }

 private:
  std::vector<T> values_;
  std::vector<std::uint32_t> free_;
};

}  // namespace bcsim::sim
