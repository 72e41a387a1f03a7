// What an exploration has to say: a table, or JSON.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/base/page.hpp"
#include "tools/explore/explore.hpp"

namespace bcsim::tools {
namespace {

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void add_kinds(std::string& out, const Exploration& found) {
  if (found.kinds.empty()) {
    out += "No world failed.\n";
    return;
  }
  out += fmt::format(
      "{} of failure\n  {:>7}  {:<11} kind\n",
      found.kinds.size() == 1 ? "One kind" : fmt::format("{} kinds", found.kinds.size()), "worlds",
      "values left");
  for (const auto& [kind, f] : found.kinds) {
    out += fmt::format("  {:>7}  {:>4} of {:<4}{}\n           {}\n           {}\n", f.worlds,
                       f.left, f.leaves, kind, shortened(f.text, 100), f.file.string());
  }
}

}  // namespace

std::string exploration_text(const Exploration& found, const ExploreRequest& request) {
  const std::uint64_t ran = found.worlds - found.refused;
  std::string out = fmt::format(
      "{} worlds of seed {} in {:.0f} s: {} ran, {} were refused by check or too large, {} ran "
      "twice.\n\n",
      found.worlds, request.seed, found.seconds, ran, found.refused, found.repeated);
  add_kinds(out, found);
  out += "\nWorlds with each verb\n ";
  for (const auto& [verb, worlds] : found.verbs) out += fmt::format(" {} {}", verb, worlds);
  out += fmt::format(" (without faults {})\n\nWorlds in which each check had something to judge\n",
                     found.faultless);
  for (const auto& [id, c] : found.checks) {
    out += fmt::format("  {:<32}{:>8}  {:.0f} %\n", id, c.applied, share_of(c.applied, c.ran));
  }
  return out;
}

std::string exploration_json(const Exploration& found, const ExploreRequest& request) {
  using Json = nlohmann::ordered_json;
  Json failures = Json::array();
  for (const auto& [kind, f] : found.kinds) {
    failures.push_back({{"kind", kind},
                        {"text", f.text},
                        {"worlds", f.worlds},
                        {"first_world", f.first_world},
                        {"values", f.leaves},
                        {"values_left", f.left},
                        {"trials", f.trials},
                        {"file", f.file.string()}});
  }
  Json checks = Json::object();
  for (const auto& [id, c] : found.checks) checks[id] = {{"ran", c.ran}, {"judged", c.applied}};
  const Json all = {{"seed", request.seed},
                    {"worlds", found.worlds},
                    {"refused", found.refused},
                    {"repeated", found.repeated},
                    {"without_faults", found.faultless},
                    {"seconds", found.seconds},
                    {"failures", failures},
                    {"verbs", found.verbs},
                    {"checks", checks}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bcsim::tools
