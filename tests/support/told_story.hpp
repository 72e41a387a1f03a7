// The story of one call of a small scenario, for tests of what explain says.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/scenario_text.hpp"
#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

struct Told {
  models::Cause cause;
  std::string why, rule, lines;
  std::string sites;  ///< how both stood at the decisive moment
};

/// The story of one call of a scenario with one agent at each site.
inline Told told(const std::string& calls, const std::string& faults,
                 const std::vector<std::string>& overrides = {}, std::uint32_t call = 0) {
  const Loaded loaded = load_text(
      "bcsim: 1\n"
      "run: {start: \"09:00\", horizon: 12min, warm-up: 1min}\n"
      "sites: {site1: {sip-server: {dr-oosp-transfer-enabled: false}}, site2: {}}\n"
      "queues: {service: {}, experts: {routing-scope: both-sites}}\n"
      "agents: {a: {count: 1, location: site1, queues: [service]},"
      " b: {count: 1, location: site2, queues: [experts]}}\n"
      "calls: {c: {redial: {enabled: false}, " +
          calls + "}}\nfaults: [" + faults + "]\n",
      overrides);
  EXPECT_FALSE(loaded.has_errors()) << problems(loaded).front();
  const models::Scenario& s = loaded.scenario;
  const models::Layout layout(s, {s.run.seed, 0});
  const ThingNames names = names_of(layout);
  const Replay replayed = replay(s, 0, {.calls = {models::CallId{call}}});
  const CallLife& life = replayed.lives.at(0);
  const CallStory story = tell_story(life, {s, layout, names, replayed.faults});
  Told out{life.row.cause, story.decision.why, story.decision.rule, "", ""};
  for (const StoryLine& line : story.lines) out.lines += line.text + "\n";
  for (const std::string& line : story.both_sites) out.sites += line + "\n";
  return out;
}

}  // namespace bcsim::tools
