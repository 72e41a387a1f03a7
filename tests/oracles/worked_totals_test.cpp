// Worked totals of domain.md §5.10: 90 agents a site, 0.25 calls/s a gateway, site 1 lost; means of
// 200 replications against the derived figures, inside 99 % intervals.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/demand/erlang.hpp"
#include "models/ledger/ledger.hpp"
#include "tests/support/goodness_of_fit.hpp"
#include "tests/support/worlds.hpp"

namespace bcsim::tests::worked_totals_test {
namespace {

using testing::sample_mean;

constexpr std::uint32_t kReplications = 200;
constexpr double kFault = 2000;       // the queue is warm: eight times the mean talk time
constexpr double kStudentT99 = 2.60;  // 0.995 quantile, 199 degrees of freedom

Scenario worked_case(RegistrationMode mode, bool redial) {
  Scenario s = p0_scenario();
  without_processing(s);
  s.run.horizon = sim::from_seconds(kFault + 80);
  for (const SiteIndex site : {SiteIndex{0}, SiteIndex{1}}) {
    s.agents.push_back(agents(site == 0 ? "P1" : "P2", 90, site, mode));
  }
  CallStream stream = calls(ConstantRate{0.5});
  stream.redial.enabled = redial;
  s.calls.push_back(stream);
  s.faults.push_back(site_failure(SimTime(sim::from_seconds(kFault))));
  return s;
}

/// What one failure cost.
struct Totals {
  double dropped_in_talk = 0, dropped_in_queue = 0, stalled = 0, lost_setups = 0;
  double agent_seconds = 0, back_50 = 0, back_90 = 0, back_100 = 0;
  double redials_of_dropped = 0, detection = 0;
};

class TotalsObserver final : public Observer {
 public:
  explicit TotalsObserver(const Scenario& s) : ledger(s) {}
  void on_record(const JournalEntry& entry) override {
    ledger.on_record(entry);
    const double t = sim::seconds(entry.at) - kFault;
    if (t < 0) return;
    if (const auto* r = std::get_if<CallInvited>(&entry.record)) {
      if (r->site == 0) stalled.push_back(r->call);
    } else if (const auto* r = std::get_if<AgentLogin>(&entry.record)) {
      if (r->site == 1) logins.push_back(t);
    } else if (const auto* r = std::get_if<RedialPlanned>(&entry.record)) {
      if (t == 0) redials += ledger.row(r->call).cause == Cause::dropped_in_talk;
    } else if (const auto* r = std::get_if<ProxyState>(&entry.record)) {
      if (r->gateway == 0 && r->site == 0 && !r->online) detection = t;
    }
  }
  void on_tick(SimTime, const TickSample&) override {}

