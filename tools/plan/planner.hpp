// Answers a plan's questions: searches with simulated replications until each is decided.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/scenario.hpp"
#include "tools/plan/goal.hpp"
#include "tools/plan/questions.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// One candidate, and what its replications say.
struct PlanPoint {
  int index = 0;
  double value = 0;
  Judgement judgement;
  std::vector<std::pair<std::string, double>> details;  ///< means of the question's metrics
};

enum class AnswerStatus : std::uint8_t { decided, not_decided, impossible };
[[nodiscard]] std::string_view name(AnswerStatus status);

struct PlanAnswer {
  PlanQuestion question;
  SearchResult found;
  AnswerStatus status = AnswerStatus::not_decided;
  std::vector<PlanPoint> points;        ///< all candidates looked at, rising
  std::vector<PlanPoint> verification;  ///< on fresh random numbers: one fewer, and the answer

  [[nodiscard]] const PlanPoint* point(int index) const;
};

/// More calls on what the scenario has.
struct HeadroomRow {
  double growth = 0;  ///< 0.1: 10 % more calls
  PlanPoint without;  ///< the failure: N
  double without_forecast = 0;
  std::optional<PlanPoint> through;  ///< it: N+1; none if the scenario has no faults
  double through_forecast = 0;
};

/// How candidates become numbers; tests give their own.
struct PlanWorld {
  /// The scenario with more settings.
  std::function<models::Scenario(const std::vector<std::string>& settings)> load;
  /// Replications from … to − 1, in order.
  std::function<std::vector<ReplicationRecord>(const models::Scenario&, std::uint32_t from,
                                               std::uint32_t to)>
      run;
  /// What is being tried; may be empty.
  std::function<void(const std::string& what)> tell = {};
};

struct PlannerOptions {
  PlanGoals goals;
  std::uint32_t most = 200;  ///< replications of a candidate
  double within = 0.01;      ///< so close, as a share, enough and not enough must come
  bool verify = false;
};

/// Finds the fewest. A few replications find the way; then neighbours are judged with confidence.
[[nodiscard]] PlanAnswer answer_question(PlanQuestion question, const PlannerOptions& options,
                                         const PlanWorld& world);

/// Judges the scenario as it is at each growth, without its faults and through them.
[[nodiscard]] std::vector<HeadroomRow> find_headroom(const std::vector<double>& growth,
                                                     const PlannerOptions& options,
                                                     const PlanWorld& world);

/// The answer's settings: of the fewest shown to be enough; empty if there is none.
[[nodiscard]] std::vector<std::string> settings_of(const PlanAnswer& answer);

/// Replications of a verification are numbered from here on: random numbers of their own.
inline constexpr std::uint32_t kFreshReplications = 1'000'000;

}  // namespace bcsim::tools
