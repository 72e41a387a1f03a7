// The redial decision against P0 of domain.md §0.4 and §4.4.
#include "models/demand/redial.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::models::redial_test {
namespace {

constexpr sim::RngFactory kFactory{.seed = 12};
constexpr FailedAttempt kKinds[] = {FailedAttempt::dropped, FailedAttempt::setup_failed,
                                    FailedAttempt::abandoned};

TEST(Redial, ProbabilitiesAndDelaysAreThoseOfP0) {
  const double probability[] = {0.8, 0.7, 0.5};
  const double mean_delay_s[] = {60, 60, 300};
  const int n = 40'000;
  for (std::size_t k = 0; k < 3; ++k) {
    for (int attempt = 1; attempt <= 2; ++attempt) {
      sim::RngStream stream =
          kFactory.stream("redial", k * 10 + static_cast<std::uint64_t>(attempt));
      std::vector<double> delays;
      for (int i = 0; i < n; ++i) {
        const auto delay = next_attempt_delay(RedialOptions{}, kKinds[k], attempt, stream);
        if (delay) delays.push_back(sim::seconds(*delay));
      }
      const double p = probability[k] * (attempt == 1 ? 1 : 0.7);
      EXPECT_NEAR(static_cast<double>(delays.size()), n * p, 4 * std::sqrt(n * p * (1 - p)));
      EXPECT_GT(
          testing::ks_test(delays, [&](double t) { return -std::expm1(-t / mean_delay_s[k]); }),
          0.001);
    }
  }
}

TEST(Redial, ThirdAttemptIsTheLast) {
  RedialOptions eager;
  eager.after_drop = eager.after_setup = eager.after_abandon = 1;
  eager.further_factor = 1;
  sim::RngStream stream = kFactory.stream("redial");
  for (const FailedAttempt kind : kKinds) {
    EXPECT_TRUE(next_attempt_delay(eager, kind, 1, stream).has_value());
    EXPECT_TRUE(next_attempt_delay(eager, kind, 2, stream).has_value());
    EXPECT_FALSE(next_attempt_delay(eager, kind, 3, stream).has_value());
    EXPECT_FALSE(next_attempt_delay(eager, kind, 4, stream).has_value());
  }
}

TEST(Redial, DisabledMeansNever) {
  RedialOptions off;
  off.enabled = false;
  off.after_drop = 1;
  sim::RngStream stream = kFactory.stream("redial");
  EXPECT_FALSE(next_attempt_delay(off, FailedAttempt::dropped, 1, stream).has_value());
}

TEST(Redial, OptionsDoNotShiftACallersLaterDraws) {
  RedialOptions other;
  other.enabled = false;
  other.max_attempts = 1;
  other.after_abandon = 0;
  sim::RngStream a = kFactory.stream("redial");
  sim::RngStream b = kFactory.stream("redial");
  for (const FailedAttempt kind : kKinds) {
    (void)next_attempt_delay(RedialOptions{}, kind, 1, a);
    (void)next_attempt_delay(other, kind, 1, b);
  }
  EXPECT_EQ(a.bits(), b.bits());
}

// domain.md §4.7 Q5: 60 calls dropped in talk make a burst of 48 redials within about 2 minutes.
TEST(Redial, ABurstOfDroppedCallsComesBackWithinMinutes) {
  sim::RngStream stream = kFactory.stream("burst");
  double redials = 0, within_two_minutes = 0;
  const int runs = 1000;
  for (int i = 0; i < 60 * runs; ++i) {
    const auto delay = next_attempt_delay(RedialOptions{}, FailedAttempt::dropped, 1, stream);
    redials += delay ? 1 : 0;
    within_two_minutes += delay && *delay <= std::chrono::minutes(2) ? 1 : 0;
  }
  EXPECT_NEAR(redials / runs, 48, 0.4);
  EXPECT_NEAR(within_two_minutes / redials, 1 - std::exp(-2), 0.006);
}

}  // namespace
}  // namespace bcsim::models::redial_test
