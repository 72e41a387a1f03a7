// Stories of calls as pages: text for a terminal, HTML, JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/trace/call_story.hpp"
#include "tools/trace/ladder.hpp"

namespace bcsim::tools {

struct StoryPageStyle {
  bool color = false;
  bool utf8 = true;
  bool ladder = false;
};

[[nodiscard]] std::string story_text(const CallStory& story, const Ladder& ladder,
                                     const models::Scenario& scenario, const StoryPageStyle& style);

struct ToldCall {
  const CallLife* life = nullptr;
  CallStory story;
  Ladder ladder;
};
/// A page that needs nothing but itself; the stories, each with its ladder.
[[nodiscard]] std::string story_html(const std::vector<ToldCall>& calls,
                                     const models::Scenario& scenario);
[[nodiscard]] nlohmann::ordered_json story_json(const ToldCall& call, const ThingNames& names);

}  // namespace bcsim::tools
