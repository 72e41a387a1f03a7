// A plan in words, as JSON and as a table of all that was tried. Results dictionary, "Plans".
#pragma once

#include <string>
#include <vector>

#include "tools/plan/planner.hpp"
#include "tools/results/terminal_summary.hpp"

namespace bcsim::tools {

/// An answer without its question's functions: plain data.
struct KeptAnswer {
  Wanted wanted = Wanted::agents;
  std::string unit;
  Goal goal;
  AnswerStatus status = AnswerStatus::not_decided;
  double now = 0, first_guess = 0, most_possible = 0;
  std::string guess_by;
  std::optional<PlanPoint> meets, fails;  ///< the fewest shown to be enough, the most shown not
  std::vector<double> open;               ///< values between them without a verdict
  std::vector<PlanPart> parts;            ///< of `meets`
  std::vector<std::string> settings;
  std::vector<PlanPoint> points, verification;
};
[[nodiscard]] KeptAnswer keep(const PlanAnswer& answer);

struct PlanResult {
  std::string scenario, title, id, directory;
  std::uint64_t seed = 1;
  bool has_faults = false;
  PlannerOptions options;
  std::vector<KeptAnswer> answers;
  std::vector<HeadroomRow> headroom;

  /// Impossible if any is, else not decided if any is not. Headroom only informs.
  [[nodiscard]] AnswerStatus status() const;
};

/// "418 agents", or what else there is to say: the answer in a few words.
[[nodiscard]] std::string answer_words(const KeptAnswer& answer);
/// One sentence or two: what was shown, and from where the guess came.
[[nodiscard]] std::string because(const KeptAnswer& answer, const PlannerOptions& options);

[[nodiscard]] std::string plan_table(const PlanResult& result, const SummaryStyle& style);
[[nodiscard]] std::string plan_json(const PlanResult& result);
[[nodiscard]] std::string plan_csv(const PlanResult& result);
[[nodiscard]] const std::vector<std::string>& plan_columns();

}  // namespace bcsim::tools
