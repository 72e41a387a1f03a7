// The JSON Schema of what `bcsim compare --json` prints.
#pragma once

#include <nlohmann/json.hpp>

namespace bcsim::tools {

/// Draft 7. What it requires stays; a later version may add members.
[[nodiscard]] nlohmann::ordered_json compare_schema();

}  // namespace bcsim::tools
