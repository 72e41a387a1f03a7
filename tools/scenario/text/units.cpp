#include "tools/scenario/text/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

struct Unit {
  const char* name;
  double factor;  // to the base unit
};

// One kind of quantity. `aliases` are spellings people use that are refused with advice, because
// they are ambiguous (Mb: mega or milli, bit or byte?) or not ours.
struct Quantity {
  const char* what;
  const char* example;
  std::span<const Unit> units;
  std::span<const std::array<const char*, 2>> aliases;
  const char* usual;  // unit proposed for a bare number
};

constexpr std::array kDurationUnits = {Unit{"ns", 1},         Unit{"us", 1e3},   Unit{"ms", 1e6},
                                       Unit{"s", 1e9},        Unit{"min", 60e9}, Unit{"h", 3600e9},
                                       Unit{"d", 24 * 3600e9}};
using Alias = std::array<const char*, 2>;
constexpr std::array kDurationAliases = {
    Alias{"\u00b5s", "us"}, Alias{"\u03bcs", "us"},  Alias{"sec", "s"}, Alias{"secs", "s"},
    Alias{"second", "s"},   Alias{"seconds", "s"},   Alias{"m", "min"}, Alias{"mins", "min"},
    Alias{"minute", "min"}, Alias{"minutes", "min"}, Alias{"hr", "h"},  Alias{"hrs", "h"},
    Alias{"hour", "h"},     Alias{"hours", "h"},     Alias{"day", "d"}, Alias{"days", "d"},
    Alias{"msec", "ms"},    Alias{"usec", "us"},     Alias{"S", "s"},   Alias{"H", "h"},
    Alias{"M", "min"},      Alias{"MS", "ms"}};
constexpr Quantity kDuration{"a duration", "30s", kDurationUnits, kDurationAliases, "s"};

constexpr std::array kRateUnits = {Unit{"/s", 1.0}, Unit{"/min", 60.0}, Unit{"/h", 3600.0},
                                   Unit{"/d", 24 * 3600.0}};
constexpr std::array kRateAliases = {
    Alias{"/sec", "/s"},      Alias{"/second", "/s"}, Alias{"/m", "/min"},
    Alias{"/minute", "/min"}, Alias{"/hour", "/h"},   Alias{"/hr", "/h"},
    Alias{"/day", "/d"},      Alias{"cps", "/s"},     Alias{"Hz", "/s"}};
constexpr Quantity kRate{"a rate", "0.25/s", kRateUnits, kRateAliases, "/s"};

constexpr std::array kPercentUnits = {Unit{"%", 1.0}};
constexpr std::array kPercentAliases = {Alias{"percent", "%"}, Alias{"pct", "%"}};
constexpr Quantity kPercent{"a percentage", "1.5%", kPercentUnits, kPercentAliases, "%"};

constexpr std::array kBandwidthUnits = {Unit{"bit/s", 1.0}, Unit{"kbit/s", 1e3},
                                        Unit{"Mbit/s", 1e6}, Unit{"Gbit/s", 1e9}};
constexpr std::array kBandwidthAliases = {
    Alias{"bps", "bit/s"},     Alias{"kbps", "kbit/s"},   Alias{"Kbps", "kbit/s"},
    Alias{"Mbps", "Mbit/s"},   Alias{"mbps", "Mbit/s"},   Alias{"Gbps", "Gbit/s"},
    Alias{"Mbit", "Mbit/s"},   Alias{"mbit/s", "Mbit/s"}, Alias{"gbit/s", "Gbit/s"},
    Alias{"Kbit/s", "kbit/s"}, Alias{"Gbit", "Gbit/s"},   Alias{"kbit", "kbit/s"},
    Alias{"Mb/s", "Mbit/s"},   Alias{"Gb/s", "Gbit/s"}};
constexpr Quantity kBandwidth{"a bandwidth", "100Mbit/s", kBandwidthUnits, kBandwidthAliases,
                              "Mbit/s"};

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

struct QuantityPart {
  double value;
  const Unit* unit;
};

