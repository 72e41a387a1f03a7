// The effective scenario: every value, defaults included, as YAML.
#pragma once

#include <string>

#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

/// The canonical text: no comments, the same for the same scenario whatever files it came from, and
/// reading it gives the same scenario again. What the run's identity is hashed from.
[[nodiscard]] std::string effective_yaml(const models::Scenario& scenario);
/// The same with a comment behind each value: the file and line, or where the default comes from.
[[nodiscard]] std::string annotated_yaml(const models::Scenario& scenario, const Given& given,
                                         const Diagnostics& diagnostics);
/// A value as a YAML document.
[[nodiscard]] std::string yaml_text(const Out& out);

}  // namespace bcsim::tools
