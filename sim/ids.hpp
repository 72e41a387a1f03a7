// Strongly typed identifiers: an index that cannot be mistaken for another kind of index.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace bcsim::sim {

/// An index into a table of things of kind Tag. A default-constructed Id is invalid.
template <class Tag>
struct Id {
  static constexpr std::uint32_t kInvalid = 0xFFFF'FFFFu;
  std::uint32_t value = kInvalid;

  [[nodiscard]] constexpr bool valid() const { return value != kInvalid; }
  constexpr auto operator<=>(const Id&) const = default;
};

using NodeId = Id<struct NodeTag>;        ///< a simulated process or device
using HostId = Id<struct HostTag>;        ///< a machine that carries nodes; its death is silent
using PlaceId = Id<struct PlaceTag>;      ///< a point of the network that hosts attach to
using LinkId = Id<struct LinkTag>;        ///< one direction of a link
using AddressId = Id<struct AddressTag>;  ///< a network address; may move from node to node
using ConnectionId = Id<struct ConnectionTag>;  ///< one reliable, ordered connection

}  // namespace bcsim::sim

template <class Tag>
struct std::hash<bcsim::sim::Id<Tag>> {
  std::size_t operator()(bcsim::sim::Id<Tag> id) const noexcept { return id.value; }
};