// Takes a decimal number from the front of `text`. Exponents only when digits follow the 'e', so
// that no unit can be mistaken for one.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (digit(text[end]) || text[end] == '.')) ++end;
  if (end == 0) return std::nullopt;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < text.size() && digit(text[exponent])) {
      end = exponent;
      while (end < text.size() && digit(text[end])) ++end;
    }
  }
  double value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + end, value);
  if (problem != std::errc{} || stop != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

// The number with its decimal point moved, without rounding twice: 0.07 % is exactly 0.0007.
double shifted(std::string_view number, int places) {
  const std::size_t e = number.find_first_of("eE");
  int exponent = 0;
  if (e != std::string_view::npos) {
    const std::size_t digits = e + (number[e + 1] == '+' ? 2 : 1);
    std::from_chars(number.data() + digits, number.data() + number.size(), exponent);
  }
  const std::string text = fmt::format("{}e{}", number.substr(0, e), exponent + places);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string unit_list(const Quantity& q) {
  std::string list;
  for (const Unit& u : q.units) list += (list.empty() ? "" : ", ") + std::string(u.name);
  return list;
}

ValueError not_a(const Quantity& q, std::string_view text) {
  return {"S-003", fmt::format("'{}' is not {}", text, q.what),
          fmt::format("write it like {}", q.example)};
}

ValueError wrong_unit(const Quantity& q, std::string_view number, std::string_view unit) {
  for (const auto& [spelling, ours] : q.aliases) {
    if (unit != spelling) continue;
    return {"S-005", fmt::format("unknown unit '{}' in {}", unit, q.what),
            fmt::format("did you mean '{}{}'?", number, ours)};
  }
  return {"S-005", fmt::format("unit '{}' does not fit {}", unit, q.what),
          fmt::format("units: {}", unit_list(q))};
}

Parsed<std::vector<QuantityPart>> parse_parts(const Quantity& q, std::string_view raw,
                                              bool& negative) {
  std::string_view text = trim(raw);
  negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::vector<QuantityPart> parts;
  while (!text.empty()) {
    const std::string_view whole = text;
    const auto value = take_number(text);
    if (!value) return not_a(q, trim(raw));
    const std::string_view number = whole.substr(0, whole.size() - text.size());
    text = trim(text);
    if (text.empty()) {
      return ValueError{"S-004", fmt::format("{} needs a unit", q.what),
                        fmt::format("write '{}{}'; units: {}", trim(raw), q.usual, unit_list(q))};
    }
    std::size_t end = 0;
    while (end < text.size() && !digit(text[end]) && text[end] != '.' && text[end] != ' ') ++end;
    const std::string_view unit = text.substr(0, end);
    const Unit* found = nullptr;
    for (const Unit& u : q.units) {
      if (unit == u.name) found = &u;
    }
    if (found == nullptr) return wrong_unit(q, number, unit);
    if (!parts.empty() && found->factor >= parts.back().unit->factor) return not_a(q, trim(raw));
    parts.push_back({*value, found});
    text = trim(text.substr(end));
  }
  if (parts.empty()) return not_a(q, trim(raw));
  return parts;
}

// A quantity of exactly one number and one unit.
Parsed<QuantityPart> parse_single(const Quantity& q, std::string_view text, bool& negative) {
  const auto parts = parse_parts(q, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&parts)) return *problem;
  const auto& list = std::get<std::vector<QuantityPart>>(parts);
  if (list.size() != 1) return not_a(q, trim(text));
  return list.front();
}

}  // namespace

Parsed<sim::Duration> parse_duration(std::string_view text, const char* usual) {
  bool negative = false;
  Quantity duration = kDuration;
  duration.usual = usual;
  const auto parts = parse_parts(duration, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&parts)) return *problem;
  double total_s = 0;
  std::int64_t total = 0;
  for (const QuantityPart& part : std::get<std::vector<QuantityPart>>(parts)) {
    total_s += part.value * part.unit->factor * 1e-9;
    if (!(total_s < kLongestSeconds)) {
      return ValueError{"S-006", fmt::format("'{}' is longer than can be simulated", trim(text)),
                        ""};
    }
    total += std::llround(part.value * part.unit->factor);
  }
  return sim::Duration(negative ? -total : total);
}

