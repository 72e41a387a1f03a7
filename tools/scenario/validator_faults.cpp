#include "tools/scenario/validator_faults.hpp"

#include <fmt/format.h>

#include <array>

#include "models/world/layout.hpp"

namespace bcsim::tools {
namespace {

using models::Fault;
using models::FaultVerb;
using models::Role;

void check_time(const Rules& rules, const Fault& fault, const std::string& path) {
  const models::RunOptions& run = rules.scenario.run;
  const sim::Duration at = fault.at.time_since_epoch();
  if (rules.was_refused(path) || rules.was_refused(path + ".at")) return;
  if (at < run.warm_up) {
    rules.error("M-E03", path + ".at",
                fmt::format("this fault at {} is inside the warm-up of {}", format_duration(at),
                            format_duration(run.warm_up)),
                "shorten run.warm-up or let the fault come later");
  }
  if (at > run.horizon) {
    rules.warning("M-W01", path + ".at",
                  fmt::format("this fault at {} is after the end of the run at {}",
                              format_duration(at), format_duration(run.horizon)),
                  "it never happens");
  }
}

// A device or process that is hit must exist.
void check_target(const Rules& rules, const Fault& fault, const std::string& path) {
  const models::Scenario& s = rules.scenario;
  const auto device = [&](std::uint32_t group, std::uint32_t member, const char* what) {
    if (group < s.agents.size() && member < s.agents[group].count) return;
    if (group >= s.agents.size()) return;
    rules.error("S-007", path,
                fmt::format("there is no {} {} of '{}': it has {} agents", what, member + 1,
                            s.agents[group].name, s.agents[group].count));
  };
  const auto process = [&](models::SiteIndex site, Role role) {
    const models::SiteOptions& o = s.sites[site];
    const bool exists = role == Role::sip_server_backup     ? o.sip_server.backup
                        : role == Role::config_server_proxy ? o.config_server_proxy
                        : role == Role::stat_server         ? o.stat_server
                        : role == Role::local_config_server ? models::has_local_config_server(s)
                                                            : true;
    if (!exists) rules.error("S-007", path, fmt::format("{} has no such process", o.name));
  };
  if (const auto* phone = std::get_if<models::PhoneTarget>(&fault.target)) {
    device(phone->group, phone->member, "phone");
  } else if (const auto* desktop = std::get_if<models::DesktopTarget>(&fault.target)) {
    device(desktop->group, desktop->member, "desktop");
  } else if (const auto* p = std::get_if<models::ProcessTarget>(&fault.target)) {
    process(p->site, p->role);
  } else if (const auto* host = std::get_if<models::HostTarget>(&fault.target)) {
    process(host->site, host->role);
  } else if (const auto* management = std::get_if<models::ManagementLinkTarget>(&fault.target)) {
    process(management->site, management->role);
  } else if (const auto* link = std::get_if<models::LinkTarget>(&fault.target)) {
    if (!link->desktops || s.network.desktop_path(link->location, link->site) != nullptr) return;
    const std::string where = s.locations[link->location] + "." + s.sites[link->site].name;
    rules.error("S-007", path,
                fmt::format("the desktops there have no access path of their own: they share "
                            "access.{}",
                            where),
                fmt::format("network: {{desktop-access: {{{}: {{{}: {{}}}}}}}}",
                            s.locations[link->location], s.sites[link->site].name));
  }
}

/// `seated`: sites whose staff sits down elsewhere.
void check_course(const Rules& rules, const Fault& fault, const std::string& path,
                  const std::array<bool, models::kSites>& seated) {
  const bool cures = fault.verb == FaultVerb::restore || fault.verb == FaultVerb::heal;
  const bool ends = fault.lasting.has_value();
  const char* what = cures                                 ? "what restores or heals"
                     : fault.verb == FaultVerb::drain      ? "drain"
                     : fault.verb == FaultVerb::switchover ? "switchover"
                     : fault.verb == FaultVerb::change     ? "change"
                                                           : nullptr;
  if (what != nullptr && (ends || fault.flap_period)) {
    rules.error("S-013", path + (ends ? ".lasting" : ".flap"),
                fmt::format("'{}' does not go with {}", ends ? "lasting" : "flap", what));
  }
  const auto* option = std::get_if<models::OptionTarget>(&fault.target);
  if (option != nullptr && !option->value && !rules.was_refused(path + ".to")) {
    rules.error("S-008", path, "change needs 'to'", "the new value of the option");
  }
  if (fault.staff_return && (ends || fault.flap_period)) {
    rules.error("S-013", path + (ends ? ".lasting" : ".flap"),
                "who has sat down elsewhere stays there: no end with staff-return");
  }
  const auto* site = std::get_if<models::SiteTarget>(&fault.target);
  if (fault.verb == FaultVerb::restore && site != nullptr && seated[site->site]) {
    rules.error("S-013", path + ".restore",
                "who has sat down elsewhere stays there: no end with staff-return");
  }
  if (ends && fault.flap_period) {
    rules.error("S-013", path + ".flap", "'flap' and 'lasting' exclude each other",
                "use flap.until");
  }
  if (fault.flap_until && *fault.flap_until <= fault.at) {
    rules.error("S-006", path + ".flap.until", "the flapping ends before it begins");
  }
  if (fault.verb == FaultVerb::degrade && !fault.latency && !fault.jitter && !fault.loss &&
      !fault.bandwidth_bps) {
    rules.error("S-008", path + ".degrade", "degrade needs latency, jitter, loss or bandwidth");
  }
}

}  // namespace

void check_faults(const Rules& rules) {
  std::array<bool, models::kSites> seated{};
  for (const Fault& fault : rules.scenario.faults) {
    const auto* site = std::get_if<models::SiteTarget>(&fault.target);
    if (fault.staff_return && site != nullptr) seated[site->site] = true;
  }
  for (std::size_t i = 0; i < rules.scenario.faults.size(); ++i) {
    const Fault& fault = rules.scenario.faults[i];
    const std::string path = fmt::format("faults.{}", i);
    if (fault.text.empty()) {
      rules.error("S-008", path, "this fault does not say what is done",
                  "fail, restore, crash, hang, cut, heal, degrade, drain, switchover or change");
      continue;
    }
    check_time(rules, fault, path);
    check_target(rules, fault, path);
    check_course(rules, fault, path, seated);
  }
}

}  // namespace bcsim::tools
