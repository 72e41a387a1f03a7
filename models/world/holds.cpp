#include "models/world/holds.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace bcsim::models {
namespace {

/// Scopes are in the order of what they contain.
bool names(const SiteTarget& restored, const SiteTarget& failed) {
  return restored.site == failed.site && failed.scope <= restored.scope;
}
bool names(const LinkTarget& a, const LinkTarget& b) {
  return same_link(a, b);
}
template <class A, class B>
bool names(const A& a, const B& b) {
  if constexpr (std::is_same_v<A, B>) return a == b;
  return false;
}
template <class A, class B>
bool same_target(const A& a, const B& b) {
  return std::visit([](const auto& x, const auto& y) { return names(x, y); }, a, b);
}

struct Restored {
  const Restore& by;

  bool operator()(const Fail& f) const { return same_target(by.target, f.target); }
  bool operator()(const Crash& c) const { return process(c.process); }
  bool operator()(const Hang& h) const { return process(h.process); }
  bool operator()(const Drain& d) const {
    const auto* site = std::get_if<SiteTarget>(&by.target);
    return site != nullptr && site->site == d.site;
  }
  bool operator()(const Cut&) const { return false; }
  bool operator()(const Degrade&) const { return false; }
  bool operator()(const Restore&) const { return false; }
  bool operator()(const Heal&) const { return false; }
  bool operator()(const SwitchOver&) const { return false; }
  bool operator()(const ChangeOption&) const { return false; }

 private:
  [[nodiscard]] bool process(const ProcessTarget& target) const {
    const auto* mine = std::get_if<ProcessTarget>(&by.target);
    return mine != nullptr && *mine == target;
  }
};

struct Healed {
  const Heal& by;
  bool backward;

  bool operator()(const Cut& c) const {
    const auto* link = std::get_if<LinkTarget>(&by.target);
    return same_target(by.target, c.target) &&
           (link == nullptr || includes(link->direction, backward));
  }
  bool operator()(const Degrade& d) const {
    const auto* link = std::get_if<LinkTarget>(&by.target);
    return link != nullptr && same_link(*link, d.link) && includes(link->direction, backward);
  }
  bool operator()(const Fail&) const { return false; }
  bool operator()(const Restore&) const { return false; }
  bool operator()(const Crash&) const { return false; }
  bool operator()(const Hang&) const { return false; }
  bool operator()(const Heal&) const { return false; }
  bool operator()(const Drain&) const { return false; }
  bool operator()(const SwitchOver&) const { return false; }
  bool operator()(const ChangeOption&) const { return false; }
};

void add_round(std::vector<Hold>& holds, std::uint32_t index, const Fault& fault, SimTime begin,
               SimTime end) {
  const LinkTarget* link = held_link(fault);
  for (const bool backward : {false, true}) {
    if (link == nullptr ? backward : !includes(link->direction, backward)) continue;
    holds.push_back({index, backward, begin, end, {}});
  }
}

/// kNever, too, is a time that may be added to.
SimTime time_after(SimTime at, Duration by) {
  return by < sim::kNever - at ? at + by : sim::kNever;
}

SimTime last_round(const Fault& fault, Duration horizon) {
  const SimTime end = sim::kStart + horizon;
  return std::min(fault.flap->until.value_or(end), end);
}

}  // namespace

const LinkTarget* held_link(const Fault& fault) {
  if (const auto* degrade = std::get_if<Degrade>(&fault.deed)) return &degrade->link;
  const auto* cut = std::get_if<Cut>(&fault.deed);
  return cut == nullptr ? nullptr : std::get_if<LinkTarget>(&cut->target);
}

bool ends(const Fault& mending, const Fault& broken, bool backward) {
  if (const auto* restore = std::get_if<Restore>(&mending.deed)) {
    return std::visit(Restored{*restore}, broken.deed);
  }
  const auto* heal = std::get_if<Heal>(&mending.deed);
  return heal != nullptr && std::visit(Healed{*heal, backward}, broken.deed);
}

std::vector<Hold> holds_of(const std::vector<Fault>& faults, Duration horizon) {
  std::vector<Hold> holds;
  std::vector<std::uint32_t> mending;
  for (std::uint32_t i = 0; i < faults.size(); ++i) {
    const Fault& fault = faults[i];
    if (fault.at > sim::kStart + horizon) continue;
    if (!models::holds(fault)) {
      mending.push_back(i);  // or changes an option, which ends nothing
    } else if (!fault.flap) {
      add_round(holds, i, fault, fault.at,
                fault.lasting ? time_after(fault.at, *fault.lasting) : sim::kNever);
    } else {
      const SimTime until = last_round(fault, horizon);
      const Duration broken =
          sim::from_seconds(sim::seconds(fault.flap->period) * fault.flap->duty);
      if (broken <= Duration::zero()) continue;
      for (SimTime at = fault.at; at < until; at += fault.flap->period) {
        const SimTime end = time_after(at, broken);
        add_round(holds, i, fault, at, fault.flap->until ? std::min(end, *fault.flap->until) : end);
      }
    }
  }
  std::stable_sort(mending.begin(), mending.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return faults[a].at < faults[b].at; });
  for (const std::uint32_t m : mending) {
    const SimTime at = faults[m].at;
    for (Hold& hold : holds) {
      if (hold.begin >= at || hold.end <= at) continue;
      if (!ends(faults[m], faults[hold.fault], hold.backward)) continue;
      hold.end = at;
      hold.ended_by = m;
    }
  }
  return holds;
}

std::uint64_t steps_at_most(const Scenario& scenario, const Fault& fault) {
  constexpr std::uint64_t kOfAServer = 32;  // a site's machines and processes, both ways, and marks
  constexpr std::uint64_t kOther = 6;
  std::uint64_t a_round = kOther;
  if (const SiteTarget* site = failed_site(fault)) {
    a_round = kOfAServer;
    if (site->scope == SiteScope::building) {
      a_round += 4 * scenario.gateways.size();
      for (const AgentGroup& group : scenario.agents) {
        if (group.location == site->site) a_round += 2 * std::uint64_t{group.count};
      }
    }
  }
  if (!fault.flap) return a_round;
  const Duration time = last_round(fault, scenario.run.horizon) - fault.at;
  if (time <= Duration::zero()) return 0;
  return a_round * static_cast<std::uint64_t>(time / fault.flap->period + 1);
}

}  // namespace bcsim::models
