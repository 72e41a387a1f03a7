#include "tools/plan/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "tools/plan/forecast.hpp"
#include "tools/run/replicate.hpp"

namespace bcsim::tools {
namespace {

/// A candidate is given up as open when it is this likely to stay so.
constexpr double kHopeless = 0.9;

/// One scenario under judgement; replications are added as they are needed.
class PlanSample {
 public:
  PlanSample(models::Scenario scenario, const Goal& goal, std::vector<std::string> details,
             std::uint32_t first = 0)
      : scenario_(std::move(scenario)),
        goal_(goal),
        details_(std::move(details)),
        sums_(details_.size(), 0),
        counts_(details_.size(), 0),
        first_(first) {}

  void extend(std::uint32_t to, const PlanWorld& world) {
    const auto have = static_cast<std::uint32_t>(sample_.size());
    if (to <= have) return;
    for (const ReplicationRecord& record : world.run(scenario_, first_ + have, first_ + to)) {
      sample_.push_back(measure(record, goal_, scenario_.run.service_level_definition));
      add_details(record);
    }
  }
  /// Looks after more and more replications until there is a verdict, or `most` are done, or
  /// nothing is to be hoped of them: that cannot make a verdict wrong, only leave one out.
  Judgement decide(std::uint32_t most, const PlanWorld& world, const std::string& what) {
    const double error = error_per_look(goal_, most);
    for (const std::uint32_t look : looks(goal_, most)) {
      if (look < sample_.size()) continue;
      if (world.tell) world.tell(what);
      extend(look, world);
      judgement_ = judge(sample_, goal_, error);
      if (judgement_.verdict != PlanVerdict::open) break;
      if (chance_to_decide(judgement_, goal_, most) < 1 - kHopeless) break;
    }
    return judgement_;
  }
  PlanVerdict scout(const PlanWorld& world, const std::string& what) {
    if (world.tell) world.tell(what);
    extend(kFirstGlance, world);
    if (!is_clear(sample_, goal_)) extend(kFirstLook, world);
    judgement_ = judge(sample_, goal_, 1 - goal_.confidence);
    judgement_.verdict = PlanVerdict::open;
    return suggest(sample_, goal_);
  }
  /// All replications at once, one look.
  Judgement verify(std::uint32_t n, const PlanWorld& world) {
    extend(n, world);
    return judgement_ = judge(sample_, goal_, 1 - goal_.confidence);
  }
  [[nodiscard]] PlanPoint point(int index, double value) const {
    PlanPoint out{index, value, judgement_, {}};
    for (std::size_t d = 0; d < details_.size(); ++d) {
      out.details.emplace_back(details_[d], counts_[d] > 0 ? sums_[d] / counts_[d] : std::nan(""));
    }
    return out;
  }

 private:
  void add_details(const ReplicationRecord& record) {
    for (std::size_t d = 0; d < details_.size(); ++d) {
      for (const models::MetricValue& metric : record.metrics) {
        if (metric.id != details_[d] || std::isnan(metric.value)) continue;
        sums_[d] += metric.value;
        counts_[d] += 1;
      }
    }
  }

  models::Scenario scenario_;
  Goal goal_;
  std::vector<std::string> details_;
  std::vector<double> sums_, counts_;
  std::uint32_t first_;
  std::vector<Measured> sample_;
  Judgement judgement_;
};

class Answering {
 public:
  Answering(PlanQuestion question, const PlannerOptions& options, const PlanWorld& world)
      : options_(options), world_(world) {
    answer_.question = std::move(question);
  }

  PlanAnswer run() {
    PlanQuestion& q = answer_.question;
    SearchRange range = q.range;
    range.within = steps_within(options_.within);
    const SearchResult way =
        search_fewest(range, [&](int i) { return sample(i).scout(world_, words(i)); });
    // From where there is some hope for a verdict, upwards and downwards.
    range.first = std::min(range.high, way.meets.value_or(range.high) + range.within / 2);
    range.step = std::max(1, range.within / 2);
    answer_.found = search_fewest(
        range, [&](int i) { return sample(i).decide(options_.most, world_, words(i)).verdict; });
    answer_.status = status(range);
    for (const auto& [index, sample] : samples_) {
      answer_.points.push_back(sample.point(index, q.value(index)));
    }
    if (options_.verify) verify();
    return std::move(answer_);
  }

