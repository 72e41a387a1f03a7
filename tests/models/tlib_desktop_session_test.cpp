// The desktop's session, every state and input, and its times: R20–R23, R78, R79, R81, R83, C7,
// C30, domain.md §2.5, §5.3, §5.11.
#include "models/tlib/desktop_session.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tests/models/desktop_words.hpp"

namespace bcsim::models::tlib::tlib_desktop_session_test {
namespace {

using namespace desktop_words;
static_assert(std::is_trivially_copyable_v<DesktopSession>);

/// Everything that is not here changes neither state nor world. "current" and "other" say which
/// site the input is about, seen from DesktopSession::current(); END stands for closing all, OWING
/// for closing all but site 0, where a login stands.
constexpr const char* kTable = R"(
off               shift_start       either  -> csp_connect: connect_csp(0)

csp_connect       shift_end         either  -> off: END
csp_connect       csp_connected     current -> read_person: read_person(0)
csp_connect       csp_connected     other   -> read_person: read_person(1)
csp_connect       csp_failed        current -> csp_connect: connect_csp(1)
csp_connect       csp_failed        other   -> csp_connect: connect_csp(0)
csp_connect       timer_csp         either  -> csp_connect: connect_csp(0)

read_person       shift_end         either  -> off: END
read_person       csp_failed        current -> csp_connect: connect_csp(1)
read_person       csp_failed        other   -> csp_connect: connect_csp(0)
read_person       person_read       either  -> connecting: connect(0) connect(1)

connecting        shift_end         either  -> off: END
connecting        connected         current -> logging_in: login(0)
connecting connection_failed current -> wait_endpoint: arm(reconnect0 10) switching(1 unreachable)
connecting        connection_failed other   -> connecting: arm(reconnect1 10)
connecting        timer_reconnect   current -> connecting: connect(0)
connecting        timer_reconnect   other   -> connecting: connect(1)

logging_in        shift_end         either  -> off: logout(0) END
logging_in        connection_lost   current -> wait_site: connect(0) cancel(work) arm(switch 30)
logging_in        connection_lost   other   -> logging_in: connect(1)
logging_in        logged_in         current -> active: ready(0) stat(0) connect_csp(0)
logging_in        login_refused     current -> login_retry: arm(work 10) arm(switch 30)

login_retry       shift_end         either  -> off: END
login_retry       connection_lost   current -> wait_site: connect(0) cancel(work) arm(switch 30)
login_retry       connection_lost   other   -> login_retry: connect(1)
login_retry       timer_switchover  either  -> login_retry: arm(switch 30)
login_retry       timer_work        either  -> logging_in: login(0)

active            shift_end         either  -> off: logout(0) END
active            connection_lost   current -> wait_site: connect(0) arm(switch 30)
active            connection_lost   other   -> active: connect(1)
active            forced_out        current -> login_retry: arm(work 10) arm(switch 30)
active            logged_out        current -> login_retry: arm(work 10) arm(switch 30)
active            dn_out_of_service current -> wait_registration: arm(switch 30)

resuming          shift_end         either  -> off: logout(0) END
resuming          connection_lost   current -> wait_site: connect(0) arm(switch 30)
resuming          connection_lost   other   -> resuming: connect(1)
resuming          forced_out        current -> login_retry: arm(work 10) arm(switch 30)
resuming          logged_out        current -> login_retry: arm(work 10) arm(switch 30)
resuming          resumed           current -> active: -
resuming          not_logged_in     current -> login_retry: arm(work 10) arm(switch 30)

wait_site         shift_end         either  -> off: OWING
wait_site         connected         current -> resuming: cancel(switch) resume(0)
wait_site         connection_failed current -> wait_site: arm(reconnect0 10)
wait_site         connection_lost   other   -> wait_site: connect(1)
wait_site         timer_switchover  either  -> wait_endpoint: switching(1 site_lost)
wait_site         timer_reconnect   current -> wait_site: connect(0)

wait_registration shift_end         either  -> off: logout(0) END
wait_registration connection_lost   current -> wait_site: connect(0) arm(switch 30)
wait_registration connection_lost   other   -> wait_registration: connect(1)
wait_registration forced_out current -> login_retry: cancel(switch) arm(work 10) arm(switch 30)
wait_registration logged_out current -> login_retry: cancel(switch) arm(work 10) arm(switch 30)
wait_registration dn_in_service     current -> active: cancel(switch)
wait_registration timer_switchover  either  -> wait_registration: not_ready(0) arm(switch 10)

wait_endpoint     shift_end         either  -> off: OWING
wait_endpoint     connected         other   -> resuming: resume(0)
wait_endpoint     connection_failed other   -> wait_endpoint: arm(reconnect0 10)
wait_endpoint     connection_lost   current -> wait_endpoint: connect(1)
wait_endpoint     phone_registered  current -> relogin_work: arm(calm 120) arm(work 1)
wait_endpoint     dn_in_service     current -> relogin_work: arm(calm 120) arm(work 1)
wait_endpoint     timer_reconnect   other   -> wait_endpoint: connect(0)

relogin_work      shift_end         either  -> off: OWING
relogin_work      connection_failed other   -> relogin_work: arm(reconnect0 10)
relogin_work      connection_lost   current -> wait_endpoint: connect(1) cancel(work)
relogin_work      timer_work        either  -> logging_in: login(1)
relogin_work      timer_reconnect   other   -> relogin_work: connect(0)

moving            shift_end         either  -> off: END
moving            connection_lost   current -> relogin_work: connect(0) arm(calm 120) arm(work 1)
moving            connection_lost   other   -> moving: connect(1)
moving            logged_out        current -> relogin_work: arm(calm 120) arm(work 1)
moving            forced_out        current -> relogin_work: arm(calm 120) arm(work 1)
)";

constexpr const char* kEnd =
    "close(0) cancel(reconnect0) close(1) cancel(reconnect1) cancel(switch) cancel(work) "
    "cancel(csp) cancel(calm)";
constexpr const char* kOwing =
    "connect(0) close(1) cancel(reconnect1) cancel(switch) cancel(work) cancel(csp) cancel(calm)";

std::map<std::tuple<std::string, std::string, bool>, std::string> parse_table() {
  std::map<std::tuple<std::string, std::string, bool>, std::string> table;
  std::istringstream in(kTable);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    std::istringstream words(line);
    std::string state, input, which, arrow, rest;
    words >> state >> input >> which >> arrow;
    std::getline(words >> std::ws, rest);
    if (const auto end = rest.find("END"); end != std::string::npos) rest.replace(end, 3, kEnd);
    if (const auto end = rest.find("OWING"); end != std::string::npos) rest.replace(end, 5, kOwing);
    if (which != "other") table[{state, input, true}] = rest;
    if (which != "current") table[{state, input, false}] = rest;
  }
  return table;
}

