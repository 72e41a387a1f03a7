// A gate: what a change may cost, as a scenario or a gate file says it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bcsim::tools {

struct Gate {
  enum class Kind {
    worse,   ///< B may be worse than A (or, if neither way is good, differ) by less than the limit
    better,  ///< B must be better than A by more than the limit
    below,   ///< the metric of B is below the limit
    above,   ///< … above
  };
  std::string metric;
  Kind kind = Kind::worse;
  double limit = 0;       ///< in the metric's unit, or a share of A's value
  bool relative = false;  ///< the latter
  std::string text;       ///< as written

  [[nodiscard]] bool compares() const { return kind == Kind::worse || kind == Kind::better; }
};

/// "worse < 2%", "worse < 0.5s", "worse < 1pp", "better > 10%", "< 75s", "> 80%"; nullopt if it is
/// none of these.
[[nodiscard]] std::optional<Gate> parse_gate(std::string_view metric, std::string_view text);

/// Why two gates on one metric can never both pass; nullopt if they can.
[[nodiscard]] std::optional<std::string> contradiction(const Gate& a, const Gate& b);

}  // namespace bcsim::tools
