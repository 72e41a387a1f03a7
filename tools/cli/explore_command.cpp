// bcsim explore: random worlds, or mutations of one, until the budget is spent.
#include <fmt/format.h>

#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/explore/explore.hpp"
#include "tools/explore/tree.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

constexpr std::uint64_t kMostWorlds = 1'000'000'000;

/// The scenario with what it extends, and the names of its files whole.
Node whole_tree(const std::string& argument, const std::vector<std::string>& overrides,
                std::string& directory) {
  std::filesystem::path path = argument;
  for (const ShippedScenario& shipped : shipped_scenarios()) {
    if (shipped.name == argument) path = shipped.path;
  }
  directory = std::filesystem::absolute(path).parent_path().string();
  return assembled_scenario(path, overrides);
}

/// "10m" too: nobody explores for ten metres.
sim::Duration budget(const std::string& text) {
  const auto parsed = parse_duration(text.ends_with('m') ? text + "in" : text);
  const auto* time = std::get_if<sim::Duration>(&parsed);
  if (time == nullptr || time->count() <= 0) {
    throw UsageError{fmt::format("--for: '{}' is no time above 0", text), "such as --for 10min"};
  }
  return *time;
}

ExploreRequest request_of(const Invocation& invocation) {
  ExploreRequest request;
  request.seed = number_value("seed", invocation.value("seed", "1"));
  request.jobs = jobs_value(invocation);
  if (invocation.has("worlds")) {
    request.worlds = count_value(invocation, "worlds", 0, 1, kMostWorlds);
  }
  if (invocation.has("for") || !request.worlds)
    request.time = budget(invocation.value("for", "1min"));
  request.first = count_value(invocation, "first", 0, 0, kMostWorlds);
  request.shrink_trials = count_value(invocation, "shrink", 300, 0, 100'000);
  request.limits.cpu_s =
      static_cast<unsigned>(count_value(invocation, "limit", request.limits.cpu_s, 1, 3600));
  return request;
}

int explore_them(const Invocation& invocation, Terminal& terminal) {
  ExploreRequest request = request_of(invocation);
  std::string name = "random";
  if (!invocation.arguments.empty()) {
    const std::string& argument = invocation.arguments.front();
    if (argument == "-") throw UsageError{"explore reads the scenario from a file", ""};
    const std::vector<std::string> overrides = invocation.values("set");
    const Loaded base = load_argument(argument, overrides, terminal.in);
    print_diagnostics(base, terminal);
    if (base.has_errors()) return code(load_result(base));
    request.scenario = whole_tree(argument, overrides, request.directory);
    request.base = argument;
    name = base.scenario.name;
  }
  request.out = invocation.value("out", fmt::format("results/explore/{}", name));
  require_writable(request.out);  // better learned before the ten minutes than after
  const Exploration found = explore(request, terminal);
  terminal.out << (invocation.has("json") ? exploration_json(found, request)
                                          : exploration_text(found, request));
  if (found.interrupted) {
    terminal.err << "bcsim: interrupted; what had been found by then is in the table\n";
    return interrupted_code();
  }
  return code(found.kinds.empty() ? ExitCode::good : ExitCode::refused);
}

std::vector<Option> explore_options() {
  Option worlds =
      value_option("worlds", "N", "How many worlds, instead of a time", ValueKind::number);
  worlds.letter = 'n';
  Option out =
      value_option("out", "DIR", "Keep the failing scenarios there instead", ValueKind::directory);
  out.letter = 'o';
  return {value_option("for", "T", "How long (1min)"),
          worlds,
          value_option("seed", "N", "Of the worlds (1): the same seed, the same worlds",
                       ValueKind::number),
          value_option("first", "N", "Number of the first world (0)", ValueKind::number),
          value_option("shrink", "N", "Trials to make a failing scenario small (300); 0: none",
                       ValueKind::number),
          value_option("limit", "S", "CPU seconds after which a world has no end (20)",
                       ValueKind::number),
          jobs_option(),
          out,
          set_option(),
          {.name = "json", .doc = "Print JSON instead of a table"},
          {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"}};
}

}  // namespace

Command explore_command() {
  return {
      .name = "explore",
      .summary = "Run random worlds with random faults, and keep the smallest that fail",
      .arguments = "[SCENARIO]",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 0,
      .max_arguments = 1,
      .description =
          "Makes scenarios from the keys of the language and plans of every fault verb, runs\n"
          "each in a process of its own with all checks on, and one in sixteen twice. With a\n"
          "SCENARIO, it is that one changed here and there. A world fails if a check says no,\n"
          "the program dies or reports an internal error, the world does not end, or a second\n"
          "run differs; what 'bcsim check' refuses is counted and thrown away. The first world\n"
          "of each kind of failure is shrunk to the smallest scenario that fails in the same\n"
          "way and kept in results/explore/, with the command that shows it; that comes after\n"
          "the time given. World i depends on the seed and i only. Exit code: 1 if any failed.",
      .options = explore_options(),
      .examples = {{"bcsim explore --for 10m", "Ten minutes on all cores"},
                   {"bcsim explore -n 1000 --seed 7 --json", "The same thousand worlds anywhere"},
                   {"bcsim explore my.yaml --for 5m", "Neighbours of a scenario"},
                   {"bcsim explore --seed 7 --first 4711 -n 1", "One world again"}},
      .run = explore_them};
}

}  // namespace bcsim::tools
