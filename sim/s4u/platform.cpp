#include "sim/s4u/platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <csignal>

#include "sim/s4u/live_actors.hpp"
#include "sim/s4u/platform_impl.hpp"

#include <simgrid/version.h>  // after s4u.hpp, whose macros it needs

namespace bcsim::sim {

namespace {

// S4U wants a finite bandwidth, in bytes per second.
constexpr double kUnlimitedBps = 1e15;
double bytes_per_second(double bps) {
  return std::min(bps, kUnlimitedBps) / 8;
}

constexpr int kWaitingStackKiB = 16;
constexpr int kLiveStackKiB = 256;

std::unique_ptr<sg4::Engine> make_engine(int stack_kib) {
  // CM02 and no TCP cross-traffic: a 20 ms link takes 20 ms. The default model (LV08) takes 260.
  // Logs of the library would end up among ours.
  static std::array<std::string, 5> arguments = {
      "bcsim", "--cfg=network/model:CM02", "--cfg=network/crosstraffic:0",
      fmt::format("--cfg=contexts/stack-size:{}", stack_kib), "--log=root.thresh:error"};
  static std::array<char*, arguments.size() + 1> argv{};
  for (std::size_t i = 0; i < arguments.size(); ++i) argv[i] = arguments[i].data();
  int argc = static_cast<int>(arguments.size());
  // SimGrid takes Ctrl-C and crashes for itself, and ends the process with exit code 1. Whoever
  // handled them before goes on handling them.
  constexpr std::array kSignals = {SIGINT, SIGSEGV, SIGABRT};
  std::array<struct sigaction, kSignals.size()> former{};
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], nullptr, &former[i]);
  auto engine = std::make_unique<sg4::Engine>(&argc, argv.data());
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &former[i], nullptr);
  return engine;
}

}  // namespace

S4uPlatform::S4uPlatform(const Topology& topology, Actors actors, Handlers handlers)
    : impl_(new Impl{
          topology, actors,
          make_engine(handlers == Handlers::in_actors ? kLiveStackKiB : kWaitingStackKiB)}) {
  if (handlers == Handlers::in_actors) impl_->live = std::make_unique<LiveActors>(*impl_);
  impl_->build_zone();
  impl_->add_routes();
  impl_->zone->seal();
  impl_->by_node.resize(topology.nodes.size());
  impl_->pools.resize(topology.hosts.size());
  impl_->unborn.resize(topology.nodes.size());
}

S4uPlatform::~S4uPlatform() = default;

void S4uPlatform::Impl::build_zone() {
  zone = sg4::create_full_zone("world");
  clock_host = zone->create_host("clock", 1e9)->seal();
  for (const Host& host : topology.hosts) {
    hosts.push_back(zone->create_host(host.name, 1e9)->seal());
  }
  for (std::uint32_t i = 0; i < topology.links.size(); ++i) {
    const DuplexLink& duplex = topology.links[i];
    for (const LinkId id : {LinkId{2 * i}, LinkId{2 * i + 1}}) {
      const LinkSpec& spec = topology.spec(id);
      links.push_back(zone->create_link(duplex.name + (id.value % 2 == 0 ? "_UP" : "_DOWN"),
                                        bytes_per_second(spec.bandwidth_bps))
                          ->set_latency(seconds(spec.latency))
                          ->seal());
    }
  }
}

void S4uPlatform::Impl::add_routes() {
  for (const Route& route : topology.routes) {
    std::vector<sg4::LinkInRoute> path;
    for (const LinkId id : route.links) path.emplace_back(links[id.value]);
    if (path.empty()) continue;
    for (std::size_t a = 0; a < hosts.size(); ++a) {
      for (std::size_t b = 0; b < hosts.size(); ++b) {
        if (a == b || topology.hosts[a].place != route.from || topology.hosts[b].place != route.to)
          continue;
        zone->add_route(hosts[a]->get_netpoint(), hosts[b]->get_netpoint(), nullptr, nullptr, path,
                        false);
      }
    }
  }
}

