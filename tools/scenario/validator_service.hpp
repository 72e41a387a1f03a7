// Rules about being served at all: who answers, in time, where calls come to.
#pragma once

#include "tools/scenario/rules.hpp"

namespace bcsim::tools {

/// M-E06, M-W06, M-W07, M-W08, M-W11.
void check_service(const Rules& rules);

/// Does this group of agents serve this queue?
[[nodiscard]] bool serves(const Rules& rules, std::uint32_t group, std::uint32_t queue);

/// Share of a stream's calls that come to a site while all is well.
[[nodiscard]] double share_of_site(const models::Scenario& s, const models::CallStream& stream,
                                   models::SiteIndex site);

}  // namespace bcsim::tools
