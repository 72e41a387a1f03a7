// Rules about being served at all: who answers, in time, where calls come to.
#pragma once

#include <array>

#include "tools/scenario/rules/rules.hpp"

namespace bcsim::tools {

/// M-E06, M-W06, M-W07, M-W08, M-W11.
void check_service(const Rules& rules);

/// The most who are ever at work of a group.
[[nodiscard]] std::uint32_t people(const models::AgentGroup& group);

/// Are the phones of a group registered at this site while all is well?
[[nodiscard]] bool registers_at(const models::AgentGroup& group, models::SiteIndex site);

/// Share of a stream's calls that come to a site while all is well.
[[nodiscard]] double share_of_site(const models::Scenario& s, const models::CallStream& stream,
                                   models::SiteIndex site);

/// Share of the calls to a hunt group that each site distributes while all is well: its preferred
/// site, or, if that is not to be determined, where they come to (R49, R65).
[[nodiscard]] std::array<double, models::kSites> hunting_sites(const models::Scenario& s,
                                                               const models::QueueOptions& queue);

}  // namespace bcsim::tools
