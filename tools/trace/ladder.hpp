// The messages of one call between those who sent and received them, as a ladder: text, SVG.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

struct LadderActor {
  std::string label, detail;  ///< "phone", "team1.13"
};

struct LadderRow {
  enum class Kind { message, note, fault, pause } kind = Kind::message;
  models::SimTime at{};  ///< sent, or happened; of a pause: its begin
  std::string text;      ///< "INVITE #2"; of a note or fault: a sentence; of a pause: its length
  // Of a message:
  models::SimTime received{};
  std::size_t from = 0, to = 0;  ///< actors
  std::string protocol = "";     ///< "sip", "t-library", "pstn"
  bool lost = false;
  std::string why = "";   ///< of a lost one
  bool repeated = false;  ///< a copy
  bool decisive = false;
};

struct Ladder {
  std::string title;
  std::vector<LadderActor> actors;
  std::vector<LadderRow> rows;  ///< in order of time
};

/// Columns from the PSTN to the desktop; both processes of a SIP Server pair share one. Faults, and
/// what the world does to an actor, are rows of their own; long silences are named.
[[nodiscard]] Ladder make_ladder(const CallLife& life, const CallStory& story,
                                 const StoryContext& context);

/// The rows as they are drawn: of a message sent more than five times in vain, the copies after the
/// fourth are one row, "BYE #5-11", at the time of the last. A caller who is gone is not worth ten
/// lines.
[[nodiscard]] std::vector<LadderRow> folded_rows(const Ladder& ladder);
/// ASCII, at most 80 columns.
[[nodiscard]] std::string ladder_text(const Ladder& ladder, const models::Scenario& scenario);
/// An `<svg>` element without fonts or colours of its own beside its classes: see ladder_style().
/// `standalone`: with its style inside and an XML namespace, for a file.
[[nodiscard]] std::string ladder_svg(const Ladder& ladder, const models::Scenario& scenario,
                                     bool standalone);
/// CSS of the classes in ladder_svg().
[[nodiscard]] std::string ladder_style();

}  // namespace bcsim::tools
