// Options that several commands take.
#include <fmt/format.h>

#include <algorithm>

#include "tools/cli/commands.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

std::vector<std::string> set_and_seed(const Invocation& invocation) {
  std::vector<std::string> overrides = invocation.values("set");
  if (invocation.has("seed")) {
    overrides.push_back(fmt::format("run.seed={}", number_value("seed", invocation.value("seed"))));
  }
  return overrides;
}

std::vector<std::string> run_overrides(const Invocation& invocation) {
  std::vector<std::string> overrides = set_and_seed(invocation);
  if (invocation.has("replications")) {
    const std::uint64_t n = number_value("replications", invocation.value("replications"));
    if (n == 0) throw UsageError{"--replications: at least 1", ""};
    overrides.push_back(fmt::format("run.replications={}", n));
  }
  return overrides;
}

Option jobs_option() {
  return {.name = "jobs",
          .letter = 'j',
          .kind = ValueKind::number,
          .value = "N",
          .doc = "Processes at a time (all cores); results do not depend on it"};
}

unsigned jobs_value(const Invocation& invocation) {
  if (!invocation.has("jobs")) return usable_cores();
  const std::uint64_t n = number_value("jobs", invocation.value("jobs"));
  if (n == 0) throw UsageError{"--jobs: at least 1", ""};
  return static_cast<unsigned>(std::min<std::uint64_t>(n, 1024));
}

Option value_option(const char* name, const char* value, const char* doc, ValueKind kind) {
  return {.name = name, .kind = kind, .value = value, .doc = doc};
}

std::vector<Option> study_options(std::vector<Option> own, const std::string& json) {
  Option out = value_option("out", "DIR", "Write the results there instead", ValueKind::directory);
  out.letter = 'o';
  own.insert(own.end(), {jobs_option(),
                         out,
                         value_option("seed", "N", "Seed of the random numbers", ValueKind::number),
                         set_option(),
                         {.name = "json", .doc = fmt::format("Print {} instead of a table", json)},
                         {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"}});
  return own;
}

double share_value(const Invocation& invocation, const char* option, double fallback) {
  if (!invocation.has(option)) return fallback;
  const std::string text = invocation.value(option);
  const auto parsed = parse_percent(text);
  const double* share = std::get_if<double>(&parsed);
  if (share == nullptr || !(*share > 0 && *share < 1)) {
    throw UsageError{fmt::format("--{}: '{}' is not between 0% and 100%", option, text),
                     fmt::format("such as --{} {}", option, format_percent(fallback))};
  }
  return *share;
}

sim::Duration time_value(const Invocation& invocation, const char* option, sim::Duration fallback,
                         sim::Duration most) {
  if (!invocation.has(option)) return fallback;
  const std::string text = invocation.value(option);
  const auto parsed = parse_duration(text);
  const auto* time = std::get_if<sim::Duration>(&parsed);
  if (time == nullptr || time->count() <= 0 || *time > most) {
    const std::string limit = most == sim::Duration::max() ? "" : " up to " + format_duration(most);
    throw UsageError{fmt::format("--{}: '{}' is no time above 0{}", option, text, limit),
                     fmt::format("such as --{} {}", option, format_duration(fallback))};
  }
  return *time;
}

std::uint64_t count_value(const Invocation& invocation, const char* option, std::uint64_t fallback,
                          std::uint64_t least, std::uint64_t most) {
  if (!invocation.has(option)) return fallback;
  const std::uint64_t n = number_value(option, invocation.value(option));
  if (n < least || n > most) {
    throw UsageError{fmt::format("--{}: from {} to {}", option, least, most), ""};
  }
  return n;
}

StudyRequest study_request(const char* command, const Invocation& invocation, Terminal& terminal) {
  StudyRequest request;
  request.path = invocation.arguments.front();
  if (request.path == "-") {
    throw UsageError{fmt::format("{} reads the scenario several times: it needs a file", command),
                     ""};
  }
  request.overrides = set_and_seed(invocation);
  request.jobs = jobs_value(invocation);
  request.json = invocation.has("json");
  request.out = invocation.value("out");
  request.base = load_argument(request.path, request.overrides, terminal.in);
  print_diagnostics(request.base, terminal);
  return request;
}

Shard shard_value(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto k = parse_count(text.substr(0, slash));
  const auto n = parse_count(slash == std::string::npos ? "" : text.substr(slash + 1));
  const auto* index = std::get_if<std::uint64_t>(&k);
  const auto* count = std::get_if<std::uint64_t>(&n);
  if (index == nullptr || count == nullptr || *index < 1 || *index > *count || *count > 100'000) {
    throw UsageError{fmt::format("--shard: '{}' is no part of a whole", text),
                     "the second of five is 2/5"};
  }
  return {static_cast<std::uint32_t>(*index), static_cast<std::uint32_t>(*count)};
}

}  // namespace bcsim::tools
