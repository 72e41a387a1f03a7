#include "tools/cli/program.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <exception>
#include <filesystem>
#include <ostream>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/results/saved_files.hpp"
#include "tools/scenario/text/diagnostics.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& c : commands()) names.push_back(c.name);
  return names;
}

void apply_common(const Invocation& invocation, Terminal& terminal) {
  const std::string color = invocation.value("color", "auto");
  terminal.color = color == "always"  ? ColorChoice::always
                   : color == "never" ? ColorChoice::never
                                      : ColorChoice::automatic;
  if (invocation.has("quiet")) terminal.verbosity = -1;
  if (invocation.has("verbose")) terminal.verbosity = 1;
}

int dispatch(const std::vector<std::string>& words, Terminal& terminal) {
  if (words.empty()) {
    terminal.err << program_help(terminal.color_err());
    return code(ExitCode::usage);
  }
  std::string name = words.front();
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  const Command* command = find_command(name);
  if (command == nullptr) {
    throw UsageError{fmt::format("there is no command '{}'", name),
                     did_you_mean(name, command_names())};
  }
  const Invocation invocation = parse_arguments(*command, {words.begin() + 1, words.end()});
  apply_common(invocation, terminal);
  if (invocation.has("help")) {
    terminal.out << command_help(*command, terminal.color_out());
    return code(ExitCode::good);
  }
  return command->run(invocation, terminal);
}

}  // namespace

int run_program(const std::vector<std::string>& words, Terminal& terminal) {
  const auto complain = [&](const std::string& message, const std::string& hint) {
    terminal.err << "bcsim: " << printable(message);
    if (!hint.empty()) terminal.err << " (" << printable(hint) << ")";
    terminal.err << '\n';
  };
  int result = code(ExitCode::internal);
  try {
    result = dispatch(words, terminal);
  } catch (const UsageError& e) {
    complain(e.message, e.hint);
    result = code(ExitCode::usage);
  } catch (const InputError& e) {
    complain(e.what(), "");
    result = code(ExitCode::bad_input);
  } catch (const WriteError& e) {
    complain(e.what(), "");
    result = code(ExitCode::io);
  } catch (const std::filesystem::filesystem_error& e) {
    // A name that cannot even be looked up: a working directory that is gone, a loop of links.
    complain(fmt::format("cannot read or write '{}': {}", e.path1().string(), e.code().message()),
             "");
    result = code(ExitCode::io);
  } catch (const std::exception& e) {
    complain(fmt::format("internal error: {}", e.what()), "");
  }
  terminal.out.flush();
  if (!terminal.out) {
    complain("cannot write to standard output", "");
    result = code(ExitCode::io);
  }
  return result;
}

}  // namespace bcsim::tools
