// The smallest scenario that still fails in the same way: delta debugging on the tree of the file
// (Zeller & Hildebrandt 2002; on trees: Misherghi & Su 2006).
#pragma once

#include <cstddef>
#include <functional>

#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

struct Shrunk {
  Node root;
  std::size_t trials = 0;
};

/// Takes out whatever need not be there, faults first, then makes numbers small and round. `fails`
/// says whether a tree still fails; it is asked at most `most_trials` times.
[[nodiscard]] Shrunk shrink(Node root, const std::function<bool(const Node&)>& fails,
                            std::size_t most_trials);

}  // namespace bcsim::tools
