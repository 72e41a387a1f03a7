#include "tools/compare/compare.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace bcsim::tools {
namespace {

using Records = std::map<std::uint32_t, ReplicationRecord>;

Records by_replication(std::vector<ReplicationRecord> records) {
  Records out;
  for (ReplicationRecord& record : records) {
    const std::uint32_t r = record.replication;
    out.emplace(r, std::move(record));
  }
  return out;
}

class ComparisonRun {
 public:
  ComparisonRun(ComparePlan& plan, const ExperimentProgress& progress)
      : plan_(plan),
        progress_(progress),
        have_{by_replication(std::move(plan.a.records)),
              by_replication(std::move(plan.b.records))} {}

  CompareResult run() {
    CompareResult out;
    out.differences = scenario_differences(plan_.a.effective_yaml, plan_.b.effective_yaml);
    out.paired = plan_.options.paired;
    std::uint32_t wanted = plan_.replications;
    while (true) {
      simulate_up_to(wanted, out);
      judge_pairs(wanted, out);
      const bool open = out.verdict() == GateVerdict::inconclusive && !out.gates.empty();
      if (!plan_.extend || !open || out.interrupted || wanted >= plan_.most) return out;
      wanted = std::min(plan_.most, 2 * wanted);
    }
  }

 private:
  void simulate_up_to(std::uint32_t wanted, CompareResult& out) {
    std::vector<ReplicationTask> tasks;
    std::vector<int> sides;
    for (std::uint32_t r = 0; r < wanted; ++r) {
      for (const int side : {0, 1}) {
        if (have_[side].count(r) > 0) continue;
        tasks.push_back({side == 0 ? &plan_.a.scenario : &plan_.b.scenario, r, false, false});
        sides.push_back(side);
      }
    }
    if (tasks.empty()) return;
    const auto finished = [&](std::size_t task, FinishedTask done) {
      const std::uint32_t r = done.record.replication;
      have_[sides[task]].emplace(r, std::move(done.record));
    };
    std::function<void(double)> tell;
    if (progress_) {
      tell = [&](double done) {
        const double share = done / static_cast<double>(tasks.size());
        progress_(share * wanted, wanted);
      };
    }
    PoolOutcome outcome = run_tasks(tasks, plan_.pool, finished, tell);
    for (LostJob& lost : outcome.lost) {
      lost.job = tasks[lost.job].replication;
      out.lost.push_back(std::move(lost));
    }
    out.interrupted = outcome.interrupted;
  }
  /// Looks at the replications that both have; after an interruption, at those before the first
  /// gap.
  void judge_pairs(std::uint32_t wanted, CompareResult& out) {
    std::vector<ReplicationRecord> a, b;
    for (std::uint32_t r = 0; r < wanted; ++r) {
      const auto from = have_[0].find(r), to = have_[1].find(r);
      if (from == have_[0].end() || to == have_[1].end()) {
        if (out.interrupted) break;
        continue;
      }
      a.push_back(from->second);
      b.push_back(to->second);
    }
    out.replications = static_cast<std::uint32_t>(a.size());
    out.metrics = compare_records(a, b, plan_.options);
    out.gates = judge_gates(plan_.gates, a, b, plan_.options);
  }

  ComparePlan& plan_;
  const ExperimentProgress& progress_;
  std::array<Records, 2> have_;
};

}  // namespace

GateVerdict CompareResult::verdict() const {
  GateVerdict worst = GateVerdict::passed;
  for (const JudgedGate& gate : gates) {
    if (gate.verdict == GateVerdict::failed) return GateVerdict::failed;
    if (gate.verdict == GateVerdict::inconclusive) worst = GateVerdict::inconclusive;
  }
  return worst;
}

CompareResult run_comparison(ComparePlan plan, const ExperimentProgress& progress) {
  return ComparisonRun(plan, progress).run();
}

}  // namespace bcsim::tools
