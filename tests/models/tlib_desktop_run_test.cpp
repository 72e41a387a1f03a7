// The desktop's session in a world of two servers on a small clock: the golden run of domain.md
// §5.11, the identity of §5.9-2, and random outages for R20 and for always coming back to work.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "models/tlib/addp.hpp"
#include "models/tlib/desktop_session.hpp"
#include "sim/rng.hpp"

namespace bcsim::models::tlib::tlib_desktop_run_test {
namespace {

using I = DesktopInput;
using S = DesktopState;
using Kind = DesktopEffect::Kind;
using sim::SimTime;

/// Two servers, one phone and one desktop; every answer takes one round trip of 40 ms, a failed
/// attempt 1 s. Servers go up and down by hand; a desktop hears of a death after `detection`.
class Desk {
 public:
  explicit Desk(const DesktopSessionOptions& o) : options_(o), session_(o) {}

  void feed(I input, SiteIndex site = 0) {
    for (const DesktopEffect& e : session_.on(input, options_, site)) apply(e);
    check();
  }
  void after(Duration delay, I input, SiteIndex site = 0) {
    pending_.push_back({now_ + delay, sequence_++, input, site, epoch_[site]});
  }
  void run_until(SimTime end) {
    while (true) {
      const auto next = std::min_element(pending_.begin(), pending_.end(), earlier);
      if (next == pending_.end() || next->at > end) break;
      const Event e = *next;
      pending_.erase(next);
      now_ = e.at;
      deliver(e);
    }
    now_ = end;
  }
  void steady(SiteIndex site) {
    session_.assume_active(site);
    login_[site] = true;
  }
  /// The connection is to a server that still lives, not to one that died and came back unnoticed.
  [[nodiscard]] bool reachable(SiteIndex site) const {
    return alive_[site] && session_.connected(site) && connection_[site] == epoch_[site];
  }
  void kill(SiteIndex site, Duration detection) {
    if (!alive_[site]) return;
    alive_[site] = false;
    ++epoch_[site];  // its answers under way are lost
    login_[site] = false;
    if (session_.connected(site) && connection_[site] == epoch_[site] - 1) {
      pending_.push_back(
          {now_ + detection, sequence_++, I::connection_lost, site, connection_[site]});
    }
  }
  void revive(SiteIndex site) { alive_[site] = true; }
  void set_phone(SiteIndex site, bool registered) {
    phone_[site] = registered;
    feed(registered ? I::phone_registered : I::phone_unregistered, site);
    if (reachable(site)) {
      feed(registered ? I::dn_in_service : I::dn_out_of_service, site);
    }
  }

  [[nodiscard]] const DesktopSession& session() const { return session_; }
  [[nodiscard]] SimTime now() const { return now_; }
  [[nodiscard]] std::optional<SimTime> first_login_sent(SiteIndex site) const {
    return login_sent_[site];
  }
  [[nodiscard]] bool logged_in_at(SiteIndex site) const { return login_[site]; }

