// A run as it goes: both sites, agents and queues as bars, events as they happen.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "models/ledger/ledger.hpp"
#include "models/world/observer.hpp"
#include "tools/journal/names.hpp"
#include "tools/trace/situation.hpp"

namespace bcsim::tools {

/// What a fault, a death, a detection or a change of mode is called in a line; empty for the rest.
[[nodiscard]] std::string event_words(const models::Record& record, const ThingNames& names);

/// Give it to the world before the start. The layout must outlive it.
class WatchView final : public models::Observer {
 public:
  explicit WatchView(const models::Layout& layout);

  void on_record(const models::JournalEntry& entry) override;
  void on_tick(models::SimTime, const models::TickSample&) override {}

  /// A screen: ASCII bars, `width` columns, without colour codes.
  [[nodiscard]] std::string screen(models::SimTime now, std::size_t width) const;
  /// One line about now: for a log, or a pipe.
  [[nodiscard]] std::string line(models::SimTime now) const;
  /// Events since the last call, one line each.
  [[nodiscard]] std::vector<std::string> take_events();

 private:
  struct Totals {
    std::uint64_t talking = 0, lost = 0, abandoned = 0, served = 0;
  };
  [[nodiscard]] std::string clock(models::SimTime t) const;

  const models::Layout& layout_;
  const models::Scenario& scenario_;
  ThingNames names_;
  models::CallLedger ledger_;
  SituationFold situation_;
  Totals totals_;
  std::deque<std::string> recent_;  ///< the last events, for the screen
  std::vector<std::string> news_;   ///< not yet taken
};

}  // namespace bcsim::tools
