// Values with units, as people write them: `1h30min`, `900/h`, `100Mbit/s`, `1.5%`, "09:00".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/time.hpp"

namespace bcsim::tools {

/// Why a value could not be read: a diagnostic without its place.
struct ValueError {
  std::string code;  ///< S-003 wrong type, S-004 missing unit, S-005 wrong unit, S-006 range
  std::string message;
  std::string hint;
};

template <class T>
using Parsed = std::variant<T, ValueError>;

/// What may be given at most, 95 years: the sum of three still fits into a sim::Duration.
inline constexpr double kLongestSeconds = 3.0e9;

/// `usual` is the unit proposed for a bare number.
[[nodiscard]] Parsed<sim::Duration> parse_duration(std::string_view text, const char* usual = "s");
/// Seconds as floating point, for parameters of distributions, which need not be whole nanoseconds.
[[nodiscard]] Parsed<double> parse_seconds(std::string_view text);
/// Per second.
[[nodiscard]] Parsed<double> parse_rate(std::string_view text);
/// A fraction: "1.5%" is 0.015.
[[nodiscard]] Parsed<double> parse_percent(std::string_view text);
/// Bits per second.
[[nodiscard]] Parsed<double> parse_bandwidth(std::string_view text);
/// A plain decimal number without unit.
[[nodiscard]] Parsed<double> parse_number(std::string_view text);
/// Decimal digits only.
[[nodiscard]] Parsed<std::uint64_t> parse_count(std::string_view text);
/// Time of day "09:00" or "09:00:30" since midnight; nullopt if it does not look like one. Up to
/// "47:59:59": from "24:00" on it is of the next day.
[[nodiscard]] std::optional<sim::Duration> parse_clock(std::string_view text);

// The canonical text of a value: parsing it gives exactly the same value.
[[nodiscard]] std::string format_duration(sim::Duration d);
[[nodiscard]] std::string format_seconds(double s);
[[nodiscard]] std::string format_rate(double per_s);
[[nodiscard]] std::string format_percent(double fraction);
/// For people to read, in plain decimals: "20%", "more than 99%".
[[nodiscard]] std::string share_words(double fraction);
/// The same of an amount of 0 or more: four digits, or all before the point.
[[nodiscard]] std::string amount_words(double amount);
[[nodiscard]] std::string format_bandwidth(double bps);
[[nodiscard]] std::string format_number(double value);
[[nodiscard]] std::string format_clock(sim::Duration since_midnight);

/// Names of the units of one kind, largest last: for documentation and schema patterns.
[[nodiscard]] std::vector<std::string> duration_units();
[[nodiscard]] std::vector<std::string> rate_units();
[[nodiscard]] std::vector<std::string> bandwidth_units();

}  // namespace bcsim::tools
