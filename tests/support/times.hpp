// Instants as tests write them.
#pragma once

#include "sim/time.hpp"

namespace bcsim::testing {

/// The instant that lies so long after the start of the run.
[[nodiscard]] inline sim::SimTime at(sim::Duration d) {
  return sim::kStart + d;
}

}  // namespace bcsim::testing
