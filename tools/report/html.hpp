// A page of HTML that needs nothing but itself: no network, no script.
#pragma once

#include <string>
#include <string_view>

namespace bcsim::tools {

/// Text for an element or a double-quoted attribute.
[[nodiscard]] std::string escape_html(std::string_view text);

struct HtmlPage {
  std::string title;
  std::string style;  ///< CSS beside that of every page
  std::string body;
};
/// Light or dark as the reader's system is; prints on white.
[[nodiscard]] std::string html_page(const HtmlPage& page);

}  // namespace bcsim::tools
