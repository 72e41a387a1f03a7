// The chapters of an event story as text and as JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tools/base/page.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/trace/call_story.hpp"
#include "tools/trace/event_story.hpp"
#include "tools/trace/rule_names.hpp"

namespace bcsim::tools {
namespace {

std::string since_words(sim::Duration d) {
  constexpr sim::Duration kToTheMillisecond = std::chrono::minutes(10);
  if (d >= kToTheMillisecond) return "+" + duration_words(sim::seconds(d));
  return fmt::format("+{:.3f} s", sim::seconds(d));
}

std::string when_words(const EventLine& line, models::SimTime since) {
  const std::string first = since_words(line.at.front() - since);
  if (line.at.front() == line.at.back()) return first;
  return first + " … " + since_words(line.at.back() - since);
}

std::string sentence(const EventLine& line, models::SimTime since) {
  std::string text = line.text;
  if (line.at.size() > 2 && line.at.front() != line.at.back()) {
    const models::SimTime half = line.at[(line.at.size() - 1) / 2];
    text += fmt::format(" (half by {})", since_words(half - since));
  }
  if (!line.decided_by.empty()) text += "; " + line.decided_by;
  if (!line.rules.empty()) text += fmt::format(" [{}]", fmt::join(line.rules, " "));
  return text;
}

}  // namespace

std::string event_story_text(const EventStory& story, const models::Scenario& scenario, bool color,
                             bool utf8) {
  constexpr std::size_t kWhen = 28;
  Page page({.color = color, .utf8 = utf8});
  page.heading(scenario.title.empty() ? scenario.name : scenario.title, "what acted when");
  std::set<std::string> rules;
  for (const EventChapter& chapter : story.chapters()) {
    if (chapter.lines.empty() && chapter.at == sim::kStart) continue;
    page.blank();
    page.line(page.bold(instant_words(chapter.at, scenario) + "  " + chapter.title));
    for (const EventLine& line : chapter.lines) {
      page.hanging("  " + when_words(line, chapter.at), sentence(line, chapter.at), kWhen);
      rules.insert(line.rules.begin(), line.rules.end());
    }
  }
  if (story.left_out() > 0) {
    page.blank();
    page.paragraph(fmt::format("And {} further faults.", story.left_out()));
  }
  page.blank();
  if (!rules.empty()) page.line("Rules (models/README.md)");
  std::vector<std::string> sorted(rules.begin(), rules.end());
  std::sort(sorted.begin(), sorted.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);
  });
  for (const std::string& rule : sorted) {
    page.hanging("  " + rule, rule_in_short(rule), 8);
  }
  return page.take();
}

nlohmann::ordered_json event_story_json(const EventStory& story) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const EventChapter& chapter : story.chapters()) {
    nlohmann::ordered_json lines = nlohmann::ordered_json::array();
    for (const EventLine& line : chapter.lines) {
      lines.push_back({{"n", line.at.size()},
                       {"subjects", line.subjects},
                       {"first", sim::seconds(line.at.front())},
                       {"median", sim::seconds(line.at[(line.at.size() - 1) / 2])},
                       {"last", sim::seconds(line.at.back())},
                       {"text", line.text},
                       {"decided_by", line.decided_by},
                       {"rules", line.rules}});
    }
    all.push_back({{"t", sim::seconds(chapter.at)}, {"title", chapter.title}, {"events", lines}});
  }
  return all;
}

}  // namespace bcsim::tools
