// One scenario on every driver of the engine: the journal must be the same to the byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::tools {

/// A way to run a scenario that must not matter.
enum class Way : std::uint8_t {
  per_device,  ///< on SimGrid, each process and device an actor
  pooled,      ///< on SimGrid, devices of a place share one
  loop,        ///< the agenda alone, without SimGrid
};
inline constexpr std::size_t kWays = 3;
[[nodiscard]] std::string name(Way way);

struct WayRan {
  Way way = Way::per_device;
  std::uint64_t fingerprint = 0;  ///< of the journal
  std::uint64_t records = 0;
  double cpu_s = 0;
  std::string lost = {};  ///< how the process ended, if it did not finish
};

/// Where two journals part.
struct Parting {
  Way one = Way::per_device, other = Way::loop;
  std::uint64_t record = 0;          ///< number of the first that differs, from 1
  std::string line_one, line_other;  ///< as JSON; empty: that journal has ended
};

struct Verification {
  std::vector<WayRan> ways;
  std::optional<Parting> parting;
  bool interrupted = false;

  [[nodiscard]] bool same() const;
};

/// Runs replication 0 in every way, `jobs` at a time.
[[nodiscard]] Verification verify(const models::Scenario& scenario, unsigned jobs);

/// Of two journals as files of lines; nullopt: they are the same.
[[nodiscard]] std::optional<Parting> first_difference(const std::filesystem::path& one,
                                                      const std::filesystem::path& other);

}  // namespace bcsim::tools