 private:
  struct Event {
    SimTime at;
    std::uint64_t sequence;
    I input;
    SiteIndex site;
    int epoch;
  };
  static bool earlier(const Event& a, const Event& b) {
    return std::pair(a.at, a.sequence) < std::pair(b.at, b.sequence);
  }
  static bool is_timer(I input) { return input >= I::timer_switchover; }
  static I timer_input(DesktopTimer timer) {
    return static_cast<I>(static_cast<int>(I::timer_switchover) + static_cast<int>(timer));
  }
  void drop_timer(DesktopTimer timer, SiteIndex site) {
    std::erase_if(pending_, [&](const Event& e) {
      return e.input == timer_input(timer) && (timer != DesktopTimer::reconnect || e.site == site);
    });
  }
  void deliver(const Event& e) {
    const bool local = is_timer(e.input) || e.input == I::connection_lost ||
                       e.input == I::connection_failed || e.input == I::csp_failed ||
                       e.input == I::person_read;
    if (!local && e.epoch != epoch_[e.site]) {  // the server died meanwhile
      if (e.input == I::connected) feed(I::connection_failed, e.site);
      if (e.input == I::csp_connected) feed(I::csp_failed, e.site);
      return;
    }
    if (e.input == I::logged_in) {
      // Its shift ended meanwhile: the logout that follows on the connection undoes it.
      if (session_.state() == S::off) return;
      // R39: refused if the phone is not there.
      if (!phone_[e.site]) return feed(I::login_refused, e.site);
      EXPECT_FALSE(login_[1 - e.site]) << "R20: two logins the desktop could have prevented";
      login_[e.site] = true;
    }
    if (e.input == I::connection_lost && e.epoch != connection_[e.site]) return;  // an older one
    if (e.input == I::connected) connection_[e.site] = epoch_[e.site];
    feed(e.input, e.site);
    if (e.input == I::connected) {
      feed(phone_[e.site] ? I::dn_in_service : I::dn_out_of_service, e.site);
    }
  }
  void apply(const DesktopEffect& e) {
    constexpr Duration kRtt = 40ms, kFailed = 1s;
    const bool up = alive_[e.site], reached = reachable(e.site);
    switch (e.kind) {
      case Kind::connect_csp:
        after(up ? kRtt : kFailed, up ? I::csp_connected : I::csp_failed, e.site);
        break;
      case Kind::read_person:
        after(kRtt, I::person_read, e.site);
        break;
      case Kind::connect:
        after(up ? kRtt : kFailed, up ? I::connected : I::connection_failed, e.site);
        break;
      case Kind::login:
        EXPECT_TRUE(session_.connected(e.site));
        if (!login_sent_[e.site]) login_sent_[e.site] = now_;
        if (reached) after(kRtt, I::logged_in, e.site);
        break;
      case Kind::resume:
        if (reached) after(kRtt, login_[e.site] ? I::resumed : I::not_logged_in, e.site);
        break;
      case Kind::logout:
        // Sent before the connection is closed, so only the server's life matters.
        if (!up || connection_[e.site] != epoch_[e.site]) break;
        login_[e.site] = false;
        after(kRtt, I::logged_out, e.site);
        break;
      case Kind::arm:
        drop_timer(e.timer, e.site);
        after(e.after, timer_input(e.timer), e.site);
        break;
      case Kind::cancel:
        drop_timer(e.timer, e.site);
        break;
      case Kind::close:
      case Kind::set_ready:
      case Kind::set_not_ready:
      case Kind::open_stat:
      case Kind::switching:
        break;
    }
  }
  void check() const {
    // A desktop at work holds the login it believes in, unless its server has just died.
    if (session_.state() == S::active && reachable(session_.current())) {
      EXPECT_TRUE(login_[session_.current()]);
    }
  }

