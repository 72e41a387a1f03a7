// What a run says to somebody who has a minute: three sentences, four figures, the time line.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/report/result_tables.hpp"

namespace bcsim::tools {

/// A number of summary.json in words, with what it is the sum of.
struct Figure {
  std::vector<std::string> ids;  ///< metrics whose sum it is; usually one
  std::string words;
};
/// The sum of the metrics (those without a value count nothing), shown by `words`.
[[nodiscard]] Figure figure(const StoredResults& results, std::vector<std::string> ids,
                            std::string (*words)(double));
/// "163", "16,341"; "-" for NaN.
[[nodiscard]] std::string whole_number_words(double value);
/// As a `<span>` that carries the ids and the exact value, so that it can be checked.
[[nodiscard]] std::string figure_html(const StoredResults& results, const Figure& figure);

/// A sentence as text and figures in turn.
struct Sentence {
  struct Piece {
    std::string text;
    Figure figure;  ///< no ids: only text
  };
  std::vector<Piece> pieces;

  Sentence& say(std::string text) {
    pieces.push_back({std::move(text), {}});
    return *this;
  }
  Sentence& say(Figure f) {
    pieces.push_back({"", std::move(f)});
    return *this;
  }
  [[nodiscard]] std::string plain() const;
  [[nodiscard]] std::string html(const StoredResults& results) const;
};

/// What was lost, how long it took, and what decided: two or three.
[[nodiscard]] std::vector<Sentence> answer(const StoredResults& results);

struct Tile {
  std::string label;
  Figure value;
  Sentence note;
};
[[nodiscard]] std::vector<Tile> tiles(const StoredResults& results);

/// Names of the phases after `before` that occurred, in order.
[[nodiscard]] std::vector<std::string> phases_since_failure(const StoredResults& results);
/// What was broken at an instant, in seconds since the start: "fail site1".
[[nodiscard]] std::string fault_at(const StoredResults& results, double at);
/// What was broken at the first failure.
[[nodiscard]] std::string first_fault(const StoredResults& results);
/// Seconds since the start of the first failure; NaN if nothing was broken.
[[nodiscard]] double first_failure_s(const StoredResults& results);
/// "10:30:00".
[[nodiscard]] std::string clock_of(const StoredResults& results, double t);
/// Losses by cause, most first, those that did not occur left out: [name of the cause].
[[nodiscard]] std::vector<std::string> causes_of_loss(const StoredResults& results,
                                                      const std::vector<std::string>& phases);

}  // namespace bcsim::tools
