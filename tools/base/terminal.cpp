#include "tools/base/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace bcsim::tools {

Terminal process_terminal() {
  const char* no_color = std::getenv("NO_COLOR");
  return {std::cin,
          std::cout,
          std::cerr,
          isatty(STDIN_FILENO) == 1,
          isatty(STDOUT_FILENO) == 1,
          isatty(STDERR_FILENO) == 1,
          no_color != nullptr && *no_color != '\0',
          ColorChoice::automatic,
          0};
}

std::string styled(std::string_view text, std::string_view style, bool color) {
  return color ? fmt::format("\033[{}m{}\033[0m", style, text) : std::string(text);
}

}  // namespace bcsim::tools
