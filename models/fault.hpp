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
};
struct ProcessTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;
};
struct HostTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;
};
struct GatewayTarget {
  std::uint32_t gateway = 0;
};
struct PhoneTarget {
  std::uint32_t group = 0, member = 0;
};
struct DesktopTarget {
  std::uint32_t group = 0, member = 0;
};
enum class CutDirection : std::uint8_t { both, forward, backward };
/// dc-link (forward: site 1 to site 2) or an access path (forward: location to data centre).
struct LinkTarget {
  bool dc_link = true;
  LocationIndex location = 0;
  SiteIndex site = 0;
  CutDirection direction = CutDirection::both;
  bool desktops = false;  ///< the access path that the location's desktops have of their own
};
/// The link between the two SIP Server machines of a site, over which the primary's state is
/// copied.
struct HaLinkTarget {
  SiteIndex site = 0;
};
/// What the management layer reaches the machine of a SIP Server process by.
struct ManagementLinkTarget {
  SiteIndex site = 0;
  Role role = Role::sip_server_primary;  ///< or sip_server_backup
};
/// An option that is changed while everything runs.
struct OptionTarget {
  std::string path;
  std::optional<std::string> value;  ///< as written
  /// All options from this change on, those of earlier changes included.
  std::shared_ptr<const RunTimeOptions> options;
};
using FaultTarget =
    std::variant<SiteTarget, ProcessTarget, HostTarget, GatewayTarget, PhoneTarget, DesktopTarget,
                 LinkTarget, HaLinkTarget, ManagementLinkTarget, OptionTarget>;

enum class FaultVerb : std::uint8_t {
  fail,
  restore,
  crash,
  hang,
  cut,
  heal,
  degrade,
  drain,
  switchover,
  change
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

struct Fault {
  SimTime at;
  FaultVerb verb = FaultVerb::fail;
  FaultTarget target = SiteTarget{};
  std::optional<Duration> lasting;  ///< undone after this long (restore, heal, former values)
  // degrade: what is given replaces the link's value.
  std::optional<Duration> latency, jitter;
  std::optional<double> loss, bandwidth_bps;
  // flap: the fault for `flap_duty` of every `flap_period` until `flap_until`.
  std::optional<Duration> flap_period;
  double flap_duty = 0.5;
  std::optional<SimTime> flap_until;
  std::optional<StaffReturn> staff_return;  ///< fail, scope building
  std::string text;                         ///< as written, for the reader: "fail site1"
};

}  // namespace bcsim::models
