#include "tools/trace/story_pages.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/base/html.hpp"
#include "tools/base/page.hpp"
#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

constexpr std::size_t kStoryWidth = 92, kClock = 14;

}  // namespace

std::string story_text(const CallStory& story, const Ladder& ladder,
                       const models::Scenario& scenario, const StoryPageStyle& style) {
  Page page({style.color, style.utf8, kStoryWidth});
  page.line(page.bold(fmt::format("{} ({})", story.title, story.outcome)));
  page.blank();
  for (const StoryLine& line : story.lines) {
    page.hanging(instant_words(line.at, scenario), line.text, kClock);
  }
  page.blank();
  page.hanging("Why", story.decision.why, kClock);
  if (!story.decision.rule.empty()) page.hanging("What decided", story.decision.rule, kClock);
  if (!story.both_sites.empty()) {
    page.blank();
    page.line(fmt::format("Both sites at {}", story.decisive_at));
    for (const std::string& site : story.both_sites) page.hanging("  -", site, 4);
  }
  std::string text = page.take();
  if (style.ladder) {
    text += "\n" + ladder_text(ladder, scenario);
    if (story.decision.message) text += " * the message that decided\n";
  }
  return text;
}

std::string story_html(const std::vector<ToldCall>& calls, const models::Scenario& scenario) {
  std::string body;
  for (const ToldCall& call : calls) {
    const CallStory& story = call.story;
    body += fmt::format("<section>\n<h1>{} <span class=\"soft\">({})</span></h1>\n",
                        escape_html(story.title), story.outcome);
    body += fmt::format("<p class=\"why\">{}</p>\n", escape_html(story.decision.why));
    if (!story.decision.rule.empty()) {
      body += fmt::format("<p><b>What decided:</b> {}</p>\n", escape_html(story.decision.rule));
    }
    body += "<ol class=\"story\">\n";
    for (const StoryLine& line : story.lines) {
      body += fmt::format("<li><time>{}</time> {}</li>\n", instant_words(line.at, scenario),
                          escape_html(line.text));
    }
    body += "</ol>\n";
    if (!story.both_sites.empty()) {
      body += fmt::format("<h2>Both sites at {}</h2>\n<ul>\n", story.decisive_at);
      for (const std::string& site : story.both_sites) {
        body += fmt::format("<li>{}</li>\n", escape_html(site));
      }
      body += "</ul>\n";
    }
    body +=
        "<h2>Messages</h2>\n<p class=\"soft\">Solid: SIP; dashed: T-Library; dotted: trunk to "
        "the PSTN. Bold: the message that decided. ✕: it did not arrive.</p>\n";
    body += "<div class=\"scroll\">" + ladder_svg(call.ladder, scenario, false) + "</div>\n";
    body += "</section>\n";
  }
  const std::string title = calls.size() == 1
                                ? calls.front().story.title
                                : fmt::format("{} calls of {}", calls.size(), scenario.name);
  constexpr std::string_view kStyle =
      ".why{font-size:1.1rem}.story{list-style:none;padding:0}.story li{padding:.15rem 0}"
      ".story time{display:inline-block;min-width:7.5rem;color:var(--soft);"
      "font-variant-numeric:tabular-nums}section+section{border-top:2px solid var(--faint);"
      "margin-top:3rem;padding-top:1.5rem}";
  return html_page({title, std::string(kStyle) + ladder_style(), body});
}

nlohmann::ordered_json story_json(const ToldCall& call, const ThingNames& names) {
  const CallStory& story = call.story;
  nlohmann::ordered_json j = {{"call", call.life->id.value},
                              {"cause", story.outcome},
                              {"why", story.decision.why},
                              {"decided_by", story.decision.rule},
                              {"decisive_message", nullptr}};
  if (story.decision.message) j["decisive_message"] = *story.decision.message;
  j["story"] = nlohmann::ordered_json::array();
  for (const StoryLine& line : story.lines) {
    j["story"].push_back({{"t", sim::seconds(line.at)}, {"text", line.text}});
  }
  j["sites"] = story.both_sites;
  j["messages"] = nlohmann::ordered_json::array();
  for (const LoggedMessage& m : call.life->messages) {
    j["messages"].push_back(
        {{"sent", sim::seconds(m.sent)},
         {"t", sim::seconds(m.at)},
         {"fate", fate_word(m.dropped)},
         {"from", m.from.valid() ? ThingNames::of(names.nodes, m.from.value) : "world"},
         {"to", m.to.valid() ? ThingNames::of(names.nodes, m.to.value) : ""},
         {"protocol", protocol_name(m.message)},
         {"message", message_name(m.message)},
         {"copy", copy_of(m.message)}});
  }
  return j;
}

}  // namespace bcsim::tools
