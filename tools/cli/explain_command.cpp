// bcsim explain: the life of a call, why it ended, and its messages.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "sim/hash.hpp"
#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/base/page.hpp"
#include "tools/cli/commands.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/results/terminal_summary.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/progress.hpp"
#include "tools/run/run_meta.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/trace/event_story.hpp"
#include "tools/trace/story_pages.hpp"

namespace bcsim::tools {
namespace {

using models::CallId;
using models::CallRow;
using models::Cause;

/// What the command line asks to explain.
struct ExplainRequest {
  std::optional<std::uint32_t> call;
  std::optional<Cause> cause;
  bool lost = false, longest_wait = false, events = false;
  std::optional<std::uint64_t> limit;
  std::string source;  ///< results or scenario; empty: the newest results
  std::string format = "text";
};

/// A scenario to replay, and what its results say of it.
struct ExplainSource {
  models::Scenario scenario;
  std::uint32_t replication = 0;
  std::string fingerprint;  ///< of the journal; empty: not known
  std::string written_by;
  std::vector<std::filesystem::path> inputs = {};  ///< of a scenario: what it is read from
};

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
}

Cause cause_named(const std::string& word) {
  std::vector<std::string> names;
  for (const Cause cause : models::all_causes()) {
    if (models::name(cause) == word) return cause;
    names.emplace_back(models::name(cause));
  }
  throw UsageError{fmt::format("--cause: there is no cause '{}'", word), did_you_mean(word, names)};
}

ExplainRequest understand(const Invocation& invocation) {
  ExplainRequest request;
  std::vector<std::string> words = invocation.arguments;
  if (!words.empty() && is_number(words.front())) {
    request.call = narrow_value("CALL", words.front());
    words.erase(words.begin());
  }
  if (words.size() > 1) {
    throw UsageError{fmt::format("'{}' is one argument too many for 'explain'", words.back()),
                     "bcsim explain --help"};
  }
  if (!words.empty()) request.source = words.front();
  request.lost = invocation.has("lost");
  request.longest_wait = invocation.has("longest-wait");
  request.events = invocation.has("events");
  if (invocation.has("cause")) request.cause = cause_named(invocation.value("cause"));
  if (invocation.has("limit")) {
    request.limit = number_value("limit", invocation.value("limit"));
    if (request.limit == 0u) throw UsageError{"--limit 0 would show nothing", ""};
  }
  const int chosen = (request.call ? 1 : 0) + (request.lost ? 1 : 0) +
                     (request.longest_wait ? 1 : 0) + (request.cause ? 1 : 0) +
                     (request.events ? 1 : 0);
  if (chosen != 1) {
    throw UsageError{chosen == 0 ? "which call?"
                                 : "CALL, --lost, --cause, --longest-wait and --events "
                                   "exclude each other",
                     "a number of calls.csv, --lost, --cause CAUSE, --longest-wait or --events"};
  }
  request.format = invocation.value("format", invocation.has("json") ? "json" : "text");
  if (request.events && request.format != "text" && request.format != "json") {
    throw UsageError{"--events is text or json", ""};
  }
  return request;
}

/// Nullopt after the problems of a scenario have been printed.
std::optional<ExplainSource> open_source(const ExplainRequest& request,
                                         const Invocation& invocation, Terminal& terminal) {
  ExplainSource source;
  std::optional<std::filesystem::path> directory = results_directory(request.source);
  if (request.source.empty()) directory = newest_results();
  std::vector<std::string> overrides = invocation.values("set");
  if (!directory) {
    Loaded loaded = load_argument(request.source, overrides, terminal.in);
    if (loaded.has_errors() || terminal.verbose()) print_diagnostics(loaded, terminal);
    if (loaded.has_errors()) return std::nullopt;
    source.scenario = std::move(loaded.scenario);
    source.inputs = std::move(loaded.files);
    return source;
  }
  if (!overrides.empty()) {
    throw UsageError{"--set cannot change results that exist", "explain a scenario instead"};
  }
  const auto run = read_json(*directory / "run.json");
  const std::string path = (*directory / "run.json").string();
  try {
    const std::string name = printable(run.at("scenario").get<std::string>());
    Loaded loaded = load_scenario_text({run.at("effective_scenario"), path, name, "."}, {});
    if (loaded.has_errors()) {
      print_diagnostics(loaded, terminal);
      return std::nullopt;
    }
    source.scenario = std::move(loaded.scenario);
    source.replication = run.at("replication");
    source.fingerprint = run.at("journal_fingerprint");
    source.written_by = fmt::format("bcsim {} ({})", run.at("version").get<std::string>(),
                                    run.at("git_commit").get<std::string>());
  } catch (const nlohmann::json::exception& e) {
    throw InputError(fmt::format("'{}' is not a results file of bcsim: {}", path, e.what()));
  }
  return source;
}

/// Calls `replay` with a bar on the terminal; nullopt if interrupted.
template <class Replaying>
auto with_progress(const ExplainSource& source, Terminal& terminal, const Replaying& replaying)
    -> std::optional<decltype(replaying(ReplayGoesOn{}))> {
  const SignalGuard signals;
  Progress progress(terminal, source.scenario.name);
  auto result = replaying([&](models::SimTime reached) {
    progress.show(sim::seconds(reached) / sim::seconds(source.scenario.run.horizon), "replayed");
    return !SignalGuard::interrupted();
  });
  if (SignalGuard::interrupted()) return std::nullopt;
  return result;
}

std::optional<Replay> replay_with_progress(const ExplainSource& source,
                                           const ReplayRequest& request, Terminal& terminal) {
  return with_progress(source, terminal, [&](const ReplayGoesOn& goes_on) {
    return replay(source.scenario, source.replication, request, goes_on);
  });
}

void require_same(const ExplainSource& source, std::uint64_t journal_fingerprint) {
  const std::string now = sim::to_hex(journal_fingerprint);
  if (source.fingerprint.empty() || source.fingerprint == now) return;
  throw InputError(fmt::format(
      "these results were written by {}, which simulates something else: journal {}, now {}; run "
      "the scenario again",
      source.written_by, source.fingerprint, now));
}

/// The calls meant, and a sentence about how many there are.
std::vector<CallId> choose_calls(const ExplainRequest& request, const std::vector<CallRow>& rows,
                                 const models::Scenario& scenario, std::string& sentence) {
  const models::SimTime counted = sim::kStart + scenario.run.warm_up;
  std::map<Cause, std::vector<CallId>> by_cause;
  std::vector<CallId> all;
  std::optional<CallId> longest;
  sim::Duration longest_wait = sim::Duration::min();
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const CallRow& row = rows[i];
    // As wait.max counts them: who calls a queue, and was answered, though he may talk yet, or gave
    // up.
    const bool gave_up = row.answered == sim::kNever && row.cause == Cause::abandoned_in_queue;
    const models::SimTime end = gave_up ? row.released : row.answered;
    if (row.kind == models::CallKind::queue && end != sim::kNever && end >= counted &&
        end - row.queued > longest_wait) {
      longest_wait = end - row.queued;
      longest = CallId{i};
    }
    if (row.released < counted || row.released == sim::kNever) continue;
    if (request.cause ? row.cause != *request.cause : !models::is_loss(row.cause)) continue;
    by_cause[row.cause].push_back(CallId{i});
    all.push_back(CallId{i});
  }
  if (request.longest_wait) {
    if (!longest) return {};
    return {*longest};
  }
  if (all.empty()) return {};
  sentence = count_words(all.size(), "call ", "calls ") +
             (request.cause ? fmt::format("ended with {}", models::name(*request.cause))
                            : std::string("lost"));
  if (!request.cause) {
    std::string parts;
    for (const auto& [cause, calls] : by_cause) {
      parts +=
          fmt::format("{}{} {}", parts.empty() ? ": " : ", ", calls.size(), models::name(cause));
    }
    sentence += parts;
    const auto of_agents = std::ranges::count_if(
        all, [&](CallId call) { return models::by_agent(rows[call.value].kind); });
    if (of_agents > 0) {
      sentence += fmt::format(
          " ({} by agents, which 'bcsim run' counts apart)",
          count_words(static_cast<std::uint64_t>(of_agents), "of them placed", "of them placed"));
    }
  }
  std::vector<CallId> chosen;
  if (request.limit) {
    chosen.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                                 *request.limit, all.size())));
  } else {
    // Preferably one that the failure cost.
    models::SimTime failure = models::SimTime::max();
    for (const models::Fault& fault : scenario.faults) failure = std::min(failure, fault.at);
    for (const auto& [cause, calls] : by_cause) {
      const auto since = std::find_if(calls.begin(), calls.end(), [&](CallId call) {
        return rows[call.value].released >= failure;
      });
      chosen.push_back(since == calls.end() ? calls.front() : *since);
    }
  }
  sentence += chosen.size() == all.size()
                  ? "."
                  : fmt::format(". Here {} (more: --limit N, or the call's number).",
                                request.limit         ? "are the first"
                                : by_cause.size() > 1 ? "is one of each cause"
                                                      : "is one");
  return chosen;
}

