#include "models/metrics/run_recorder.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "models/checks/all_checks.hpp"
#include "models/checks/expectations.hpp"
#include "models/metrics/flat_metrics.hpp"

namespace bcsim::models {
namespace {

template <class Fact, class... Kinds>
constexpr bool is_one_of = (std::is_same_v<Fact, Kinds> || ...);

}  // namespace

bool is_event(const Record& record) {
  return std::visit(
      [](const auto& fact) {
        using Fact = std::decay_t<decltype(fact)>;
        if constexpr (std::is_same_v<Fact, PhoneRegistered>) {
          return fact.first != 0;
        } else {
          return is_one_of<Fact, ProxyState, PstnReroute, PeerTrunk, ServerModeChanged, Switchover,
                           CallsCopied, DnState, DesktopConnectionLost, DesktopSwitch, AgentLogin,
                           AgentLoginRefused, AgentLogout, AgentAtWork, ShiftChanged, PrivateInfo,
                           ConfigWritten, ConfigWriteRefused, ConfigStandbyUp, ConfigMasterKnown,
                           ConfigDrift, ConfigReconciled, FaultInjected, NodeStateChanged,
                           PairStateChanged, BothPrimary>;
        }
      },
      record);
}

RunRecorder::RunRecorder(const Layout& layout)
    : layout_(layout),
      scenario_(*layout.directory.scenario),
      ledger_(scenario_),
      metrics_(layout.directory, 2 * layout.topology.links.size()),
      configuration_(layout.directory),
      checks_(all_checks(layout.directory)) {}

bool RunRecorder::taken_for_granted(const JournalEntry& entry) const {
  if (entry.at > kStart || !layout_.directory.steady()) return false;
  return std::visit(
      [](const auto& fact) {
        using Fact = std::decay_t<decltype(fact)>;
        return is_one_of<Fact, ShiftChanged, AgentLogin, AgentAtWork, DnState, PhoneRegistered>;
      },
      entry.record);
}

void RunRecorder::on_record(const JournalEntry& entry) {
  metrics_.before_record(entry, ledger_);
  ledger_.on_record(entry);
  metrics_.after_record(entry, ledger_);
  configuration_.on_record(entry);
  for (const auto& check : checks_) check->on_record(entry, ledger_);
  if (is_event(entry.record) && !taken_for_granted(entry)) events_.push_back(entry);
}

void RunRecorder::on_tick(SimTime now, const TickSample& sample) {
  metrics_.on_tick(now, sample);
}

RunResult RunRecorder::finish(SimTime horizon) {
  ledger_.finish(horizon);
  RunResult result;
  for (const auto& gateway : scenario_.gateways) {
    result.gateway_names.push_back(gateway.name);
    result.gateway_sites.push_back(gateway.home_site);
  }
  for (const auto& stream : scenario_.calls) result.stream_names.push_back(stream.name);
  for (const auto& fault : scenario_.faults) result.fault_texts.push_back(fault.text);
  result.change_texts = change_texts(scenario_.configuration);
  for (const auto& queue : scenario_.queues) result.queue_names.push_back(queue.name);
  result.targets = scenario_.targets;
  for (const auto& group : scenario_.agents) result.group_names.push_back(group.name);
  for (std::size_t s = 0; s < kSites; ++s) result.site_names[s] = scenario_.sites[s].name;
  for (const AgentInfo& agent : layout_.directory.agents) {
    result.agent_names.push_back(
        fmt::format("{}.{}", scenario_.agents[agent.group].name, agent.member + 1));
  }
  for (const auto& node : layout_.topology.nodes) result.node_names.push_back(node.name);
  result.link_names = media_link_names(scenario_);
  result.start_label = scenario_.run.start_label;
  result.warm_up_end = kStart + scenario_.run.warm_up;
  result.horizon = horizon;
  result.service_level_threshold = scenario_.run.service_level_threshold;
  result.service_level_definition = scenario_.run.service_level_definition;
  result.conservation = ledger_.totals();
  result.configuration = configuration_.finish(horizon);
  for (const auto& check : checks_) {
    check->finish(horizon, ledger_);
    result.verdicts.push_back(check->verdict());
  }
  result.calls = ledger_.take_rows();
  metrics_.finish(horizon, result);
  for (Verdict& verdict : evaluate_expectations(scenario_.expectations, result)) {
    result.verdicts.push_back(std::move(verdict));
  }
  result.events = std::move(events_);
  return result;
}

}  // namespace bcsim::models
