// bcsim list: the scenarios that come with the program.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/cli/commands.hpp"
#include "tools/cli/exit_code.hpp"
#include "tools/cli/home.hpp"

namespace bcsim::tools {
namespace {

int list_scenarios(const Invocation& invocation, Terminal& terminal) {
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
          .summary = "List the scenarios that come with the program",
          .options = {{.name = "json", .doc = "Print names, titles and paths as JSON"}},
          .examples = {{"bcsim list", "Names and what they show"}},
          .run = list_scenarios};
}

}  // namespace bcsim::tools
