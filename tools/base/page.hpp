// Lines of text for a terminal or a mail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bcsim::tools {

/// Columns that a text takes on the screen (every character of ours is one column wide).
[[nodiscard]] std::size_t columns(std::string_view text);
[[nodiscard]] std::string pad_left(std::string text, std::size_t width);
[[nodiscard]] std::string pad_right(std::string text, std::size_t width);
/// Shortened to `width` with an ellipsis, if it is longer.
[[nodiscard]] std::string shortened(std::string text, std::size_t width);

/// Collects lines; without UTF-8, what has no ASCII form is replaced.
class Page {
 public:
  struct Style {
    bool color = false;
    bool utf8 = true;
    std::size_t width = 92;
  };
  explicit Page(Style style) : style_(style) {}

  void line(std::string text);
  void blank() { text_ += '\n'; }
  /// Broken at spaces.
  void paragraph(std::string_view text) { hanging("", text, 0); }
  /// The same with something before its first line, and all lines indented to `indent`.
  void hanging(const std::string& head, std::string_view text, std::size_t indent);
  void rule();
  /// The title, shortened if need be, and at the right margin what is to know of it; a rule below.
  void heading(std::string title, const std::string& right);

  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string alarming(std::string_view text) const;
  [[nodiscard]] std::size_t width() const { return style_.width; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  Style style_;
  std::string text_;
};

}  // namespace bcsim::tools
