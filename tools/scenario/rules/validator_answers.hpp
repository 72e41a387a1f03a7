// Can anybody be answered at all? Patience, and the threshold of the service level, against the
// shortest time in which it can be.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// M-W17.
void check_answers(const Rules& rules);

}  // namespace bcsim::tools
