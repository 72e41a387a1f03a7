// bcsim schema: the scenario language for editors and for people, and the output of compare.
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/compare/compare_schema.hpp"
#include "tools/scenario/keys/schema.hpp"

namespace bcsim::tools {
namespace {

int schema(const Invocation& invocation, Terminal& terminal) {
  if (invocation.has("markdown")) {
    terminal.out << key_reference();
  } else if (invocation.has("compare")) {
    terminal.out << compare_schema().dump(2) << '\n';
  } else {
    terminal.out << json_schema().dump(2) << '\n';
  }
  return code(ExitCode::good);
}

}  // namespace

Command schema_command() {
  return {.name = "schema",
          .summary = "Print the scenario language: JSON Schema or key reference",
          .description =
              "Prints the JSON Schema of scenario files, with which editors complete and check\n"
              "them. Save it and begin a scenario with the line\n"
              "  # yaml-language-server: $schema=bcsim.schema.json",
          .options = {{.name = "markdown",
                       .doc = "Print the reference of all keys as Markdown instead"},
                      {.name = "compare",
                       .doc = "Print the JSON Schema of 'bcsim compare --json' instead"}},
          .examples = {{"bcsim schema > bcsim.schema.json", "For the editor"},
                       {"bcsim schema --markdown | less", "Every key, its default and origin"}},
          .run = schema};
}

}  // namespace bcsim::tools