Parsed<double> parse_seconds(std::string_view text) {
  bool negative = false;
  const auto parts = parse_parts(kDuration, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&parts)) return *problem;
  double total = 0;
  for (const QuantityPart& part : std::get<std::vector<QuantityPart>>(parts)) {
    // Divided, not multiplied by 1e-9, so that whole seconds stay exact.
    total += part.unit->factor >= 1e9 ? part.value * (part.unit->factor / 1e9)
                                      : part.value / (1e9 / part.unit->factor);
  }
  if (!(total < kLongestSeconds)) {
    return ValueError{"S-006", fmt::format("'{}' is longer than can be simulated", trim(text)), ""};
  }
  return negative ? -total : total;
}

Parsed<double> parse_rate(std::string_view text) {
  bool negative = false;
  const auto part = parse_single(kRate, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&part)) return *problem;
  const auto& [value, unit] = std::get<QuantityPart>(part);
  return (negative ? -value : value) / unit->factor;
}

Parsed<double> parse_percent(std::string_view text) {
  bool negative = false;
  const auto part = parse_single(kPercent, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&part)) {
    ValueError error = *problem;
    std::string_view rest = trim(text);
    const auto value = take_number(rest);
    if (error.code == "S-004" && value) {
      error.hint = *value <= 1 ? fmt::format("write '{}' if you mean the share {}",
                                             format_percent(*value), trim(text))
                               : fmt::format("did you mean '{}%'?", trim(text));
    }
    return error;
  }
  std::string_view number = trim(text);
  if (negative) number.remove_prefix(1);
  std::string_view rest = number;
  (void)take_number(rest);
  const double value = shifted(number.substr(0, number.size() - rest.size()), -2);
  return negative ? -value : value;
}

Parsed<double> parse_bandwidth(std::string_view text) {
  bool negative = false;
  const auto part = parse_single(kBandwidth, text, negative);
  if (const auto* problem = std::get_if<ValueError>(&part)) return *problem;
  const auto& [value, unit] = std::get<QuantityPart>(part);
  return (negative ? -value : value) * unit->factor;
}

Parsed<double> parse_number(std::string_view raw) {
  std::string_view text = trim(raw);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto value = take_number(text);
  if (!value || !std::isfinite(*value)) {
    return ValueError{"S-003", fmt::format("'{}' is not a number", trim(raw)), ""};
  }
  if (!text.empty()) {
    return ValueError{"S-005", fmt::format("'{}' takes no unit here", trim(raw)),
                      "a plain number is wanted"};
  }
  return negative ? -*value : *value;
}

Parsed<std::uint64_t> parse_count(std::string_view raw) {
  const std::string_view text = trim(raw);
  std::uint64_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc{} && stop == text.data() + text.size() && !text.empty()) return value;
  if (problem == std::errc::result_out_of_range) {
    return ValueError{"S-006", fmt::format("{} is too large", text), ""};
  }
  const auto number = parse_number(text);
  if (const double* d = std::get_if<double>(&number)) {
    if (*d < 0) return ValueError{"S-006", fmt::format("{} is negative", text), ""};
    if (*d == std::floor(*d) && *d < 1e15) {
      return ValueError{"S-003", fmt::format("'{}' is not a plain whole number", text),
                        fmt::format("write {}", static_cast<std::uint64_t>(*d))};
    }
  }
  std::string_view rest = text;
  std::string hint;
  if (take_number(rest) && !rest.empty()) hint = "it takes no unit";
  return ValueError{"S-003", fmt::format("'{}' is not a whole number", text), hint};
}

std::optional<sim::Duration> parse_clock(std::string_view text) {
  text = trim(text);
  const auto two = [&](std::size_t at, int limit) -> std::optional<int> {
    if (at + 2 > text.size() || !digit(text[at]) || !digit(text[at + 1])) return std::nullopt;
    const int value = (text[at] - '0') * 10 + (text[at + 1] - '0');
    return value < limit ? std::optional(value) : std::nullopt;
  };
  std::string padded;
  if (text.size() > 1 && text[1] == ':') {
    padded = "0" + std::string(text);
    text = padded;
  }
  if (text.size() != 5 && text.size() != 8) return std::nullopt;
  if (text[2] != ':' || (text.size() == 8 && text[5] != ':')) return std::nullopt;
  const auto h = two(0, 48), m = two(3, 60);
  const auto s = text.size() == 8 ? two(6, 60) : std::optional(0);
  if (!h || !m || !s) return std::nullopt;
  return std::chrono::hours(*h) + std::chrono::minutes(*m) + std::chrono::seconds(*s);
}

