// bcsim help and bcsim version.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "build_info.hpp"
#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/scenario/load.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

int help(const Invocation& invocation, Terminal& terminal) {
  if (invocation.arguments.empty()) {
    terminal.out << program_help(terminal.color_out());
    return code(ExitCode::good);
  }
  const std::string& name = invocation.arguments.front();
  const Command* command = find_command(name);
  if (command == nullptr) {
    std::vector<std::string> names;
    for (const Command& c : commands()) names.push_back(c.name);
    throw UsageError{fmt::format("there is no command '{}'", name), did_you_mean(name, names)};
  }
  terminal.out << command_help(*command, terminal.color_out());
  return code(ExitCode::good);
}

int version(const Invocation& invocation, Terminal& terminal) {
  if (invocation.has("json")) {
    const nlohmann::json j = {{"version", build_info::kVersion},
                              {"commit", build_info::kGitCommit},
                              {"compiler", build_info::kCompiler},
                              {"simgrid", build_info::kSimgridVersion},
                              {"language", kLanguageVersion}};
    terminal.out << j.dump(2) << '\n';
  } else {
    terminal.out << fmt::format("bcsim {} ({}, {}, SimGrid {})\n", build_info::kVersion,
                                build_info::kGitCommit, build_info::kCompiler,
                                build_info::kSimgridVersion);
  }
  return code(ExitCode::good);
}

}  // namespace

Command help_command() {
  return {.name = "help",
          .summary = "Explain a command",
          .arguments = "[COMMAND]",
          .argument_kind = ValueKind::command,
          .max_arguments = 1,
          .examples = {{"bcsim help run", "All about bcsim run"}},
          .run = help};
}

Command version_command() {
  return {.name = "version",
          .summary = "Print the version",
          .options = {{.name = "json", .doc = "Print it as JSON"}},
          .run = version};
}

}  // namespace bcsim::tools