TEST(DesktopSession, FollowsItsTable) {
  const auto table = parse_table();
  std::size_t used = 0;
  for (int s = 0; s < kDesktopStates; ++s) {
    for (int i = 0; i < kDesktopInputs; ++i) {
      for (const bool about_current : {true, false}) {
        DesktopSession d = session_after(kPaths[s]);
        ASSERT_EQ(d.state(), static_cast<S>(s)) << kStateNames[s];
        const SiteIndex site = about_current ? d.current() : peer_of(d.current());
        const auto effects = d.on(static_cast<I>(i), {}, site);
        const auto row = table.find({kStateNames[s], kInputNames[i], about_current});
        std::string expected = fmt::format("{}: -", kStateNames[s]);
        if (row != table.end()) {
          expected = row->second;
          ++used;
        }
        EXPECT_EQ(fmt::format("{}: {}", kStateNames[static_cast<int>(d.state())], text(effects)),
                  expected)
            << kStateNames[s] << " × " << kInputNames[i] << (about_current ? " current" : " other");
      }
    }
  }
  EXPECT_EQ(used, table.size());  // no row names a state or input that does not exist
}

TEST(DesktopSession, LogsInAtPersonSite1) {  // R23, R80: swapping the values swaps the site
  for (const SiteIndex preferred : {SiteIndex{0}, SiteIndex{1}}) {
    const DesktopSessionOptions o{.preferred = preferred};
    DesktopSession d(o);
    EXPECT_EQ(text(d.on(I::shift_start, o)), fmt::format("connect_csp({})", preferred));
    (void)d.on(I::csp_connected, o, preferred);
    (void)d.on(I::person_read, o);
    (void)d.on(I::connected, o, peer_of(preferred));
    EXPECT_EQ(text(d.on(I::connected, o, preferred)), fmt::format("login({})", preferred));
  }
}

