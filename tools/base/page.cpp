#include "tools/base/page.hpp"

#include <algorithm>
#include <utility>

#include "tools/base/terminal.hpp"

namespace bcsim::tools {
namespace {

bool continues(char c) {  // a byte of a UTF-8 character that is not its first
  return (static_cast<unsigned char>(c) >> 6) == 2;
}

/// What stands for our own typography; anything else, a name from the scenario, gets one question
/// mark per character.
std::string to_ascii(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {"–", "-"},  {"·", "|"},  {"≤", "<="},  {"≥", ">="},      {"─", "-"},
      {"±", "+-"}, {"→", "->"}, {"…", "..."}, {"“", "\""},      {"”", "\""},
      {"−", "-"},  {"✕", "x"},  {"⋮", ":"},   {"§", "section "}};
  for (const auto& [from, to] : kReplacements) {
    for (std::size_t at; (at = text.find(from)) != std::string::npos;) {
      text.replace(at, from.size(), to);
    }
  }
  std::erase_if(text, continues);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) > 127) c = '?';
  }
  return text;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t n = 0;
  bool escape = false;  // a colour takes no column
  for (const char c : text) {
    if (c == '\033') escape = true;
    if (!escape && !continues(c)) ++n;
    if (escape && c == 'm') escape = false;
  }
  return n;
}

std::string pad_left(std::string text, std::size_t width) {
  const std::size_t used = columns(text);
  return used < width ? std::string(width - used, ' ') + text : text;
}

std::string pad_right(std::string text, std::size_t width) {
  const std::size_t used = columns(text);
  if (used < width) text.append(width - used, ' ');
  return text;
}

std::string shortened(std::string text, std::size_t width) {
  if (columns(text) <= width) return text;
  while (!text.empty() && columns(text) + 3 > width) {
    while (continues(text.back())) text.pop_back();
    text.pop_back();  // the first byte of a character
  }
  return text + "...";
}

void Page::line(std::string text) {
  text_ += style_.utf8 ? std::move(text) : to_ascii(std::move(text));
  text_ += '\n';
}

void Page::hanging(const std::string& head, std::string_view text, std::size_t indent) {
  std::string current = pad_right(head, indent);
  if (indent > 0 && columns(head) >= indent) {  // no room beside it
    line(std::exchange(current, std::string(indent, ' ')));
  }
  bool empty = true;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (!empty && columns(current) + 1 + columns(word) > style_.width) {
      line(std::exchange(current, std::string(indent, ' ')));
      empty = true;
    }
    if (!empty) current += ' ';
    current += word;
    empty = false;
  }
  if (!empty || !head.empty()) line(current);
}

void Page::rule() {
  std::string text;
  for (std::size_t i = 0; i < style_.width; ++i) text += "─";
  line(text);
}

void Page::heading(std::string title, const std::string& right) {
  constexpr std::size_t kLeast = 20, kGap = 2;
  const std::size_t taken = columns(right) + kGap;
  title =
      shortened(std::move(title), taken + kLeast < style_.width ? style_.width - taken : kLeast);
  const std::size_t used = columns(title) + columns(right);
  line(bold(title) + std::string(used + kGap < style_.width ? style_.width - used : kGap, ' ') +
       right);
  rule();
}

std::string Page::bold(std::string_view text) const {
  return styled(text, "1", style_.color);
}
std::string Page::alarming(std::string_view text) const {
  return styled(text, "1;31", style_.color);
}

}  // namespace bcsim::tools
