// What `bcsim verify` found, in words and as JSON.
#pragma once

#include <string>

#include "tools/verify/verify.hpp"

namespace bcsim::tools {

/// A table of the ways, and where the journals part.
[[nodiscard]] std::string verify_text(const Verification& v);
[[nodiscard]] std::string verify_json(const Verification& v);

}  // namespace bcsim::tools
