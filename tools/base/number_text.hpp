// How result files write real numbers.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>

namespace bcsim::tools {

/// Nine significant digits and no more than needed: what a mean over time is good for, and without
/// the noise of its last bits. Whole numbers have all their digits. `value` must not be NaN.
inline void append_number(std::string& out, double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(value));
    return;
  }
  fmt::format_to(std::back_inserter(out), "{:.9g}", value);
}
[[nodiscard]] inline std::string number_text(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

}  // namespace bcsim::tools
