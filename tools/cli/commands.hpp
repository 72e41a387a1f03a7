// One row of the table per command; each is written in its own file.
#pragma once

#include <cstdint>
#include <utility>

#include "tools/cli/command_table.hpp"
#include "tools/run/shard.hpp"
#include "tools/sweep/sweep_spec.hpp"

namespace bcsim::tools {

[[nodiscard]] Command run_command();
[[nodiscard]] Command compare_command();
[[nodiscard]] Command new_command();
[[nodiscard]] Command check_command();
[[nodiscard]] Command sweep_command();
[[nodiscard]] Command merge_command();
[[nodiscard]] Command plan_command();
[[nodiscard]] Command tune_command();
[[nodiscard]] Command explain_command();
[[nodiscard]] Command report_command();
[[nodiscard]] Command watch_command();
[[nodiscard]] Command list_command();
[[nodiscard]] Command schema_command();
[[nodiscard]] Command help_command();
[[nodiscard]] Command version_command();

/// The option --set, which several commands take.
[[nodiscard]] Option set_option();
/// What --set and --seed say, as --set takes it; throws UsageError.
[[nodiscard]] std::vector<std::string> set_and_seed(const Invocation& invocation);
/// The same and --replications, of commands for which that is the scenario's.
[[nodiscard]] std::vector<std::string> run_overrides(const Invocation& invocation);
/// The option --jobs, and its value: by default all cores. Throws UsageError.
[[nodiscard]] Option jobs_option();
[[nodiscard]] unsigned jobs_value(const Invocation& invocation);
/// "2/5": the second of five; throws UsageError.
[[nodiscard]] Shard shard_value(const std::string& text);
/// The options --vary and --where.
[[nodiscard]] Option vary_option();
[[nodiscard]] Option where_option();
/// What --vary and --where say or, without --vary, what the scenario says. Throws UsageError if
/// that has no points.
[[nodiscard]] SweepSpec sweep_spec_for(const Invocation& invocation, const SweepSpec& of_scenario);

}  // namespace bcsim::tools
