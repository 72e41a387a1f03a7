// Cuts a run into the phases of its failures: before, detection, relogin, degraded, after.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/domain.hpp"
#include "models/metrics/accumulators.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

using sim::kNever;
using sim::kStart;

/// Results dictionary, "Phases".
enum class Phase : std::uint8_t { warm_up, before, detection, relogin, degraded, after };
inline constexpr std::size_t kPhases = 6;
[[nodiscard]] std::string_view name(Phase phase);

struct PhaseInterval {
  Phase phase = Phase::before;
  SimTime start, end;
};

/// Where detection and relogin end is only known when the next fault, the repair or the horizon
/// comes: each may still be extended by a later event. So an episode (from a fault to the next
/// fault, the repair of everything, or the horizon) is measured in three accumulators, of which the
/// later ones are poured into the earlier when such an event extends those.
class PhaseTracker {
 public:
  explicit PhaseTracker(const Scenario& scenario) : scenario_(scenario) {}

  /// Tells what a record means for the phases; if it is not `none`, call add() with the slice that
  /// ends now, then apply().
  enum class Mark : std::uint8_t { none, fault, repair, detection, agent_returned };
  [[nodiscard]] Mark mark(const JournalEntry& entry);
  /// Adds what has been measured since the last add().
  void add(const Slice& slice);
  void apply(Mark mark, SimTime now);
  /// At the end of the warm-up (after add) and at the horizon.
  void end_warm_up(SimTime now);
  void finish(SimTime horizon);

  [[nodiscard]] bool in_episode() const { return episode_; }
  /// In order of time, without gaps from 0 to the horizon; empty ones left out. After finish().
  [[nodiscard]] const std::vector<PhaseInterval>& intervals() const { return intervals_; }
  [[nodiscard]] const Slice& levels(Phase phase) const {
    return totals_[static_cast<std::size_t>(phase)];
  }
  /// After finish().
  [[nodiscard]] Phase at(SimTime t) const;

 private:
  [[nodiscard]] bool first_of_episode(std::uint64_t key);
  [[nodiscard]] Slice& total(Phase phase) { return totals_[static_cast<std::size_t>(phase)]; }
  void close(SimTime now);
  void close_part(Phase phase, SimTime start, SimTime end, Slice& part);

  const Scenario& scenario_;
  Phase calm_ = Phase::warm_up;  ///< outside episodes
  bool episode_ = false;
  SimTime begun_{};  ///< of the episode, or of the calm
  SimTime detected_ = kNever, returned_ = kNever;
  Slice detection_, relogin_, rest_;        ///< rest_: since the last mark that counted
  Slice carried_;                           ///< of phases without length, for the next one
  std::vector<std::uint32_t> open_faults_;  ///< that lie on something
  bool degraded_by_fault_ = false;  ///< some did when the episode began: it lasts until its repair
  std::vector<std::uint64_t> seen_;
  std::array<Slice, kPhases> totals_;
  std::vector<PhaseInterval> intervals_;
};

}  // namespace bcsim::models
