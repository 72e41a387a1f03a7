// Rules about people: for all the calls, for each queue, at each site, and when a site is lost.
#pragma once

#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// M-W03, M-W20, V-W19. `load`: at its worst moment.
void check_people(const Rules& rules, const PeakLoad& load);

}  // namespace bcsim::tools
