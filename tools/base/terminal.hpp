// Where the program's words go: data to standard output, everything else to standard error.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace bcsim::tools {

enum class ColorChoice { automatic, always, never };

/// The three streams and what is known of them. Tests make their own.
struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool no_color = false;  ///< NO_COLOR is set (no-color.org)
  ColorChoice color = ColorChoice::automatic;
  int verbosity = 0;  ///< -1: -q, 1: -v

  [[nodiscard]] bool color_out() const { return use_color(out_is_terminal); }
  [[nodiscard]] bool color_err() const { return use_color(err_is_terminal); }
  [[nodiscard]] bool quiet() const { return verbosity < 0; }
  [[nodiscard]] bool verbose() const { return verbosity > 0; }

 private:
  [[nodiscard]] bool use_color(bool is_terminal) const {
    if (color != ColorChoice::automatic) return color == ColorChoice::always;
    return is_terminal && !no_color;
  }
};

/// The process's own streams.
[[nodiscard]] Terminal process_terminal();
/// Text between terminal codes if `color`, plain if not. `style` is an SGR parameter: "1", "31".
[[nodiscard]] std::string styled(std::string_view text, std::string_view style, bool color);

}  // namespace bcsim::tools
