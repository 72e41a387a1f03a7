// One registration, every state and input (RFC 3261 §10.2, §22.2; domain.md §3.3, R16).
//
// A cell reads "next state: effects": abandon, REG or UNREG (+cached, +fresh), registered,
// refreshed, failed(why), left, arm(s), stop. "-" = no effect.
#include "models/sip/registration.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <vector>

#include "models/sip/phone_profiles.hpp"

namespace bcsim::models::sip::sip_registration_test {
namespace {

static_assert(std::is_trivially_copyable_v<Registration> && sizeof(Registration) == 16);
static_assert(std::is_trivially_copyable_v<RegistrationEffects>);

using I = RegistrationInput;
using S = RegistrationState;

const char* name(S s) {
  switch (s) {
    case S::unregistered:
      return "unregistered";
    case S::waiting:
      return "waiting";
    case S::registering:
      return "registering";
    case S::challenged:
      return "challenged";
    case S::registered:
      return "registered";
    case S::refreshing:
      return "refreshing";
    case S::refresh_challenged:
      return "refresh_challenged";
    case S::leaving:
      return "leaving";
    case S::leave_challenged:
      return "leave_challenged";
  }
  return "?";
}

const char* name(RegistrationFailure why) {
  switch (why) {
    case RegistrationFailure::no_response:
      return "no_response";
    case RegistrationFailure::transport_error:
      return "transport_error";
    case RegistrationFailure::unavailable:
      return "unavailable";
    case RegistrationFailure::rejected:
      return "rejected";
  }
  return "?";
}

std::string text(const RegistrationEffects& e) {
  using Send = RegistrationEffects::Send;
  using Inform = RegistrationEffects::Inform;
  std::string t;
  const auto add = [&t](const std::string& word) { t += (t.empty() ? "" : " ") + word; };
  if (e.abandon) add("abandon");
  if (e.send != Send::nothing) {
    add(e.send == Send::register_ ? "REG" : "UNREG");
    if (e.credentials == Credentials::cached) t += "+cached";
    if (e.credentials == Credentials::fresh) t += "+fresh";
  }
  if (e.inform == Inform::registered) add("registered");
  if (e.inform == Inform::refreshed) add("refreshed");
  if (e.inform == Inform::left) add("left");
  if (e.inform == Inform::failed) add(fmt::format("failed({})", name(e.why)));
  if (e.timer.arms()) add(fmt::format("arm({})", sim::seconds(e.timer.after)));
  if (e.timer.kind == TimerChange::Kind::cancel) add("stop");
  return t.empty() ? "-" : t;
}

Duration value_for(I input) {
  if (input == I::ok) return 120s;
  if (input == I::too_brief) return 300s;
  return input == I::wait ? Duration{10s} : Duration{};
}

std::string step(Registration& r, I input, const RegistrationOptions& options = {}) {
  const std::string effects = text(r.on(input, options, value_for(input)));
  return fmt::format("{}: {}", name(r.state()), effects);
}

struct Row {
  S state;
  std::vector<I> path;
  std::vector<std::string> cells;
};

// Columns: start, wait, leave, stop, ok, challenge, too_brief, no_response, transport_error,
// unavailable, rejected, timer.
const std::vector<Row> kTable{
    {S::unregistered,
     {},
     {"registering: REG", "waiting: arm(10)", "unregistered: -", "unregistered: -",
      "unregistered: -", "unregistered: -", "unregistered: -", "unregistered: -", "unregistered: -",
      "unregistered: -", "unregistered: -", "unregistered: -"}},
    {S::waiting,
     {I::wait},
     {"registering: REG stop", "waiting: arm(10)", "unregistered: stop", "unregistered: stop",
      "waiting: -", "waiting: -", "waiting: -", "waiting: -", "waiting: -", "waiting: -",
      "waiting: -", "registering: REG"}},
    {S::registering,
     {I::start},
     {"registering: -", "registering: -", "unregistered: abandon", "unregistered: abandon",
      "registered: registered arm(60)", "challenged: REG+fresh", "registering: REG",
      "unregistered: failed(no_response)", "unregistered: failed(transport_error)",
      "unregistered: failed(unavailable)", "unregistered: failed(rejected)", "registering: -"}},
    {S::challenged,
     {I::start, I::challenge},
     {"challenged: -", "challenged: -", "unregistered: abandon", "unregistered: abandon",
      "registered: registered arm(60)", "unregistered: failed(rejected)", "registering: REG",
      "unregistered: failed(no_response)", "unregistered: failed(transport_error)",
      "unregistered: failed(unavailable)", "unregistered: failed(rejected)", "challenged: -"}},
    {S::registered,
     {I::start, I::ok},
     {"refreshing: REG stop", "registered: -", "leaving: UNREG stop", "unregistered: stop",
      "registered: -", "registered: -", "registered: -", "unregistered: failed(no_response) stop",
      "unregistered: failed(transport_error) stop", "registered: -", "registered: -",
      "refreshing: REG"}},
    {S::refreshing,
     {I::start, I::ok, I::timer},
     {"refreshing: -", "refreshing: -", "leaving: abandon UNREG", "unregistered: abandon",
      "registered: refreshed arm(60)", "refresh_challenged: REG+fresh", "refreshing: REG",
      "unregistered: failed(no_response)", "unregistered: failed(transport_error)",
      "unregistered: failed(unavailable)", "unregistered: failed(rejected)", "refreshing: -"}},
    {S::refresh_challenged,
     {I::start, I::ok, I::timer, I::challenge},
     {"refresh_challenged: -", "refresh_challenged: -", "leaving: abandon UNREG",
      "unregistered: abandon", "registered: refreshed arm(60)", "unregistered: failed(rejected)",
      "refreshing: REG", "unregistered: failed(no_response)",
      "unregistered: failed(transport_error)", "unregistered: failed(unavailable)",
      "unregistered: failed(rejected)", "refresh_challenged: -"}},
    {S::leaving,
     {I::start, I::ok, I::leave},
     {"registering: abandon REG", "leaving: -", "leaving: -", "unregistered: abandon",
      "unregistered: left", "leave_challenged: UNREG+fresh", "unregistered: left",
      "unregistered: left", "unregistered: left", "unregistered: left", "unregistered: left",
      "leaving: -"}},
    {S::leave_challenged,
     {I::start, I::ok, I::leave, I::challenge},
     {"registering: abandon REG", "leave_challenged: -", "leave_challenged: -",
      "unregistered: abandon", "unregistered: left", "unregistered: left", "unregistered: left",
      "unregistered: left", "unregistered: left", "unregistered: left", "unregistered: left",
      "leave_challenged: -"}}};

TEST(Registration, FollowsItsTable) {
  ASSERT_EQ(kTable.size(), static_cast<std::size_t>(S::leave_challenged) + 1);
  for (const Row& row : kTable) {
    ASSERT_EQ(row.cells.size(), static_cast<std::size_t>(I::timer) + 1);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      Registration r;
      for (const I input : row.path) (void)r.on(input, {}, value_for(input));
      ASSERT_EQ(r.state(), row.state);
      EXPECT_EQ(step(r, static_cast<I>(i)), row.cells[i]) << name(row.state) << " × input " << i;
    }
  }
}

TEST(Registration, IsLiveFromThe200UntilAFailure) {  // R17
  for (const Row& row : kTable) {
    Registration r;
    for (const I input : row.path) (void)r.on(input, {}, value_for(input));
    EXPECT_EQ(r.live(), row.state == S::registered || row.state == S::refreshing ||
                            row.state == S::refresh_challenged)
        << name(row.state);
  }
}

TEST(Registration, TakesTwoRoundTripsWithADigestAndOneWithACachedNonce) {  // §3.9c
  for (const bool cached : {false, true}) {
    const RegistrationOptions options{.cached_nonce = cached};
    Registration r;
    EXPECT_EQ(step(r, I::start, options), "registering: REG");  // no nonce known yet
    EXPECT_EQ(step(r, I::challenge, options), "challenged: REG+fresh");
    EXPECT_EQ(step(r, I::ok, options), "registered: registered arm(60)");
    if (cached) {
      EXPECT_EQ(step(r, I::timer, options), "refreshing: REG+cached");
      // The server forgot the nonce (it restarted): the challenge costs the second round trip.
      EXPECT_EQ(step(r, I::challenge, options), "refresh_challenged: REG+fresh");
    } else {
      EXPECT_EQ(step(r, I::timer, options), "refreshing: REG");
      EXPECT_EQ(step(r, I::challenge, options), "refresh_challenged: REG+fresh");
    }
    EXPECT_EQ(step(r, I::ok, options), "registered: refreshed arm(60)");
  }
}

TEST(Registration, RefreshesAtAFractionOfWhatWasGranted) {  // D31, D33, D37
  Registration r;
  (void)r.on(I::start, {.refresh_fraction = 0.75});
  EXPECT_EQ(r.on(I::ok, {.refresh_fraction = 0.75}, 60s).timer, TimerChange::arm(45s));
}

TEST(Registration, AsksForMinExpiresOnceAndThenGivesUp) {  // RFC 3261 §10.2.8
  Registration r;
  EXPECT_EQ(step(r, I::start), "registering: REG");
  EXPECT_EQ(r.expires({}), 120s);
  EXPECT_EQ(step(r, I::too_brief), "registering: REG");
  EXPECT_EQ(r.expires({}), 300s);
  EXPECT_EQ(step(r, I::too_brief), "unregistered: failed(rejected)");
}

TEST(Registration, StartsSteadyAsIfRegistered) {
  Registration r;
  const auto e = r.assume_registered(23s);
  EXPECT_EQ(text(e), "registered arm(23)");
  EXPECT_TRUE(r.live());
  EXPECT_EQ(step(r, I::timer, {.cached_nonce = true}), "refreshing: REG+cached");
}

TEST(PhoneProfiles, SetWhatTheirMakersDocument) {
  const auto made = [](PhoneProfile profile) {
    PhoneOptions phone;
    apply_profile(profile, phone);
    EXPECT_EQ(phone.profile, profile);
    return phone;
  };
  const auto retry_s = [](const PhoneOptions& phone) {
    return mean_s(phone.register_retry.value());
  };
  EXPECT_EQ(retry_s(made(PhoneProfile::grandstream)), 20);  // D55
  EXPECT_EQ(retry_s(made(PhoneProfile::panasonic)), 10);    // D37
  EXPECT_EQ(made(PhoneProfile::panasonic).refresh_fraction, 0.5);
  EXPECT_EQ(made(PhoneProfile::audiocodes).expires, 180s);  // D33
  EXPECT_EQ(made(PhoneProfile::audiocodes).refresh_fraction, 0.5);
  EXPECT_EQ(made(PhoneProfile::alcatel_4000).registration, RegistrationMode::active_backup);  // R17
  EXPECT_FALSE(made(PhoneProfile::none).register_retry.has_value());
}

}  // namespace
}  // namespace bcsim::models::sip::sip_registration_test