Body S4uPlatform::Impl::spawn(const std::string& name, sg4::Host* host) {
  Body body;
  if (live) {
    body.call = std::make_shared<LiveCall>();
    body.actor = sg4::Actor::create(name, host, live->life_of(body.call));
  } else {
    // The failure domain, not the worker: its endpoint is driven by the agenda.
    body.actor = sg4::Actor::create(name, host, [] { sg4::this_actor::suspend(); });
  }
  body.actor->daemonize();
  return body;
}

LinkReading S4uPlatform::link(LinkId link) const {
  const sg4::Link* l = impl_->links[link.value];
  const double bandwidth_bps = l->get_bandwidth() * 8;
  return {from_seconds(l->get_latency()),
          bandwidth_bps >= kUnlimitedBps ? std::numeric_limits<double>::infinity() : bandwidth_bps,
          l->is_on()};
}

void S4uPlatform::set_link_up(LinkId link, bool up) {
  if (up) {
    impl_->links[link.value]->turn_on();
  } else {
    impl_->links[link.value]->turn_off();
  }
}

void S4uPlatform::set_link_latency(LinkId link, Duration latency) {
  impl_->links[link.value]->set_latency(seconds(latency));
}

void S4uPlatform::set_link_bandwidth(LinkId link, double bandwidth_bps) {
  impl_->links[link.value]->set_bandwidth(bytes_per_second(bandwidth_bps));
}

void S4uPlatform::host_changed(HostId host, bool up) {
  if (impl_->live) impl_->live->expect_idle();
  if (up) {
    impl_->hosts[host.value]->turn_on();
  } else {
    impl_->hosts[host.value]->turn_off();  // kills what is left on it, pools too
    impl_->pools[host.value] = {};
  }
}

void S4uPlatform::node_started(NodeId node) {
  impl_->births.push_back(node);
  impl_->unborn[node.value] = true;
}

void S4uPlatform::Impl::settle() {
  for (const NodeId node : births) {
    if (!unborn[node.value]) continue;
    unborn[node.value] = false;
    const NodeSpec& spec = topology.nodes[node.value];
    sg4::Host* host = hosts[spec.host.value];
    if (!is_pooled(node)) {
      by_node[node.value] = spawn(spec.name, host);
      continue;
    }
    Body& pool = pools[spec.host.value];
    if (!pool.actor) pool = spawn(topology.hosts[spec.host.value].name + " devices", host);
  }
  births.clear();
}

void S4uPlatform::node_killed(NodeId node) {
  if (impl_->live) impl_->live->expect_idle();
  impl_->unborn[node.value] = false;
  Body& body = impl_->by_node[node.value];
  if (body.actor) body.actor->kill();
  body = {};
}

Executor* S4uPlatform::executor() {
  return impl_->live.get();
}

std::size_t S4uPlatform::actor_count() const {
  impl_->settle();
  const auto exists = [](const Body& body) { return body.actor != nullptr; };
  return static_cast<std::size_t>(
      std::count_if(impl_->by_node.begin(), impl_->by_node.end(), exists) +
      std::count_if(impl_->pools.begin(), impl_->pools.end(), exists));
}

bool S4uPlatform::actor_alive(NodeId node) const {
  impl_->settle();
  const sg4::ActorPtr& actor = impl_->by_node[node.value].actor;
  return actor != nullptr && sg4::Actor::by_pid(actor->get_pid()) != nullptr;
}

bool S4uPlatform::host_on(HostId host) const {
  return impl_->hosts[host.value]->is_on();
}

std::string simgrid_version() {
  int major = 0, minor = 0, patch = 0;
  sg_version_get(&major, &minor, &patch);
  return patch == 0 ? fmt::format("{}.{}", major, minor)
                    : fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace bcsim::sim
