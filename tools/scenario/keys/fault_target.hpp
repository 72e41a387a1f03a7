// What a fault hits, as text: `site1`, `mg1`, `site1.sip-server.primary`, `dc-link`,
// `team1.phone.3`.
#pragma once

#include <string>
#include <variant>

#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

/// Anything that a fault can be done to, but options.
using FaultTarget =
    std::variant<models::SiteTarget, models::ProcessTarget, models::HostTarget,
                 models::GatewayTarget, models::PhoneTarget, models::DesktopTarget,
                 models::LinkTarget, models::HaLinkTarget, models::ManagementLinkTarget>;

/// Parses a target; unknown names are reported with a suggestion.
[[nodiscard]] std::optional<FaultTarget> parse_target(Reader& reader, const Node& node);
/// The same text again.
[[nodiscard]] std::string target_text(const models::Scenario& scenario, const FaultTarget& target);
/// "site", "process", "machine", "gateway", "phone", "desktop", "link", "HA link", "management
/// link".
[[nodiscard]] std::string_view target_kind(const FaultTarget& target);
/// What the fault is done to; nullopt: an option is changed.
[[nodiscard]] std::optional<FaultTarget> target_of(const models::Fault& fault);

}  // namespace bcsim::tools