/// That there is no call as asked for.
std::string none_found(const ExplainRequest& request) {
  if (request.longest_wait) return "there is no such call: nobody has waited in a queue";
  if (request.lost) return "there is no such call: none was lost after the warm-up";
  return fmt::format("there is no such call: none ended with {} after the warm-up",
                     models::name(*request.cause));
}

/// When the replay of these calls may stop: their signalling is over.
models::SimTime last_interest(const std::vector<CallId>& calls, const std::vector<CallRow>& rows) {
  models::SimTime last = sim::kStart;
  for (const CallId call : calls) {
    const models::SimTime released = rows[call.value].released;
    if (released == sim::kNever) return models::SimTime::max();
    last = std::max(last, released);
  }
  return last + std::chrono::seconds(70);  // 64·T1 of a BYE, and of an answer to it
}

std::string render(const std::vector<ToldCall>& told, const ExplainRequest& request,
                   const Invocation& invocation, const models::Scenario& scenario,
                   const ThingNames& names, const std::string& sentence, Terminal& terminal) {
  if (request.format == "svg") return ladder_svg(told.front().ladder, scenario, true);
  if (request.format == "html") return story_html(told, scenario);
  if (request.format == "json") {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const ToldCall& call : told) all.push_back(story_json(call, names));
    return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  Page head({.color = false, .utf8 = environment_is_utf8()});
  head.paragraph(sentence);
  std::string text = sentence.empty() ? "" : head.take() + "\n";
  for (const ToldCall& call : told) {
    if (&call != &told.front()) text += "\n" + std::string(80, '-') + "\n\n";
    text += story_text(call.story, call.ladder, scenario,
                       {.color = terminal.color_out() && !invocation.has("out"),
                        .utf8 = environment_is_utf8(),
                        .ladder = invocation.has("ladder")});
  }
  return text;
}

