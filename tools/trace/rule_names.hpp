// The rules R1–R88 in short, from the table of models/README.md (rule_names.cmake).
#pragma once

#include <string_view>

namespace bcsim::tools {

/// "Gateways detect the timeout and send new calls to the other site" of "R28"; empty: there is no
/// such rule.
[[nodiscard]] std::string_view rule_in_short(std::string_view rule);

}  // namespace bcsim::tools
