#include "sim/hash.hpp"

#include <fmt/format.h>

namespace bcsim::sim {

std::string to_hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

}  // namespace bcsim::sim