TEST(DesktopSession, BootsThroughTheOtherProxyAndTriesBothAgainLater) {  // R81
  DesktopSession d = session_after({{I::shift_start}});
  EXPECT_EQ(text(d.on(I::csp_failed, {}, 0)), "connect_csp(1)");
  EXPECT_EQ(text(d.on(I::csp_failed, {}, 1)), "arm(csp 10)");
  EXPECT_EQ(text(d.on(I::timer_csp, {})), "connect_csp(0)");
  EXPECT_EQ(text(d.on(I::csp_failed, {}, 0)), "connect_csp(1)");
  EXPECT_EQ(text(d.on(I::csp_connected, {}, 1)), "read_person(1)");
}

TEST(DesktopSession, AtBootDoesNotWaitForAPreferredSiteThatIsDown) {  // R83
  DesktopSession d = session_after({{I::phone_registered, 1},
                                    {I::shift_start},
                                    {I::csp_connected, 1},
                                    {I::person_read},
                                    {I::connected, 1}});
  EXPECT_EQ(text(d.on(I::connection_failed, {}, 0)),
            "arm(reconnect0 10) switching(1 unreachable) arm(calm 120) arm(work 1)");
  EXPECT_EQ(text(d.on(I::timer_work, {})), "login(1)");
}

TEST(DesktopSession, MovesWithoutThePhoneIfToldSo) {  // C7
  DesktopSessionOptions o;
  o.policy.require_endpoint = false;
  DesktopSession d = session_after(kActive + Path{{I::connection_lost, 0}}, o);
  EXPECT_EQ(text(d.on(I::timer_switchover, o)), "switching(1 site_lost) arm(calm 120) arm(work 1)");
}

TEST(DesktopSession, StaysAfterAShortOutage) {  // R9, R78: reconnected before S is over
  DesktopSession d = session_after(kActive + Path{{I::connection_lost, 0}});
  EXPECT_EQ(text(d.on(I::connection_failed, {}, 0)), "arm(reconnect0 10)");
  EXPECT_EQ(text(d.on(I::timer_reconnect, {}, 0)), "connect(0)");
  EXPECT_EQ(text(d.on(I::connected, {}, 0)), "cancel(switch) resume(0)");
  EXPECT_EQ(text(d.on(I::timer_switchover, {})), "-");  // a stale timer
  EXPECT_EQ(text(d.on(I::resumed, {}, 0)), "-");
  EXPECT_EQ(d.state(), S::active);
}

TEST(DesktopSession, AsksAgainAfterLoginRetryWhereItsLoginIsRefused) {
  DesktopSession d = session_after(kPaths[static_cast<int>(S::resuming)]);
  EXPECT_EQ(text(d.on(I::not_logged_in, {}, 0)), "arm(work 10) arm(switch 30)");
  EXPECT_EQ(text(d.on(I::timer_work, {}, 0)), "login(0)");
}

