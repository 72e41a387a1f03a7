// The options with which commands choose which messages they show or write.
#pragma once

#include <vector>

#include "models/scenario.hpp"
#include "tools/cli/command_table.hpp"
#include "tools/journal/message_filter.hpp"

namespace bcsim::tools {

/// --trace-call, --trace-site, --trace-from, --trace-until, --trace-count.
[[nodiscard]] std::vector<Option> trace_options();
/// What they say; throws UsageError.
[[nodiscard]] MessageFilter trace_filter(const Invocation& invocation,
                                         const models::Scenario& scenario);
/// A time of the run: "1h30min" since its start, or "10:30" if the scenario has a start time.
/// Throws UsageError that names the option.
[[nodiscard]] models::SimTime time_value(const std::string& option, const std::string& text,
                                         const models::Scenario& scenario);

}  // namespace bcsim::tools
