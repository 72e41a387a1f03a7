// What a check says about a run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bcsim::models {

enum class VerdictStatus : std::uint8_t { good, violated, not_applicable };

[[nodiscard]] constexpr std::string_view name(VerdictStatus status) {
  constexpr std::string_view kNames[] = {"good", "violated", "not_applicable"};
  return kNames[static_cast<std::size_t>(status)];
}

struct Verdict {
  enum class Kind : std::uint8_t { check, expectation };
  Kind kind = Kind::check;
  std::string id;     ///< "one_login_per_agent"; of an expectation: the metric
  std::string rules;  ///< "R20"; empty for an expectation
  VerdictStatus status = VerdictStatus::not_applicable;
  std::string text;            ///< what was found, in a sentence
  std::uint64_t examined = 0;  ///< things looked at
  std::uint64_t violations = 0;
};

}  // namespace bcsim::models
