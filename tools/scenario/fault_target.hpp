// What a fault hits, as text: `site1`, `mg1`, `site1.sip-server.primary`, `dc-link`,
// `team1.phone.3`.
#pragma once

#include <string>

#include "tools/scenario/reader.hpp"

namespace bcsim::tools {

/// Parses a target; unknown names are reported with a suggestion.
[[nodiscard]] std::optional<models::FaultTarget> parse_target(Reader& reader, const Node& node);
/// The same text again.
[[nodiscard]] std::string target_text(const models::Scenario& scenario,
                                      const models::FaultTarget& target);
/// "site", "process", "machine", "gateway", "phone", "desktop", "link".
[[nodiscard]] std::string_view target_kind(const models::FaultTarget& target);

}  // namespace bcsim::tools