void deliver_text(const std::string& text, const Invocation& invocation, Terminal& terminal) {
  if (invocation.has("out")) {
    write_file(invocation.value("out"), text);
  } else {
    terminal.out << text;
  }
}

/// What acted when, of the whole run.
int explain_events(const ExplainRequest& request, const ExplainSource& source,
                   const Invocation& invocation, Terminal& terminal) {
  const models::Layout layout(source.scenario, {source.scenario.run.seed, source.replication});
  EventStory story(layout);
  const auto run = with_progress(source, terminal, [&](const ReplayGoesOn& goes_on) {
    return replay_run(
        source.scenario, source.replication,
        [&](models::TwoSiteWorld& world) { world.add_observer(story); }, models::SimTime::max(),
        goes_on);
  });
  if (!run) return interrupted_code();
  require_same(source, run->journal_fingerprint);
  const bool color = terminal.color_out() && !invocation.has("out");
  deliver_text(request.format == "json"
                   ? event_story_json(story).dump(2) + "\n"
                   : event_story_text(story, source.scenario, color, environment_is_utf8()),
               invocation, terminal);
  return code(ExitCode::good);
}

int explain_source(const ExplainRequest& request, const Invocation& invocation,
                   Terminal& terminal) {
  const auto source = open_source(request, invocation, terminal);
  if (!source) return code(ExitCode::bad_input);
  if (invocation.has("out")) {
    const std::string file = invocation.value("out");
    require_not_read(source->inputs, "out", file);
    if (is_result_file(file)) {
      throw UsageError{fmt::format("--out {}: that is a file of results", file),
                       "name another file"};
    }
    require_place(file);
  }
  if (request.events) return explain_events(request, *source, invocation, terminal);
  ReplayRequest wanted;
  std::string sentence;
  if (request.call) {
    wanted.calls = {CallId{*request.call}};
  } else {
    const auto first = replay_with_progress(*source, {}, terminal);
    if (!first) return interrupted_code();
    require_same(*source, first->journal_fingerprint);
    wanted.calls = choose_calls(request, first->rows, source->scenario, sentence);
    if (wanted.calls.empty()) throw InputError(none_found(request));
    wanted.until = last_interest(wanted.calls, first->rows);
  }
  const auto run = replay_with_progress(*source, wanted, terminal);
  if (!run) return interrupted_code();
  if (request.call) require_same(*source, run->journal_fingerprint);
  if (run->lives.empty()) {
    throw InputError(run->rows.empty()
                         ? fmt::format("there is no call {}: nobody has called", *request.call)
                         : fmt::format("there is no call {}: they are numbered from 0 to {}",
                                       *request.call, run->rows.size() - 1));
  }

  const models::Layout layout(source->scenario, {source->scenario.run.seed, source->replication});
  const ThingNames names = names_of(layout);
  const StoryContext context{source->scenario, layout, names, run->faults};
  std::vector<ToldCall> told;
  for (const CallLife& life : run->lives) {
    CallStory story = tell_story(life, context);
    Ladder ladder = make_ladder(life, story, context);
    told.push_back({&life, std::move(story), std::move(ladder)});
  }
  deliver_text(render(told, request, invocation, source->scenario, names, sentence, terminal),
               invocation, terminal);
  return code(ExitCode::good);
}

