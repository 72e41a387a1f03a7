// Who measures a run: hears the journal and the samples, and touches nothing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/domain.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// What a SIP Server pair has had to do since the last tick.
struct ServerSample {
  std::uint64_t messages = 0;  ///< handled, SIP and T-Library
  Duration delay_sum{};        ///< time spent in the input queue, summed over messages
  Duration delay_max{};
};
/// Media on one link direction just now.
struct LinkSample {
  sim::LinkId link;
  double media_bps = 0;
};
struct TickSample {
  std::array<ServerSample, kSites> servers;
  std::vector<LinkSample> links;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_record(const JournalEntry& entry) = 0;
  virtual void on_tick(SimTime now, const TickSample& sample) = 0;
  /// Does it want on_message? Asked once, before time starts; a run that nobody listens to does not
  /// pay for it.
  [[nodiscard]] virtual bool wants_messages() const { return false; }
  /// What became of every message, when that is known.
  virtual void on_message(const Transmission&) {}
};

}  // namespace bcsim::models
