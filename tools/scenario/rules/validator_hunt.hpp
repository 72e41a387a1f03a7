// Rules about hunt groups.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// V-E14, V-W08, V-W09, V-W10, V-W12.
void check_hunt_groups(const Rules& rules);

}  // namespace bcsim::tools
