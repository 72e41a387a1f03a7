// The language described for others: a JSON Schema for editors, a key reference for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bcsim::tools {

/// JSON Schema (draft 7) of a scenario file.
[[nodiscard]] nlohmann::ordered_json json_schema();
/// Every key with what it takes, its default and where that comes from, in Markdown.
[[nodiscard]] std::string key_reference();

}  // namespace bcsim::tools
