// The one agenda: what happens next, in a total order that no implementation detail can change.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

#include "sim/ids.hpp"
#include "sim/slab.hpp"
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
/// half.
class KeyHeap {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  [[nodiscard]] const AgendaKey& front() const { return heap_.front(); }

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

/// Three tiers, one order. What is due in the current bucket of 2^kBucketBits ns (34 ms) is in a
/// small heap; what is due within the next kBuckets buckets (69 s) hangs unsorted in its bucket;
/// the rest is in a large heap. Most timers of a contact centre are far away and many are
/// cancelled: they pay for a link in a chain, not for their rank among thousands. The links come
/// from one slab, whatever their bucket, so that no more memory is in use than things wait.
/// Cancelled items stay until they surface; the caller knows which those are.
class Agenda {
 public:
  Agenda() : buckets_(kBuckets, kNone) {}

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// May move a bucket into the heap; changes nothing that can be seen.
  [[nodiscard]] const AgendaKey& head() {
    assert(size_ > 0);
    if (near_.empty()) advance();
    return near_.front();
  }

  void push(const AgendaKey& key) {
    ++size_;
    const std::int64_t bucket = bucket_of(key);
    if (bucket <= current_) {
      near_.push(key);
    } else if (bucket < current_ + kBuckets) {
      std::uint32_t& chain = chain_of(bucket);
      const std::uint32_t link = links_.take();
      links_[link] = {key, chain};
      chain = link;
      ++in_buckets_;
    } else {
      far_.push(key);
    }
  }

  /// Removes and returns the head.
  AgendaKey pop() {
    assert(size_ > 0);
    if (near_.empty()) advance();
    --size_;
    return near_.pop();
  }

 private:
  static constexpr int kBucketBits = 25;
  static constexpr std::int64_t kBuckets = 2048;
  static constexpr std::uint32_t kNone = 0xFFFF'FFFFu;

  struct Link {
    AgendaKey key;
    std::uint32_t next;  ///< in the same bucket; kNone: the last
  };

  [[nodiscard]] static std::int64_t bucket_of(const AgendaKey& key) {
    return key.at.time_since_epoch().count() >> kBucketBits;
  }
  [[nodiscard]] std::uint32_t& chain_of(std::int64_t bucket) {
    return buckets_[static_cast<std::size_t>(bucket) % kBuckets];
  }

  /// Goes on to the next bucket that has something; the near heap is empty and something is left.
  void advance() {
    while (near_.empty()) {
      // With nothing in the buckets the next thing is in the far heap: jump there.
      current_ = in_buckets_ == 0 ? bucket_of(far_.front()) : current_ + 1;
      std::uint32_t& chain = chain_of(current_);
      while (chain != kNone) {
        const std::uint32_t link = chain;
        chain = links_[link].next;
        near_.push(links_[link].key);
        links_.give_back(link);
        --in_buckets_;
      }
      // What has come within reach of the buckets leaves the far heap.
      while (!far_.empty() && bucket_of(far_.front()) < current_ + kBuckets) {
        const AgendaKey key = far_.pop();
        --size_;
        push(key);
      }
    }
  }

  KeyHeap near_, far_;
  std::vector<std::uint32_t> buckets_;  ///< the first link of each
  Slab<Link> links_;
  std::int64_t current_ = 0;
  std::size_t size_ = 0, in_buckets_ = 0;
};

}  // namespace bcsim::sim
