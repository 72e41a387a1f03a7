#include <fmt/format.h>

#include <algorithm>

#include "tools/base/page.hpp"
#include "tools/trace/ladder.hpp"

namespace bcsim::tools {
namespace {

constexpr std::size_t kWidth = 80, kTime = 14, kWidestLane = 15;

/// One ladder on a page of fixed width.
class TextLadder {
 public:
  TextLadder(const Ladder& ladder, const models::Scenario& scenario)
      : ladder_(ladder), scenario_(scenario) {
    const std::size_t actors = std::max<std::size_t>(1, ladder.actors.size());
    lane_ = std::min(kWidestLane, (kWidth - kTime) / actors);
  }

  std::string draw() {
    if (!ladder_.actors.empty()) {
      header(&LadderActor::label);
      header(&LadderActor::detail);
    }
    for (const LadderRow& row : folded_rows(ladder_)) {
      switch (row.kind) {
        case LadderRow::Kind::message:
          message(row);
          break;
        case LadderRow::Kind::note:
          note(row);
          break;
        case LadderRow::Kind::fault:
          bar(row);
          break;
        case LadderRow::Kind::pause:
          pause(row);
          break;
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::size_t x(std::size_t actor) const { return kTime + lane_ / 2 + actor * lane_; }
  void line(std::string text) {
    const std::size_t end = text.find_last_not_of(' ');
    text.resize(end == std::string::npos ? 0 : end + 1);
    out_ += text + '\n';
  }
  void header(std::string LadderActor::*member) {
    std::string text(kWidth, ' ');
    for (std::size_t i = 0; i < ladder_.actors.size(); ++i) {
      std::string word = ladder_.actors[i].*member;
      word.resize(std::min(word.size(), lane_ - 1));
      text.replace(x(i) - word.size() / 2, word.size(), word);
    }
    line(std::move(text));
  }
  /// A line with a time, or without, and every actor's lifeline.
  [[nodiscard]] std::string canvas(const LadderRow* row, char life = '|') const {
    std::string text(kWidth, ' ');
    if (row != nullptr) {
      const std::string time = instant_words(row->at, scenario_);
      text.replace(0, time.size() + 1, (row->decisive ? "*" : " ") + time);
    }
    for (std::size_t i = 0; i < ladder_.actors.size(); ++i) text[x(i)] = life;
    return text;
  }
  /// Puts words over the lifelines.
  static void put(std::string& text, std::size_t at, const std::string& words) {
    at = words.size() >= kWidth ? 0 : std::min(at, kWidth - words.size());
    text.replace(at, words.size(), words);
  }
  static char stroke(const std::string& protocol) {
    return protocol == "sip" ? '-' : protocol == "pstn" ? '~' : '.';
  }

  void message(const LadderRow& row) {
    const bool right = row.from < row.to;
    const std::size_t left = x(std::min(row.from, row.to)) + 1, end = x(std::max(row.from, row.to));
    std::string text = canvas(&row);
    if (row.from == row.to) {
      put(text, end + 2, row.text);
      line(std::move(text));
      return;
    }
    const std::size_t span = end - left;
    const bool fits = row.text.size() + 3 <= (row.lost ? span - span / 4 : span);
    if (!fits) {
      std::string above = canvas(nullptr);
      put(above, left + 1, row.text);
      line(std::move(above));
    }
    text.replace(left, span, span, stroke(row.protocol));
    if (row.lost) {
      const std::size_t reach = span - span / 4;  // it gets so far, and no further
      const std::size_t cross = right ? left + reach - 1 : end - reach;
      if (right) text.replace(cross + 1, end - cross - 1, end - cross - 1, ' ');
      if (!right) text.replace(left, cross - left, cross - left, ' ');
      for (std::size_t i = 0; i < ladder_.actors.size(); ++i) {
        const bool beyond = right ? x(i) > cross : x(i) < cross;
        if (beyond) text[x(i)] = '|';
      }
      text[cross] = 'X';
    } else {
      text[right ? end - 1 : left] = right ? '>' : '<';
    }
    if (fits) {
      const std::size_t slack = span - row.text.size();
      text.replace(left + (row.lost ? 1 : slack / 2), row.text.size(), row.text);
      if (row.lost && !right) {  // the cross is on the left: words on the right
        text.replace(left, slack - 1, slack - 1, ' ');
        text.replace(end - row.text.size() - 1, row.text.size(), row.text);
        text[end - row.text.size() - 2] = 'X';
      }
    }
    line(std::move(text));
    if (row.lost && row.why != last_why_) {
      std::string below = canvas(nullptr);
      put(below, left + 1, "(" + row.why + ")");
      line(std::move(below));
    }
    last_why_ = row.lost ? row.why : "";
  }
  void note(const LadderRow& row) {
    std::string text = canvas(&row);
    put(text, kTime, fmt::format("[ {} ]", shortened(row.text, kWidth - kTime - 4)));
    line(std::move(text));
  }
  void bar(const LadderRow& row) {
    const std::string words = " " + shortened(plain(row.text), kWidth - kTime - 12) + " ";
    std::string text = canvas(&row);
    text.replace(kTime, kWidth - kTime, kWidth - kTime, '#');
    put(text, kTime + 4, words);
    line(std::move(text));
  }
  void pause(const LadderRow& row) {
    std::string text = canvas(nullptr, ':');
    put(text, 1, row.text);
    line(std::move(text));
  }
  /// Quotation marks of the sentences, in ASCII.
  static std::string plain(std::string text) {
    for (const char* mark : {"“", "”"}) {
      for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, 3, "\"");
    }
    return text;
  }

  const Ladder& ladder_;
  const models::Scenario& scenario_;
  std::size_t lane_ = 0;
  std::string out_, last_why_;
};

}  // namespace

std::string ladder_text(const Ladder& ladder, const models::Scenario& scenario) {
  return TextLadder(ladder, scenario).draw();
}

}  // namespace bcsim::tools
