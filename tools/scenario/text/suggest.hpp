// "Did you mean …?": the nearest of the words that would have been right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

/// Edit distance with transpositions (optimal string alignment), ignoring case and the difference
/// between '-', '_' and nothing.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest candidate, or "" if none is near enough to be a slip of the keyboard.
[[nodiscard]] std::string nearest(std::string_view word,
                                  const std::vector<std::string>& candidates);

/// "did you mean 'x'?", else the list of candidates if it is short, else "".
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& candidates);

/// What the scenario language calls what others call `word`: "talk" and "after-call-work" for
/// "aht"; empty if it is no such word.
[[nodiscard]] std::vector<std::string> our_words(std::string_view word);
/// The first of them that is among the candidates, or "".
[[nodiscard]] std::string our_word(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace bcsim::tools
