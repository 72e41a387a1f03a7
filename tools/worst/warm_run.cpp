#include "tools/worst/warm_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "models/world/fault_parts.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::FaultPart;
using models::SimTime;

/// The scenario in which none of them happens.
models::Scenario waiting(models::Scenario scenario, std::size_t fault) {
  const std::vector<bool> moves = moves_with(scenario, fault);
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (moves[i]) scenario.faults[i].at = sim::kNever;
  }
  return scenario;
}

models::Simulation& begun(models::TwoSiteWorld& world, models::RunRecorder& recorder,
                          sim::Platform& platform) {
  world.add_observer(recorder);
  return world.simulate(platform);
}

/// What a fault lies on, as nodes and as directions of links.
struct Victim {
  std::vector<bool> nodes, links;

  Victim(const models::Layout& layout, const models::Fault& fault)
      : nodes(layout.topology.nodes.size()), links(2 * layout.topology.links.size()) {
    for (const bool backward : {false, true}) {
      const auto moved = [](models::AgentId) { return false; };
      for (const FaultPart& part : models::fault_parts(layout, fault, backward, moved)) {
        add(layout, part);
      }
    }
    if (const auto* by_hand = std::get_if<models::SwitchOver>(&fault.deed)) {
      add(layout, {FaultPart::Kind::drained, by_hand->site});
    }
  }

 private:
  void add(const models::Layout& layout, const FaultPart& part) {
    switch (part.kind) {
      case FaultPart::Kind::host:
        for (std::uint32_t n = 0; n < nodes.size(); ++n) {
          if (layout.host_of(models::NodeId{n}).value == part.id) nodes[n] = true;
        }
        return;
      case FaultPart::Kind::process:
      case FaultPart::Kind::hung:
      case FaultPart::Kind::management:
        nodes[part.id] = true;
        return;
      case FaultPart::Kind::cut:
      case FaultPart::Kind::degraded:
        links[part.id] = true;
        return;
      case FaultPart::Kind::ha_link:
      case FaultPart::Kind::drained:
        for (const models::NodeId node : layout.directory.sip_server_process[part.id]) {
          if (node.valid()) nodes[node.value] = true;
        }
        return;
    }
  }
};

}  // namespace

std::vector<bool> moves_with(const models::Scenario& scenario, std::size_t fault) {
  std::vector<bool> moves;
  for (const models::Fault& f : scenario.faults) {
    moves.push_back(f.at >= scenario.faults[fault].at);
  }
  return moves;
}

std::vector<std::string> shift_settings(const models::Scenario& scenario, std::size_t fault,
                                        SimTime to) {
  const sim::Duration by = to - scenario.faults[fault].at;
  const std::vector<bool> moves = moves_with(scenario, fault);
  std::vector<std::string> settings;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (!moves[i]) continue;
    const models::Fault& f = scenario.faults[i];
    const auto set = [&](const char* key, SimTime at) {
      settings.push_back(
          fmt::format("faults.{}.{}={}", i, key, format_duration((at + by).time_since_epoch())));
    };
    set("at", f.at);
    if (f.flap && f.flap->until) set("flap.until", *f.flap->until);
  }
  if (scenario.run.replications > 1) settings.emplace_back("run.replications=1");
  return settings;
}

WarmRun::WarmRun(const models::Scenario& scenario, std::size_t fault)
    : world_(scenario, {scenario.run.seed, 0}),
      recorder_(world_.layout()),
      platform_(world_.layout().topology),
      simulation_(begun(world_, recorder_, platform_)) {
  world_.replan(waiting(scenario, fault));
  world_.start();
}

bool WarmRun::run_before(SimTime moment, const std::function<bool(SimTime)>& goes_on) {
  const SimTime last = moment - sim::Duration(1);
  while (simulation_.now() < last) {
    simulation_.run_until(std::min(last, simulation_.now() + std::chrono::seconds(1)));
    if (!goes_on(simulation_.now())) return false;
  }
  return true;
}

std::vector<SimTime> WarmRun::event_times(SimTime until, const Involves& involves) {
  std::vector<SimTime> times;
  for (auto next = simulation_.upcoming(); next && next->at <= until;
       next = simulation_.upcoming()) {
    const bool new_time = times.empty() || times.back() != next->at;
    if (new_time && !next->tick && involves(*next)) times.push_back(next->at);
    simulation_.step();
  }
  return times;
}

Involves WarmRun::involves_victim(const models::Fault& fault) const {
  return [this, victim = Victim(world_.layout(), fault)](const sim::Upcoming& next) {
    const auto is = [&](models::NodeId node) { return node.valid() && victim.nodes[node.value]; };
    if (!next.target.valid()) return true;
    if (is(next.target) || is(next.source)) return true;
    if (!next.source.valid()) return false;
    const auto route =
        simulation_.network().route(simulation_.place(next.source), simulation_.place(next.target));
    return std::any_of(route.begin(), route.end(),
                       [&](sim::LinkId link) { return victim.links[link.value]; });
  };
}

bool WarmRun::finish_as(const models::Scenario& shifted,
                        const std::function<bool(SimTime)>& goes_on) {
  world_.replan(shifted);
  return run_before(simulation_.horizon() + sim::Duration(1), goes_on);
}

}  // namespace bcsim::tools
