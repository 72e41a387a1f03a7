// The parts of a random world that must be there and must fit together.
#pragma once

#include "tools/explore/chance.hpp"
#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

/// Two sites, gateways, branches, queues, agents, calls: 2 to 40 agents, 10 to 70 minutes, not more
/// than about a thousand calls. Which of the language's features a world has is drawn first, so
/// that some worlds have none of one and others much of it.
[[nodiscard]] Node skeleton(Chance& chance);

}  // namespace bcsim::tools
