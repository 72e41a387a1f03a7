// A list of fixed capacity that lives inside its owner: effects of a machine, without allocation.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace bcsim::models {

/// Holds at most N values of a default-constructible T, in the order of push_back.
template <class T, std::size_t N>
class InlineList {
 public:
  constexpr void push_back(const T& value) {
    assert(size_ < N);
    items_[size_++] = value;
  }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const {
    assert(i < size_);
    return items_[i];
  }
  [[nodiscard]] constexpr const T* begin() const { return items_.data(); }
  [[nodiscard]] constexpr const T* end() const { return items_.data() + size_; }
  constexpr bool operator==(const InlineList&) const = default;

 private:
  std::array<T, N> items_{};
  std::uint32_t size_ = 0;
};

}  // namespace bcsim::models
