// Working hours of a group: as a curve, as shifts, or from a CSV file.
#pragma once

#include "tools/scenario/table/codecs.hpp"

namespace bcsim::tools {

/// `[{at: "09:00", count: 80}, …]` or `{file: agents.csv, start: …, count: …, share: 50%}`.
[[nodiscard]] Codec<std::vector<models::StaffingStep>> staffing_curve();
/// `[{from: "09:00", to: "17:00", count: 40}, …]`; shifts add up. Only read.
[[nodiscard]] Codec<std::vector<models::StaffingStep>> shifts();

}  // namespace bcsim::tools