TEST(DesktopSession, ALostRegistrationMovesItOnlyWhereTheDnLivesOrThePeerIsSingle) {  // R79, C30
  const Path lost = kPaths[static_cast<int>(S::wait_registration)];
  DesktopSession stays = session_after(lost);
  EXPECT_EQ(text(stays.on(I::timer_switchover, {})), "not_ready(0) arm(switch 10)");
  EXPECT_EQ(text(stays.on(I::timer_switchover, {})), "arm(switch 10)");
  EXPECT_EQ(text(stays.on(I::dn_in_service, {}, 0)), "cancel(switch) ready(0)");
  for (const I reason : {I::phone_registered, I::dn_in_service, I::single_mode_on}) {
    DesktopSession d = session_after(lost + Path{{reason, 1}});
    EXPECT_EQ(text(d.on(I::timer_switchover, {})), "switching(1 registration_lost) logout(0)");
    EXPECT_EQ(text(d.on(I::logged_out, {}, 0)), "arm(calm 120) arm(work 1)");
    EXPECT_EQ(text(d.on(I::timer_work, {})), "login(1)");
  }
  DesktopSession in_call = session_after(lost + Path{{I::phone_registered, 1}, {I::call_started}});
  EXPECT_EQ(text(in_call.on(I::timer_switchover, {})), "arm(switch 10)");
  (void)in_call.on(I::call_ended, {});
  EXPECT_EQ(text(in_call.on(I::timer_switchover, {})), "switching(1 registration_lost) logout(0)");
}

TEST(DesktopSession, ALostRegistrationAloneMovesItIfR79IsTakenLiterally) {  // C30
  DesktopSessionOptions literal;
  literal.policy.leave_without_endpoint = true;
  DesktopSession d = session_after(kPaths[static_cast<int>(S::wait_registration)]);
  EXPECT_EQ(text(d.on(I::timer_switchover, literal)), "switching(1 registration_lost) logout(0)");
}

TEST(DesktopSession, ADnOutOfServiceAtLoginCountsFromTheLogin) {  // R37, R79
  const Path login(kActive.begin(), kActive.end() - 1);
  DesktopSession d = session_after(login + Path{{I::dn_out_of_service, 0}});
  EXPECT_EQ(text(d.on(I::logged_in, {}, 0)), "ready(0) stat(0) connect_csp(0) arm(switch 30)");
  EXPECT_EQ(d.state(), S::wait_registration);
}

TEST(DesktopSession, FollowsAdviceBetweenCallsOnceThePhoneIsThere) {  // R60, C8
  DesktopSession d = session_after(kActive + Path{{I::call_started}});
  EXPECT_EQ(text(d.on(I::recommended, {}, 1)), "-");
  EXPECT_EQ(text(d.on(I::call_ended, {})), "-");  // the phone is not there
  EXPECT_EQ(text(d.on(I::call_started, {})), "-");
  EXPECT_EQ(text(d.on(I::dn_in_service, {}, 1)), "-");
  EXPECT_EQ(text(d.on(I::call_ended, {})), "switching(1 failback) logout(0)");
}

TEST(DesktopSession, ReturnsToItsPreferredSiteOnlyIfThatIsItsPolicy) {  // C8
  const Path away =
      kActive + Path{{I::phone_registered, 1}, {I::connection_lost, 0}, {I::timer_switchover},
                     {I::timer_work},          {I::logged_in, 1},       {I::phone_registered, 0}};
  DesktopSession stays = session_after(away);
  EXPECT_EQ(text(stays.on(I::connected, {}, 0)), "-");
  DesktopSessionOptions returning;
  returning.policy.failback = Failback::return_after_call;
  DesktopSession d = session_after(away, returning);
  EXPECT_EQ(text(d.on(I::connected, returning, 0)), "switching(0 failback) logout(1)");
  EXPECT_EQ(text(d.on(I::logged_out, returning, 1)), "arm(calm 120) arm(work 1)");
  EXPECT_EQ(text(d.on(I::timer_work, returning)), "login(0)");
}

