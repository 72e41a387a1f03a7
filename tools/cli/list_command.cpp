// bcsim list: the scenarios that come with the program, and the points of a sweep.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"

namespace bcsim::tools {
namespace {

int list_points(const Invocation& invocation, Terminal& terminal) {
  const Loaded loaded =
      load_argument(invocation.arguments.front(), invocation.values("set"), terminal.in);
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  const SweepSpec spec = sweep_spec_for(invocation, loaded.sweep);
  const std::vector<SweepPoint> points = expand(spec);
  nlohmann::json j = nlohmann::json::array();
  for (std::size_t p = 0; p < points.size(); ++p) {
    j.push_back({{"point", p}, {"overrides", overrides_of(spec, points[p])}});
    if (!invocation.has("json")) {
      terminal.out << fmt::format("{:>4}  {}\n", p, point_words(spec, points[p]));
    }
  }
  if (invocation.has("json")) terminal.out << j.dump(2) << '\n';
  return code(ExitCode::good);
}

int list_scenarios(const Invocation& invocation, Terminal& terminal) {
  if (!invocation.arguments.empty()) return list_points(invocation, terminal);
  const std::vector<ShippedScenario> scenarios = shipped_scenarios();
  if (invocation.has("json")) {
    nlohmann::json j = nlohmann::json::array();
    for (const ShippedScenario& s : scenarios) {
      j.push_back({{"name", s.name}, {"title", s.title}, {"path", s.path.string()}});
    }
    terminal.out << j.dump(2) << '\n';
    return code(ExitCode::good);
  }
  std::size_t width = 0;
  for (const ShippedScenario& s : scenarios) width = std::max(width, s.name.size());
  for (const ShippedScenario& s : scenarios) {
    terminal.out << fmt::format("{:<{}}  {}\n", s.name, width, s.title);
  }
  if (scenarios.empty()) {
    terminal.err << fmt::format("bcsim: no scenarios in '{}'\n",
                                (home_directory() / "scenarios").string());
    return code(ExitCode::io);
  }
  return code(ExitCode::good);
}

}  // namespace

Command list_command() {
  return {.name = "list",
          .summary = "List the scenarios that come with the program, or a scenario's sweep points",
          .arguments = "[SCENARIO]",
          .argument_kind = ValueKind::scenario,
          .max_arguments = 1,
          .options = {vary_option(),
                      where_option(),
                      set_option(),
                      {.name = "json", .doc = "Print the list as JSON"}},
          .examples = {{"bcsim list", "Names and what they show"},
                       {"bcsim list my.yaml", "The points of its sweep, without running them"}},
          .run = list_scenarios};
}

}  // namespace bcsim::tools
