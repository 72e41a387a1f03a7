// The program bcsim.
#include <string>
#include <vector>

#include "tools/cli/program.hpp"
#include "tools/run/interrupt.hpp"

int main(int argc, char** argv) {
  bcsim::tools::handle_signals();
  bcsim::tools::Terminal terminal = bcsim::tools::process_terminal();
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return bcsim::tools::run_program(words, terminal);
}
