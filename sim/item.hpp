// What an entry of the agenda stands for.
#pragma once

#include <cstdint>

#include "sim/endpoint.hpp"
#include "sim/ids.hpp"
#include "sim/slab.hpp"

namespace bcsim::sim {

enum class ItemKind : std::uint8_t {
  free,
  cancelled,
  timer,
  datagram,
  notice,
  unreachable,
  stream_data,
  stream_open,
  stream_event,
  stream_retry,
  fault,
  tick
};

/// Kept in a slab, at the slot that the agenda's entry names.
struct Item {
  ItemKind kind = ItemKind::free;
  std::uint32_t generation = 0;
  NodeId target = {};
  std::uint32_t incarnation = 0;
  ConnectionId connection = {};
  std::uint32_t word = 0;  ///< envelope slot, fault index, attempt or event, by kind
  TimerTag tag = {};
};

/// All that wait. A TimerId names one for as long as it does.
class ItemStore {
 public:
  TimerId keep(const Item& item) {
    const std::uint32_t slot = items_.take();
    const std::uint32_t generation = items_[slot].generation;
    items_[slot] = item;
    items_[slot].generation = generation;
    return {slot, generation};
  }
  /// It waits no longer.
  Item take(std::uint32_t slot) {
    const Item item = items_[slot];
    items_[slot].kind = ItemKind::free;
    ++items_[slot].generation;
    items_.give_back(slot);
    return item;
  }
  /// It will be skipped when its time comes; false if it waits no longer, or has been withdrawn.
  bool withdraw(TimerId id, ItemKind kind) {
    Item& item = items_[id.slot];
    if (item.generation != id.generation || item.kind != kind) return false;
    item.kind = ItemKind::cancelled;
    return true;
  }
  [[nodiscard]] const Item& operator[](std::uint32_t slot) const { return items_[slot]; }

 private:
  Slab<Item> items_;
};

/// What will be done next, by and to whom; invalid: the world itself.
struct Upcoming {
  SimTime at;
  NodeId source, target;
  bool tick = false;  ///< only something to be measured
};

}  // namespace bcsim::sim