  DesktopSessionOptions options_;
  DesktopSession session_;
  SimTime now_{};
  std::uint64_t sequence_ = 0;
  std::vector<Event> pending_;
  std::array<bool, kSites> alive_{true, true}, phone_{}, login_{};
  std::array<int, kSites> epoch_{};       // of the server
  std::array<int, kSites> connection_{};  // epoch it was opened in
  std::array<std::optional<SimTime>, kSites> login_sent_{};
};

DesktopSessionOptions golden() {  // §5.11: P0 with A = 20, S = 30, L = 0
  DesktopSessionOptions o;
  o.policy.relogin_work = 0s;
  return o;
}

/// When an ADDP client that heard its server last at −6 s gives it up.
Duration golden_detection() {
  AddpClient addp;
  SimTime now{};
  now += addp.start(now, 20s, SimTime{-6s}).timer.after;
  now += addp.on_timer(now, 20s).timer.after;
  EXPECT_TRUE(addp.on_timer(now, 20s).lost);
  return now - SimTime{};
}

TEST(DesktopRun, LogsInAtTheOtherSiteAt64SecondsInTheGoldenRun) {  // §5.11, P1d and P1s
  struct Case {
    Duration phone_at_site2;
    Duration login;
  };
  for (const Case& c : {Case{0s, 64s},              // P1d: dual phone
                        Case{30580ms, 64s},         // P1s: refresh due at 23
                        Case{65580ms, 65580ms}}) {  // P1s: refresh due at 58
    Desk desk(golden());
    desk.set_phone(0, true);
    desk.steady(0);
    desk.kill(0, golden_detection());
    desk.after(c.phone_at_site2, I::phone_registered, 1);
    desk.run_until(SimTime{2min});
    ASSERT_TRUE(desk.first_login_sent(1).has_value());
    EXPECT_EQ(*desk.first_login_sent(1), SimTime{c.login});
  }
}

TEST(DesktopRun, LogsInAtTheLaterOfDesktopAndPhonePlusItsWork) {  // §5.9-2: max(T_desk, T_ph) + L
  sim::RngStream rng(1, 0, "test.desktop", 0);
  for (int i = 0; i < 500; ++i) {
    const Duration detection = sim::from_seconds(rng.uniform(20, 40));
    const Duration phone = sim::from_seconds(rng.uniform(7.5, 100));
    Desk desk({});
    desk.set_phone(0, true);
    desk.steady(0);
    desk.kill(0, detection);
    desk.after(phone, I::phone_registered, 1);
    desk.run_until(SimTime{5min});
    ASSERT_TRUE(desk.first_login_sent(1).has_value());
    ASSERT_EQ(*desk.first_login_sent(1) - SimTime{}, std::max(detection + 30s, phone) + 1s);
  }
}

TEST(DesktopRun, MovesWhenTheLastAttemptWithinSiteTimeoutFails) {  // R78, D11: every 10 s
  // A reset (D = 0): attempts at 0, 11, 22, … s; the last one before 30 s fails at 23 s.
  for (const bool back_in_time : {true, false}) {
    Desk desk({});
    desk.set_phone(0, true);
    desk.set_phone(1, true);
    desk.steady(0);
    desk.kill(0, 0s);
    desk.run_until(SimTime{back_in_time ? 21s : 31s});
    desk.revive(0);
    desk.run_until(SimTime{2min});
    EXPECT_EQ(desk.session().state(), S::active);
    EXPECT_EQ(desk.session().current(), back_in_time ? 0 : 1);
  }
}

TEST(DesktopRun, NeverHoldsTwoLoginsAndAlwaysComesBackToWork) {  // R20; safety, then liveness
  int moved = 0;
  for (std::uint64_t run = 0; run < 300; ++run) {
    sim::RngStream rng(1, 0, "test.desktop.random", run);
    DesktopSessionOptions o;
    o.preferred = static_cast<SiteIndex>(rng.below(2));
    o.policy.failback = rng.bernoulli(0.5) ? Failback::stay : Failback::return_after_call;
    o.policy.require_endpoint = rng.bernoulli(0.7);
    Desk desk(o);
    desk.feed(I::shift_start);
    for (int i = 0; i < 60; ++i) {
      const auto site = static_cast<SiteIndex>(rng.below(2));
      switch (rng.below(7)) {
        case 0:
          desk.kill(site, sim::from_seconds(rng.uniform(0, 40)));
          break;
        case 1:
          desk.revive(site);
          break;
        case 2:
          desk.set_phone(site, true);
          break;
        case 3:
          desk.set_phone(site, false);
          break;
        case 4:
          desk.feed(rng.bernoulli(0.5) ? I::call_started : I::call_ended);
          break;
        case 5:
          desk.feed(I::recommended, site);
          break;
        default:
          desk.feed(rng.bernoulli(0.1) ? I::shift_end : I::shift_start);
          break;
      }
      desk.run_until(desk.now() + sim::from_seconds(rng.exponential(15)));
      moved += desk.session().current() != o.preferred;
      if (HasFailure()) FAIL() << "run " << run << " step " << i;
    }
    for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
      desk.revive(site);
      desk.set_phone(site, true);
    }
    desk.feed(I::call_ended);
    desk.feed(I::shift_start);
    desk.run_until(desk.now() + 5min);
    ASSERT_EQ(desk.session().state(), S::active) << "run " << run;
    ASSERT_TRUE(desk.logged_in_at(desk.session().current()));
    ASSERT_TRUE(desk.session().connected(0) && desk.session().connected(1)) << "run " << run;
    if (o.policy.failback == Failback::return_after_call) {
      ASSERT_EQ(desk.session().current(), o.preferred) << "run " << run;
    }
  }
  EXPECT_GT(moved, 1000);
}

}  // namespace
}  // namespace bcsim::models::tlib::tlib_desktop_run_test
