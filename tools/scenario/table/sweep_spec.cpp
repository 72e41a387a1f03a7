#include "tools/scenario/table/sweep_spec.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

constexpr std::size_t kMostPoints = 100'000;

std::string trimmed_text(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return "";
  return std::string(text.substr(from, text.find_last_not_of(' ') - from + 1));
}

/// Split at a separator outside of brackets and quotes.
std::vector<std::string> split_outside(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == separator && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  for (std::string& part : parts) part = trimmed_text(part);
  return parts;
}

struct NumberWithUnit {
  double number = 0;
  std::string unit;
};

NumberWithUnit split_number(const std::string& text, std::string_view whole) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789.-+"), text.size());
  const auto number = parse_number(std::string_view(text).substr(0, end));
  if (!std::holds_alternative<double>(number)) {
    throw SweepProblem{fmt::format("'{}' is no range", whole), "write it like 10s..60s/10s"};
  }
  return {std::get<double>(number), text.substr(end)};
}

std::vector<std::string> range_values(const std::string& text) {
  const std::size_t dots = text.find("..");
  const std::size_t slash = text.find('/', dots);
  // A rate has a slash of its own: 1/s..2/s by 0.5/s.
  const std::size_t by = text.find(" by ", dots);
  const std::size_t step_at = by != std::string::npos ? by : slash;
  if (step_at == std::string::npos) {
    throw SweepProblem{fmt::format("the range '{}' has no step", text),
                       "write it like 10s..60s/10s, or 1/s..2/s by 0.5/s"};
  }
  const auto from = split_number(trimmed_text(text.substr(0, dots)), text);
  const auto to = split_number(trimmed_text(text.substr(dots + 2, step_at - dots - 2)), text);
  const std::size_t step_text = step_at + (by != std::string::npos ? 4 : 1);
  const auto step = split_number(trimmed_text(text.substr(step_text)), text);
  if (from.unit != to.unit || from.unit != step.unit) {
    throw SweepProblem{fmt::format("the range '{}' mixes units", text), "use one unit throughout"};
  }
  if (!(step.number > 0) || to.number < from.number) {
    throw SweepProblem{fmt::format("the range '{}' is empty", text),
                       "it goes up from the first value by the step"};
  }
  const double count = std::floor((to.number - from.number) / step.number + 1e-9);
  if (count > static_cast<double>(kMostPoints)) {
    throw SweepProblem{fmt::format("the range '{}' has too many values", text), ""};
  }
  std::vector<std::string> values;
  for (int i = 0; i <= static_cast<int>(count); ++i) {
    values.push_back(fmt::format("{:.12g}{}", from.number + i * step.number, from.unit));
  }
  return values;
}

const std::string* value_of(const SweepSpec& spec, const SweepPoint& point,
                            const std::string& path) {
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    const auto& paths = spec.variables[v].paths;
    if (std::find(paths.begin(), paths.end(), path) != paths.end()) return &point.values[v];
  }
  return nullptr;
}

bool is_true(const SweepSpec& spec, const SweepPoint& point, const SweepConstraint& c) {
  const std::string* left = value_of(spec, point, c.left);
  if (left == nullptr) {
    throw SweepProblem{fmt::format("where: '{}' is not varied", c.left), ""};
  }
  const std::string* other = value_of(spec, point, c.right);
  const auto a = setting_magnitude(*left),
             b = setting_magnitude(other != nullptr ? *other : c.right);
  if (!a || !b) {
    const bool equal = *left == (other != nullptr ? *other : c.right);
    if (c.sign == "==") return equal;
    if (c.sign == "!=") return !equal;
    if (a && other == nullptr) {
      throw SweepProblem{fmt::format("where: '{}' is neither varied nor a quantity", c.right),
                         "both sides are paths that vary, or the right one is a value such as 30s"};
    }
    throw SweepProblem{
        fmt::format("where: '{} {} {}' compares what are no quantities", c.left, c.sign, c.right),
        ""};
  }
  if (c.sign == "<") return *a < *b;
  if (c.sign == "<=") return *a <= *b;
  if (c.sign == ">") return *a > *b;
  if (c.sign == ">=") return *a >= *b;
  return (*a == *b) == (c.sign == "==");
}

}  // namespace

