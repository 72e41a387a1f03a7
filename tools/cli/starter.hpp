// The scenario that `bcsim new` writes: complete, commented, made from a few answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.hpp"

namespace bcsim::tools {

/// What a starter scenario is made from.
struct StarterAnswers {
  std::string title;  ///< empty: from the failure
  std::uint32_t agents_per_site = 100;
  double calls_per_hour = 1900;                        ///< over both sites
  sim::Duration handling = std::chrono::seconds(300);  ///< talk and after-call work
  std::string phones = "active-backup";                ///< a word of `registration`
  std::string failure = "site";                        ///< one of starter_failures()
};

/// "site", "pair", "server", "partition", "gateway", "none".
[[nodiscard]] std::vector<std::string> starter_failures();
[[nodiscard]] std::vector<std::string> starter_phones();
/// The text; `file` is the name that its comments mention.
[[nodiscard]] std::string starter_scenario(const StarterAnswers& answers, const std::string& file);

}  // namespace bcsim::tools
