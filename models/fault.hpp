// What a scenario breaks and mends: targets, verbs, and when.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/sites.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

using sim::Duration;
using sim::SimTime;

struct RunTimeOptions;

enum class SiteScope : std::uint8_t { sip_server_pair, genesys, building };
/// Which process of a site.
enum class Role : std::uint8_t {
  sip_server_primary,
  sip_server_backup,
  media_server,
  config_server,
  config_server_proxy,
  stat_server,
  local_config_server
};
struct SiteTarget {
  SiteIndex site = 0;
  SiteScope scope = SiteScope::genesys;
  bool operator==(const SiteTarget&) const = default;
};
struct ProcessTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;
  bool operator==(const ProcessTarget&) const = default;
};
/// The machine of a process.
struct HostTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;
  bool operator==(const HostTarget&) const = default;
};
struct GatewayTarget {
  std::uint32_t gateway = 0;
  bool operator==(const GatewayTarget&) const = default;
};
struct PhoneTarget {
  std::uint32_t group = 0, member = 0;
  bool operator==(const PhoneTarget&) const = default;
};
struct DesktopTarget {
  std::uint32_t group = 0, member = 0;
  bool operator==(const DesktopTarget&) const = default;
};
enum class CutDirection : std::uint8_t { both, forward, backward };
[[nodiscard]] constexpr bool includes(CutDirection direction, bool backward) {
  return direction == CutDirection::both || (direction == CutDirection::backward) == backward;
}
/// dc-link (forward: site 1 to site 2) or an access path (forward: location to data centre).
struct LinkTarget {
  bool dc_link = true;
  LocationIndex location = 0;
  SiteIndex site = 0;
  CutDirection direction = CutDirection::both;
  bool desktops = false;  ///< the access path that the location's desktops have of their own
};
[[nodiscard]] constexpr bool same_link(const LinkTarget& a, const LinkTarget& b) {
  if (a.dc_link || b.dc_link) return a.dc_link && b.dc_link;
  return a.location == b.location && a.site == b.site && a.desktops == b.desktops;
}
/// The link between the two SIP Server machines of a site, over which the primary's state is
/// copied.
struct HaLinkTarget {
  SiteIndex site = 0;
  bool operator==(const HaLinkTarget&) const = default;
};
/// What the management layer reaches the machine of a SIP Server process by.
struct ManagementLinkTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;  ///< or sip_server_backup
  bool operator==(const ManagementLinkTarget&) const = default;
};

/// People who lost their building are at work again elsewhere, with other phones and desktops.
struct ReturnStep {
  Duration after{};
  double share = 0;  ///< of all who sat there
};
struct StaffReturn {
  LocationIndex to = 0;
  std::vector<ReturnStep> steps;  ///< rising
};

// ---- what is done, one struct a verb ----

/// Dies in silence.
struct Fail {
  std::variant<SiteTarget, HostTarget, GatewayTarget, PhoneTarget, DesktopTarget> target;
  std::optional<StaffReturn> staff_return;  ///< of a building
};
/// Ends every failure, crash, hang and drain of this target; of a site: of this scope or less.
struct Restore {
  std::variant<SiteTarget, ProcessTarget, HostTarget, GatewayTarget, PhoneTarget, DesktopTarget>
      target;
};
/// The process dies; its live machine refuses for it.
struct Crash {
  ProcessTarget process;
};
/// The process stops answering, but keeps its connections.
struct Hang {
  ProcessTarget process;
};
struct Cut {
  std::variant<LinkTarget, HaLinkTarget, ManagementLinkTarget> target;
};
/// Ends every cut and degradation of this link, in the directions of the target.
struct Heal {
  std::variant<LinkTarget, HaLinkTarget, ManagementLinkTarget> target;
};
/// What is given replaces the link's value.
struct Degrade {
  LinkTarget link;
  std::optional<Duration> latency, jitter;
  std::optional<double> loss, bandwidth_bps;
};
/// Graceful migration: the pair takes no new calls, and stops when the last one is over.
struct Drain {
  SiteIndex site = 0;
};
/// By hand: the backup SIP Server becomes primary.
struct SwitchOver {
  SiteIndex site = 0;
};
/// An option gets another value while everything runs.
struct ChangeOption {
  std::string path;
  std::optional<std::string> value;  ///< as written
  /// All options from this change on, those of earlier changes included.
  std::shared_ptr<const RunTimeOptions> options;
};

using Deed =
    std::variant<Fail, Restore, Crash, Hang, Cut, Heal, Degrade, Drain, SwitchOver, ChangeOption>;

/// The fault for `duty` of every `period` until `until`.
struct Flap {
  Duration period = std::chrono::seconds(30);
  double duty = 0.5;
  std::optional<SimTime> until;  ///< then it stays good; nullopt: the end of the run
};

/// A line of the scenario's fault list.
struct Fault {
  SimTime at;
  Deed deed;
  std::optional<Duration> lasting;  ///< nullopt: until it is restored or healed
  std::optional<Flap> flap;
  std::string text;  ///< as written, for the reader: "fail site1"; empty: nothing was said
};

/// Does it lie on its target for a time? Else it is done in an instant (restore, heal, switchover,
/// change).
[[nodiscard]] inline bool holds(const Fault& fault) {
  return !std::holds_alternative<Restore>(fault.deed) &&
         !std::holds_alternative<Heal>(fault.deed) &&
         !std::holds_alternative<SwitchOver>(fault.deed) &&
         !std::holds_alternative<ChangeOption>(fault.deed);
}
/// A change of an option breaks nothing.
[[nodiscard]] inline bool breaks(const Fault& fault) {
  return !std::holds_alternative<ChangeOption>(fault.deed);
}
/// The site that is failed, with what scope; nullptr: it is something else.
[[nodiscard]] inline const SiteTarget* failed_site(const Fault& fault) {
  const auto* fail = std::get_if<Fail>(&fault.deed);
  return fail == nullptr ? nullptr : std::get_if<SiteTarget>(&fail->target);
}
/// How people come back to work after this fault; nullptr: it does not say.
[[nodiscard]] inline const StaffReturn* staff_return(const Fault& fault) {
  const auto* fail = std::get_if<Fail>(&fault.deed);
  return fail == nullptr || !fail->staff_return ? nullptr : &*fail->staff_return;
}

}  // namespace bcsim::models
