// Running a scenario: from the effective scenario to results on disk and words on the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/base/terminal.hpp"
#include "tools/journal/message_filter.hpp"
#include "tools/scenario/text/diagnostics.hpp"
#include "tools/stats/precision.hpp"

namespace bcsim::tools {

/// What `bcsim run` was asked for.
struct RunRequest {
  models::Scenario scenario;
  std::string effective_yaml;        ///< canonical; the run id is hashed from it
  std::vector<Diagnostic> warnings;  ///< of the load; results repeat the accepted rule breaks
  std::string path;                  ///< the scenario as the user named it
  std::vector<std::filesystem::path> inputs = {};  ///< all files that it is read from
  std::filesystem::path out;                       ///< empty: results/<scenario>/<run id>
  bool baseline = false;                           ///< only what `compare` needs
  bool json = false;                               ///< summary as JSON on standard output
  bool twin = true;                                ///< if there are faults: also without them
  unsigned jobs = 1;                               ///< processes at a time
  std::vector<PrecisionTarget> precision;          ///< more replications until these are met
  std::uint32_t most = 0;                          ///< … or so many are done
  std::filesystem::path journal;  ///< every record of replication 0; empty: nowhere
  bool journal_messages = false;  ///< … and the messages that `filter` lets pass
  std::filesystem::path pcap;     ///< SIP messages that it lets pass; empty: nowhere
  MessageFilter filter = {};
};

/// Simulates and writes; returns the exit code. May throw WriteError.
[[nodiscard]] int run_scenario(const RunRequest& request, Terminal& terminal);

}  // namespace bcsim::tools
