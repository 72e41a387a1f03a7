#include "tools/journal/names.hpp"

#include <fmt/format.h>

namespace bcsim::tools {

std::string ThingNames::of(const std::vector<std::string>& names, std::uint32_t index) {
  return index < names.size() ? names[index] : fmt::format("{}", index);
}

ThingNames names_of(const models::Layout& layout) {
  const models::Scenario& scenario = *layout.directory.scenario;
  ThingNames names;
  for (const models::AgentInfo& agent : layout.directory.agents) {
    names.agents.push_back(
        fmt::format("{}.{}", scenario.agents[agent.group].name, agent.member + 1));
  }
  for (const auto& gateway : scenario.gateways) names.gateways.push_back(gateway.name);
  for (const auto& node : layout.topology.nodes) names.nodes.push_back(node.name);
  for (const auto& site : scenario.sites) names.sites.push_back(site.name);
  for (const auto& stream : scenario.calls) names.streams.push_back(stream.name);
  for (const auto& queue : scenario.queues) names.queues.push_back(queue.name);
  for (const auto& fault : scenario.faults) names.faults.push_back(fault.text);
  names.changes = models::change_texts(scenario.configuration);
  return names;
}

ThingNames names_of(const models::RunResult& result) {
  return {result.agent_names,  result.gateway_names,
          result.node_names,   {result.site_names.begin(), result.site_names.end()},
          result.stream_names, result.queue_names,
          result.fault_texts,  result.change_texts};
}

}  // namespace bcsim::tools
