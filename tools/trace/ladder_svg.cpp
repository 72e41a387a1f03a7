#include <fmt/format.h>

#include <algorithm>

#include "tools/base/html.hpp"
#include "tools/trace/ladder.hpp"

namespace bcsim::tools {
namespace {

constexpr int kTimeWidth = 110, kLaneWidth = 128, kRowHeight = 30, kHead = 54;

class SvgLadder {
 public:
  SvgLadder(const Ladder& ladder, const models::Scenario& scenario)
      : ladder_(ladder), scenario_(scenario) {}

  std::string draw(bool standalone) {
    width_ =
        kTimeWidth + kLaneWidth * static_cast<int>(std::max<std::size_t>(2, ladder_.actors.size()));
    const std::vector<LadderRow> rows = folded_rows(ladder_);
    const int height = kHead + kRowHeight * static_cast<int>(rows.size() + 1);
    out_ = fmt::format(
        "<svg class=\"ladder\" {}viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" "
        "aria-label=\"{}\">\n",
        standalone ? "xmlns=\"http://www.w3.org/2000/svg\" " : "", width_, height, width_, height,
        escape_html("Ladder of " + ladder_.title));
    if (standalone) out_ += "<style>" + ladder_style() + "</style>\n";
    out_ += fmt::format("<title>{}</title>\n", escape_html(ladder_.title));
    for (std::size_t i = 0; i < ladder_.actors.size(); ++i) {
      const auto& actor = ladder_.actors[i];
      out_ += fmt::format(
          "<text class=\"actor\" x=\"{0}\" y=\"18\">{1}</text>"
          "<text class=\"detail\" x=\"{0}\" y=\"34\">{2}</text>"
          "<line class=\"life\" x1=\"{0}\" y1=\"42\" x2=\"{0}\" y2=\"{3}\"/>\n",
          x(i), escape_html(actor.label), escape_html(actor.detail), height - 6);
    }
    int y = kHead + kRowHeight / 2;
    for (const LadderRow& row : rows) {
      draw_row(row, y);
      y += kRowHeight;
    }
    return out_ + "</svg>\n";
  }

 private:
  [[nodiscard]] static int x(std::size_t actor) {
    return kTimeWidth + kLaneWidth / 2 + kLaneWidth * static_cast<int>(actor);
  }
  void time(const LadderRow& row, int y) {
    out_ += fmt::format("<text class=\"time{}\" x=\"{}\" y=\"{}\">{}</text>",
                        row.decisive ? " decisive" : "", kTimeWidth - 14, y + 4,
                        instant_words(row.at, scenario_));
  }
  void draw_row(const LadderRow& row, int y) {
    switch (row.kind) {
      case LadderRow::Kind::message:
        time(row, y);
        message(row, y);
        break;
      case LadderRow::Kind::pause:
        out_ += fmt::format("<text class=\"pause\" x=\"{}\" y=\"{}\">⋮ {}</text>", kTimeWidth - 14,
                            y + 4, escape_html(row.text));
        break;
      case LadderRow::Kind::fault:
      case LadderRow::Kind::note:
        time(row, y);
        out_ += fmt::format(
            "<rect class=\"{0}\" x=\"{1}\" y=\"{2}\" width=\"{3}\" height=\"22\" rx=\"3\"/>"
            "<text class=\"{0}-text\" x=\"{4}\" y=\"{5}\">{6}</text>",
            row.kind == LadderRow::Kind::fault ? "fault" : "note", kTimeWidth, y - 11,
            width_ - kTimeWidth - 8, kTimeWidth + 12, y + 4, escape_html(row.text));
        break;
    }
    out_ += '\n';
  }
  void message(const LadderRow& row, int y) {
    const int from = x(row.from);
    int to = x(row.to), fall = 6;
    if (row.lost) {
      to = from + (to - from) * 3 / 4;
      fall = 4;
    }
    const int direction = to > from ? 1 : -1;
    const std::string kind =
        fmt::format("{}{}{}{}", row.protocol, row.lost ? " lost" : "",
                    row.repeated ? " repeated" : "", row.decisive ? " decisive" : "");
    out_ += fmt::format(
        "<g class=\"message {}\"><title>{}: sent {}, {} {}{}</title>", kind, escape_html(row.text),
        instant_words(row.at, scenario_), row.lost ? "lost, known" : "received",
        instant_words(row.received, scenario_), row.why.empty() ? "" : ": " + escape_html(row.why));
    out_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", from, y - 1, to,
                        y - 1 + fall);
    if (row.lost) {
      out_ += fmt::format("<path class=\"cross\" d=\"M{0} {2}L{1} {3}M{0} {3}L{1} {2}\"/>", to - 5,
                          to + 5, y - 2 + fall - 5, y + fall + 3);
    } else {
      out_ += fmt::format("<path class=\"head\" d=\"M{} {}l{} -4l0 8z\"/>", to, y - 1 + fall,
                          -8 * direction);
    }
    if (row.lost) {  // from the left, so that the words stay clear of the sender
      out_ += fmt::format("<text class=\"fate\" x=\"{}\" y=\"{}\">{} ✕ {}</text></g>",
                          std::min(from, x(row.to)) + 6, y - 5, escape_html(row.text),
                          escape_html(row.why));
    } else {
      out_ += fmt::format("<text x=\"{}\" y=\"{}\">{}</text></g>", (from + to) / 2, y - 5,
                          escape_html(row.text));
    }
  }

