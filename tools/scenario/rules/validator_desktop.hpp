// Rules about desktops: their application objects, how they start, and what they are (R24,
// R73–R86).
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

void check_desktops(const Rules& rules);

}  // namespace bcsim::tools
