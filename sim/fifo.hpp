// A queue in one vector: an empty one costs 32 bytes, where a std::deque costs over half a KiB.
#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace bcsim::sim {

template <class T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const { return head_ == values_.size(); }
  [[nodiscard]] std::size_t size() const { return values_.size() - head_; }
  [[nodiscard]] const T& front() const {
    assert(!empty());
    return values_[head_];
  }
  [[nodiscard]] T& front() {
    assert(!empty());
    return values_[head_];
  }
  void push_back(const T& value) { values_.push_back(value); }
  void pop_front() {
    assert(!empty());
    ++head_;
    if (head_ == values_.size()) {
      values_.clear();
      head_ = 0;
    } else if (head_ >= kCompactAt && 2 * head_ >= values_.size()) {
      values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  void clear() {
    values_.clear();
    head_ = 0;
  }

 private:
  static constexpr std::size_t kCompactAt = 64;
  std::vector<T> values_;
  std::size_t head_ = 0;
};

}  // namespace bcsim::sim