int explain(const Invocation& invocation, Terminal& terminal) {
  return explain_source(understand(invocation), invocation, terminal);
}

}  // namespace

Command explain_command() {
  return {
      .name = "explain",
      .summary = "Tell the life of a call and why it was lost; what acted when",
      .arguments = "[CALL] [RESULTS|SCENARIO]",
      .argument_kind = ValueKind::directory,
      .min_arguments = 0,
      .max_arguments = 2,
      .description =
          "Tells what happened to a call (its number in calls.csv), what both sites were like at\n"
          "the decisive moment, and which rule or timer decided. Runs are exactly reproducible, "
          "so\n"
          "it simulates the scenario of the results again, now listening to this call, and\n"
          "compares the journal's fingerprint with theirs. Without RESULTS or SCENARIO: the\n"
          "newest below results/. With --events it tells of the whole run instead: what each "
          "fault\n"
          "set off, when, to how many, by which timer or option, and by which rule. Exit code 65:\n"
          "no such call, or the results are of a version that simulates something else.",
      .options = {{.name = "lost", .doc = "One lost call of each cause"},
                  {.name = "cause",
                   .kind = ValueKind::text,
                   .value = "CAUSE",
                   .doc = "A call that ended so: dropped_in_talk, …"},
                  {.name = "longest-wait",
                   .doc = "The call to a queue that waited longest (wait.max)"},
                  {.name = "events", .doc = "What acted when, by which timer and rule"},
                  {.name = "limit",
                   .kind = ValueKind::number,
                   .value = "N",
                   .doc = "With --lost or --cause: the first N calls"},
                  {.name = "ladder", .doc = "… with every message, in 80 columns"},
                  {.name = "format",
                   .kind = ValueKind::choice,
                   .value = "FORMAT",
                   .doc = "text, html (story and ladder), svg (ladder of one call) or json",
                   .choices = {"text", "html", "svg", "json"}},
                  {.name = "out",
                   .letter = 'o',
                   .kind = ValueKind::file,
                   .value = "FILE",
                   .doc = "Write it there instead"},
                  set_option(),
                  {.name = "json", .doc = "The same as --format json"},
                  {.name = "quiet", .letter = 'q', .doc = "No progress"},
                  {.name = "verbose", .letter = 'v', .doc = "Print the scenario's warnings"}},
      .examples = {{"bcsim explain --lost", "One lost call of each cause, of the newest results"},
                   {"bcsim explain 7236 results/site_failure --ladder",
                    "Which message was not answered?"},
                   {"bcsim explain --events partition_hunt_groups", "Which rule acted when?"},
                   {"bcsim explain --longest-wait partition --format html -o call.html",
                    "For a colleague who has no bcsim"}},
      .run = explain};
}

}  // namespace bcsim::tools
