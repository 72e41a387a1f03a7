// A replication on its way from the worker that simulated it.
#pragma once

#include <string>
#include <string_view>

#include "tools/run/simulate.hpp"

namespace bcsim::tools {

[[nodiscard]] std::string to_bytes(const Replication& replication);
/// Throws std::runtime_error if the bytes are not whole.
[[nodiscard]] Replication replication_from_bytes(std::string_view bytes);

}  // namespace bcsim::tools
