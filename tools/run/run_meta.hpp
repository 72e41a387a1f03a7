// Who a run is: its id, versions and what results repeat of it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario.hpp"
#include "tools/results/result_meta.hpp"
#include "tools/run/simulate.hpp"
#include "tools/scenario/text/diagnostics.hpp"

namespace bcsim::tools {

/// Beside the scenario, what its results depend on or repeat.
struct RunOrigin {
  std::string effective_yaml;
  std::vector<Diagnostic> warnings;  ///< of the load; results repeat them
  std::string path;                  ///< the scenario as the user named it
  bool twin = true;                  ///< wanted, if there are faults
};

/// What is known before the run.
[[nodiscard]] ResultMeta describe_run(const models::Scenario& scenario, const RunOrigin& origin);
/// Fills in what is known after it; `first` is replication 0 of `scenario`.
void complete_meta(ResultMeta& meta, const models::Scenario& scenario, const Replication& first,
                   double wall_s);

/// 16 hexadecimal digits.
[[nodiscard]] std::string hash_text(std::string_view text);

/// Throws WriteError if the directory, or what it would be made in, is no writable directory.
void require_writable(const std::filesystem::path& directory);

/// Throws WriteError if the directory in which the file is to be is none, or not writable.
void require_place(const std::filesystem::path& file);

}  // namespace bcsim::tools
