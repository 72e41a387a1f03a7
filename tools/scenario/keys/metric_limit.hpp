// Does a limit, of an expectation or a gate, say anything about its metric?
#pragma once

#include <string>
#include <string_view>

namespace bcsim::tools {

/// Why not, in words; "": it may well. `text` as written ("<= 75s", "worse < 2pp"), `value` in the
/// base unit. A difference in per cent is one of the metric's value, which any metric has.
[[nodiscard]] std::string senseless_limit(std::string_view metric, std::string_view text,
                                          double value);

}  // namespace bcsim::tools
