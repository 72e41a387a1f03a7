// What a sweep varies: lists, ranges, linked values and constraints; and the points that makes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

/// Why a sweep cannot be understood.
struct SweepProblem {
  std::string message, hint;
};

/// One thing that is varied; several paths get the same value (linked).
struct SweepVariable {
  std::vector<std::string> paths;
  std::vector<std::string> values;  ///< as --set takes them

  [[nodiscard]] std::string name() const;  ///< the paths, joined with '+'
};

/// "path < other path" or "path >= 10s": points for which it is not so are left out.
struct SweepConstraint {
  std::string left, sign, right;
};

struct SweepSpec {
  std::vector<SweepVariable> variables;
  std::vector<SweepConstraint> constraints;
};

/// One combination, by variable.
struct SweepPoint {
  std::vector<std::string> values;
};

/// "desktop.site1.site-timeout+desktop.site2.site-timeout" and "10s,20s" or "10s..60s/10s"; throws
/// SweepProblem.
[[nodiscard]] SweepVariable parse_variable(std::string_view paths, std::string_view values);
/// The same in one, "PATHS=VALUES".
[[nodiscard]] SweepVariable parse_vary(std::string_view text);
/// Values of a list or range; throws SweepProblem if there are none.
[[nodiscard]] std::vector<std::string> parse_values(std::string_view text);
[[nodiscard]] SweepConstraint parse_constraint(std::string_view text);

/// All combinations that the constraints allow, the first variable changing slowest; throws
/// SweepProblem if a constraint speaks of nothing that is varied, or none is left.
[[nodiscard]] std::vector<SweepPoint> expand(const SweepSpec& spec);

/// A value in its base unit, to be compared; nullopt if it is no quantity.
[[nodiscard]] std::optional<double> setting_magnitude(std::string_view text);

/// "path=value" for every path of the point.
[[nodiscard]] std::vector<std::string> overrides_of(const SweepSpec& spec, const SweepPoint& point);
/// "desktop.site1.site-timeout = 10s, …": one line.
[[nodiscard]] std::string point_words(const SweepSpec& spec, const SweepPoint& point);

}  // namespace bcsim::tools
