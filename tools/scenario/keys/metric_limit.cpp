#include "tools/scenario/keys/metric_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "models/metrics/definitions.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

/// The segment of an id up to its first dot; `rest` is what comes after that.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view segment = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return segment;
}

/// Is this the id of the heading, with a name for each <…> of it?
bool is_named_by(std::string_view id, std::string_view heading) {
  while (!id.empty() && !heading.empty()) {
    const std::string_view segment = take_segment(heading);
    if (take_segment(id) != segment && !segment.starts_with('<')) return false;
  }
  return id.empty() && heading.empty();
}

/// Of a metric, or of the same one of a phase, site, queue, …; null: there is none.
const models::MetricDefinition* definition_of(std::string_view id) {
  for (;;) {
    for (const models::MetricDefinition& row : models::metric_definitions()) {
      if (is_named_by(id, row.id)) return &row;
    }
    const std::size_t dot = id.find('.');
    if (dot == std::string_view::npos) return nullptr;
    id.remove_prefix(dot + 1);
  }
}

// Any quantity in its base unit: seconds, per second, bits per second, fraction, or as it is.
std::optional<double> any_value(std::string_view text) {
  for (const auto parse :
       {parse_percent, parse_seconds, parse_rate, parse_bandwidth, parse_number}) {
    const auto parsed = parse(text);
    if (const double* value = std::get_if<double>(&parsed)) return *value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<MetricLimit> parse_limit(std::string_view text) {
  using models::Comparison;
  struct Sign {
    std::string_view sign;
    Comparison comparison;
  };
  // The longer ones first.
  constexpr Sign kSigns[] = {{"<=", Comparison::less_equal}, {">=", Comparison::greater_equal},
                             {"==", Comparison::equal},      {"<", Comparison::less},
                             {">", Comparison::greater},     {"=", Comparison::equal}};
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const auto& [sign, comparison] : kSigns) {
    if (!text.starts_with(sign)) continue;
    const auto value = any_value(text.substr(sign.size()));
    return value ? std::optional(MetricLimit{comparison, *value}) : std::nullopt;
  }
  return std::nullopt;
}

std::string unit_of(std::string_view metric) {
  const models::MetricDefinition* definition = definition_of(metric);
  return definition == nullptr ? "" : std::string(definition->unit);
}

std::string senseless_limit(std::string_view metric, std::string_view text, double value) {
  const models::MetricDefinition* definition = definition_of(metric);
  const std::string_view unit = definition == nullptr ? "" : definition->unit;
  const bool compares = text.starts_with("worse") || text.starts_with("better");
  const std::size_t sign = text.find_first_of("<>=");
  const std::string_view limit =
      text.substr(std::min(text.size(), text.find_first_not_of("<>= ", sign)));
  const bool percent = limit.ends_with('%');
  if (text.starts_with("better") && definition != nullptr &&
      definition->good == models::Good::none) {
    return fmt::format("more of {} is neither better nor worse; write < or > and a limit", metric);
  }
  if (value < 0) return fmt::format("{} is never negative", metric);
  if (unit.empty() || (compares && percent)) return "";
  if (limit.ends_with("pp") && unit != "1") {
    return fmt::format("{} is measured in {}, not in percentage points", metric, unit);
  }
  if (unit == "1" && value > 1) {
    return fmt::format("{} is a share, of at most 100%{}", metric,
                       percent ? "" : fmt::format("; {} is {}", limit, format_percent(value)));
  }
  if (percent && unit != "1") {
    return fmt::format("{} is measured in {}, not in per cent", metric, unit);
  }
  const bool number = std::holds_alternative<double>(parse_number(limit));
  const bool time = !number && std::holds_alternative<double>(parse_seconds(limit));
  if (time && unit != "s") return fmt::format("{} is no time", metric);
  if (number && unit == "s" && value > 0) {
    return fmt::format("{} is a time: {} of what? write {}s", metric, limit, limit);
  }
  return "";
}

}  // namespace bcsim::tools
