#include "tools/run/simulate.hpp"

#include "models/metrics/run_recorder.hpp"
#include "models/world/world.hpp"
#include "sim/s4u/driver.hpp"

namespace bcsim::tools {

namespace {

bool pools_devices(const models::Scenario& scenario, std::size_t devices) {
  switch (scenario.run.actors) {
    case models::ActorGranularity::per_device:
      return false;
    case models::ActorGranularity::pooled:
      return true;
    case models::ActorGranularity::automatic:
      break;
  }
  return devices > kMostDeviceActors;
}

}  // namespace

Replication simulate(const models::Scenario& scenario, std::uint32_t replication,
                     const KeepGoing& keep_going, const Attach& attach) {
  models::TwoSiteWorld world(scenario, {scenario.run.seed, replication});
  models::RunRecorder recorder(world.layout());
  world.add_observer(recorder);
  if (attach) attach(world);

  Replication out;
  out.pooled = pools_devices(scenario, 2 * world.layout().directory.agents.size());
  sim::S4uPlatform platform(world.layout().topology,
                            out.pooled ? sim::Actors::devices_pooled : sim::Actors::per_node);
  models::Simulation& simulation = world.simulate(platform);
  world.start();
  out.actors = platform.actor_count();
  sim::run_s4u(simulation, platform, keep_going);

  out.reached = simulation.now();
  out.result = recorder.finish(out.reached);
  out.journal_fingerprint = simulation.journal_fingerprint();
  out.trajectory_fingerprint = simulation.trajectory_fingerprint();
  out.messages_sent = simulation.messages_sent();
  out.messages_delivered = simulation.messages_delivered();
  out.calls = out.result.calls.size();
  return out;
}

}  // namespace bcsim::tools
