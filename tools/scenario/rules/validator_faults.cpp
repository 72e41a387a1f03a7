#include "tools/scenario/rules/validator_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "models/world/holds.hpp"
#include "models/world/layout.hpp"
#include "tools/scenario/keys/fault_target.hpp"
#include "tools/scenario/rules/validator_service.hpp"

namespace bcsim::tools {
namespace {

using models::Fault;
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
  if (at >= run.horizon) {
    rules.warning("M-W01", path + ".at",
                  fmt::format("this fault at {} is not before the end of the run at {}",
                              format_duration(at), format_duration(run.horizon)),
                  at > run.horizon ? "it never happens" : "nothing of what follows is seen");
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
  const auto target = target_of(fault);
  if (!target) return;
  if (const auto* phone = std::get_if<models::PhoneTarget>(&*target)) {
    device(phone->group, phone->member, "phone");
  } else if (const auto* desktop = std::get_if<models::DesktopTarget>(&*target)) {
    device(desktop->group, desktop->member, "desktop");
  } else if (const auto* p = std::get_if<models::ProcessTarget>(&*target)) {
    process(p->site, p->role);
  } else if (const auto* host = std::get_if<models::HostTarget>(&*target)) {
    process(host->site, host->role);
  } else if (const auto* management = std::get_if<models::ManagementLinkTarget>(&*target)) {
    process(management->site, management->role);
  } else if (const auto* link = std::get_if<models::LinkTarget>(&*target)) {
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

void check_course(const Rules& rules, const Fault& fault, const std::string& path) {
  const bool ends = fault.lasting.has_value();
  const char* what = std::holds_alternative<models::SwitchOver>(fault.deed) ? "switchover"
                     : std::holds_alternative<models::ChangeOption>(fault.deed)
                         ? "change"
                         : "what restores or heals";
  if (!models::holds(fault) && (ends || fault.flap)) {
    rules.error("S-013", path + (ends ? ".lasting" : ".flap"),
                fmt::format("'{}' does not go with {}", ends ? "lasting" : "flap", what));
  }
  const auto* option = std::get_if<models::ChangeOption>(&fault.deed);
  if (option != nullptr && !option->path.empty() && !option->value &&
      !rules.was_refused(path + ".to")) {
    rules.error("S-008", path, "change needs 'to'", "the new value of the option");
  }
  if (ends && fault.flap) {
    rules.error("S-013", path + ".flap", "'flap' and 'lasting' exclude each other",
                "use flap.until");
  }
  if (fault.flap && fault.flap->until && *fault.flap->until <= fault.at) {
    rules.error("S-006", path + ".flap.until", "the flapping ends before it begins");
  }
  const auto* degrade = std::get_if<models::Degrade>(&fault.deed);
  if (degrade != nullptr && !degrade->latency && !degrade->jitter && !degrade->loss &&
      !degrade->bandwidth_bps) {
    rules.error("S-008", path + ".degrade", "degrade needs latency, jitter, loss or bandwidth");
  }
}

/// The plan is made before time starts, so it must have an end that a machine can hold.
bool check_size(const Rules& rules) {
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < rules.scenario.faults.size(); ++i) {
    const Fault& fault = rules.scenario.faults[i];
    steps += models::steps_at_most(rules.scenario, fault);
    if (steps <= models::kMostSteps) continue;
    rules.error("M-E07", fmt::format("faults.{}{}", i, fault.flap ? ".flap" : ""),
                fmt::format("the faults change the world up to {} times: more than {} are not "
                            "planned",
                            steps, models::kMostSteps),
                "a longer period, or flap.until");
    return false;
  }
  return true;
}

/// What restores or heals should end something.
void check_ends(const Rules& rules) {
  const std::vector<Fault>& faults = rules.scenario.faults;
  std::vector<bool> used(faults.size());
  for (const models::Hold& hold : models::holds_of(faults, rules.scenario.run.horizon)) {
    if (hold.ended_by) used[*hold.ended_by] = true;
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const bool restores = std::holds_alternative<models::Restore>(faults[i].deed);
    const bool heals = std::holds_alternative<models::Heal>(faults[i].deed);
    const bool in_time =
        faults[i].at <= sim::kStart + rules.scenario.run.horizon;  // else M-W01 says so
    const std::string path = fmt::format("faults.{}", i);
    if (used[i] || !(restores || heals) || !in_time || rules.any_refused(path)) continue;
    rules.warning("M-W12", path + (restores ? ".restore" : ".heal"),
                  fmt::format("nothing is there to {}: no fault lies on this target then",
                              restores ? "restore" : "heal"),
                  restores ? "it ends what was done to this very target, not to a part of it or "
                             "to all around it"
                           : "");
  }
}

/// The site whose agents this fault drives to the other one.
std::optional<models::SiteIndex> emptied_site(const Rules& rules, const Fault& fault,
                                              sim::Duration lasts) {
  if (const auto* drain = std::get_if<models::Drain>(&fault.deed)) return drain->site;
  const auto* fail = std::get_if<models::Fail>(&fault.deed);
  const auto* site = fail == nullptr ? nullptr : std::get_if<models::SiteTarget>(&fail->target);
  // Whose desktop was lost with the building comes back with it.
  if (site == nullptr || site->scope == models::SiteScope::building) return std::nullopt;
  const models::DesktopOptions& desktop = rules.scenario.sites[site->site].desktop;
  if (lasts <= desktop.addp_timeout * 2 + desktop.site_timeout) return std::nullopt;  // they wait
  return site->site;
}

/// Do agents who serve this queue work at the site, and stay away from it once they have left?
bool nobody_returns(const Rules& rules, std::uint32_t queue, models::SiteIndex site) {
  bool any = false;
  for (std::uint32_t g = 0; g < rules.scenario.agents.size(); ++g) {
    const models::AgentGroup& group = rules.scenario.agents[g];
    if (group.preferred_site != site || !group.serves(queue)) continue;
    // A phone that goes home is followed by its desktop (R79).
    const bool follows = group.phone.registration == models::RegistrationMode::active_backup;
    if (group.desktop.heeding_share() > 0 || follows) return false;
    any = true;
  }
  return any;
}

/// M-W18: a site that comes back, and its agents do not.
void check_return(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  std::set<std::size_t> told;
  for (const models::Hold& hold : models::holds_of(s.faults, s.run.horizon)) {
    if (hold.end >= sim::kStart + s.run.horizon || !told.insert(hold.fault).second) continue;
    const auto site = emptied_site(rules, s.faults[hold.fault], hold.end - hold.begin);
    if (!site) continue;
    for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
      const models::QueueOptions& queue = s.queues[q];
      if (queue.hunt_group || queue.routing_scope == models::RoutingScope::both_sites) continue;
      const bool comes = std::ranges::any_of(s.calls, [&](const models::CallStream& stream) {
        return stream.kind() == models::CallKind::queue && stream.queue == q &&
               share_of_site(s, stream, *site) > 0;
      });
      if (!comes || !nobody_returns(rules, q, *site)) continue;
      rules.warning(
          "M-W18", fmt::format("faults.{}", hold.fault),
          fmt::format("{} comes back, but its agents stay at {} (failback: stay): who then calls "
                      "queue '{}' through {} finds nobody",
                      s.sites[*site].name, s.sites[models::peer_of(*site)].name, queue.name,
                      s.sites[*site].name),
          fmt::format("desktop: {{failback: return-after-call}} for them, or queues: {{{}: "
                      "{{routing-scope: both-sites}}}}",
                      queue.name));
      break;
    }
  }
}

/// M-W19: agents who are sent away by a drain, and can log in nowhere.
void check_drains(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  for (std::size_t i = 0; i < s.faults.size(); ++i) {
    const auto* drain = std::get_if<models::Drain>(&s.faults[i].deed);
    if (drain == nullptr || s.faults[i].at >= sim::kStart + s.run.horizon) continue;
    for (const models::AgentGroup& group : s.agents) {
      const bool there = group.preferred_site == drain->site;
      if (!there || group.phone.registration == models::RegistrationMode::dual) continue;
      const std::string path = fmt::format("faults.{}", i);
      rules.warning(
          "M-W19", path,
          fmt::format("the agents of '{}' are logged out one by one while {} is being drained, and "
                      "cannot log in at {} before it has stopped: their phones are registered at "
                      "one site",
                      group.name, s.sites[drain->site].name,
                      s.sites[models::peer_of(drain->site)].name),
          fmt::format("agents: {{{}: {{phone: {{registration: dual}}}}}}", group.name));
      break;
    }
  }
}

}  // namespace

void check_faults(const Rules& rules) {
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
    check_course(rules, fault, path);
  }
  if (!check_size(rules)) return;
  check_ends(rules);
  const bool known = !rules.any_refused("agents") && !rules.any_refused("queues") &&
                     !rules.any_refused("calls") && !rules.any_refused("faults");
  if (known) check_return(rules);
  if (known) check_drains(rules);
}

}  // namespace bcsim::tools
