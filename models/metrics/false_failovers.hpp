// Failovers that nobody needed: the side that was given up was alive.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/metrics/levels.hpp"
#include "models/records.hpp"

namespace bcsim::models {

/// Folds the journal into failovers away from a SIP Server pair that was alive: it had a process
/// that was not hung, and was not being drained. It counts as alive while a link to it is cut,
/// loses packets or is slow, and while its backup takes over: those are what timers should sit out.
class FalseFailovers {
 public:
  explicit FalseFailovers(const Scenario& scenario) : scenario_(scenario) {}

  struct Found {
    CounterKind kind;
    SiteIndex site;  ///< that was given up
  };
  [[nodiscard]] std::optional<Found> on_record(const Record& record);

 private:
  [[nodiscard]] bool alive(std::uint32_t site) const;
  void on_fault(const FaultInjected& fact);

  const Scenario& scenario_;
  std::array<bool, kSites> pair_up_ = {true, true}, leaving_{};
  std::vector<std::uint32_t> hanging_;  ///< open faults that hang a SIP Server
};

}  // namespace bcsim::models
