// The table of commands and options, from which parsing, help, suggestions, the man page and shell
// completions come.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/base/usage_error.hpp"

namespace bcsim::tools {

/// What kind of word an option's value or a command's argument is; completions use it.
enum class ValueKind { none, text, number, file, directory, scenario, command, choice };

struct Option {
  std::string name;  ///< without dashes
  char letter = 0;   ///< short form, or 0
  ValueKind kind = ValueKind::none;
  std::string value = "";  ///< shown in help: "DIR"
  std::string doc = "";
  bool repeated = false;  ///< may be given several times
  std::vector<std::string> choices = {};
};

struct Example {
  std::string command, what;
};

/// The command line after parsing.
class Invocation {
 public:
  std::vector<std::string> arguments;  ///< what is no option
  std::map<std::string, std::vector<std::string>> options;

  [[nodiscard]] bool has(const std::string& name) const { return options.count(name) > 0; }
  /// The last value given, or `fallback`.
  [[nodiscard]] std::string value(const std::string& name, const std::string& fallback = "") const;
  [[nodiscard]] std::vector<std::string> values(const std::string& name) const;
};

struct Command {
  std::string name, summary;
  std::string arguments = "";  ///< shown in usage: "SCENARIO…"
  ValueKind argument_kind = ValueKind::none;
  std::size_t min_arguments = 0, max_arguments = 0;
  std::string description = "";
  std::vector<Option> options = {};  ///< besides the common ones
  std::vector<Example> examples = {};
  int (*run)(const Invocation&, Terminal&) = nullptr;
};

/// Every command, in the order of help.
[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const Command* find_command(const std::string& name);
/// Options that every command takes.
[[nodiscard]] const std::vector<Option>& common_options();
/// The command's own options and the common ones.
[[nodiscard]] std::vector<Option> all_options(const Command& command);

/// Parses the words after the command's name; throws UsageError.
[[nodiscard]] Invocation parse_arguments(const Command& command,
                                         const std::vector<std::string>& words);
/// A whole number; throws UsageError naming the option.
[[nodiscard]] std::uint64_t number_value(const std::string& option, const std::string& text);
/// The same, of what is counted in 32 bits.
[[nodiscard]] std::uint32_t narrow_value(const std::string& option, const std::string& text);

[[nodiscard]] std::string program_help(bool color);
[[nodiscard]] std::string command_help(const Command& command, bool color);

}  // namespace bcsim::tools
