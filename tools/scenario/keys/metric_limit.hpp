// Does a limit, of an expectation or a gate, say anything about its metric?
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "models/scenario.hpp"

namespace bcsim::tools {

/// "<= 75s", "> 80%": a comparison and a quantity in its base unit; nullopt: it is none.
struct MetricLimit {
  models::Comparison comparison = models::Comparison::less;
  double value = 0;
};
[[nodiscard]] std::optional<MetricLimit> parse_limit(std::string_view text);

/// The unit of a metric by its id: "1", "s", "calls"; "" if nobody knows it.
[[nodiscard]] std::string unit_of(std::string_view metric);

/// Why not, in words; "": it may well. `text` as written ("<= 75s", "worse < 2pp"), `value` in the
/// base unit. A difference in per cent is one of the metric's value, which any metric has.
[[nodiscard]] std::string senseless_limit(std::string_view metric, std::string_view text,
                                          double value);

}  // namespace bcsim::tools
