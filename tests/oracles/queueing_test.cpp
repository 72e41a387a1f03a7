// The contact centre as a queueing model: published Erlang B, C, A vectors, Whitt's tables and the
// days of ContactCenters by the full actor model (every INVITE, REGISTER and T-Library event) with
// zero latency.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <cstdlib>
#include <map>

#include "models/ledger/ledger.hpp"
#include "tests/support/data_rows.hpp"
#include "tests/support/goodness_of_fit.hpp"
#include "tests/support/worlds.hpp"
#include "tools/stats/estimate.hpp"

namespace bcsim::tests::queueing_test {
namespace {

using testing::number;
using testing::read_rows;
using testing::sample_mean;

/// A plain run of the tests is short; BCSIM_FULL=1 gives the intervals that the oracles deserve.
const bool kFull = std::getenv("BCSIM_FULL") != nullptr;
const std::uint32_t kReplications = kFull ? 20 : 5;
const double kCalls = kFull ? 3000 : 700;  ///< at least, in one replication
constexpr double kFamilyLevel = 0.01;
/// A call that meets a free agent still takes a few packets' transmission on the local network.
constexpr double kAtOnce = 0.0005;

/// One site, n agents, one queue; times in units of the mean service time.
struct System {
  double agents = 1, arrivals_per_service = 1;
  Distribution service = Exponential{1};
  Distribution patience = Never{};
  double channels = 1e6;
  auto operator<=>(const System& o) const { return label <=> o.label; }
  bool operator==(const System& o) const { return label == o.label; }
  std::string label;
};

/// Means of one replication.
using Measured = std::map<std::string, double>;

/// Time that correlations of an M/M/n queue near its load take to die out, in service times.
double relaxation(const System& s) {
  const double root = std::sqrt(s.agents) - std::sqrt(s.arrivals_per_service);
  const bool stable_without_patience = s.arrivals_per_service < s.agents;
  const bool limited = !std::holds_alternative<Never>(s.patience) || s.channels < 1e6;
  if (limited) return 6;  // customers leave: no slower than patience, which is 4 at the most
  EXPECT_TRUE(stable_without_patience);
  return std::max(2.0, 1 / (root * root));
}

Scenario world_of(const System& s, double warm_up, double length) {
  Scenario scenario = p0_scenario();
  without_latency(scenario);
  scenario.run.seed = 1999;
  scenario.run.horizon = sim::from_seconds(warm_up + length);
  scenario.agents.push_back(
      agents("all", static_cast<std::uint32_t>(s.agents), 0, RegistrationMode::single));
  scenario.agents[0].phone.expires = 3600s;
  scenario.gateways[0].channels = static_cast<std::uint32_t>(s.channels);
  CallStream stream = calls(ConstantRate{s.arrivals_per_service}, {1, 0});
  stream.talk = s.service;
  stream.after_call_work = Deterministic{0};
  stream.patience = s.patience;
  stream.setup_patience = Never{};
  scenario.calls.push_back(stream);
  return scenario;
}

class LedgerObserver final : public Observer {
 public:
  explicit LedgerObserver(const Scenario& s) : ledger(s) {}
  void on_record(const JournalEntry& entry) override { ledger.on_record(entry); }
  void on_tick(SimTime, const TickSample&) override {}
  CallLedger ledger;
};

/// `t`: threshold of the metrics that have one, in service times.
Measured measure(const System& s, const std::map<std::string, double>& thresholds,
                 std::uint32_t replication) {
  const double warm_up = 10 + 4 * relaxation(s);
  const double length = std::max(kCalls / s.arrivals_per_service, 12 * relaxation(s));
  const Scenario scenario = world_of(s, warm_up, length);
  LedgerObserver seen(scenario);
  run_world(scenario, {&seen}, replication);
  double offered = 0, blocked = 0, waited = 0, abandoned = 0, answered = 0;
  double wait_sum = 0, wait_answered = 0, wait_abandoned = 0;
  std::map<std::string, double> within;
  for (const CallRow& row : seen.ledger.rows()) {
    const double at = sim::seconds(row.offered);
    if (at < warm_up) continue;
    ++offered;
    if (row.cause == Cause::blocked_at_trunk) {
      ++blocked;
      continue;
    }
    const bool served = row.answered != sim::kNever && row.answered != SimTime::min();
    const SimTime end = served                                ? row.answered
                        : row.cause == Cause::still_in_system ? sim::kStart + scenario.run.horizon
                                                              : row.released;
    const double wait = sim::seconds(end - row.offered);
    waited += wait > kAtOnce;
    wait_sum += wait;
    if (served) {
      ++answered;
      wait_answered += wait;
    } else if (row.cause == Cause::abandoned_in_queue) {
      ++abandoned;
      wait_abandoned += wait;
    }
    for (const auto& [metric, t] : thresholds) within[metric] += served && wait <= t;
  }
  const double taken = offered - blocked;
  Measured m;
  m["p_block"] = blocked / offered;
  m["p_wait"] = waited / taken;
  m["p_no_wait"] = m["P(W=0)"] = 1 - waited / taken;
  m["p_abandon"] = m["P(A)"] = abandoned / taken;
  m["mean_wait"] = wait_sum / taken;
  m["mean_queue"] = m["E[Q]"] = s.arrivals_per_service * wait_sum / offered;  // Little's law
  m["mean_in_system"] = m["E[N]"] =
      s.arrivals_per_service * (wait_sum + answered * mean_s(s.service)) / offered;
  m["mean_sojourn"] = (wait_sum + answered * mean_s(s.service)) / taken;
  m["E[W|S]"] = wait_answered / answered;
  m["E[W|A]"] = abandoned > 0 ? wait_abandoned / abandoned : 0;
  m["occupancy"] = s.arrivals_per_service * answered * mean_s(s.service) / offered / s.agents;
  for (const auto& [metric, t] : thresholds) m[metric] = within[metric] / taken;
  return m;
}

struct Expected {
  std::string metric;
  double value = 0;       ///< in units of the service time
  double half_width = 0;  ///< 95 %, of a published simulation; or the rounding of the figure
  bool simulated = false;
};

/// Runs every system and compares each mean with its published value: no difference beyond the
/// joint 99 % limit, the published half-widths added in quadrature.
void compare(const std::map<System, std::vector<Expected>>& systems,
             const std::map<std::string, std::map<std::string, double>>& thresholds = {}) {
  std::size_t comparisons = 0;
  for (const auto& [system, expected] : systems) comparisons += expected.size();
  ASSERT_GT(comparisons, 0u);
  const boost::math::students_t t(kReplications - 1);
  const double quantile =
      boost::math::quantile(t, 1 - kFamilyLevel / 2 / static_cast<double>(comparisons));
  for (const auto& [system, expected] : systems) {
    const auto found = thresholds.find(system.label);
    const auto& limits =
        found == thresholds.end() ? std::map<std::string, double>{} : found->second;
    std::map<std::string, std::vector<double>> samples;
    for (std::uint32_t r = 0; r < kReplications; ++r) {
      for (const auto& [metric, value] : measure(system, limits, r))
        samples[metric].push_back(value);
    }
    for (const Expected& e : expected) {
      ASSERT_TRUE(samples.contains(e.metric)) << e.metric;
      const auto m = sample_mean(samples[e.metric]);
      const double published = e.simulated ? e.half_width / 1.96 : 0;
      const double limit =
          quantile * std::hypot(m.standard_error, published) + (e.simulated ? 0 : e.half_width);
      std::printf("  %-44s %-16s %9.5f +- %.5f, published %.5f\n", system.label.c_str(),
                  e.metric.c_str(), m.mean, quantile * m.standard_error, e.value);
      EXPECT_NEAR(m.mean, e.value, limit) << system.label << " " << e.metric;
    }
  }
}

TEST(Queueing, PublishedErlangVectors) {
  std::map<System, std::vector<Expected>> systems;
  std::map<std::string, std::map<std::string, double>> thresholds;
  enum Column { model, n, lambda, mu, theta, capacity, t, metric, expected, relative, tolerance };
  for (const auto& row : read_rows("tests/models/data/erlang_vectors.csv", 11)) {
    const double service = 1 / number(row[mu]);
    const std::string& name = row[metric];
    double value = number(row[expected]), rounding = number(row[tolerance]);
    if (row[relative] == "yes") rounding *= value;
    if (number(row[n]) > 300 || name.starts_with("ln_") || name == "p_offered_wait_at_most_t")
      continue;
    if (name.starts_with("p_") && (value <= 0.001 || value >= 0.999)) continue;
    if (name == "mean_wait" || name == "mean_sojourn") value /= service, rounding /= service;
    System s;
    s.agents = number(row[n]);
    s.arrivals_per_service = number(row[lambda]) * service;
    if (row[model] == "ErlangB") s.channels = s.agents;
    if (!row[capacity].empty()) s.channels = number(row[capacity]);
    if (!row[theta].empty()) s.patience = Exponential{1 / number(row[theta]) / service};
    s.label = row[model] + " n=" + row[n] + " l=" + row[lambda] + " m=" + row[mu].substr(0, 8) +
              " th=" + row[theta].substr(0, 6) + " K=" + row[capacity];
    if (!row[t].empty()) thresholds[s.label][name] = number(row[t]) / service;
    systems[s].push_back({name, value, rounding, false});
  }
  compare(systems, thresholds);
}

/// theta = mu: the number in the system is Poisson(a) for every n; its mean is a.
TEST(Queueing, WithPatienceLikeServiceTheSystemHoldsTheOfferedLoad) {
  std::map<System, std::vector<Expected>> systems;
  for (const double n : {5.0, 15.0, 20.0}) {
    System s;
    s.agents = n;
    s.arrivals_per_service = 20;
    s.patience = Exponential{1};
    s.label = "theta = mu, n = " + std::to_string(static_cast<int>(n));
    systems[s].push_back({"mean_in_system", 20, 0.001, false});
  }
  compare(systems);
}

TEST(Queueing, WhittsTablesOfGeneralServiceAndPatience) {
  std::map<System, std::vector<Expected>> systems;
  enum Column { service, patience, mean, scv, metric, value, half_width };
  for (const auto& row : read_rows("tests/oracles/data/whitt_tables.csv", 7)) {
    System s;
    s.agents = 100;
    s.arrivals_per_service = 102;
    if (row[service] == "E2") s.service = Erlang{2, 1};
    const double m = number(row[mean]);
    if (row[patience] == "M") s.patience = Exponential{m};
    if (row[patience] == "E2") s.patience = Erlang{2, m};
    if (row[patience] == "LN") s.patience = Lognormal{m, std::sqrt(number(row[scv]))};
    s.label = row[service] + "/100+" + row[patience] + " mean " + row[mean] + " scv " + row[scv];
    const bool simulated = number(row[half_width]) > 0;
    // Exact figures are given to four or so digits.
    const double rounding = simulated ? number(row[half_width]) : 0.001 * number(row[value]);
    systems[s].push_back({row[metric], number(row[value]), rounding, simulated});
  }
  compare(systems);
}

// ---- intervals ---------------------------------------------------------------------------------

/// Two channels, two calls in a service time: two of five calls are blocked (Erlang B), exactly.
TEST(Intervals, CoverTheTruthOf2000ExperimentsInNinetyFivePercent) {
  if (!kFull) GTEST_SKIP() << "12 000 small runs: BCSIM_FULL=1";
  constexpr std::uint32_t kExperiments = 2000, kRuns = 6;
  constexpr double kWarmUp = 8, kLength = 40, kRate = 2, kBlocking = 0.4;
  System system;
  system.agents = system.channels = 2;
  system.arrivals_per_service = kRate;
  const Scenario scenario = world_of(system, kWarmUp, kLength);
  int ratios = 0, means = 0;
  for (std::uint32_t e = 0; e < kExperiments; ++e) {
    std::vector<double> shares, offered, taken;
    for (std::uint32_t r = 0; r < kRuns; ++r) {
      LedgerObserver seen(scenario);
      run_world(scenario, {&seen}, e * kRuns + r);
      double calls = 0, blocked = 0;
      for (const CallRow& row : seen.ledger.rows()) {
        if (sim::seconds(row.offered) < kWarmUp) continue;
        ++calls;
        blocked += row.cause == Cause::blocked_at_trunk;
      }
      shares.push_back(blocked / calls);
      offered.push_back(calls);
      taken.push_back(calls - blocked);
    }
    const auto covers = [](const tools::Estimate& x, double truth) {
      return x.low() <= truth && truth <= x.high();
    };
    ratios += covers(tools::estimate({shares, offered}), kBlocking);
    means += covers(tools::estimate({taken}), kRate * kLength * (1 - kBlocking));
  }
  std::printf("  of %u intervals of a ratio %d cover it, of a mean %d\n", kExperiments, ratios,
              means);
  for (const int covered : {ratios, means}) {
    EXPECT_GE(covered, 0.935 * kExperiments);
    EXPECT_LE(covered, 0.965 * kExperiments);
  }
}

// ---- whole days: ContactCenters ----------------------------------------------------------------

/// A day of the published examples; the centre opens empty, and closes when the last call is over.
struct CentreDay {
  Scenario scenario;
  double unit_s = 1;    ///< simulated seconds in the example's unit of time
  double length = 0;    ///< in that unit, like all that follows
  double within = 0;    ///< acceptable wait
  double expected = 1;  ///< calls, of a usual day
};

CentreDay open_centre(double unit_s, double length, const AgentGroup& group,
                      const std::vector<RateStep>& rates) {
  CentreDay day;
  day.unit_s = unit_s;
  day.length = length;
  Scenario& scenario = day.scenario = p0_scenario();
  without_latency(scenario);
  scenario.run.seed = 2003;
  scenario.run.horizon = sim::from_seconds(unit_s * length * 1.25);
  scenario.agents.push_back(group);
  scenario.agents[0].phone.expires = 3600s;
  scenario.gateways[0].channels = 1'000'000;
  RateProfile profile{rates};
  profile.steps.push_back({sim::kStart + sim::from_seconds(unit_s * length), 0});
  CallStream stream = calls(profile, {1, 0});
  stream.after_call_work = Deterministic{0};
  stream.patience = stream.setup_patience = Never{};
  scenario.calls.push_back(stream);
  return day;
}

/// M/M/12: 4.2 calls a minute of 2 minutes, over 8 hours. A minute is 6 s here, so that there is
/// less signalling between the calls.
CentreDay mmc_day(const std::string& example) {
  constexpr double kMinute = 6;
  CentreDay day = open_centre(kMinute, 480, agents("all", 12, 0, RegistrationMode::single),
                              {{sim::kStart, 4.2 / kMinute}});
  day.within = 1.0 / 3;
  day.scenario.calls[0].talk = Exponential{2 * kMinute};
  if (example == "MMCAb") day.scenario.calls[0].patience = Exponential{1 * kMinute};
  if (example == "MMCBlocked") day.scenario.queues[0].limit = 5;
  return day;
}

/// 13 hours with other rates and other numbers of agents, calls of 100 s, and a gamma-distributed
/// busyness of the day. A second is 0.1 s here. One caller in ten does not wait at all: 5 ms, which
/// the signalling of a call that is answered at once does not take.
CentreDay call_center_day(double alpha0) {
  constexpr double kSecond = 0.1, kHour = 3600 * kSecond, kAtAll = 0.005;
  constexpr int kAgents[] = {4, 6, 8, 8, 8, 7, 8, 8, 6, 6, 4, 4, 4};
  constexpr double kCalls[] = {100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60};
  AgentGroup group = agents("all", 8, 0, RegistrationMode::single);
  std::vector<RateStep> rates;
  double expected = 0;
  for (int hour = 0; hour < 13; ++hour) {
    const SimTime at = sim::kStart + sim::from_seconds(hour * kHour);
    group.staffing.push_back({at, static_cast<std::uint32_t>(kAgents[hour])});
    rates.push_back({at, kCalls[hour] / kHour});
    expected += kCalls[hour];
  }
  CentreDay day = open_centre(kSecond, 13 * 3600, group, rates);
  day.within = 20;
  day.expected = expected;
  CallStream& stream = day.scenario.calls[0];
  stream.busyness_cv = 1 / std::sqrt(alpha0);
  stream.talk = Exponential{100 * kSecond};
  stream.patience = PiecewiseHazard{{0, kAtAll, kAtAll * 1.01},
                                    {0, -std::log(0.9) / (kAtAll * 0.01), 0.001 / kSecond}};
  return day;
}

struct Quotient {
  double numerator = 0, denominator = 1;
};
using DayMeasures = std::map<std::string, Quotient>;

DayMeasures measure_day(const CentreDay& day, std::uint32_t replication) {
  LedgerObserver seen(day.scenario);
  run_world(day.scenario, {&seen}, replication);
  double served = 0, abandoned = 0, blocked = 0, late = 0, in_target = 0, left_early = 0;
  double waits_served = 0, waits_abandoned = 0, busy = 0;
  const auto time = [&](SimTime t) { return sim::seconds(t) / day.unit_s; };
  for (const CallRow& row : seen.ledger.rows()) {
    EXPECT_NE(row.cause, Cause::still_in_system);
    if (row.cause == Cause::default_routed) {
      ++blocked;
    } else if (row.cause == Cause::completed) {
      const double wait = time(row.answered) - time(row.offered);
      ++served;
      waits_served += wait;
      in_target += wait < day.within;
      busy += std::min(time(row.released), day.length) - std::min(time(row.answered), day.length);
    } else {
      const double wait = time(row.released) - time(row.offered);
      EXPECT_EQ(row.cause, Cause::abandoned_in_queue);
      ++abandoned;
      waits_abandoned += wait;
      (wait < day.within ? left_early : late) += 1;
    }
  }
  return {{"in_target", {in_target}},
          {"abandoned", {abandoned}},
          {"blocked", {blocked}},
          {"arrivals", {served + abandoned}},
          {"service_level", {in_target, served}},
          {"service_level_with_lost", {in_target, served + late + blocked}},
          {"speed_of_answer", {waits_served, served}},
          {"occupancy", {busy, day.length * day.scenario.agents[0].count}},
          {"wait_of_expected", {(waits_served + waits_abandoned) / day.expected}},
          {"within_of_expected", {(in_target + left_early) / day.expected}},
          {"lost_of_expected", {abandoned / day.expected}}};
}

/// As many days as were published, or one of `parts` parts of them; a plain run of the tests has
/// few. No difference beyond the joint 99 % limit of all published figures.
void compare_days(const std::string& example, const CentreDay& day, std::uint32_t part = 0,
                  std::uint32_t parts = 1) {
  enum Column { name, metric, mean, sd, days, rounding };
  const auto rows = read_rows("tests/oracles/data/contactcenters.csv", 6);
  std::map<std::string, std::vector<Quotient>> samples;
  std::uint32_t published = 0;
  for (const auto& row : rows) {
    if (row[name] == example) published = static_cast<std::uint32_t>(number(row[days]));
  }
  ASSERT_GT(published, 0u);
  const std::uint32_t count = kFull ? published / parts : 8;
  for (std::uint32_t r = part * count; r < (part + 1) * count; ++r) {
    for (const auto& [id, value] : measure_day(day, r)) samples[id].push_back(value);
  }
  const boost::math::students_t t(count - 1);
  const double quantile =
      boost::math::quantile(t, 1 - kFamilyLevel / 2 / static_cast<double>(rows.size()));
  for (const auto& row : rows) {
    if (row[name] != example) continue;
    // A ratio of sums and its error: by the delta method.
    const std::vector<Quotient>& sample = samples.at(row[metric]);
    double numerators = 0, denominators = 0;
    for (const Quotient& q : sample) numerators += q.numerator, denominators += q.denominator;
    const double ratio = numerators / denominators;
    std::vector<double> residuals;
    for (const Quotient& q : sample) {
      residuals.push_back((q.numerator - ratio * q.denominator) * count / denominators);
    }
    const double error = sample_mean(residuals).standard_error;
    const double published_error = number(row[sd]) / std::sqrt(published);
    std::printf("  %-12s %-24s %10.4f +- %.4f, published %.4f +- %.4f\n", example.c_str(),
                row[metric].c_str(), ratio, quantile * error, number(row[mean]),
                quantile * published_error);
    EXPECT_NEAR(ratio, number(row[mean]),
                quantile * std::hypot(error, published_error) + number(row[rounding]))
        << row[metric];
  }
}

TEST(ContactCenters, Mmc) {
  compare_days("MMC", mmc_day("MMC"));
}
TEST(ContactCenters, MmcWithAbandonment) {
  compare_days("MMCAb", mmc_day("MMCAb"));
}
TEST(ContactCenters, MmcWithABoundedQueue) {
  compare_days("MMCBlocked", mmc_day("MMCBlocked"));
}
TEST(ContactCenters, CallCcWhoseDaysDifferMuch) {
  compare_days("CallCC", call_center_day(10));
}
/// 10 000 days take five minutes: in four parts.
class CallCenterQuarter : public ::testing::TestWithParam<std::uint32_t> {};
TEST_P(CallCenterQuarter, HasDaysThatDifferLittle) {
  if (!kFull && GetParam() > 0) GTEST_SKIP() << "2 500 days: BCSIM_FULL=1";
  compare_days("CallCenter", call_center_day(400), GetParam(), 4);
}
INSTANTIATE_TEST_SUITE_P(ContactCenters, CallCenterQuarter, ::testing::Values(0, 1, 2, 3));

}  // namespace
}  // namespace bcsim::tests::queueing_test
