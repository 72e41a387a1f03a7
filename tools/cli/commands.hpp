// One row of the table per command; each is written in its own file.
#pragma once

#include <cstdint>
#include <utility>

#include "tools/cli/command_table.hpp"
#include "tools/run/shard.hpp"
#include "tools/run/study.hpp"
#include "tools/scenario/table/sweep_spec.hpp"

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
[[nodiscard]] Command explore_command();
[[nodiscard]] Command report_command();
[[nodiscard]] Command worst_command();
[[nodiscard]] Command verify_command();
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
/// An option with a value, "NAME VALUE".
[[nodiscard]] Option value_option(const char* name, const char* value, const char* doc,
                                  ValueKind kind = ValueKind::text);
/// `own`, and what every command takes that simulates a scenario with many settings: --jobs, --out,
/// --seed, --set, --json (prints `json` instead of a table) and --quiet.
[[nodiscard]] std::vector<Option> study_options(std::vector<Option> own, const std::string& json);
/// A share strictly between 0 and 100 %, and a time above 0 of at most `most`; throw UsageError.
[[nodiscard]] double share_value(const Invocation& invocation, const char* option, double fallback);
[[nodiscard]] sim::Duration time_value(const Invocation& invocation, const char* option,
                                       sim::Duration fallback,
                                       sim::Duration most = sim::Duration::max());
/// A number from `least` to `most`; throws UsageError.
[[nodiscard]] std::uint64_t count_value(const Invocation& invocation, const char* option,
                                        std::uint64_t fallback, std::uint64_t least,
                                        std::uint64_t most);

/// Reads the scenario and what study_options say; prints what is wrong with the scenario. Throws
/// UsageError for standard input.
[[nodiscard]] StudyRequest study_request(const char* command, const Invocation& invocation,
                                         Terminal& terminal);

/// "2/5": the second of five; throws UsageError.
[[nodiscard]] Shard shard_value(const std::string& text);
/// The options --vary and --where.
[[nodiscard]] Option vary_option();
[[nodiscard]] Option where_option();
/// What --vary and --where say or, without --vary, what the scenario says. Throws UsageError if
/// that has no points.
[[nodiscard]] SweepSpec sweep_spec_for(const Invocation& invocation, const SweepSpec& of_scenario);

}  // namespace bcsim::tools
