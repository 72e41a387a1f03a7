#include "sim/livelock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bcsim::sim {

void LivelockGuard::accuse(SimTime at, const std::string& node, const std::string& what) {
  ++accused_[fmt::format("{} of {}", what, node)];
  if (done_ < limit_ + kWitnesses) return;
  const auto most = std::ranges::max_element(
      accused_, {}, [](const std::pair<const std::string, std::uint64_t>& a) { return a.second; });
  throw Livelock(fmt::format(
      "time does not pass: {} things have happened between {:.6f} s and {:.6f} s, mostly {}", done_,
      seconds(since_), seconds(at), most->first));
}

}  // namespace bcsim::sim
