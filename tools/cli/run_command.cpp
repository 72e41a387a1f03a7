// bcsim run: simulate a scenario and write its results.
#include "tools/run/run.hpp"
#include "tools/scenario/keys/metric_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "models/metrics/definitions.hpp"

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/trace_options.hpp"
#include "tools/run/worker_pool.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/keys/effective.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

/// "lost=2%,asa=0.5s"; throws UsageError.
std::vector<PrecisionTarget> precision_targets(const std::string& text,
                                               const models::Scenario& scenario) {
  std::vector<PrecisionTarget> targets;
  const std::vector<std::string> ids = models::metric_ids(scenario);
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    const std::size_t equals = item.find('=');
    const std::string name = item.substr(0, equals);
    const std::string size = equals == std::string::npos ? "" : item.substr(equals + 1);
    const auto id = resolve_metric(name, ids);
    if (!id) {
      throw UsageError{fmt::format("--precision: there is no metric '{}'", name),
                       did_you_mean(name, ids)};
    }
    const auto share = parse_percent(size), number = parse_number(size), time = parse_seconds(size);
    PrecisionTarget target{.metric = *id, .text = size};
    for (const auto* parsed : {&share, &time, &number}) {
      const double* value = std::get_if<double>(parsed);
      if (value == nullptr) continue;
      target.target = *value;
      target.relative = parsed == &share;
      break;
    }
    if (!(target.target > 0)) {
      throw UsageError{fmt::format("--precision: '{}' is no precision", item),
                       "write it like lost=2% or asa=0.5s"};
    }
    targets.push_back(target);
  }
  if (targets.empty()) throw UsageError{"--precision is empty", "such as --precision lost=2%"};
  return targets;
}

/// Replications before the first look, and at most, if nothing else is said.
constexpr std::uint32_t kFirstLook = 10, kMostReplications = 500;

void take_precision(const Invocation& invocation, RunRequest& request) {
  const bool limited = invocation.has("max-replications");
  if (!invocation.has("precision")) {
    if (limited) throw UsageError{"--max-replications goes with --precision", ""};
    return;
  }
  request.precision = precision_targets(invocation.value("precision"), request.scenario);
  request.most = kMostReplications;
  if (limited) {
    request.most = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        number_value("max-replications", invocation.value("max-replications")), 1'000'000));
  }
  if (request.most < 2) {
    throw UsageError{"--max-replications: an interval needs at least 2 replications", ""};
  }
  std::uint32_t& first = request.scenario.run.replications;
  if (first < 2) first = kFirstLook;
  first = std::min(first, request.most);
  request.effective_yaml = effective_yaml(request.scenario);
}

int run(const Invocation& invocation, Terminal& terminal) {
  const std::vector<std::string> overrides = run_overrides(invocation);
  RunRequest request;
  request.jobs = jobs_value(invocation);
  Loaded loaded = load_argument(invocation.arguments.front(), overrides, terminal.in);
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  request.scenario = std::move(loaded.scenario);
  request.effective_yaml = std::move(loaded.effective_yaml);
  request.warnings = std::move(loaded.diagnostics);
  request.path = invocation.arguments.front();
  request.inputs = std::move(loaded.files);
  request.out = invocation.value("out");
  request.json = invocation.has("json");
  request.baseline = invocation.has("baseline");
  if (request.baseline) {
    if (!request.out.empty()) throw UsageError{"--baseline and --out both name a directory", ""};
    request.out = invocation.value("baseline");
  }
  request.twin = !invocation.has("no-twin");
  take_precision(invocation, request);
  request.journal = invocation.value("journal");
  request.journal_messages = invocation.has("journal-messages");
  if (request.journal_messages && request.journal.empty()) {
    throw UsageError{"--journal-messages needs --journal FILE", ""};
  }
  request.pcap = invocation.value("pcap");
  request.filter = trace_filter(invocation, request.scenario);
  for (const Option& option : trace_options()) {
    if (invocation.has(option.name) && !request.journal_messages && request.pcap.empty()) {
      throw UsageError{fmt::format("--{} needs --pcap or --journal-messages", option.name), ""};
    }
  }
  if (!invocation.has("shard")) return run_scenario(request, terminal);
  for (const char* whole : {"precision", "json", "journal", "pcap", "baseline"}) {
    if (!invocation.has(whole)) continue;
    throw UsageError{fmt::format("--{} needs the whole run, which a shard is not", whole),
                     "--shard works with a given number of replications (-n)"};
  }
  return run_shard(request, shard_value(invocation.value("shard")), terminal);
}

}  // namespace