std::string format_number(double value) {
  return fmt::format("{}", value);
}

std::string format_duration(sim::Duration d) {
  const std::int64_t total = d.count();
  if (total == 0) return "0s";
  if (total < 0) return "-" + format_duration(-d);
  if (total < 1'000'000'000) {
    if (total % 1'000'000 == 0) return fmt::format("{}ms", total / 1'000'000);
    if (total % 1'000 == 0) return fmt::format("{}us", total / 1'000);
    return fmt::format("{}ns", total);
  }
  const std::int64_t h = total / 3'600'000'000'000, min = total / 60'000'000'000 % 60;
  const std::int64_t rest = total % 60'000'000'000;
  std::string out;
  if (h > 0) out += fmt::format("{}h", h);
  if (min > 0) out += fmt::format("{}min", min);
  if (rest > 0) {
    std::string seconds = fmt::format("{}.{:09}", rest / 1'000'000'000, rest % 1'000'000'000);
    seconds.erase(seconds.find_last_not_of('0') + 1);
    if (seconds.back() == '.') seconds.pop_back();
    out += seconds + "s";
  }
  return out;
}

std::string format_seconds(double s) {
  const sim::Duration whole = sim::from_seconds(s);
  const std::string text = format_duration(whole);
  const auto back = parse_seconds(text);
  if (const double* value = std::get_if<double>(&back); value != nullptr && *value == s)
    return text;
  return fmt::format("{}s", s);
}

std::string format_rate(double per_s) {
  return fmt::format("{}/s", per_s);
}

std::string share_words(double fraction) {
  if (fraction >= 1) return "100%";
  if (fraction >= 0.995) return "more than 99%";
  if (fraction < 1e-4) return "less than 0.01%";
  return fmt::format("{:.2g}%", fraction * 100);
}

std::string amount_words(double amount) {
  if (amount >= 1000) return fmt::format("{:.0f}", amount);
  if (amount > 0 && amount < 0.001) return "less than 0.001";
  return fmt::format("{:.4g}", amount);
}

std::string format_percent(double fraction) {
  // The shortest decimal that reads back as the same fraction.
  for (int digits = 1; digits <= 17; ++digits) {
    const std::string text =
        fmt::format("{}", std::stod(fmt::format("{:.{}g}", fraction * 100, digits)));
    if (shifted(text, -2) == fraction) return text + "%";
  }
  const std::string text = fmt::format("{}", fraction);
  const std::size_t e = text.find('e');
  const int exponent = e == std::string::npos ? 0 : std::stoi(text.substr(e + 1));
  return fmt::format("{}e{}%", text.substr(0, e), exponent + 2);
}

std::string format_bandwidth(double bps) {
  for (auto unit = kBandwidthUnits.rbegin(); unit != kBandwidthUnits.rend(); ++unit) {
    const double value = bps / unit->factor;
    if (value >= 1 && value * unit->factor == bps && value == std::round(value * 1000) / 1000) {
      return fmt::format("{}{}", value, unit->name);
    }
  }
  return fmt::format("{}bit/s", bps);
}

std::string format_clock(sim::Duration since_midnight) {
  const std::int64_t s = since_midnight.count() / 1'000'000'000;
  std::string out = fmt::format("{:02}:{:02}", s / 3600, s / 60 % 60);
  if (s % 60 != 0) out += fmt::format(":{:02}", s % 60);
  return out;
}

namespace {
std::vector<std::string> names(std::span<const Unit> units) {
  std::vector<std::string> result;
  for (const Unit& u : units) result.emplace_back(u.name);
  return result;
}
}  // namespace

std::vector<std::string> duration_units() {
  return names(kDurationUnits);
}
std::vector<std::string> rate_units() {
  return names(kRateUnits);
}
std::vector<std::string> bandwidth_units() {
  return names(kBandwidthUnits);
}

}  // namespace bcsim::tools
