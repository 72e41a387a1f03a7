// Numbers as a reader wants them: with their unit, and no more digits than they deserve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/time.hpp"

namespace bcsim::tools {

/// "12,345".
[[nodiscard]] std::string count_words(std::uint64_t n);
/// "1 call", "12,345 calls".
[[nodiscard]] std::string count_words(std::uint64_t n, const char* one, const char* many);
/// "0.4 s", "61 s", "2 min 5 s", "3 h 20 min"; "-" for NaN.
[[nodiscard]] std::string duration_words(double seconds);
/// The same to the minute from ten minutes on: "29 min".
[[nodiscard]] std::string rough_duration_words(double seconds);
/// "94 %"; near the ends "99.6 %", "< 0.1 %"; "-" for NaN.
[[nodiscard]] std::string percent_words(double fraction);
/// "1.8", "23", "1,204"; "-" for NaN.
[[nodiscard]] std::string number_words(double value);
/// " After a later one it was back after 61 s.", of the service level and the worst of the failures
/// after the first; infinity: it was not seen to be back; 0: none of them did it any harm, empty.
[[nodiscard]] std::string later_failure_words(double worst_s);
/// "1:02:30" since the start, or the time of day if the start has one: "10:02:30".
[[nodiscard]] std::string clock_words(sim::SimTime t, std::optional<sim::Duration> start_label);

/// A text of the user's inside Markdown: nothing in it is markup, HTML or the end of a table's
/// cell; on one line, without control characters.
[[nodiscard]] std::string escape_markdown(std::string_view text);

}  // namespace bcsim::tools
