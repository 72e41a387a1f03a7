// The fluid transient of domain.md §4.7 Q4.
#include "models/demand/fluid.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace bcsim::models::fluid_test {
namespace {

constexpr FluidTransient kSurvivor{.calls_per_s = 0.5,
                                   .handling_s = 300,
                                   .agents = 90,
                                   .busy_at_start = 75,
                                   .mean_patience_s = 300};

TEST(Fluid, WorkedExampleIsReproduced) {
  ASSERT_TRUE(kSurvivor.fill_time_s().has_value());
  EXPECT_NEAR(*kSurvivor.fill_time_s(), 66.9, 0.05);
  EXPECT_NEAR(kSurvivor.final_queue(), 60, 1e-9);
  EXPECT_NEAR(kSurvivor.final_p_abandon(), 0.40, 1e-12);
}

TEST(Fluid, ClosedFormsSolveTheDifferentialEquations) {
  const FluidTransient& f = kSurvivor;
  double busy = f.busy_at_start;
  double queue = 0;
  const double step = 0.001;
  for (int i = 0; i < 600'000; ++i) {
    const double t = i * step;
    if (i % 20'000 == 0) {
      EXPECT_NEAR(f.busy_agents(t), busy, 0.002) << t;
      EXPECT_NEAR(f.queue(t), queue, 0.002) << t;
    }
    const double surplus_per_s = f.calls_per_s - busy / f.handling_s;
    if (busy < f.agents) {
      busy = std::min(f.agents, busy + surplus_per_s * step);
    } else {
      queue += (surplus_per_s - queue / f.mean_patience_s) * step;
    }
  }
}

TEST(Fluid, EnoughAgentsNeverFill) {
  FluidTransient f = kSurvivor;
  f.agents = 180;
  EXPECT_FALSE(f.fill_time_s().has_value());
  EXPECT_EQ(f.queue(1e6), 0);
  EXPECT_EQ(f.final_queue(), 0);
  EXPECT_NEAR(f.busy_agents(1e6), 150, 1e-9);
}

}  // namespace
}  // namespace bcsim::models::fluid_test
