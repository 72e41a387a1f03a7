// Where phones register: R16–R19, R31, R32, domain.md §3.4, §3.5, §5.2.
#include "models/sip/phone_registration.hpp"

#include <gtest/gtest.h>

#include <array>
#include <type_traits>
#include <vector>

#include "sim/rng.hpp"

namespace bcsim::models::sip::sip_phone_registration_test {
namespace {

static_assert(std::is_trivially_copyable_v<PhoneRegistration>);

using I = RegistrationInput;
using Effects = PhoneRegistrationEffects;
using Command = Effects::Command;
constexpr auto kNoAnswer = RegistrationFailure::no_response;
constexpr SiteIndex kFirst = 0, kSecond = 1;

PhoneRegistrationOptions with(RegistrationMode mode) {
  return {.mode = mode};
}
std::vector<Command> list(const Effects& e) {
  return {e.commands.begin(), e.commands.end()};
}
SimTime at(Duration d) {
  return SimTime{d};
}

TEST(RetryPolicy, IsRfc5626) {  // domain.md §3.5: the first retries, both bases, and the cap
  const RetryPolicy retry;
  struct Case {
    int failures;
    bool alive;
    Duration low, high;
  };
  for (const Case& c : {Case{1, false, 30s, 60s},
                        {1, true, 90s, 180s},
                        {2, false, 60s, 120s},
                        {2, true, 180s, 360s},
                        {3, false, 120s, 240s},
                        {3, true, 360s, 720s},
                        {6, false, 900s, 1800s},
                        {5, true, 900s, 1800s},
                        {200, true, 900s, 1800s}}) {
    EXPECT_EQ(retry.delay(c.failures, c.alive, 0.0), c.low) << c.failures;
    EXPECT_LT(retry.delay(c.failures, c.alive, 0.999999), c.high) << c.failures;
    EXPECT_GT(retry.delay(c.failures, c.alive, 0.999999), c.high - 1s) << c.failures;
  }
  EXPECT_EQ((RetryPolicy{.fixed = 10s}.delay(3, true, 0.7)), 10s);
}
TEST(RetryPolicy, NeverIsNotAtOnce) {  // a time to which it is added must not overflow
  RetryPolicy retry;
  retry.fixed = Duration::max();
  const SimTime now = sim::kStart + std::chrono::hours(24);
  EXPECT_GT(now + retry.delay(1, false, 0.5), now + std::chrono::years(49));
}

TEST(PhoneRegistration, BootsAtItsPreferredServerAndDualAtBoth) {  // R16
  for (const auto mode :
       {RegistrationMode::single, RegistrationMode::active_backup, RegistrationMode::fixed}) {
    for (const SiteIndex preferred : {kFirst, kSecond}) {
      const PhoneRegistrationOptions o{.mode = mode, .preferred = preferred};
      PhoneRegistration p(o);
      EXPECT_EQ(list(p.boot(o)), (std::vector<Command>{{preferred, I::start, {}}}));
      EXPECT_EQ(p.current(), preferred);
    }
  }
  const auto o = with(RegistrationMode::dual);
  EXPECT_EQ(list(PhoneRegistration(o).boot(o)),
            (std::vector<Command>{{kFirst, I::start, {}}, {kSecond, I::start, {}}}));
}

TEST(PhoneRegistration, SingleMovesAtOnceAndStaysUntilThatServerFails) {  // R19, R31
  const auto o = with(RegistrationMode::single);
  PhoneRegistration p(o);
  (void)p.boot(o);
  EXPECT_EQ(p.on_registered(o, kFirst), Effects{});
  EXPECT_EQ(list(p.on_failed(o, kFirst, kNoAnswer, {}, at(30s), 0.5)),
            (std::vector<Command>{{kSecond, I::start, {}}}));
  EXPECT_EQ(p.on_registered(o, kSecond), Effects{});  // no poll: it stays
  EXPECT_EQ(p.on_poll_timer(o, at(90s)), Effects{});
  EXPECT_EQ(p.on_poll_result(o, true), Effects{});
  EXPECT_EQ(p.current(), kSecond);
  // Hours later, the first server's old failure does not count any more.
  EXPECT_EQ(list(p.on_failed(o, kSecond, kNoAnswer, {}, at(2h), 0.5)),
            (std::vector<Command>{{kFirst, I::start, {}}}));
}

TEST(PhoneRegistration, ActiveBackupPollsThePrimaryAndReturnsToIt) {  // R17, R19
  const auto o = with(RegistrationMode::active_backup);
  PhoneRegistration p(o);
  (void)p.boot(o);
  EXPECT_EQ(p.on_registered(o, kFirst).poll_timer, TimerChange::keep());
  EXPECT_EQ(list(p.on_failed(o, kFirst, kNoAnswer, {}, at(0s), 0.5)),
            (std::vector<Command>{{kSecond, I::start, {}}}));
  EXPECT_EQ(p.on_registered(o, kSecond).poll_timer, TimerChange::arm(60s));
  EXPECT_TRUE(p.on_poll_timer(o, at(60s)).poll_primary);
  EXPECT_EQ(p.on_poll_result(o, false).poll_timer, TimerChange::arm(60s));
  EXPECT_TRUE(p.on_poll_timer(o, at(127s)).poll_primary);
  EXPECT_EQ(list(p.on_poll_result(o, true)),
            (std::vector<Command>{{kSecond, I::leave, {}}, {kFirst, I::start, {}}}));
  EXPECT_EQ(p.current(), kFirst);
  EXPECT_EQ(p.on_registered(o, kFirst), Effects{});
}

TEST(PhoneRegistration, ActiveBackupGoesBackToTheBackupIfThePrimaryOnlySeemedAlive) {
  const auto o = with(RegistrationMode::active_backup);
  PhoneRegistration p(o);
  (void)p.boot(o);
  (void)p.on_failed(o, kFirst, kNoAnswer, {}, at(0s), 0.5);
  (void)p.on_registered(o, kSecond);
  (void)p.on_poll_result(o, true);
  EXPECT_EQ(list(p.on_failed(o, kFirst, RegistrationFailure::unavailable, 600s, at(60s), 0.5)),
            (std::vector<Command>{{kSecond, I::start, {}}}));
  EXPECT_EQ(p.on_registered(o, kSecond).poll_timer, TimerChange::arm(60s));
  // Nothing is sent to a server for the time of its Retry-After (RFC 3261 §21.5.4).
  EXPECT_EQ(p.on_poll_timer(o, at(120s)), (Effects{.poll_timer = TimerChange::arm(60s)}));
  EXPECT_TRUE(p.on_poll_timer(o, at(660s)).poll_primary);
}

TEST(PhoneRegistration, PausesAfterBothServersFailedAndBacksOff) {  // §3.5, all flows failed
  struct Case {
    RegistrationMode mode;
    SiteIndex next;
  };
  for (const Case& c :
       {Case{RegistrationMode::single, kFirst}, Case{RegistrationMode::active_backup, kFirst}}) {
    const auto o = with(c.mode);
    PhoneRegistration p(o);
    (void)p.boot(o);
    (void)p.on_failed(o, kFirst, kNoAnswer, {}, at(10s), 0.0);
    // First retry after 30 to 60 s, then 60 to 120 s.
    EXPECT_EQ(list(p.on_failed(o, kSecond, kNoAnswer, {}, at(20s), 0.0)),
              (std::vector<Command>{{c.next, I::wait, 30s}}));
    EXPECT_EQ(list(p.on_failed(o, kFirst, kNoAnswer, {}, at(60s), 0.0)),
              (std::vector<Command>{{kSecond, I::start, {}}}));
    EXPECT_EQ(list(p.on_failed(o, kSecond, kNoAnswer, {}, at(70s), 0.0)),
              (std::vector<Command>{{kFirst, I::wait, 60s}}));
  }
}

TEST(PhoneRegistration, DualRetriesTheDeadServerWithTheLongBaseWhileTheOtherLives) {  // §3.5, §5.7
  const auto o = with(RegistrationMode::dual);
  PhoneRegistration p(o);
  (void)p.boot(o);
  (void)p.on_registered(o, kFirst);
  (void)p.on_registered(o, kSecond);
  EXPECT_EQ(list(p.on_failed(o, kFirst, kNoAnswer, {}, at(0s), 0.0)),
            (std::vector<Command>{{kFirst, I::wait, 90s}}));
  EXPECT_TRUE(p.live(kSecond));
  EXPECT_EQ(list(p.on_failed(o, kFirst, kNoAnswer, {}, at(100s), 0.0)),
            (std::vector<Command>{{kFirst, I::wait, 180s}}));
  // Now both are gone: the other one starts with the short base.
  EXPECT_EQ(list(p.on_failed(o, kSecond, kNoAnswer, {}, at(100s), 0.0)),
            (std::vector<Command>{{kSecond, I::wait, 30s}}));
  EXPECT_EQ(list(p.on_failed(o, kFirst, RegistrationFailure::unavailable, 500s, at(300s), 0.0)),
            (std::vector<Command>{{kFirst, I::wait, 500s}}));
}

TEST(PhoneRegistration, FixedNeverMoves) {  // R19
  const auto o = with(RegistrationMode::fixed);
  PhoneRegistration p(o);
  (void)p.boot(o);
  for (int failures = 1; failures < 20; ++failures) {
    const auto commands = list(p.on_failed(o, kFirst, kNoAnswer, {}, at(0s), 0.0));
    ASSERT_EQ(commands.size(), 1u);
    EXPECT_EQ(commands[0].site, kFirst);
    EXPECT_EQ(commands[0].input, I::wait);
  }
}

TEST(PhoneRegistration, ARefusalByThePreferredServerMovesNobody) {
  for (const auto mode : {RegistrationMode::single, RegistrationMode::active_backup}) {
    const auto o = with(mode);
    PhoneRegistration p(o);
    (void)p.boot(o);
    EXPECT_EQ(list(p.on_failed(o, kFirst, RegistrationFailure::rejected, {}, at(0s), 0.0)),
              (std::vector<Command>{{kFirst, I::wait, 30s}}));
    EXPECT_EQ(p.current(), kFirst);
  }
}

TEST(PhoneRegistration, CallsGoToThePreferredServerUnlessItIsKnownDead) {  // R18, R62, §3.4
  const PhoneRegistrationOptions o{.mode = RegistrationMode::dual, .preferred = kSecond};
  PhoneRegistration p(o);
  (void)p.boot(o);
  (void)p.on_registered(o, kFirst);
  (void)p.on_registered(o, kSecond);
  EXPECT_EQ(p.outbound(o, at(0s)), kSecond);
  p.on_call_unanswered(o, kSecond, at(10s));
  EXPECT_EQ(p.outbound(o, at(11s)), kFirst);
  EXPECT_EQ(p.outbound(o, at(310s)), kSecond);  // 5 min later it is tried again
  (void)p.on_failed(o, kSecond, kNoAnswer, {}, at(400s), 0.5);
  EXPECT_EQ(p.outbound(o, at(400s)), kFirst);
  (void)p.on_registered(o, kSecond);
  EXPECT_EQ(p.outbound(o, at(500s)), kSecond);
  (void)p.on_failed(o, kFirst, kNoAnswer, {}, at(600s), 0.5);
  (void)p.on_failed(o, kSecond, kNoAnswer, {}, at(600s), 0.5);
  EXPECT_EQ(p.outbound(o, at(600s)), kSecond);  // nobody lives: its own configuration
}

/// The policy with its two registrations, driven by random answers of two servers.
class Phone {
 public:
  Phone(const PhoneRegistrationOptions& o, sim::RngStream& rng)
      : options_(o), policy_(o), rng_(rng) {
    apply(policy_.boot(o));
  }
  void random_event() {
    now_ += 1s;
    const auto site = static_cast<SiteIndex>(rng_.below(2));
    switch (rng_.below(4)) {
      case 0:
        apply(policy_.on_poll_timer(options_, now_));
        break;
      case 1:
        apply(policy_.on_poll_result(options_, rng_.bernoulli(0.5)));
        break;
      default: {
        // ok … timer, in the order of the enum; start, wait, leave and stop are the policy's.
        const auto first = static_cast<std::uint64_t>(I::ok);
        const auto count = static_cast<std::uint64_t>(I::timer) - first + 1;
        feed(site, static_cast<I>(first + rng_.below(count)), 120s);
      }
    }
  }
  [[nodiscard]] int live() const { return registration_[0].live() + registration_[1].live(); }
  [[nodiscard]] const Registration& registration(SiteIndex s) const { return registration_[s]; }
  [[nodiscard]] const PhoneRegistration& policy() const { return policy_; }

