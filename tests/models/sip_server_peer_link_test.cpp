// The peer link by itself: every mode and every result of a probe (R35–R40, R47, domain.md §5.4).
#include "models/sip_server/peer_link.hpp"

#include <gtest/gtest.h>

#include "tests/models/sip_server_parts.hpp"

namespace bcsim::models::testing::sip_server_peer_link_test {
namespace {

using namespace std::chrono_literals;
using enum ServerMode;
constexpr ServerMode kModes[] = {starting, bc, single, drain, stopped};

struct Heard final : PeerLink::User, sip::TransactionUser {
  void mode_changed(Context&, ServerMode mode) override { before.push_back(mode); }
  void peer_answered(Context&) override { ++answers; }
  void on_request(Context&, const sip::Request&, AddressId, sip::TransactionId,
                  sip::TransactionId) override {}
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override {}
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}

  std::vector<ServerMode> before;
  int answers = 0;
};

/// A link in this mode, its trunk as the mode implies.
struct Link {
  Link(PartWorld& w, ServerMode mode)
      : site(w.site()), layer(heard), sip(site, layer), link(site, state, sip, heard) {
    state.mode = mode;
    state.trunk = ha::PeerTrunk(mode == bc);
  }
  ServerSite site;
  Heard heard;
  sip::TransactionLayer layer;
  Signalling sip;
  PeerState state;
  PeerLink link;
};

TEST(PeerLink, FollowsItsTable) {  // mode × result of a probe
  using sip::Inform;
  struct Row {
    Inform result;
    ServerMode from_starting, from_bc, from_single;
  };
  const Row rows[] = {{Inform::provisional, starting, bc, single},
                      {Inform::success, bc, bc, bc},
                      {Inform::failure, single, bc, single},  // proof of life, not of service
                      {Inform::timeout, single, single, single},
                      {Inform::transport_error, single, single, single}};
  for (const Row& row : rows) {
    for (const ServerMode mode : kModes) {
      PartWorld world;
      Link l(world, mode);
      world.run([&](Context& context) { l.link.on_probe_result(context, 1, row.result); });
      // Who shuts down stays in the mode that it was told to take.
      const ServerMode expected = mode == starting ? row.from_starting
                                  : mode == bc     ? row.from_bc
                                  : mode == single ? row.from_single
                                                   : mode;
      EXPECT_EQ(l.link.mode(), expected);
      const bool changed = expected != mode;
      EXPECT_EQ(l.heard.before, changed ? std::vector{mode} : std::vector<ServerMode>{});
      EXPECT_EQ(world.records<ServerModeChanged>().size(), changed ? 1u : 0u);
      const bool told = row.result == Inform::success && !l.link.closing();
      EXPECT_EQ(l.heard.answers, told ? 1 : 0);
    }
  }
}

TEST(PeerLink, AllowsWhatEachModeAllows) {
  PartWorld world;
  for (const ServerMode mode : kModes) {
    const Link l(world, mode);
    EXPECT_EQ(l.link.bc(), mode == bc);
    EXPECT_EQ(l.link.closing(), mode == drain || mode == stopped);
    EXPECT_EQ(l.link.stopped(), mode == stopped);
    EXPECT_EQ(l.link.checks_endpoint_at_login(), mode != single);
    EXPECT_EQ(l.link.forces_logout_at_peer(), mode == bc);
  }
}

TEST(PeerLink, IsAloneForEverWithoutATrunk) {
  PartWorld world;
  world.options().dr_peer_trunk = false;
  Link l(world, starting);
  world.run([&](Context& context) { l.link.begin(context); });
  EXPECT_EQ(l.link.mode(), single);
  EXPECT_TRUE(world.records<PeerProbe>().empty());
}

TEST(PeerLink, ProbesFromItsPhaseEveryOosCheckUnlessItIsStopped) {
  for (const ServerMode mode : kModes) {
    PartWorld world;
    world.options().oos_check = 3s;
    world.scenario.first_trunk_probe[0] = 1s;
    Link l(world, mode);
    world.timer = [&](Context& context, sim::TimerTag tag) {
      if (l.layer.on_timer(context, tag)) return;
      EXPECT_EQ(tag.kind, static_cast<std::uint32_t>(ServerTimer::probe));
      l.link.on_probe_timer(context);
    };
    world.run([&](Context& context) { l.link.begin(context); }, 8s);
    EXPECT_EQ(world.records<PeerProbe>().size(), mode == ServerMode::stopped ? 0u : 3u);
    EXPECT_EQ(l.state.probe_phases, 1u);
  }
}

TEST(PeerLink, WaitsInWhateverModeAlsoWhereThePeerIsNotWatched) {
  for (const ServerMode mode : kModes) {
    for (const bool no_check : {true, false}) {
      PartWorld world;
      (no_check ? world.options().oos_check : world.options().oos_force) = 0s;
      Link l(world, mode);
      int looks = 0;
      world.timer = [&](Context& context, sim::TimerTag tag) {
        if (l.layer.on_timer(context, tag)) return;
        ASSERT_LE(++looks, 10) << "time does not pass";
        l.link.on_probe_timer(context);
      };
      world.run([&](Context& context) { l.link.begin(context); }, 25s);
      EXPECT_GE(looks, 2);
    }
  }
}

TEST(PeerLink, TrustsAPeerThatIsNotWatched) {
  for (const bool no_check : {true, false}) {
    PartWorld world;
    (no_check ? world.options().oos_check : world.options().oos_force) = 0s;
    Link l(world, starting);
    world.timer = [&](Context& context, sim::TimerTag tag) {
      if (!l.layer.on_timer(context, tag)) l.link.on_probe_timer(context);
    };
    world.run([&](Context& context) { l.link.begin(context); }, 25s);
    EXPECT_EQ(l.link.mode(), bc);
    EXPECT_EQ(l.heard.answers, 3);  // after 0, 10 and 20 s: there is no reason to doubt it
    EXPECT_TRUE(world.records<PeerProbe>().empty());
  }
}

TEST(PeerLink, ServesAgainInTheModeThatItsTrunkGivesAfterAShutdownOnly) {
  for (const ServerMode mode : kModes) {
    for (const bool in_service : {true, false}) {
      PartWorld world;
      Link l(world, mode);
      l.state.trunk = ha::PeerTrunk(in_service);
      world.run([&](Context& context) { l.link.serve_again(context); });
      const bool closed = mode == drain || mode == stopped;
      EXPECT_EQ(l.link.mode(), !closed ? mode : in_service ? bc : single);
    }
  }
}

TEST(PeerLink, StartsSteadyInTheModeThatItsTrunkGives) {
  for (const bool paired : {true, false}) {
    PartWorld world;
    world.options().dr_peer_trunk = paired;
    Link l(world, starting);
    world.run([&](Context& context) { l.link.start_steady(context); });
    EXPECT_EQ(l.link.mode(), paired ? bc : single);
    EXPECT_EQ(l.state.trunk.in_service(), paired);
    EXPECT_TRUE(l.heard.before.empty());  // nobody has known another mode
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_peer_link_test
