#include "tools/results/target_words.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

using models::Target;

std::string callers_words(double n) {
  return n == std::round(n) ? count_words(static_cast<std::uint64_t>(n)) : number_words(n);
}

std::string what_of(const models::ServiceTarget& asked, Target target) {
  const auto share = [&] { return percent_words(asked.answered->share); };
  switch (target) {
    case Target::answered:
      return "answered within " + duration_words(sim::seconds(asked.answered->within));
    case Target::below_for:
      return fmt::format("time below {}", share());
    case Target::worst_wait:
      return "worst wait";
    case Target::lost_callers:
      return "callers lost";
    case Target::agents_back:
      return "all agents back after";
  }
  return "";
}

}  // namespace

std::vector<TargetLine> target_lines(const models::RunResult& result) {
  std::vector<TargetLine> out;
  for (const models::ServiceTarget& asked : result.targets) {
    const std::string& queue = result.queue_names[asked.queue];
    for (std::size_t t = 0; t < models::kTargets; ++t) {
      const auto target = static_cast<Target>(t);
      const std::optional<double> limit = limit_of(asked, target);
      if (!limit) continue;
      TargetLine line{queue, what_of(asked, target), "",
                      fmt::format("target.{}.{}", queue, name(target)), duration_words};
      if (target == Target::answered) line.words = percent_words;
      if (target == Target::lost_callers) line.words = callers_words;
      line.limit = fmt::format("{} {}", target == Target::answered ? "at least" : "at most",
                               line.words(*limit));
      out.push_back(std::move(line));
    }
  }
  return out;
}

std::string target_value_words(const TargetLine& line, double value) {
  // Of the values only the agents' return may be missing: they were not back.
  return std::isnan(value) ? "not back" : line.words(value);
}

}  // namespace bcsim::tools