TEST(DesktopSession, FollowsItsPhoneWhenLoginIsRefusedForLong) {
  DesktopSession d = session_after(kPaths[static_cast<int>(S::login_retry)]);
  EXPECT_EQ(text(d.on(I::timer_work, {})), "login(0)");
  EXPECT_EQ(text(d.on(I::login_refused, {}, 0)), "arm(work 10)");  // S_r runs on
  (void)d.on(I::phone_registered, {}, 1);
  EXPECT_EQ(text(d.on(I::timer_switchover, {})),
            "cancel(work) switching(1 login_refused) arm(calm 120) arm(work 1)");
}

TEST(DesktopSession, EndsItsShiftAfterTheCall) {
  DesktopSession d = session_after(kActive + Path{{I::call_started}});
  EXPECT_EQ(text(d.on(I::shift_end, {})), "not_ready(0)");  // no further call
  EXPECT_EQ(text(d.on(I::call_ended, {})), std::string("logout(0) ") + kEnd);
  EXPECT_EQ(d.state(), S::off);
  EXPECT_EQ(text(d.on(I::shift_start, {})), "connect_csp(0)");
}

TEST(DesktopSession, StaysOnIfTheNextShiftBeginsBeforeTheCallEnds) {
  DesktopSession d = session_after(kActive + Path{{I::call_started}, {I::shift_end}});
  EXPECT_EQ(text(d.on(I::shift_start, {})), "ready(0)");
  EXPECT_EQ(text(d.on(I::call_ended, {})), "-");
  EXPECT_EQ(d.state(), S::active);
}

TEST(DesktopSession, LogsOutWhenItConnectsAgainAfterItsShift) {
  // Lost before the end of the shift, or the logout lost with the connection.
  const Path lost{{I::connection_lost, 0}}, over{{I::shift_end}};
  for (const Path& path : {lost + over, over + lost, lost + Path{{I::timer_switchover}} + over}) {
    DesktopSession d = session_after(kActive + path);
    ASSERT_EQ(d.state(), S::off);
    EXPECT_EQ(text(d.on(I::connection_failed, {}, 0)), "arm(reconnect0 10)");
    EXPECT_EQ(text(d.on(I::timer_reconnect, {}, 0)), "connect(0)");
    EXPECT_EQ(text(d.on(I::connection_failed, {}, 0)), "arm(reconnect0 20)");  // no hurry
    EXPECT_EQ(text(d.on(I::timer_reconnect, {}, 0)), "connect(0)");
    EXPECT_EQ(text(d.on(I::connected, {}, 0)), "logout(0)");
    EXPECT_EQ(text(d.on(I::connection_lost, {}, 0)), "connect(0)");  // has it come?
    EXPECT_EQ(text(d.on(I::connected, {}, 0)), "logout(0)");
    EXPECT_EQ(text(d.on(I::logged_out, {}, 0)), "-");
    EXPECT_EQ(text(d.on(I::connection_lost, {}, 0)), "-");
    EXPECT_EQ(text(d.on(I::timer_reconnect, {}, 0)), "-");
    EXPECT_EQ(d.state(), S::off);
  }
}

TEST(DesktopSession, TakesOverALoginThatItOwesALogoutFor) {
  DesktopSession d = session_after(kActive + Path{{I::connection_lost, 0},
                                                  {I::shift_end},
                                                  {I::shift_start},
                                                  {I::csp_connected},
                                                  {I::person_read}});
  EXPECT_EQ(text(d.on(I::connected, {}, 0)), "login(0)");
  EXPECT_EQ(text(d.on(I::logged_in, {}, 0)), "ready(0) stat(0) connect_csp(0)");
}