std::optional<double> setting_magnitude(std::string_view text) {
  for (const auto parse :
       {parse_percent, parse_seconds, parse_rate, parse_bandwidth, parse_number}) {
    const auto parsed = parse(text);
    if (const double* value = std::get_if<double>(&parsed)) return *value;
  }
  return std::nullopt;
}

std::string SweepVariable::name() const {
  return fmt::format("{}", fmt::join(paths, "+"));
}

std::vector<std::string> parse_values(std::string_view text) {
  std::vector<std::string> values;
  for (const std::string& part : split_outside(text, ',')) {
    if (part.empty()) {
      throw SweepProblem{fmt::format("'{}' has an empty value", text), "such as 10s,20s,30s"};
    }
    if (part.find("..") == std::string::npos || part.front() == '"' || part.front() == '{') {
      values.push_back(part);
      continue;
    }
    for (std::string& value : range_values(part)) values.push_back(std::move(value));
  }
  return values;
}

SweepVariable parse_variable(std::string_view paths, std::string_view values) {
  SweepVariable variable;
  variable.paths = split_outside(paths, '+');
  for (const std::string& path : variable.paths) {
    if (path.empty()) {
      throw SweepProblem{"what is to be varied?", "such as desktop.site1.site-timeout=10s,20s,30s"};
    }
  }
  variable.values = parse_values(values);
  return variable;
}

SweepVariable parse_vary(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    throw SweepProblem{fmt::format("'{}' does not say to what values", text),
                       "such as desktop.site1.site-timeout=10s,20s,30s"};
  }
  return parse_variable(text.substr(0, equals), text.substr(equals + 1));
}

SweepConstraint parse_constraint(std::string_view text) {
  for (const std::string_view sign : {"<=", ">=", "==", "!=", "<", ">"}) {
    const std::size_t at = text.find(sign);
    if (at == std::string_view::npos) continue;
    SweepConstraint c{trimmed_text(text.substr(0, at)), std::string(sign),
                      trimmed_text(text.substr(at + sign.size()))};
    if (c.left.empty() || c.right.empty()) break;
    return c;
  }
  throw SweepProblem{fmt::format("'{}' is no constraint", text),
                     "such as desktop.site1.site-timeout >= 10s"};
}

std::vector<SweepPoint> expand(const SweepSpec& spec) {
  if (spec.variables.empty()) throw SweepProblem{"nothing is varied", "use --vary or sweep:"};
  std::vector<SweepPoint> points(1);
  for (const SweepVariable& variable : spec.variables) {
    if (points.size() * variable.values.size() > kMostPoints) {
      throw SweepProblem{fmt::format("more than {} points", kMostPoints), ""};
    }
    for (auto value = variable.values.begin(); value != variable.values.end(); ++value) {
      if (std::find(variable.values.begin(), value, *value) != value) {
        throw SweepProblem{fmt::format("{} is to be {} twice", variable.name(), *value), ""};
      }
    }
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (const std::string& value : variable.values) {
        longer.push_back(point);
        longer.back().values.push_back(value);
      }
    }
    points = std::move(longer);
  }
  std::erase_if(points, [&](const SweepPoint& point) {
    return !std::all_of(spec.constraints.begin(), spec.constraints.end(),
                        [&](const SweepConstraint& c) { return is_true(spec, point, c); });
  });
  if (points.empty()) throw SweepProblem{"the constraints leave no point", ""};
  return points;
}

std::vector<std::string> overrides_of(const SweepSpec& spec, const SweepPoint& point) {
  std::vector<std::string> out;
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    for (const std::string& path : spec.variables[v].paths) {
      out.push_back(fmt::format("{}={}", path, point.values[v]));
    }
  }
  return out;
}

std::string point_words(const SweepSpec& spec, const SweepPoint& point) {
  std::vector<std::string> out;
  for (std::size_t v = 0; v < spec.variables.size(); ++v) {
    out.push_back(fmt::format("{} = {}", spec.variables[v].name(), point.values[v]));
  }
  return fmt::format("{}", fmt::join(out, ", "));
}

}  // namespace bcsim::tools
