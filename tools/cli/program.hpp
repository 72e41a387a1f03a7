// The program: finds the command, runs it, and turns whatever happens into an exit code.
#pragma once

#include <string>
#include <vector>

#include "tools/base/terminal.hpp"

namespace bcsim::tools {

/// Runs `bcsim WORDS…`; never throws. The value is the process's exit code.
[[nodiscard]] int run_program(const std::vector<std::string>& words, Terminal& terminal);

}  // namespace bcsim::tools
