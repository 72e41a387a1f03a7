// Random scenarios: a skeleton of a small world, keys of the table strewn over it, and a plan of
// faults. World i of a seed is always the same.
#pragma once

#include <cstdint>
#include <string>

#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

struct Draft {
  Node root;
  bool accepts = false;  ///< breaches of rules are accepted where they can be, not mended
};

/// A world from nothing.
[[nodiscard]] Draft random_world(std::uint64_t seed, std::uint64_t world);
/// A given one, changed here and there.
[[nodiscard]] Draft mutated_world(const Node& scenario, std::uint64_t seed, std::uint64_t world);

/// Text of a draft that `check` accepts: what it complains about is taken out, or accepted. Empty:
/// it cannot be mended.
[[nodiscard]] std::string mended(Draft draft, const std::string& directory);

}  // namespace bcsim::tools
