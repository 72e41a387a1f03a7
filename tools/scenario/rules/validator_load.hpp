// Rules about traffic: agents and trunks for the calls, before and after a site is lost.
#pragma once

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

void check_load(const Rules& rules);

}  // namespace bcsim::tools
