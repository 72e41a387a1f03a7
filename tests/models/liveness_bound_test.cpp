// How long the world may take to come back: as its timers say, or nothing can be said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/checks/liveness_bound.hpp"
#include "tests/support/journal.hpp"

namespace bcsim::models::liveness_bound_test {
namespace {

using test::two_sites;
using ::testing::HasSubstr;

TEST(LivenessBound, GrowsWithTheTimersAndTheLongestFault) {
  Scenario s = two_sites();
  const Duration usual = liveness_bound(s, 1min).needed;
  EXPECT_GT(usual, 3min);
  EXPECT_LT(usual, 20min);
  EXPECT_GT(liveness_bound(s, 10min).needed, usual);
  s.sites[1].desktop.site_timeout += 10min;
  EXPECT_EQ(liveness_bound(s, 1min).needed, usual + 10min);
}

TEST(LivenessBound, IsNoneWherePhonesDoNotWaitForAnswers) {
  for (const Duration latency : {10ms, 200ms}) {
    Scenario s = two_sites();
    s.agents[0].phone.response_timeout = 300ms;
    if (s.network.access.empty()) s.network.access.resize(1);
    for (LinkOptions& path : s.network.access[0]) path.latency = latency;
    EXPECT_EQ(liveness_bound(s, {}).unfit.empty(), latency < 150ms);
  }
}

TEST(LivenessBound, IsNoneWhereServersOrPathsAreSlowWithoutAnyFault) {
  Scenario slow = two_sites(), poor = two_sites(), blind = two_sites(), hasty = two_sites();
  slow.sites[0].sip_server.invite_service = 1s;
  poor.network.dc_link.loss = 0.1;
  blind.sites[1].sip_server.oos_check = 0s;
  EXPECT_THAT(liveness_bound(slow, 0s).unfit, HasSubstr("slow"));
  EXPECT_THAT(liveness_bound(poor, 0s).unfit, HasSubstr("poor"));
  EXPECT_THAT(liveness_bound(blind, 0s).unfit, HasSubstr("does not watch its peer"));
  hasty.sites[1].sip_server.oos_force = 1ms;
  EXPECT_THAT(liveness_bound(hasty, 0s).unfit, HasSubstr("does not wait for its peer's answers"));
  EXPECT_EQ(liveness_bound(two_sites(), 0s).unfit, "");
}

}  // namespace
}  // namespace bcsim::models::liveness_bound_test
