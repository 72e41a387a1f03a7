// Release numbers such as 8.1.2: read, and compared as numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/scenario/table/codecs.hpp"

namespace bcsim::tools {

/// The parts of "8.1.2"; nullopt if it is none. Compare with <: {8, 1, 10} is later than {8, 1, 2}.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> parse_release(std::string_view text);
[[nodiscard]] Codec<std::string> release();

}  // namespace bcsim::tools