  const Ladder& ladder_;
  const models::Scenario& scenario_;
  std::string out_;
  int width_ = 0;
};

}  // namespace

std::string ladder_svg(const Ladder& ladder, const models::Scenario& scenario, bool standalone) {
  return SvgLadder(ladder, scenario).draw(standalone);
}

std::string ladder_style() {
  return R"(
.ladder{--ink:#1b1f24;--soft:#6b7480;--line:#c9ced6;--paper:#fff;--fault:#b3261e;--tint:#fbe9e7;
--note:#f1f3f5;--tlib:#0b6e99;--pstn:#7a5c00;background:var(--paper);
font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;max-width:none}
@media (prefers-color-scheme:dark){.ladder{--ink:#e6e8eb;--soft:#98a2ad;--line:#3d444d;
--paper:#14171a;--fault:#ff8a80;--tint:#3a1f1d;--note:#22272d;--tlib:#6cc4ee;--pstn:#e0c060}}
@media print{.ladder{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--fault:#a00;--tint:#eee}}
.ladder text{fill:var(--ink)}
.ladder .actor,.ladder .detail{text-anchor:middle}.ladder .actor{font-weight:600}
.ladder .detail,.ladder .time,.ladder .pause{fill:var(--soft)}
.ladder .time,.ladder .pause{text-anchor:end;font-variant-numeric:tabular-nums}
.ladder .life{stroke:var(--line)}
.ladder .message line{stroke:var(--ink);stroke-width:1.3}.ladder .head{fill:var(--ink)}
.ladder .message text{text-anchor:middle;paint-order:stroke;stroke:var(--paper);stroke-width:3px}
.ladder .t-library line{stroke:var(--tlib);stroke-dasharray:5 3}
.ladder .t-library .head{fill:var(--tlib)}
.ladder .pstn line{stroke:var(--pstn);stroke-dasharray:1.5 3}.ladder .pstn .head{fill:var(--pstn)}
.ladder .repeated line{stroke-dasharray:8 4}
.ladder .lost line,.ladder .cross{stroke:var(--fault);stroke-width:1.8}.ladder .cross{fill:none}
.ladder .lost text{fill:var(--fault);text-anchor:start}
.ladder .message.decisive text,.ladder .time.decisive{font-weight:700}
.ladder .message.decisive line{stroke-width:2.6}
.ladder .fault{fill:var(--tint);stroke:var(--fault)}.ladder .fault-text{fill:var(--fault);
font-weight:600}
.ladder .note{fill:var(--note)}.ladder .note-text{fill:var(--soft)}
)";
}

}  // namespace bcsim::tools
