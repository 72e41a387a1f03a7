// Whatever happens to processes and links, in the end no call is left over and nobody is held.
#include <gtest/gtest.h>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing::sip_server_fuzz_test {
namespace {

using namespace std::chrono_literals;

Duration random_time(sim::RngStream& draw, Duration from, Duration to) {
  return sim::from_seconds(draw.uniform(sim::seconds(from), sim::seconds(to)));
}

/// Calls for two minutes, with crashes, cuts and restarts among them; then peace.
void disturb(ServerWorld& w, sim::RngStream& draw) {
  for (int i = 0; i < 4; ++i) {
    const Duration when = random_time(draw, 5s, 120s);
    const auto site = static_cast<SiteIndex>(draw.below(2));
    const auto process = static_cast<int>(draw.below(2));
    const Duration until = when + random_time(draw, 100ms, 30s);
    switch (draw.below(4)) {
      case 0:
        w.faults.push_back({at(when), sim::NodeCrash{w.server(site, process)}});
        w.faults.push_back({at(until), sim::NodeStart{w.server(site, process)}});
        break;
      case 1:
        for (const sim::LinkId link : {w.dc_link, sim::opposite(w.dc_link)}) {
          w.faults.push_back({at(when), sim::LinkCut{link}});
          w.faults.push_back({at(until), sim::LinkHeal{link}});
        }
        break;
      case 2:
        w.faults.push_back({at(when), sim::NodeCrash{w.media_server(site)}});
        w.faults.push_back({at(until), sim::NodeStart{w.media_server(site)}});
        break;
      default: {
        const NodeId phone = w.phone(static_cast<std::uint32_t>(draw.below(6)));
        w.faults.push_back({at(when), sim::NodeCrash{phone}});
        w.faults.push_back({at(until), sim::NodeStart{phone}});
        break;
      }
    }
  }
}

TEST(SipServerFuzz, LeavesNoCallBehindWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    ServerWorld w(3);
    w.seed = seed;
    w.keep_deliveries = false;
    sim::RngStream draw(seed, 0, "test.fuzz", 0);
    w.loss = draw.bernoulli(0.5) ? 0.05 : 0;
    w.scenario.queues[0].routing_scope =
        draw.bernoulli(0.5) ? RoutingScope::both_sites : RoutingScope::local;
    w.scenario.first_trunk_probe[0] = random_time(draw, 1s, 10s);
    w.scenario.first_trunk_probe[1] = random_time(draw, 1s, 10s);
    for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
      SipServerOptions& server = w.scenario.sites[s].sip_server;
      server.treatment = draw.bernoulli(0.5) ? Treatment::always : Treatment::when_waiting;
      server.announcement = draw.bernoulli(0.3) ? 3s : 0s;
      server.after_routing_timeout_action = AfterRoutingAction::none;
      server.agent_no_answer_timeout = 5s;
      server.agent_no_answer_action = static_cast<AfterRoutingAction>(seed % 3);
      if (seed % 4 != 0) server.agent_no_answer_overflow = seed % 4 == 1 ? "release" : "voicemail";
      server.invite_service = draw.bernoulli(0.5) ? 1ms : 0ms;
      server.other_service = draw.bernoulli(0.5) ? 100us : 0us;
    }
    for (std::uint32_t i = 0; i < 6; ++i) {
      w.phones[i] = {.answer_after = random_time(draw, 0s, 12s),
                     .hang_up_after = random_time(draw, 1s, 20s)};
    }
    // Half of the calls are passed on in every second world, to the queue or a group.
    CallStream stream;
    stream.transfer.share = draw.below(2) == 0 ? 0 : 0.5;
    stream.transfer.group = static_cast<std::uint32_t>(draw.below(2));
    w.scenario.calls = {stream};
    for (int i = 0; i < 40; ++i) {
      const SimTime start = at(random_time(draw, 1s, 120s));
      w.calls.push_back({.at = start,
                         .site = static_cast<SiteIndex>(draw.below(2)),
                         .hang_up = start + random_time(draw, 1ms, 60s),
                         .after_call_work = random_time(draw, 0s, 3s)});
      if (i % 5 == 0) {
        const auto callee = (static_cast<std::uint32_t>(i) + seed) % 6;
        w.calls.back().dn = Dn::extension(AgentId{static_cast<std::uint32_t>(callee)});
      }
      if (draw.uniform() >= stream.transfer.share) continue;
      TransferPlan& plan = w.calls.back().transfer;
      plan.kind = draw.bernoulli(0.5) ? TransferKind::blind : TransferKind::consultation;
      plan.consultation = random_time(draw, 0s, 8s);
      plan.reconnects = draw.bernoulli(0.3);
      plan.after = random_time(draw, 0s, 10s);
      plan.after_call_work = random_time(draw, 0s, 3s);
      plan.line = draw.bernoulli(0.5) ? 0 : 1 + *stream.transfer.group;
    }
    w.build();
    disturb(w, draw);
    w.run(600s);
    for (const SiteIndex s : {SiteIndex{0}, SiteIndex{1}}) {
      EXPECT_EQ(w.pair(s).call_count(), 0u) << "seed " << seed << " site " << int{s};
      EXPECT_EQ(w.pair(s).waiting_count(0), 0u) << "seed " << seed << " site " << int{s};
      for (std::uint32_t line = 1; line < w.directory.line_count(); ++line) {
        EXPECT_EQ(w.pair(s).waiting_count(line), 0u) << "seed " << seed << " site " << int{s};
      }
      for (std::uint32_t i = 0; i < 6; ++i) {
        EXPECT_FALSE(w.pair(s).agent(AgentId{i}).on_call()) << "seed " << seed;
        EXPECT_FALSE(w.pair(s).agent(AgentId{i}).machine.in_call()) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_fuzz_test
