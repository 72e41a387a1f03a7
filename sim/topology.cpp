#include "sim/topology.hpp"

#include <cassert>
#include <utility>

namespace bcsim::sim {

namespace {
template <class Tag, class T>
Id<Tag> append(std::vector<T>& table, T value) {
  table.push_back(std::move(value));
  return Id<Tag>{static_cast<std::uint32_t>(table.size() - 1)};
}
}  // namespace

PlaceId Topology::add_place(std::string name) {
  return append<PlaceTag>(places, Place{std::move(name)});
}

LinkId Topology::add_link(std::string name, PlaceId a, PlaceId b, LinkSpec spec) {
  links.push_back({std::move(name), a, b, spec, spec});
  return LinkId{static_cast<std::uint32_t>(2 * (links.size() - 1))};
}

void Topology::add_route(PlaceId from, PlaceId to, std::vector<LinkId> path) {
  std::vector<LinkId> back;
  for (auto it = path.rbegin(); it != path.rend(); ++it) back.push_back(opposite(*it));
  routes.push_back({from, to, std::move(path)});
  if (from != to) routes.push_back({to, from, std::move(back)});
}

HostId Topology::add_host(std::string name, PlaceId place) {
  return append<HostTag>(hosts, Host{std::move(name), place});
}

NodeId Topology::add_node(std::string name, HostId host, bool device) {
  return append<NodeTag>(nodes, NodeSpec{std::move(name), host, device});
}

const LinkSpec& Topology::spec(LinkId link) const {
  assert(link.value / 2 < links.size());
  const DuplexLink& duplex = links[link.value / 2];
  return link.value % 2 == 0 ? duplex.forward : duplex.backward;
}

std::string Topology::link_name(LinkId link) const {
  assert(link.value / 2 < links.size());
  return links[link.value / 2].name + (link.value % 2 == 0 ? "" : " (reverse)");
}

}  // namespace bcsim::sim
