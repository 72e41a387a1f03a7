// Rules about gates: their metrics exist, and they do not contradict each other.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

void check_gates(const Rules& rules);

}  // namespace bcsim::tools