 private:
  PlanSample& sample(int i) {
    const auto found = samples_.find(i);
    if (found != samples_.end()) return found->second;
    const PlanQuestion& q = answer_.question;
    return samples_.emplace(i, PlanSample(world_.load(q.settings(i)), q.goal, q.details))
        .first->second;
  }
  [[nodiscard]] std::string words(int i) const {
    const PlanQuestion& q = answer_.question;
    return fmt::format("{:.6g} {}", q.value(i), q.unit);
  }
  /// The candidates that the share of the first guess is, at least 1.
  [[nodiscard]] int steps_within(double share) const {
    const PlanQuestion& q = answer_.question;
    const double guess = q.value(q.range.first);
    int steps = 1;
    while (q.range.first - steps > q.range.low &&
           guess - q.value(q.range.first - steps - 1) <= share * guess) {
      ++steps;
    }
    return steps;
  }
  [[nodiscard]] AnswerStatus status(const SearchRange& range) const {
    if (answer_.found.decided(range)) return AnswerStatus::decided;
    return answer_.found.fails == range.high ? AnswerStatus::impossible : AnswerStatus::not_decided;
  }
  void verify() {
    const PlanQuestion& q = answer_.question;
    for (const auto index : {answer_.found.fails, answer_.found.meets}) {
      if (!index) continue;
      const std::uint32_t n = answer_.point(*index)->judgement.n;
      PlanSample fresh(world_.load(q.settings(*index)), q.goal, q.details, kFreshReplications);
      if (world_.tell) world_.tell(words(*index) + ", verified");
      static_cast<void>(fresh.verify(n, world_));
      answer_.verification.push_back(fresh.point(*index, q.value(*index)));
    }
  }

  const PlannerOptions& options_;
  const PlanWorld& world_;
  PlanAnswer answer_;
  std::map<int, PlanSample> samples_;
};

}  // namespace

std::string_view name(AnswerStatus status) {
  constexpr std::array<std::string_view, 3> kNames = {"decided", "not_decided", "impossible"};
  return kNames[static_cast<std::size_t>(status)];
}

const PlanPoint* PlanAnswer::point(int index) const {
  const auto found = std::find_if(points.begin(), points.end(),
                                  [&](const PlanPoint& p) { return p.index == index; });
  return found == points.end() ? nullptr : &*found;
}

PlanAnswer answer_question(PlanQuestion question, const PlannerOptions& options,
                           const PlanWorld& world) {
  return Answering(std::move(question), options, world).run();
}

std::vector<std::string> settings_of(const PlanAnswer& answer) {
  return answer.found.meets ? answer.question.settings(*answer.found.meets)
                            : std::vector<std::string>{};
}

std::vector<HeadroomRow> find_headroom(const std::vector<double>& growth,
                                       const PlannerOptions& options, const PlanWorld& world) {
  const models::Scenario base = world.load({});
  Goal through = options.goals.of_people();
  Goal without = through;
  without.stretch = Stretch::run;
  std::vector<HeadroomRow> rows;
  for (const double g : growth) {
    HeadroomRow& row = rows.emplace_back();
    row.growth = g;
    const models::Scenario grown = world.load(growth_settings(base, 1 + g));
    const std::string what = fmt::format("{:.3g} % more calls", 100 * g);
    PeakLoad load = peak_load(base);
    load.calls_per_s *= 1 + g;
    std::vector<double> agents;
    for (const models::AgentGroup& group : base.agents) agents.push_back(group.count);
    const double people = std::accumulate(agents.begin(), agents.end(), 0.0);
    for (double& n : agents) n *= people > 0 ? load.agents / people : 0;
    PlanSample normal(without_faults(grown), without, {});
    static_cast<void>(normal.decide(options.most, world, what));
    row.without = normal.point(0, g);
    row.without_forecast = forecast_service_level(base, load, agents, no_failure(base));
    if (base.faults.empty()) continue;
    PlanSample failing(grown, through, {});
    static_cast<void>(failing.decide(options.most, world, what + ", with the failure"));
    row.through = failing.point(0, g);
    row.through_forecast = forecast_service_level(base, load, agents, aftermath(base));
  }
  return rows;
}

}  // namespace bcsim::tools
