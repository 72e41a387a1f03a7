// Ends a run in which things go on happening while time hardly passes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "sim/time.hpp"

namespace bcsim::sim {

/// A fault of the models, or a wait so short that it never ends: without it a run would not,
/// either.
struct Livelock : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Counts what is done within a second of simulated time. The limit is far above what a storm of
/// registrations or calls needs, and far below what a timer does that arms itself for 1 µs.
class LivelockGuard {
 public:
  explicit LivelockGuard(std::size_t nodes) : limit_(kForAll + kForANode * nodes) {}

  /// Something is done at `at`; true if that is too much.
  [[nodiscard]] bool too_many(SimTime at) {
    if (at - since_ >= kWindow) {
      since_ = at;
      done_ = 0;
    }
    return ++done_ > limit_;
  }
  /// Names what is being done after too_many has said so. Throws Livelock when it has heard enough
  /// to tell who does it most.
  void accuse(SimTime at, const std::string& node, const std::string& what) {
    ++accused_[fmt::format("{} of {}", what, node)];
    if (done_ < limit_ + kWitnesses) return;
    const auto most = std::ranges::max_element(
        accused_, {},
        [](const std::pair<const std::string, std::uint64_t>& a) { return a.second; });
    throw Livelock(fmt::format(
        "time does not pass: {} things have happened between {:.6f} s and {:.6f} s, mostly {}",
        done_, seconds(since_), seconds(at), most->first));
  }

 private:
  static constexpr Duration kWindow = 1s;
  static constexpr std::uint64_t kForAll = 500'000, kForANode = 1'000, kWitnesses = 1'000;

  std::uint64_t limit_, done_ = 0;
  SimTime since_ = kStart;
  std::map<std::string, std::uint64_t> accused_;
};

/// What a message is called; a domain may say it by `message_name`.
template <class Domain>
[[nodiscard]] std::string name_of(const typename Domain::Message& message) {
  if constexpr (requires { Domain::message_name(message); }) {
    return Domain::message_name(message);
  } else {
    return "a message";
  }
}

}  // namespace bcsim::sim
