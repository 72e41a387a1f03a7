// Rules about the timeline of faults.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

void check_faults(const Rules& rules);

}  // namespace bcsim::tools
