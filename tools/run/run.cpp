#include "tools/run/run.hpp"

#include <ostream>

#include "tools/cli/exit_code.hpp"

namespace bcsim::tools {

int run_scenario(const RunRequest&, Terminal& terminal) {
  terminal.err << "bcsim: running is not built yet\n";
  return code(ExitCode::internal);
}

}  // namespace bcsim::tools
