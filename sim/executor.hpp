// Where handlers run, if not in the engine's own loop.
#pragma once

#include <functional>

#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::sim {

/// Runs the handlers of nodes in places of their own, one at a time, each to its end before the
/// next begins: so nothing that they do depends on it.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Before each item of the agenda: lets the platform's clock come to its date.
  virtual void reach(SimTime at) = 0;
  /// Calls `handler` where the node lives. Returns when it is done; throws what it threw.
  virtual void execute(NodeId node, const std::function<void()>& handler) = 0;
};

}  // namespace bcsim::sim
