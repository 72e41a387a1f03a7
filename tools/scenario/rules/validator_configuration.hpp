// Rules about configuration objects: what both switches must have, and how (R10–R15, R51, R63).
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

void check_configuration(const Rules& rules);

}  // namespace bcsim::tools
