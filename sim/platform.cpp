#include "sim/platform.hpp"

namespace bcsim::sim {

PlainPlatform::PlainPlatform(const Topology& topology) {
  for (std::uint32_t i = 0; i < 2 * topology.links.size(); ++i) {
    const LinkSpec& spec = topology.spec(LinkId{i});
    links_.push_back({spec.latency, spec.bandwidth_bps, true});
  }
}

}  // namespace bcsim::sim
