#include "tools/base/html.hpp"

#include <fmt/format.h>

namespace bcsim::tools {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters are not allowed in XML; names in scenarios may hold anything.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

namespace {

constexpr std::string_view kPageStyle = R"(
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--faint:#d9dee4;--paper:#fff;
--card:#f6f7f9;--accent:#0b5cad;--bad:#b3261e;--good:#1a6b3c}
@media (prefers-color-scheme:dark){:root{--ink:#e7eaee;--soft:#a3adb8;--faint:#343b43;
--paper:#14171a;--card:#1c2126;--accent:#7cb8f2;--bad:#ff9085;--good:#7fd6a0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:1.5rem 1.2rem 4rem;background:var(--paper);
color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .3rem}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem}
a{color:var(--accent)}
.soft{color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--faint);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
summary{cursor:pointer;color:var(--soft)}
pre{overflow-x:auto;background:var(--card);padding:1rem;border-radius:6px;font-size:.8rem}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--faint:#ccc;--paper:#fff;
--card:#f4f4f4;
--accent:#000;--bad:#900;--good:#060}body{max-width:none;padding:0;font-size:11pt}
h2{break-after:avoid}.scroll{overflow:visible}table{font-size:8.5pt}tr{break-inside:avoid}
th,td{padding:.2rem .3rem;white-space:normal}}
)";

}  // namespace

std::string html_page(const HtmlPage& page) {
  const bool script = page.interactive && !kInteractiveScript.empty();
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}{}{}</style>\n</head>\n<body>\n<main>\n{}</main>\n{}</body>\n"
      "</html>\n",
      escape_html(page.title), kPageStyle, page.style, script ? kInteractiveStyle : "", page.body,
      script ? fmt::format("<script>{}</script>\n", kInteractiveScript) : "");
}

}  // namespace bcsim::tools
