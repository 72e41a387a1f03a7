// The rules of the domain: what a working two-site installation must have, and should have.
#pragma once

#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

/// Checks the complete scenario against the rules V-E… and V-W… and for plain sense (M-…); reports
/// every breach where the value was given.
void validate(Reader& reader);

/// Codes that `accept` may name.
[[nodiscard]] const std::vector<std::string>& acceptable_codes();

}  // namespace bcsim::tools
