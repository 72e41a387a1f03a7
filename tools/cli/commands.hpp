// One row of the table per command; each is written in its own file.
#pragma once

#include "tools/cli/command_table.hpp"

namespace bcsim::tools {

[[nodiscard]] Command run_command();
[[nodiscard]] Command new_command();
[[nodiscard]] Command check_command();
[[nodiscard]] Command explain_command();
[[nodiscard]] Command report_command();
[[nodiscard]] Command watch_command();
[[nodiscard]] Command list_command();
[[nodiscard]] Command schema_command();
[[nodiscard]] Command help_command();
[[nodiscard]] Command version_command();

/// The option --set, which several commands take.
[[nodiscard]] Option set_option();
/// The option --jobs, and its value: by default all cores. Throws UsageError.
[[nodiscard]] Option jobs_option();
[[nodiscard]] unsigned jobs_value(const Invocation& invocation);

}  // namespace bcsim::tools
