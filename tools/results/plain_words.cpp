#include "tools/results/plain_words.hpp"

#include <fmt/format.h>

#include <cmath>

#include "tools/scenario/text/diagnostics.hpp"

namespace bcsim::tools {

std::string count_words(std::uint64_t n) {
  std::string digits = fmt::format("{}", n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string count_words(std::uint64_t n, const char* one, const char* many) {
  return count_words(n) + " " + (n == 1 ? one : many);
}

std::string duration_words(double seconds) {
  if (std::isnan(seconds)) return "-";
  if (seconds > 9e9) return "for ever";  // the longest sim::Duration stands for it
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto s = static_cast<std::int64_t>(std::llround(seconds));
  if (s < 120) return fmt::format("{} s", s);
  if (s < 3600) {
    return s % 60 == 0 ? fmt::format("{} min", s / 60) : fmt::format("{} min {} s", s / 60, s % 60);
  }
  const std::int64_t minutes = (s + 30) / 60;
  return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                           : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string rough_duration_words(double seconds) {
  if (std::isnan(seconds) || seconds < 600) return duration_words(seconds);
  return duration_words(60 * std::round(seconds / 60));
}

std::string percent_words(double fraction) {
  if (std::isnan(fraction)) return "-";
  const double percent = 100 * fraction;
  const bool near_an_end = percent < 9.95 || percent > 98.5;
  const bool exact = percent == 0 || percent == 100;
  if (percent < 0.05 && !exact) return "< 0.1 %";
  // 100 % is all of them, not nearly all.
  if (percent > 99.9 && !exact) return "99.9 %";
  return near_an_end && !exact ? fmt::format("{:.1f} %", percent)
                               : fmt::format("{:.0f} %", percent);
}

std::string number_words(double value) {
  if (std::isnan(value)) return "-";
  if (value == 0) return "0";
  if (std::abs(value) < 9.95) return fmt::format("{:.1f}", value);
  const auto n = static_cast<std::int64_t>(std::llround(value));
  return n < 0 ? fmt::format("{}", n) : count_words(static_cast<std::uint64_t>(n));
}

std::string later_failure_words(double worst_s) {
  if (worst_s == 0) return "";
  return std::isinf(worst_s)
             ? " After a later one it was not seen to be back."
             : fmt::format(" After a later one it was back after {}.", duration_words(worst_s));
}

std::string clock_words(sim::SimTime t, std::optional<sim::Duration> start_label) {
  const sim::Duration d = t.time_since_epoch() + start_label.value_or(sim::Duration{});
  const auto s = static_cast<std::int64_t>(std::llround(sim::seconds(d)));
  const std::int64_t hours = start_label ? s / 3600 % 24 : s / 3600;
  return start_label ? fmt::format("{:02}:{:02}:{:02}", hours, s / 60 % 60, s % 60)
                     : fmt::format("{}:{:02}:{:02}", hours, s / 60 % 60, s % 60);
}

std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
      continue;
    }
    if (c == '\\' || c == '`' || c == '*' || c == '[' || c == ']' || c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace bcsim::tools
