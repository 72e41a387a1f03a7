#include "tools/scenario/rules/validator_people.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tools/scenario/rules/people_needs.hpp"

namespace bcsim::tools {
namespace {

using models::CallStream;

/// M-W03 of a part: what one queue, site or group is offered is more than its agents can do. Where
/// nobody ever works, M-W07 says so.
void check_shares(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  const std::vector<sim::SimTime> times = moments(s);
  std::set<std::string> staffed, told;
  for (const sim::SimTime t : times) {
    for (const Share& share : shares_at(s, t)) {
      if (share.agents > 0) staffed.insert(share.whose);
    }
  }
  for (const sim::SimTime t : times) {
    for (const Share& share : shares_at(s, t)) {
      if (share.erlangs <= static_cast<double>(share.agents) || staffed.count(share.whose) == 0) {
        continue;
      }
      if (!told.insert(share.place).second) continue;
      const bool given = rules.given.count(share.place) > 0;
      const std::string offered = fmt::format("at {} {} erlangs are offered to ",
                                              moment_words(s, t), amount_words(share.erlangs));
      rules.warning("M-W03", given ? share.place : std::string("calls"),
                    share.agents == 0
                        ? fmt::format("{}{}, and nobody of them is at work", offered, share.whose)
                        : fmt::format("{}the {} agents of {}: overloaded without any failure",
                                      offered, share.agents, share.whose));
    }
  }
}

bool sits_in(const models::AgentGroup& group, models::SiteIndex building) {
  return group.location == static_cast<models::LocationIndex>(building);
}

/// V-W19, of one queue: a building is lost with all who serve it.
void check_queues_left(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  std::set<models::SiteIndex> told;
  for (const BuildingLost& lost : buildings_lost(s)) {
    const models::SiteIndex building = lost.site;
    if (lost.staff_return != nullptr || !told.insert(building).second) continue;
    for (std::uint32_t q = 0; q < s.queues.size(); ++q) {
      bool served = false, still_served = false;
      for (std::uint32_t g = 0; g < s.agents.size(); ++g) {
        if (!s.agents[g].serves(q)) continue;
        (sits_in(s.agents[g], building) ? served : still_served) = true;
      }
      const bool called = std::ranges::any_of(s.calls, [&](const CallStream& stream) {
        return stream.kind() == models::CallKind::queue && stream.queue == q;
      });
      if (!called || !served || still_served) continue;
      rules.warning("V-W19", "queues." + s.queues[q].name,
                    fmt::format("all who serve queue '{}' sit in the building of {}, which is "
                                "lost: nobody is left for it (R7)",
                                s.queues[q].name, s.sites[building].name));
    }
  }
}

/// " from 10:00 to 10:30", of a shortfall that is not of the whole run.
std::string stretch_words(const models::Scenario& s, const Shortfall& gap) {
  if (gap.whole_run) return "";
  return fmt::format(", from {} to {}", moment_words(s, gap.from), moment_words(s, gap.until));
}

struct Told {
  Shortfall gap;
  const BuildingLost* lost = nullptr;
};

/// The worst that happens to a pool: with all at work at one site, or with a building lost.
std::optional<Told> worst_of(PeopleNeeds& needs, const Pool& pool,
                             const std::vector<BuildingLost>& lost) {
  std::optional<Told> worst;
  const auto take = [&](const BuildingLost* building) {
    const auto gap = needs.shortfall(pool, building);
    if (!gap || (worst && gap->worst.missing() <= worst->gap.worst.missing())) return;
    worst = Told{*gap, building};
  };
  take(nullptr);
  for (const BuildingLost& building : lost) take(&building);
  return worst;
}

void tell(const Rules& rules, const Pool& pool, const Told& told) {
  const models::Scenario& s = rules.scenario;
  const Need& worst = told.gap.worst;
  std::string without;
  if (told.lost != nullptr) {
    without = fmt::format(", without those in the building of {}{},", s.sites[told.lost->site].name,
                          told.lost->staff_return == nullptr ? "" : " who are not back");
  }
  std::string place = "agents";
  if (!pool.whose.empty()) {
    place = "queues." + s.queues[pool.queues[0]].name;
    if (rules.given.count(place) == 0) place = "calls";
  }
  rules.warning(
      "V-W19", place,
      fmt::format("at {} {} agents{} at one surviving site{} are less than the {} that {} erlangs "
                  "need for {:.0f}% within {}{} (R7, R26)",
                  moment_words(s, worst.at), worst.agents,
                  pool.whose.empty() ? "" : " of " + pool.whose, without, worst.needed,
                  amount_words(worst.erlangs), kStaffingLevel * 100,
                  format_duration(s.run.service_level_threshold), stretch_words(s, told.gap)),
      fmt::format("{} more agents", worst.missing()));
}

/// V-W19 of each queue, and of queues that share people if none of them is short by itself.
void check_needs(const Rules& rules) {
  const std::vector<BuildingLost> lost = buildings_lost(rules.scenario);
  PeopleNeeds needs(rules.scenario);
  std::set<std::uint32_t> short_of_people;
  for (const Pool& pool : pools(rules.scenario)) {
    if (std::ranges::any_of(pool.queues, [&](std::uint32_t q) {
          return pool.queues.size() > 1 && short_of_people.count(q) > 0;
        })) {
      continue;
    }
    // Nobody has ever been there, or nobody is left: others say so.
    const auto told = pool.groups.empty() ? std::nullopt : worst_of(needs, pool, lost);
    if (!told) continue;
    const bool comes_back = told->lost != nullptr && told->lost->staff_return != nullptr;
    if (told->gap.worst.agents == 0 && !comes_back) continue;
    short_of_people.insert(pool.queues.begin(), pool.queues.end());
    tell(rules, pool, *told);
  }
}

/// M-W20: at a site whose calls stay there too few serve a queue, though all is well and the other
/// site has people to spare.
void check_sites(const Rules& rules) {
  const models::Scenario& s = rules.scenario;
  PeopleNeeds needs(s);
  struct Worst {
    sim::SimTime at;
    Share share;
    int needed = 0;
  };
  std::map<std::pair<std::uint32_t, models::SiteIndex>, Worst> worst;
  for (const sim::SimTime t : moments(s)) {
    for (const Share& share : shares_at(s, t)) {
      if (!share.queue || !share.site || share.agents == 0) continue;
      if (share.erlangs > static_cast<double>(share.agents)) continue;  // M-W03
      const int needed = needs.needed(share, t);
      const int missing = needed - static_cast<int>(share.agents);
      const auto at = worst.find({*share.queue, *share.site});
      const int so_far =
          at == worst.end() ? 0 : at->second.needed - static_cast<int>(at->second.share.agents);
      if (missing > so_far) worst[{*share.queue, *share.site}] = {t, share, needed};
    }
  }
  for (const auto& [where, w] : worst) {
    const bool given = rules.given.count(w.share.place) > 0;
    rules.warning("M-W20", given ? w.share.place : std::string("calls"),
                  fmt::format("at {} {} agents of {} are less than the {} that {} erlangs need for "
                              "{:.0f}% within {}, without any failure",
                              moment_words(s, w.at), w.share.agents, w.share.whose, w.needed,
                              amount_words(w.share.erlangs), kStaffingLevel * 100,
                              format_duration(s.run.service_level_threshold)),
                  fmt::format("{} more agents, or routing-scope: both-sites",
                              w.needed - static_cast<int>(w.share.agents)));
  }
}

}  // namespace

void check_people(const Rules& rules, const PeakLoad& load) {
  const models::Scenario& s = rules.scenario;
  if (load.erlangs() > static_cast<double>(load.agents)) {
    rules.warning("M-W03", "calls",
                  fmt::format("at {} {} erlangs are offered to {} agents: overloaded without "
                              "any failure",
                              moment_words(s, load.at), amount_words(load.erlangs()), load.agents));
    return;
  }
  if (rules.any_refused("agents") || rules.any_refused("queues") || rules.any_refused("calls")) {
    return;
  }
  check_shares(rules);
  check_queues_left(rules);
  check_sites(rules);
  check_needs(rules);
}

}  // namespace bcsim::tools