TEST(DesktopSession, LogsOutWhereItDoesNotWorkInItsNextShift) {
  DesktopSession d = session_after(kActive + Path{{I::phone_registered, 1},
                                                  {I::connection_lost, 0},
                                                  {I::shift_end},
                                                  {I::shift_start},
                                                  {I::csp_connected},
                                                  {I::person_read},
                                                  {I::connected, 1},
                                                  {I::connection_failed, 0},
                                                  {I::timer_work},
                                                  {I::logged_in, 1}});
  ASSERT_EQ(d.current(), 1);
  EXPECT_EQ(text(d.on(I::connected, {}, 0)), "logout(0)");
  EXPECT_EQ(d.state(), S::active);
}

TEST(DesktopSession, TakesNoFurtherCallAfterItsShiftWhereverItLogsIn) {
  const Path lost = kActive + Path{{I::call_started}, {I::connection_lost, 0}, {I::shift_end}};
  DesktopSession d = session_after(lost + Path{{I::connected, 0}});
  EXPECT_EQ(text(d.on(I::resumed, {}, 0)), "not_ready(0)");
  d = session_after(lost + Path{{I::connected, 0}, {I::not_logged_in, 0}, {I::timer_work}});
  EXPECT_EQ(text(d.on(I::logged_in, {}, 0)), "cancel(switch) stat(0) connect_csp(0) not_ready(0)");
  EXPECT_EQ(text(d.on(I::call_ended, {})), std::string("logout(0) ") + kEnd);
  d = session_after(
      kActive +
      Path{{I::dn_out_of_service, 0}, {I::timer_switchover}, {I::call_started}, {I::shift_end}});
  EXPECT_EQ(text(d.on(I::dn_in_service, {}, 0)), "cancel(switch)");
}

TEST(DesktopSession, GoesToAndFroMoreSlowlyEachTime) {
  DesktopSessionOptions o;
  o.policy.relogin_work = 0s;
  o.policy.leave_without_endpoint = true;
  DesktopSession d = session_after(kActive, o);
  std::vector<double> pauses;
  for (int move = 0; move < 12; ++move) {
    const SiteIndex from = d.current();
    (void)d.on(I::dn_out_of_service, o, from);
    (void)d.on(I::timer_switchover, o);
    ASSERT_EQ(d.state(), S::moving);
    double pause = 0;
    for (const DesktopEffect& e : d.on(I::logged_out, o, from)) {
      if (e.kind == DesktopEffect::Kind::arm && e.timer == DesktopTimer::work) {
        pause = sim::seconds(e.after);
      }
    }
    pauses.push_back(pause);
    if (d.state() == S::relogin_work) (void)d.on(I::timer_work, o);
    (void)d.on(I::logged_in, o, d.current());
  }
  EXPECT_EQ(pauses, (std::vector<double>{0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60}));
  (void)d.on(I::timer_calm, o);
  (void)d.on(I::timer_switchover, o);
  EXPECT_EQ(text(d.on(I::logged_out, o, d.current())), "arm(calm 120) login(1)");
}

TEST(DesktopSession, AsksForTheOtherSiteMoreSeldomWhileItWorks) {
  DesktopSession d = session_after(kActive + Path{{I::connection_lost, 1}});
  for (const char* after : {"10", "20", "40", "60", "60"}) {
    EXPECT_EQ(text(d.on(I::connection_failed, {}, 1)), fmt::format("arm(reconnect1 {})", after));
    (void)d.on(I::timer_reconnect, {}, 1);
  }
  EXPECT_EQ(text(d.on(I::connection_lost, {}, 0)),
            "connect(0) arm(reconnect1 10) arm(switch 30)");  // now it is needed
  EXPECT_EQ(text(d.on(I::connection_failed, {}, 0)), "arm(reconnect0 10)");
  EXPECT_EQ(text(d.on(I::connection_failed, {}, 1)), "arm(reconnect1 10)");
}

}  // namespace
}  // namespace bcsim::models::tlib::tlib_desktop_session_test
