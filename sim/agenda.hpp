// The one agenda: what happens next, in a total order that no implementation detail can change.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

/// A place in the agenda. Ordered by (time, target, source, the source's own sequence number), so
/// that two runs that schedule the same things in another order still do them in the same order.
struct AgendaKey {
  SimTime at;
  std::uint32_t target;
  std::uint32_t source;
  std::uint32_t sequence;
  std::uint32_t slot;  ///< where the item is kept; not part of the order

  [[nodiscard]] bool before(const AgendaKey& o) const {
    if (at != o.at) return at < o.at;
    const auto pair = [](const AgendaKey& k) {
      return (static_cast<std::uint64_t>(k.target) << 32) | k.source;
    };
    if (pair(*this) != pair(o)) return pair(*this) < pair(o);
    return sequence < o.sequence;
  }
};

/// A 4-ary heap of keys: shallower than a binary one, and four children share a cache line and a
/// half. Cancelled items stay until they surface; the caller knows which those are.
class Agenda {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] const AgendaKey& head() const {
    assert(!heap_.empty());
    return heap_.front();
  }

  void push(const AgendaKey& key) {
    std::size_t hole = heap_.size();
    heap_.push_back(key);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / kArity;
      if (!key.before(heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = key;
  }

  /// Removes and returns the head.
  AgendaKey pop() {
    assert(!heap_.empty());
    const AgendaKey top = heap_.front();
    const AgendaKey last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(last);
    return top;
  }

 private:
  static constexpr std::size_t kArity = 4;

  void sift_down(const AgendaKey& key) {
    const std::size_t size = heap_.size();
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = hole * kArity + 1;
      if (first >= size) break;
      const std::size_t end = first + kArity < size ? first + kArity : size;
      std::size_t best = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].before(heap_[best])) best = child;
      }
      if (!heap_[best].before(key)) break;
      heap_[hole] = heap_[best];
      hole = best;
    }
    heap_[hole] = key;
  }

  std::vector<AgendaKey> heap_;
};

}  // namespace bcsim::sim
