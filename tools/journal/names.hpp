// What things are called, by index: for whoever turns records and messages into text.
#pragma once

#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"
#include "models/world/layout.hpp"

namespace bcsim::tools {

struct ThingNames {
  std::vector<std::string> agents, gateways, nodes, sites, streams, queues, faults;
  std::vector<std::string> changes;  ///< of the configuration

  /// The name, or the index itself where there is none.
  [[nodiscard]] static std::string of(const std::vector<std::string>& names, std::uint32_t index);
};

[[nodiscard]] ThingNames names_of(const models::Layout& layout);
/// Of a run that is over.
[[nodiscard]] ThingNames names_of(const models::RunResult& result);

}  // namespace bcsim::tools
