// Rules about trunk channels: a call that finds its gateway full goes to no other.
#pragma once

#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// M-E02, M-W14, V-W06.
void check_trunks(const Rules& rules, const PeakLoad& load);

}  // namespace bcsim::tools
