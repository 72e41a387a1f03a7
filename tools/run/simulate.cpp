#include "tools/run/simulate.hpp"

#include "models/metrics/run_recorder.hpp"
#include "models/world/world.hpp"
#include "sim/s4u/driver.hpp"

namespace bcsim::tools {

namespace {

bool pools_devices(const models::Scenario& scenario, std::size_t devices) {
  switch (scenario.run.actors) {
    case models::ActorUse::per_device:
      return false;
    case models::ActorUse::pooled:
      return true;
    case models::ActorUse::automatic:
    case models::ActorUse::live:
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
  out.live = scenario.run.actors == models::ActorUse::live;
  out.pooled = pools_devices(scenario, 2 * world.layout().directory.agents.size());
  sim::S4uPlatform platform(world.layout().topology,
                            out.pooled ? sim::Actors::devices_pooled : sim::Actors::per_node,
                            out.live ? sim::Handlers::in_actors : sim::Handlers::in_loop);
  models::Simulation& simulation = world.simulate(platform);
  const auto begin = [&] {
    world.start();
    out.actors = platform.actor_count();
  };
  sim::run_s4u(simulation, platform, begin, keep_going);

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
