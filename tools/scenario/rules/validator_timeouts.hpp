// Rules about waits that are over before what they wait for can come.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// M-W15, M-W16, and by check_answers M-W17.
void check_timeouts(const Rules& rules);

}  // namespace bcsim::tools
