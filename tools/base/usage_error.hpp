// What is thrown where a command cannot be carried out as it was given.
#pragma once

#include <string>

namespace bcsim::tools {

/// Why a command line cannot be understood: exit code 64.
struct UsageError {
  std::string message, hint;
};

}  // namespace bcsim::tools
