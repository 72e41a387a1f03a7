// One call through the whole world, and everything that was recorded of it.
#pragma once

#include <gtest/gtest.h>

#include "models/ledger/ledger.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests {

inline SimTime at(Duration d) {
  return sim::kStart + d;
}

/// The world's queues of messages cost some microseconds even without latency.
inline void expect_about(SimTime seen, Duration expected) {
  EXPECT_GE(seen, at(expected));
  EXPECT_LE(seen, at(expected + 1ms));
}
inline void expect_about(const std::vector<SimTime>& seen, const std::vector<Duration>& expected) {
  ASSERT_EQ(seen.size(), expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i) expect_about(seen[i], expected[i]);
}

/// One agent at each site, and one call at 10 s to site 1 that is answered at once.
inline Scenario one_call(Duration talk, Duration horizon = 2h) {
  Scenario s = p0_scenario();
  without_latency(s);
  s.run.horizon = horizon;
  s.agents = {agents("one", 1, 0), agents("two", 1, 1)};
  CallStream stream =
      calls(SingleCalls{{{.at = at(10s), .talk = talk, .patience = 1h, .gateway = 0}}});
  stream.after_call_work = Deterministic{5};
  s.calls = {stream};
  return s;
}

/// The primary SIP Server process of a site dies.
inline Fault primary_crash(Duration when, SiteIndex site = 0) {
  Fault crash;
  crash.at = at(when);
  crash.deed = Crash{{site, Role::sip_server_primary}};
  return crash;
}

/// A run with everything that was recorded, judged by the ledger.
struct Watched {
  explicit Watched(const Scenario& scenario) : ledger(scenario) {
    run_world(scenario, {&recorder});
    for (const JournalEntry& entry : recorder.entries) ledger.on_record(entry);
    ledger.finish(at(scenario.run.horizon));
    EXPECT_EQ(ledger.violation_count(), 0u);
  }
  [[nodiscard]] const CallRow& row(std::size_t call = 0) const { return ledger.rows().at(call); }
  [[nodiscard]] Cause cause() const { return row().cause; }
  [[nodiscard]] SimTime released() const { return recorder.all<CallReleased>().at(0).first; }
  /// When an agent is in a state, as his own site sees him: agent 0 is at site 1, agent 1 at
  /// site 2.
  [[nodiscard]] std::vector<SimTime> enters(AgentState state, AgentId agent = AgentId{0}) const {
    std::vector<SimTime> times;
    for (const auto& [when, r] : recorder.all<AgentStateChanged>()) {
      if (r.agent == agent && r.site == agent.value && r.state == state) times.push_back(when);
    }
    return times;
  }
  Recorder recorder;
  CallLedger ledger;
};

}  // namespace bcsim::tests
