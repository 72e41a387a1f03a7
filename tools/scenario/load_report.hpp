// How a loaded scenario and its problems are shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/base/exit_code.hpp"
#include "tools/base/terminal.hpp"
#include "tools/scenario/load.hpp"

namespace bcsim::tools {

/// Prints every problem to standard error (warnings not with -q), and how many there are.
void print_diagnostics(const Loaded& loaded, Terminal& terminal);
/// 0, or 65 for errors, an unreadable file among them.
[[nodiscard]] ExitCode load_result(const Loaded& loaded);
[[nodiscard]] nlohmann::json load_report(const std::string& argument, const Loaded& loaded);
/// A few lines: size, load, faults.
[[nodiscard]] std::string describe_scenario(const models::Scenario& scenario);

}  // namespace bcsim::tools
