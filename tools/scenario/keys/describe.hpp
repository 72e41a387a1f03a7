// What a key takes and what it is by default, in words.
#pragma once

#include <string>

#include "tools/scenario/table/table.hpp"

namespace bcsim::tools {

/// "30s", "none", "mg1 or mg2"; empty if there is no default to speak of.
[[nodiscard]] std::string default_of(const Section& section, const Key& key);
/// "duration ≥ 1s, or never".
[[nodiscard]] std::string type_text(const ValueType& type);

}  // namespace bcsim::tools
