// Nobody is passed over in his queue: what the check of liveness makes of the order of calls.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/journal.hpp"

namespace bcsim::models::passed_over_test {
namespace {

using pstn::Release;
using test::Journal;
using test::two_sites;

/// Calls of a queue at a site are routed as they came, from a minute after the last fault on.
TEST(Liveness, WantsNobodyToBePassedOver) {
  struct Case {
    const char* why;
    double comes_s;         ///< the other one, after the first at 100 s
    std::uint32_t at_site;  ///< the other one
    double gives_up_s;      ///< the first; 0: waits to the end
    bool told;
    bool returned = false;  ///< the first, by an agent who has not taken him
    Duration promotion = 3s;
    double changed_s = 0;  ///< options, which may be priorities; 0: they are not
  };
  for (const Case& c :
       {Case{"he came long after", 165, 1, 300, true}, Case{"who waits still", 900, 1, 0, true},
        Case{"too soon after to be sure", 155, 1, 300, false},
        Case{"at the other site", 165, 0, 300, false},
        Case{"his server had no primary", 165, 1, 300, false, false, 10min},
        Case{"others may have priority", 250, 1, 300, false, false, 3s, 150},
        Case{"options were changed before", 165, 1, 300, true, false, 3s, 50},
        Case{"nobody was routed", 0, 1, 300, false}}) {
    Scenario s = two_sites();
    s.run.horizon = 30min;
    s.sites[1].sip_server.promotion = c.promotion;
    Fault change;
    change.deed = ChangeOption{};
    s.faults = {change};
    Journal j(s);
    for (const std::uint32_t agent : {0u, 1u, 2u, 3u}) {
      const CallId own = j.at(20).queue(agent / 2);
      j.at(30)
          .answer(own, agent)
          .add(AgentStateChanged{AgentId{agent}, agent / 2, AgentState::talking});
    }
    if (c.changed_s > 0 && c.changed_s < 100) j.at(c.changed_s).add(FaultInjected{0, 0});
    const CallId first = j.at(100).queue(1);
    if (c.changed_s > 100) j.at(c.changed_s).add(FaultInjected{0, 0});
    if (c.returned) {
      j.at(110)
          .add(CallRouted{first, AgentId{2}, 1, 2})
          .add(CallReturned{first, AgentId{2}, 1, 408});
    }
    if (c.comes_s > 0) {
      const CallId other = j.at(c.comes_s).queue(c.at_site);
      j.add(CallRouted{other, AgentId{2 * c.at_site}, c.at_site, 2});
      j.at(c.comes_s + 20).release(other, Release::normal);
    }
    if (c.gives_up_s > 0) {
      j.at(c.gives_up_s).release(first, Release::caller_hung_up, CallPhase::treatment);
    }
    const RunResult result = j.finish();
    const Verdict& liveness = *std::ranges::find(result.verdicts, "liveness", &Verdict::id);
    EXPECT_EQ(liveness.status == VerdictStatus::violated, c.told) << c.why << ": " << liveness.text;
    if (c.told) {
      EXPECT_NE(liveness.text.find("though one who came later was routed"), std::string::npos)
          << liveness.text;
    }
  }
}

}  // namespace
}  // namespace bcsim::models::passed_over_test
