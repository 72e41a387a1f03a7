// Check names calls that a hunt group's phones miss: each phone has its way, and the call them all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::scenario_hunting_test {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* why;
  std::vector<std::string> overrides;
  const char* snippet;  ///< of the message of M-W06; "": there is none
};

void walk(const std::vector<Case>& cases, const std::string& text) {
  for (const Case& c : cases) {
    const Loaded loaded = load_text(text, c.overrides);
    EXPECT_FALSE(loaded.has_errors()) << c.why;
    const std::string message = problem(loaded, "M-W06").message;
    if (*c.snippet == 0) {
      EXPECT_EQ(message, "") << c.why;
    } else {
      EXPECT_THAT(message, HasSubstr(c.snippet)) << c.why;
    }
  }
}

/// Phones of two groups that a hunt group rings, each of which is answered after 2 s to 7 s.
TEST(ScenarioHunting, ACallToAHuntGroupIsMissedOnlyIfAllOfItsPhonesAre) {
  const std::string text =
      "bcsim: 1\n"
      "sites: {site1: {}, site2: {}}\n"
      "queues: {line: {hunt-group: {hg-members: [a, b], hg-preferred-site: SIP_Server_1, "
      "hg-noanswer-timeout: 6s}}}\n"
      "agents:\n"
      "  a: {count: 1, location: site1, queues: [line], phone: {answer-delay: 2s, answer-spread: "
      "5s}}\n"
      "  b: {count: 0, location: site1, queues: [line], phone: {answer-delay: 1s, answer-spread: "
      "10s}}\n"
      "calls: {main: {queue: line, rate: 40/h, talk: 10s, after-call-work: 1s}}\n";
  const std::string as = "agents.a.count=", bs = "agents.b.count=",
                    limit = "queues.line.hunt-group.hg-noanswer-timeout=",
                    spread = "agents.a.phone.answer-spread=", ring = "agents.a.phone.answer-delay=";
  walk({{"one phone",
         {},
         "20% of the calls to hunt group 'line' are not answered though its phone may ring: for up "
         "to "
         "7s, but hg-noanswer-timeout of line is 6s"},
        {"two",
         {as + "2"},
         "4% of the calls to hunt group 'line' are not answered though all its 2"},
        {"four", {as + "4"}, "0.16% of the calls"},
        {"one after the other", {as + "4", "queues.line.hunt-group.type=linear"}, "0.16% of"},
        {"ten", {as + "10"}, ""},
        {"another group besides", {bs + "1"}, "10% of the calls"},
        {"and one that is always soon enough", {bs + "1", "agents.b.phone.answer-spread=5s"}, ""},
        {"all in time", {limit + "7s"}, ""},
        {"nearly all in time", {limit + "6900ms"}, "2% of the calls"},
        {"nearly none in time", {limit + "2010ms"}, "more than 99% of the calls"},
        {"never in time", {limit + "2s"}, "nobody of 'a' answers in time"},
        {"one group never in time", {bs + "1", limit + "2s"}, "nobody of 'a' answers in time"},
        {"the gateway is sooner",
         {limit + "30s", "sites.site1.gateways={mg1: {ring-timeout: 6s}}"},
         "20% of the calls to hunt group 'line' are not answered though its phone may ring: for up "
         "to "
         "7s, but ring-timeout of mg1 is 6s"},
        {"he is called by his own number, too",
         {as + "4", "calls.direct={rate: 1/h, to-agents: [a]}", ring + "14s", limit + "30s",
          "sites.site1.sip-server.agent-no-answer-overflow=release"},
         "80% of the calls to 'a' are not answered"}},
       text);
}

/// Phones at a branch and at a site that a hunt group rings; the way of each counts for itself.
TEST(ScenarioHunting, APhoneOfAHuntGroupIsJudgedByItsOwnWay) {
  const std::string text =
      "bcsim: 1\n"
      "sites: {site1: {}, site2: {}}\n"
      "locations: [branch]\n"
      "queues: {line: {hunt-group: {hg-members: [far], hg-preferred-site: SIP_Server_1, "
      "hg-noanswer-timeout: 6s}}}\n"
      "agents:\n"
      "  far: {count: 2, location: branch, preferred-site: site1, queues: [line], phone: "
      "{answer-delay: 5.5s, registration: dual, srv: {site1: {priority: 10}, site2: {priority: "
      "20}}}}\n"
      "  near: {count: 1, location: site1, queues: [line], phone: {answer-delay: 5.5s}}\n"
      "network: {access: {branch: {site1: {latency: 10ms}, site2: {latency: 10ms}}}}\n"
      "calls: {main: {queue: line, rate: 40/h, talk: 10s, after-call-work: 1s}}\n";
  const std::string slow = "network.access.branch.site1.latency=",
                    slow2 = "network.access.branch.site2.latency=",
                    hunt = "queues.line.hunt-group.", both = hunt + "hg-members=[far, near]",
                    two = hunt + "hg-preferred-site=SIP_Server_2",
                    none = hunt + "hg-preferred-site=", spread = "agents.far.phone.answer-spread=";
  const char* far =
      "nobody of 'far' answers in time: their phones ring for 5.5s, word of it is on the way for "
      "601ms, but hg-noanswer-timeout of line is 6s";
  walk({{"near enough", {}, ""},
        {"just near enough", {slow + "248ms"}, ""},
        {"just too far", {slow + "251ms"}, "nobody of 'far' answers in time"},
        {"too far", {slow + "300ms"}, far},
        {"one after the other", {slow + "300ms", hunt + "type=linear"}, far},
        {"others are near", {slow + "300ms", both}, far},
        {"the site that distributes them is near", {slow2 + "300ms"}, ""},
        {"the other one distributes them", {slow + "300ms", two}, ""},
        {"the other one, too far", {slow2 + "300ms", two}, far},
        {"where they come to",
         {slow2 + "300ms", none + "nowhere"},
         "hg-noanswer-timeout of line at site2 is 6s"},
        {"where none comes to",
         {slow2 + "300ms", none + "nowhere", "calls.main.gateways={mg1: 100%}"},
         ""},
        {"of a spread some",
         {slow + "200ms", spread + "500ms"},
         "64% of the calls to hunt group 'line' are not answered though all its 2 phones may ring: "
         "for up to 6s, word of it is on the way for 401ms, but hg-noanswer-timeout of line is 6s"},
        {"unless another is near", {slow + "200ms", spread + "500ms", both}, ""},
        {"half of the calls only",
         {slow2 + "200ms", spread + "400ms", none + "nowhere"},
         "28% of the calls to hunt group 'line'"},
        {"registered at the other site only",
         {slow + "300ms", two, both, "agents.near.phone.answer-delay=9s"},
         ""}},
       text);
}

}  // namespace
}  // namespace bcsim::tools::scenario_hunting_test
