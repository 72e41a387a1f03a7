// The network between places: latency, serialization, queueing, jitter, loss and cuts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/fault_plan.hpp"
#include "sim/ids.hpp"
#include "sim/platform.hpp"
#include "sim/rng.hpp"
#include "sim/time.hpp"
#include "sim/topology.hpp"

namespace bcsim::sim {

/// Why a packet did not arrive. The last two are found out at its destination: the process hangs,
/// or is not there on a machine that lives.
enum class DropReason : std::uint8_t {
  none,
  no_route,
  link_cut,
  loss,
  queue_full,
  host_down,
  hung,
  no_process
};
inline constexpr std::size_t kDropReasons = 8;

/// A packet's fate, decided when it is sent. It may still die on the way if a link is cut.
struct Transit {
  SimTime arrival;
  DropReason dropped = DropReason::none;
};

/// Moves packets over the routes of a topology, link direction by link direction: each is a FIFO
/// server of its residual bandwidth (what media leaves free), with a bounded queue, then a latency.
/// Latency, bandwidth and liveness are read live from the platform.
class Network {
 public:
  Network(const Topology& topology, Platform& platform, RngFactory rng);

  /// Sends `size_bytes` from place to place at `now`. `draw_key` identifies the packet (transaction
  /// and copy), so that its loss and jitter do not depend on what else is sent.
  Transit send(PlaceId from, PlaceId to, std::uint32_t size_bytes, std::uint64_t draw_key,
               SimTime now);

  /// True if every link of the route is up and has been since `since`: what was sent then arrives.
  [[nodiscard]] bool intact_since(PlaceId from, PlaceId to, SimTime since) const;
  [[nodiscard]] bool up(PlaceId from, PlaceId to) const;
  /// … and each of them lets something through: its loss is below 100 %.
  [[nodiscard]] bool passable(PlaceId from, PlaceId to) const;

  [[nodiscard]] std::span<const LinkId> route(PlaceId from, PlaceId to) const;

  // Faults.
  void set_up(LinkId link, bool up, SimTime now);
  void change(const LinkChange& change);

  /// Media is a fluid: adds `bps` (may be negative) of constant rate to every link of the route.
  /// Signalling sees what is left, at least kMediaFloor of the bandwidth.
  void add_media(PlaceId from, PlaceId to, double bps);
  [[nodiscard]] double media_bps(LinkId link) const { return links_[link.value].media_bps; }
  /// True if media on the route is more than a link of it can carry.
  [[nodiscard]] bool media_overloaded(PlaceId from, PlaceId to) const;

  [[nodiscard]] std::uint64_t packets_dropped(DropReason reason) const {
    return dropped_[static_cast<std::size_t>(reason)];
  }

  static constexpr double kMediaFloor = 0.05;

 private:
  struct Busy {
    SimTime from, until;
  };
  struct Link {
    Duration jitter;
    double loss;
    Duration queue_limit;
    /// Times it is taken for, in order and apart; what has come over other links first may be due
    /// here later than what comes next.
    std::vector<Busy> busy;
    SimTime last_cut = SimTime::min();
    double media_bps = 0;
  };
  struct Span {
    std::uint32_t begin = 0, end = 0;
    bool exists = false;
  };

  [[nodiscard]] const Span& span(PlaceId from, PlaceId to) const {
    return routes_[from.value * places_ + to.value];
  }
  Transit drop(DropReason reason);
  /// One packet on its way.
  struct Packet {
    std::uint32_t size_bytes;
    std::uint64_t draw_key;
    SimTime sent;
    SimTime at;  ///< where it has come so far
  };
  /// Advances the packet over one link; returns false (and sets `reason`) if it dies there.
  bool cross(LinkId id, Packet& packet, DropReason& reason);
  /// Takes the link for so long, as soon as it is free from `at` on; when that begins. nullopt: the
  /// queue is full. Nobody asks for a time before `now` any more.
  static std::optional<SimTime> serve(Link& link, SimTime at, Duration length, SimTime now);

  Platform& platform_;
  RngFactory rng_;
  std::uint32_t places_;
  std::vector<Span> routes_;
  std::vector<LinkId> route_links_;
  std::vector<Link> links_;
  std::uint64_t dropped_[kDropReasons] = {};
};

}  // namespace bcsim::sim