 private:
  void apply(const Effects& effects) {
    for (const Command& c : effects.commands) feed(c.site, c.input, c.after);
  }
  void feed(SiteIndex site, I input, Duration value) {
    const auto e = registration_[site].on(input, {}, value);
    if (e.inform == RegistrationEffects::Inform::registered) {
      apply(policy_.on_registered(options_, site));
    } else if (e.inform == RegistrationEffects::Inform::failed) {
      const Duration retry_after = rng_.bernoulli(0.3) ? Duration{30s} : Duration{};
      apply(policy_.on_failed(options_, site, e.why, retry_after, now_, rng_.uniform()));
    }
  }

  PhoneRegistrationOptions options_;
  PhoneRegistration policy_;
  std::array<Registration, kSites> registration_{};
  SimTime now_{};
  sim::RngStream& rng_;
};

TEST(PhoneRegistration, NeverHasTwoLiveRegistrationsUnlessDual) {  // R17
  sim::RngStream rng(1, 0, "test.phone", 0);
  std::array<bool, 4> moved{};
  for (const auto mode : {RegistrationMode::single, RegistrationMode::active_backup,
                          RegistrationMode::dual, RegistrationMode::fixed}) {
    for (int run = 0; run < 200; ++run) {
      Phone phone(with(mode), rng);
      int most_live = 0;
      for (int i = 0; i < 200; ++i) {
        phone.random_event();
        most_live = std::max(most_live, phone.live());
        // It is always about to do something: a phone must never fall asleep.
        const auto current = phone.registration(phone.policy().current()).state();
        ASSERT_NE(current, RegistrationState::unregistered);
        ASSERT_EQ(phone.policy().live(0), phone.registration(0).live());
        ASSERT_EQ(phone.policy().live(1), phone.registration(1).live());
      }
      ASSERT_LE(most_live, mode == RegistrationMode::dual ? 2 : 1);
      if (phone.policy().current() == kSecond) moved[static_cast<int>(mode)] = true;
    }
  }
  EXPECT_EQ(moved, (std::array<bool, 4>{true, true, false, false}));
}

}  // namespace
}  // namespace bcsim::models::sip::sip_phone_registration_test
