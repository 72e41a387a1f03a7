#include "tools/cli/command_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <limits>

#include "tools/cli/commands.hpp"
#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

namespace po = boost::program_options;

std::string Invocation::value(const std::string& name, const std::string& fallback) const {
  const auto found = options.find(name);
  return found == options.end() || found->second.empty() ? fallback : found->second.back();
}

std::vector<std::string> Invocation::values(const std::string& name) const {
  const auto found = options.find(name);
  return found == options.end() ? std::vector<std::string>{} : found->second;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> table = {
      run_command(),    new_command(),     check_command(),  compare_command(), sweep_command(),
      merge_command(),  plan_command(),    tune_command(),   explain_command(), report_command(),
      watch_command(),  explore_command(), worst_command(),  verify_command(),  list_command(),
      schema_command(), help_command(),    version_command()};
  return table;
}

const Command* find_command(const std::string& name) {
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options = {
      {.name = "color",
       .kind = ValueKind::choice,
       .value = "WHEN",
       .doc = "Colour: auto (on a terminal), always or never",
       .choices = {"auto", "always", "never"}},
      {.name = "help", .letter = 'h', .doc = "Show this help"}};
  return options;
}

std::vector<Option> all_options(const Command& command) {
  std::vector<Option> options = command.options;
  options.insert(options.end(), common_options().begin(), common_options().end());
  return options;
}

namespace {

// Boost's names: "out,o".
po::options_description describe(const std::vector<Option>& options) {
  po::options_description description;
  for (const Option& o : options) {
    const std::string name = o.letter != 0 ? fmt::format("{},{}", o.name, o.letter) : o.name;
    if (o.kind == ValueKind::none) {
      description.add_options()(name.c_str(), o.doc.c_str());
    } else {
      description.add_options()(name.c_str(), po::value<std::vector<std::string>>()->composing(),
                                o.doc.c_str());
    }
  }
  return description;
}

std::vector<std::string> long_names(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const Option& o : options) names.push_back("--" + o.name);
  return names;
}

const Option& option_named(const std::vector<Option>& options, const std::string& name) {
  return *std::find_if(options.begin(), options.end(),
                       [&](const Option& o) { return o.name == name; });
}

void check_counts(const Command& command, const Invocation& invocation) {
  const std::size_t given = invocation.arguments.size();
  if (given < command.min_arguments) {
    throw UsageError{fmt::format("'{}' needs {}", command.name, command.arguments),
                     fmt::format("bcsim {} --help", command.name)};
  }
  if (given > command.max_arguments) {
    throw UsageError{fmt::format("'{}' is one argument too many for '{}'",
                                 invocation.arguments[command.max_arguments], command.name),
                     fmt::format("bcsim {} --help", command.name)};
  }
}

Invocation collect(const std::vector<Option>& options, const po::parsed_options& parsed) {
  Invocation invocation;
  for (const po::option& o : parsed.options) {
    if (o.position_key >= 0 || o.string_key == "arguments") {
      invocation.arguments.insert(invocation.arguments.end(), o.value.begin(), o.value.end());
      continue;
    }
    const Option& option = option_named(options, o.string_key);
    std::vector<std::string>& values = invocation.options[option.name];
    if (!option.repeated && !values.empty()) {
      throw UsageError{fmt::format("--{} is given twice", option.name), ""};
    }
    values.insert(values.end(), o.value.begin(), o.value.end());
    if (!option.choices.empty() && std::find(option.choices.begin(), option.choices.end(),
                                             values.back()) == option.choices.end()) {
      throw UsageError{fmt::format("--{} cannot be '{}'", option.name, values.back()),
                       did_you_mean(values.back(), option.choices)};
    }
  }
  return invocation;
}

}  // namespace

Invocation parse_arguments(const Command& command, const std::vector<std::string>& words) {
  const std::vector<Option> options = all_options(command);
  po::options_description description = describe(options);
  description.add_options()("arguments", po::value<std::vector<std::string>>(), "");
  po::positional_options_description positional;
  positional.add("arguments", -1);
  using Style = po::command_line_style::style_t;
  const int style = Style::unix_style & ~Style::allow_guessing;
  try {
    const auto parsed = po::command_line_parser(words)
                            .options(description)
                            .positional(positional)
                            .style(style)
                            .run();
    Invocation invocation = collect(options, parsed);
    if (!invocation.has("help")) check_counts(command, invocation);
    return invocation;
  } catch (const po::unknown_option& e) {
    const std::string name = e.get_option_name();
    throw UsageError{fmt::format("'{}' has no option '{}'", command.name, name),
                     did_you_mean(name, long_names(options))};
  } catch (const po::error& e) {
    throw UsageError{e.what(), fmt::format("bcsim {} --help", command.name)};
  }
}

namespace {

/// As it is written: an option with its dashes, an argument in capitals without.
std::string written(const std::string& name) {
  return std::isupper(static_cast<unsigned char>(name.front())) != 0 ? name : "--" + name;
}

}  // namespace

std::uint64_t number_value(const std::string& option, const std::string& text) {
  const auto parsed = parse_count(text);
  if (const auto* problem = std::get_if<ValueError>(&parsed)) {
    throw UsageError{fmt::format("{}: {}", written(option), problem->message), problem->hint};
  }
  return std::get<std::uint64_t>(parsed);
}

std::uint32_t narrow_value(const std::string& option, const std::string& text) {
  const std::uint64_t wide = number_value(option, text);
  if (wide <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(wide);
  throw UsageError{fmt::format("{}: {} is too large", written(option), text), ""};
}

namespace {

std::string option_column(const Option& o) {
  std::string text =
      o.letter != 0 ? fmt::format("-{}, --{}", o.letter, o.name) : fmt::format("    --{}", o.name);
  if (o.kind != ValueKind::none) text += " " + o.value;
  return text;
}

std::string heading(const char* text, bool color) {
  return styled(text, "1", color) + "\n";
}

}  // namespace

std::string program_help(bool color) {
  std::string out =
      "bcsim simulates a contact centre on two sites and what happens to its calls and agents\n"
      "when a site dies or the sites part.\n\n";
  out += heading("Usage", color) + "  bcsim COMMAND [OPTION…] [ARGUMENT…]\n\n";
  out += heading("Commands", color);
  for (const Command& c : commands()) out += fmt::format("  {:<10}{}\n", c.name, c.summary);
  out += "\n" + heading("Examples", color);
  out +=
      "  bcsim list                           what comes with the program\n"
      "  bcsim run site_failure               site 1 is lost in the busy hour\n"
      "  bcsim new my.yaml && bcsim run my.yaml\n\n"
      "'bcsim help COMMAND' says more about a command.\n";
  return out;
}

std::string command_help(const Command& c, bool color) {
  std::string out = heading("Usage", color);
  out += fmt::format("  bcsim {} [OPTION…]{}{}\n\n{}\n", c.name, c.arguments.empty() ? "" : " ",
                     c.arguments, c.description.empty() ? c.summary + "." : c.description);
  out += "\n" + heading("Options", color);
  for (const Option& o : all_options(c)) {
    out += fmt::format("  {:<25} {}\n", option_column(o), o.doc);
  }
  if (!c.examples.empty()) {
    out += "\n" + heading("Examples", color);
    for (const Example& e : c.examples) {
      out += fmt::format("  {}\n      {}\n", e.command, e.what);
    }
  }
  return out;
}

}  // namespace bcsim::tools
