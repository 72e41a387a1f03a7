// What an entry of the agenda stands for.
#pragma once

#include <cstdint>

#include "sim/endpoint.hpp"
#include "sim/ids.hpp"

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

}  // namespace bcsim::sim