Command run_command() {
  Command command = {
      .name = "run",
      .summary = "Simulate a scenario and write its results",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Simulates a scenario (a file, the name of a shipped one, or - for standard input)\n"
          "and writes results/<scenario>/<run id>/ with a 'latest' link beside it. Exit code\n"
          "0: all is well, 1: a checker or expectation said no, 2: the precision was not\n"
          "reached, 65: the scenario is wrong, 74: cannot write, 130, 143 or 129: interrupted by\n"
          "Ctrl-C, SIGTERM or SIGHUP; what was complete is kept. A scenario with faults is also\n"
          "run without them on the same random numbers, so that results can say what is\n"
          "because of the failure.",
      .options = {{.name = "out",
                   .letter = 'o',
                   .kind = ValueKind::directory,
                   .value = "DIR",
                   .doc = "Write the results there instead"},
                  {.name = "baseline",
                   .kind = ValueKind::directory,
                   .value = "DIR",
                   .doc = "… and only what 'bcsim compare' needs: small, for version control"},
                  {.name = "seed",
                   .kind = ValueKind::number,
                   .value = "N",
                   .doc = "Seed of the random numbers; the same as --set run.seed=N"},
                  {.name = "replications",
                   .letter = 'n',
                   .kind = ValueKind::number,
                   .value = "N",
                   .doc = "Independent repetitions; the same as --set run.replications=N"},
                  jobs_option(),
                  {.name = "no-twin",
                   .doc = "Leave out the run without the faults that shows what is theirs"},
                  {.name = "shard",
                   .kind = ValueKind::text,
                   .value = "K/N",
                   .doc = "Only each Nth replication, from the Kth on; then 'bcsim merge'"},
                  {.name = "precision",
                   .kind = ValueKind::text,
                   .value = "M=P",
                   .doc = "Repeat until the 95 % intervals are this narrow: lost=2%,asa=0.5s"},
                  {.name = "max-replications",
                   .kind = ValueKind::number,
                   .value = "N",
                   .doc = "… or until so many are done (500)"},
                  set_option(),
                  {.name = "json", .doc = "Print the summary as JSON"},
                  {.name = "journal",
                   .kind = ValueKind::file,
                   .value = "FILE",
                   .doc = "Write every record as a line of JSON; gzipped if FILE ends in .gz"},
                  {.name = "journal-messages",
                   .doc = "… and what became of every message (many: see --trace-…)"},
                  {.name = "pcap",
                   .kind = ValueKind::file,
                   .value = "FILE",
                   .doc = "Write the SIP messages as a capture for Wireshark (pcapng)"},
                  {.name = "quiet", .letter = 'q', .doc = "No warnings, no progress"},
                  {.name = "verbose", .letter = 'v', .doc = "Say more about what is done"}},
      .examples = {{"bcsim run site_failure", "Site 1 is lost; what does it cost?"},
                   {"bcsim run my.yaml --set desktop.site1.site-timeout=10s",
                    "The same with another timeout"},
                   {"bcsim run site_failure -n 20", "Means with 95 % intervals"},
                   {"bcsim run site_failure --precision lost=2%,asa=0.1s",
                    "As many replications as that needs"},
                   {"bcsim run site_failure --journal journal.ndjson.gz",
                    "Everything that happened, for tools of your own"},
                   {"bcsim run site_failure --pcap c.pcapng --trace-from 10:29 --trace-until 10:32",
                    "Open it in Wireshark (Telephony, VoIP Calls) or sngrep"}},
      .run = run};
  for (Option& option : trace_options()) command.options.push_back(std::move(option));
  return command;
}

}  // namespace bcsim::tools
