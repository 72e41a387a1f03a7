// The calls that wait at one queue: highest priority first, first come first served inside.
#pragma once

#include <cassert>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace bcsim::models::acd {

/// Where a call stands: the higher priority, then the lower ticket. A call that comes back from an
/// agent who did not answer keeps its ticket, so it is again ahead of all that came after it.
struct Standing {
  std::int64_t priority = 0;
  std::uint64_t ticket = 0;

  [[nodiscard]] constexpr bool before(const Standing& other) const {
    return priority != other.priority ? priority > other.priority : ticket < other.ticket;
  }
  constexpr bool operator==(const Standing&) const = default;
};

/// A binary heap of calls, named by small integers, that can also lose one from its middle
/// (abandonment). O(log n); allocates only to grow.
class WaitingQueue {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] std::uint32_t front() const {
    assert(!empty());
    return heap_.front().call;
  }
  [[nodiscard]] const Standing& front_standing() const {
    assert(!empty());
    return heap_.front().standing;
  }
  [[nodiscard]] bool contains(std::uint32_t call) const {
    return call < position_.size() && position_[call] != kAbsent;
  }

  void push(std::uint32_t call, const Standing& standing) {
    assert(!contains(call));
    if (call >= position_.size()) position_.resize(call + 1, kAbsent);
    heap_.push_back({standing, call});
    position_[call] = static_cast<std::uint32_t>(heap_.size() - 1);
    rise(heap_.size() - 1);
  }
  /// Harmless if the call is not here.
  void remove(std::uint32_t call) {
    if (!contains(call)) return;
    const std::size_t hole = position_[call];
    position_[call] = kAbsent;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    place(hole, last);
    rise(hole);
    sink(position_[last.call]);
  }
  void clear() {
    heap_.clear();
    position_.clear();
  }

 private:
  static constexpr std::uint32_t kAbsent = std::numeric_limits<std::uint32_t>::max();
  struct Entry {
    Standing standing;
    std::uint32_t call = 0;
  };

  void place(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    position_[entry.call] = static_cast<std::uint32_t>(at);
  }
  void exchange(std::size_t a, std::size_t b) {
    const Entry entry = heap_[a];
    place(a, heap_[b]);
    place(b, entry);
  }
  void rise(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (!heap_[at].standing.before(heap_[parent].standing)) return;
      exchange(at, parent);
      at = parent;
    }
  }
  void sink(std::size_t at) {
    while (true) {
      std::size_t first = at;
      for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child) {
        if (heap_[child].standing.before(heap_[first].standing)) first = child;
      }
      if (first == at) return;
      exchange(at, first);
      at = first;
    }
  }

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> position_;  // by call
};

}  // namespace bcsim::models::acd
