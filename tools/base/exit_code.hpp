// What the program says when it ends: the exit codes that scripts rely on.
#pragma once

namespace bcsim::tools {

enum class ExitCode : int {
  good = 0,
  refused = 1,  ///< a checker, expectation or gate said no
  inconclusive = 2,
  usage = 64,         ///< the command line is wrong
  bad_input = 65,     ///< a scenario or a file it names is wrong
  internal = 70,      ///< our fault
  io = 74,            ///< a file cannot be read or written
  interrupted = 130,  ///< Ctrl-C; of other signals too 128 + their number (interrupted_code)
};

[[nodiscard]] constexpr int code(ExitCode e) {
  return static_cast<int>(e);
}

}  // namespace bcsim::tools