  CallLedger ledger;
  std::vector<CallId> stalled;
  std::vector<double> logins;
  double redials = 0, detection = 0;
};

Totals one_failure(const Scenario& s, std::uint32_t replication) {
  TotalsObserver seen(s);
  run_world(s, {&seen}, replication);
  seen.ledger.finish(sim::kStart + s.run.horizon);
  Totals totals;
  for (const CallRow& row : seen.ledger.rows()) {
    totals.dropped_in_talk += row.cause == Cause::dropped_in_talk;
    totals.dropped_in_queue +=
        row.cause == Cause::dropped_in_queue || row.cause == Cause::dropped_in_treatment;
  }
  totals.stalled = static_cast<double>(seen.stalled.size());
  for (const CallId call : seen.stalled) {
    totals.lost_setups += seen.ledger.row(call).cause == Cause::abandoned_in_setup;
  }
  std::sort(seen.logins.begin(), seen.logins.end());
  EXPECT_EQ(seen.logins.size(), 90u);
  for (const double t : seen.logins) totals.agent_seconds += t;
  totals.back_50 = seen.logins[44];
  totals.back_90 = seen.logins[80];
  totals.back_100 = seen.logins[89];
  totals.redials_of_dropped = seen.redials;
  totals.detection = seen.detection;
  return totals;
}

std::vector<Totals> failures(const Scenario& s) {
  std::vector<Totals> all;
  for (std::uint32_t r = 0; r < kReplications; ++r) all.push_back(one_failure(s, r));
  return all;
}

/// The expected value lies in the 99 % interval of the mean; `slack` covers the figure's rounding
/// and the latencies that its derivation neglects.
void expect_mean(const std::vector<Totals>& all, double Totals::*what, double expected,
                 double slack, const char* name) {
  std::vector<double> values;
  for (const Totals& t : all) values.push_back(t.*what);
  const auto m = sample_mean(values);
  std::printf("  %-20s %9.3f +- %.3f (99 %%), derived %.3f\n", name, m.mean,
              kStudentT99 * m.standard_error, expected);
  EXPECT_NEAR(m.mean, expected, kStudentT99 * m.standard_error + slack) << name;
}

// Each login is seen at the server a one-way trip after TAgentLogin.
constexpr double kTravel = 0.02;

/// The figures of §5.10 for the agents' return take ADDP's silence as that of an idle link.
TEST(WorkedTotals, AgentsReturnOverIdleLinks) {
  Scenario s = worked_case(RegistrationMode::dual, false);
  s.calls.clear();
  const auto dual = failures(s);
  expect_mean(dual, &Totals::agent_seconds, 90 * (61 + kTravel), 1, "agent-seconds lost");
  expect_mean(dual, &Totals::back_50, 60.9, 0.05 + kTravel, "50 % back");
  expect_mean(dual, &Totals::back_90, 68.8, 0.05 + kTravel, "90 % back");
  expect_mean(dual, &Totals::back_100, 70.8, 0.05 + kTravel, "100 % back");
  for (AgentGroup& group : s.agents) group.phone.registration = RegistrationMode::active_backup;
  // The desktop hears of the phone's binding one trip after it, two round trips after 7.5 s.
  expect_mean(failures(s), &Totals::agent_seconds, 90 * (61.744 + 2 * kTravel), 2, "active-backup");
}

/// With calls the links are not idle: EventRinging with EventEstablished, EventReleased and
/// EventAgentReady reset the silence three times a call, and D moves toward 2A (§2.6). With such
/// messages at rate r the mean silence is that of a renewal process with intervals min(A, Exp(r)),
/// E[I^2] / 2 E[I].
double mean_silence(double a, double r) {
  const double e = std::exp(-r * a);
  return (2 / (r * r) * (1 - e * (1 + r * a))) / (2 * (1 - e) / r);
}

TEST(WorkedTotals, WithoutRedial) {
  const auto all = failures(worked_case(RegistrationMode::dual, false));
  expect_mean(all, &Totals::dropped_in_talk, 59.9, 0.05, "dropped in talk");
  expect_mean(all, &Totals::stalled, 2.81, 0.005, "stalled set-ups");
  expect_mean(all, &Totals::lost_setups, 0.33, 0.005, "lost set-ups");
  const double per_agent = 0.25 * (1 - 0.0023) / 90;  // calls answered per second (case A5)
  const double detection = 2 * 20 - mean_silence(20, 3 * per_agent);
  expect_mean(all, &Totals::agent_seconds, 90 * (detection + 30 + 1 + kTravel), 1,
              "agent-seconds lost");
  // Erlang A has exponential handling; with log-normal talk the queue is a little shorter.
  expect_mean(all, &Totals::dropped_in_queue, 0.16, 0.02, "dropped in queue");
}

TEST(WorkedTotals, WithRedial) {
  const auto all = failures(worked_case(RegistrationMode::dual, true));
  expect_mean(all, &Totals::redials_of_dropped, 48, 0.3, "redials of dropped");
  expect_mean(all, &Totals::stalled, 5.6, 0.15, "stalled set-ups");
  expect_mean(all, &Totals::detection, 9.0, 0.1, "gateway detection");
}

}  // namespace
}  // namespace bcsim::tests::worked_totals_test
