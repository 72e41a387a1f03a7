// bcsim new: a scenario to start from, made from options or from a few questions.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <istream>
#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/starter.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

// Each answer comes from an option or from a question; either way it must be understood.
// The setters return what is wrong with the text, or nothing.
struct Question {
  const char* option;
  const char* text;
  std::string (*get)(const StarterAnswers&);
  std::string (*set)(StarterAnswers&, const std::string&);
};

std::string one_of(const std::string& text, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), text) != words.end()) return "";
  const std::string hint = did_you_mean(text, words);
  return fmt::format("'{}' is not possible{}", text, hint.empty() ? "" : " (" + hint + ")");
}

std::string set_agents(StarterAnswers& a, const std::string& text) {
  const auto parsed = parse_count(text);
  if (const auto* problem = std::get_if<ValueError>(&parsed)) return problem->message;
  const std::uint64_t count = std::get<std::uint64_t>(parsed);
  if (count < 1 || count > 100'000) return "it must be from 1 to 100000";
  a.agents_per_site = static_cast<std::uint32_t>(count);
  return "";
}

std::string set_calls(StarterAnswers& a, const std::string& text) {
  auto parsed = parse_number(text);
  if (const auto rate = parse_rate(text); std::holds_alternative<double>(rate)) {
    parsed = std::get<double>(rate) * 3600;
  }
  if (const auto* problem = std::get_if<ValueError>(&parsed)) return problem->message;
  if (!(std::get<double>(parsed) > 0 && std::get<double>(parsed) < 1e7)) {
    return "it must be more than 0 and less than 10000000";
  }
  a.calls_per_hour = std::get<double>(parsed);
  return "";
}

std::string set_handling(StarterAnswers& a, const std::string& text) {
  const auto parsed = parse_duration(text);
  if (const auto* problem = std::get_if<ValueError>(&parsed)) {
    return problem->message + " (" + problem->hint + ")";
  }
  const sim::Duration d = std::get<sim::Duration>(parsed);
  if (d < std::chrono::seconds(1) || d > std::chrono::hours(24)) {
    return "it must be from 1s to 24h";
  }
  a.handling = d;
  return "";
}

const Question kQuestions[] = {
    {"agents", "Agents at each site",
     [](const StarterAnswers& a) { return fmt::format("{}", a.agents_per_site); }, set_agents},
    {"calls", "Calls per hour, both sites together",
     [](const StarterAnswers& a) { return fmt::format("{}", a.calls_per_hour); }, set_calls},
    {"aht", "Handling time of a call, talk and after-call work",
     [](const StarterAnswers& a) { return format_duration(a.handling); }, set_handling},
    {"phones", "Registration of the phones: active-backup, dual or single",
     [](const StarterAnswers& a) { return a.phones; },
     [](StarterAnswers& a, const std::string& text) {
       a.phones = text;
       return one_of(text, starter_phones());
     }},
    {"failure", "What fails: site, pair, server, partition, gateway or none",
     [](const StarterAnswers& a) { return a.failure; },
     [](StarterAnswers& a, const std::string& text) {
       a.failure = text;
       return one_of(text, starter_failures());
     }}};

void ask(const Question& question, StarterAnswers& answers, Terminal& terminal) {
  const std::string fallback = question.get(answers);
  for (;;) {
    terminal.err << fmt::format("{} [{}]: ", question.text, fallback) << std::flush;
    std::string line;
    if (!std::getline(terminal.in, line) || line.empty()) {
      if (!terminal.in) terminal.err << '\n';
      question.set(answers, fallback);
      return;
    }
    const std::string problem = question.set(answers, line);
    if (problem.empty()) return;
    terminal.err << "  " << problem << '\n';
  }
}

StarterAnswers collect(const Invocation& invocation, Terminal& terminal) {
  StarterAnswers answers;
  bool any = false;
  for (const Question& question : kQuestions) {
    if (!invocation.has(question.option)) continue;
    any = true;
    const std::string problem = question.set(answers, invocation.value(question.option));
    if (!problem.empty()) {
      throw UsageError{fmt::format("--{}: {}", question.option, problem), ""};
    }
  }
  answers.title = invocation.value("title");
  if (std::any_of(answers.title.begin(), answers.title.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    throw UsageError{"--title must be one line", ""};
  }
  if (!any && terminal.in_is_terminal) {
    for (const Question& question : kQuestions) ask(question, answers, terminal);
  }
  return answers;
}

int write_starter(const Invocation& invocation, Terminal& terminal) {
  const std::string file = invocation.arguments.front();
  const bool to_output = file == "-";
  std::error_code ec;
  if (!to_output && !invocation.has("force") && std::filesystem::exists(file, ec)) {
    terminal.err << fmt::format("bcsim: '{}' exists already (--force replaces it)\n", file);
    return code(ExitCode::io);
  }
  const StarterAnswers answers = collect(invocation, terminal);
  const std::string text = starter_scenario(answers, to_output ? "my.yaml" : file);
  const Loaded loaded = load_scenario_text({text, file, "new", "."});
  print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) {
    terminal.err << "bcsim: the scenario would not be good; nothing is written\n";
    return code(ExitCode::internal);
  }
  if (to_output) {
    terminal.out << text;
    return code(ExitCode::good);
  }
  write_file(file, text);
  if (!terminal.quiet()) {
    terminal.err << fmt::format("wrote {0}; next: bcsim check {0}, bcsim run {0}\n", file);
  }
  return code(ExitCode::good);
}

}  // namespace

Command new_command() {
  return {.name = "new",
          .summary = "Write a commented scenario to start from",
          .arguments = "FILE",
          .argument_kind = ValueKind::file,
          .min_arguments = 1,
          .max_arguments = 1,
          .description =
              "Writes a complete, commented scenario to FILE (- for standard output). On a "
              "terminal and\n"
              "without options it asks for the numbers; else options and defaults say them.",
          .options = {{.name = "agents",
                       .kind = ValueKind::number,
                       .value = "N",
                       .doc = "Agents at each site (100)"},
                      {.name = "calls",
                       .kind = ValueKind::number,
                       .value = "N",
                       .doc = "Calls per hour, both sites together (1900)"},
                      {.name = "aht",
                       .kind = ValueKind::text,
                       .value = "TIME",
                       .doc = "Handling time of a call, such as 300s (5min)"},
                      {.name = "phones",
                       .kind = ValueKind::choice,
                       .value = "MODE",
                       .doc = "active-backup, dual or single",
                       .choices = starter_phones()},
                      {.name = "failure",
                       .kind = ValueKind::choice,
                       .value = "WHAT",
                       .doc = "site, pair, server, partition, gateway or none",
                       .choices = starter_failures()},
                      {.name = "title",
                       .kind = ValueKind::text,
                       .value = "TEXT",
                       .doc = "One line about the scenario"},
                      {.name = "force", .letter = 'f', .doc = "Replace FILE if it exists"},
                      {.name = "quiet", .letter = 'q', .doc = "Print errors only"}},
          .examples = {{"bcsim new my.yaml", "Asks a few questions"},
                       {"bcsim new my.yaml --agents 250 --calls 4800 --aht 300s --failure site",
                        "Without questions"},
                       {"bcsim new - --failure partition | bcsim check -", "Through a pipe"}},
          .run = write_starter};
}

}  // namespace bcsim::tools
