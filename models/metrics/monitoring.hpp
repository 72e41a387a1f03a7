// Why an answered call was not monitored, and which phones were rung while their agents spoke at
// the other site (R57, R66–R68).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "models/directory.hpp"
#include "models/ledger/ledger.hpp"
#include "models/metrics/access_paths.hpp"
#include "models/metrics/levels.hpp"

namespace bcsim::models {

/// Follows logins, modes and talks as the journal states them. A call is monitored if its agent is
/// logged in at the site that rang his phone; if not, the first of these that holds is why:
/// `unreachable` his desktop's access to that site is cut; `logged_out` nowhere logged in;
/// `relogin` the SIP Server pair of his login is gone; `apart` the sites have no connection;
/// `preference` his desktop prefers the site where it is; `advice` it went there because of a
/// failure, and has not gone back yet.
class Monitoring {
 public:
  explicit Monitoring(const Directory& directory);

  /// What this record, already in the ledger, is to be counted as.
  [[nodiscard]] std::optional<CounterKind> on_record(const JournalEntry& entry,
                                                     const CallLedger& ledger);

 private:
  [[nodiscard]] CounterKind why(AgentId agent, std::uint32_t site) const;

  struct Person {
    std::array<bool, kSites> logged_in{};
    int talks_at = -1;  ///< site that serves his call
    CallId call;
  };
  const Directory& directory_;
  std::vector<Person> people_;
  AccessPaths access_;
  std::array<bool, kSites> pair_up_ = {true, true};
  std::array<bool, kSites> bc_{};
};

}  // namespace bcsim::models
