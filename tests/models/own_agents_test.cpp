// Whose calls an agent answers: those of queues that he serves, of hunt groups that he is in, and
// those that are passed on to him.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal.hpp"

namespace bcsim::models::own_agents_test {
namespace {

using test::Journal;
using test::two_sites;
using test::verdict;
using ::testing::HasSubstr;

constexpr auto kGood = VerdictStatus::good;
constexpr auto kViolated = VerdictStatus::violated;

void expect(Journal& j, VerdictStatus status, const std::string& text = "") {
  const RunResult result = j.finish();
  const Verdict& v = verdict(result, "answered_by_its_agents");
  EXPECT_EQ(v.status, status) << v.text;
  EXPECT_THAT(v.text, HasSubstr(text));
}

TEST(OwnAgents, AnswerWhatTheyServe) {
  Scenario s = two_sites();
  s.agents[1].queues.emplace({0u});
  Journal j(s);
  j.at(2).answer(j.at(1).queue(0), 0, 0);
  j.at(4).answer(j.at(3).queue(1), 2, 1);
  expect(j, kGood);
}
TEST(OwnAgents, OfNoQueueAnswerNone) {
  Scenario s = two_sites();
  s.agents[0].queues.emplace();
  Journal j(s);
  j.at(2).answer(j.at(1).queue(0), 0, 0);
  expect(j, kViolated, "call 0 of queue 'main' was answered by agent 0");
}
TEST(OwnAgents, OfAHuntGroupAreItsMembers) {
  for (const bool member : {true, false}) {
    Scenario s = two_sites();
    s.queues[0].hunt_group.emplace().members = {member ? 0u : 1u};
    Journal j(s);
    j.at(2).answer(j.at(1).queue(0), 0, 0);
    expect(j, member ? kGood : kViolated, member ? "" : "hunt group");
  }
}
TEST(OwnAgents, AreNotAskedForWhereNobodyAnswers) {
  Journal j(two_sites());
  expect(j, VerdictStatus::not_applicable);
}
TEST(OwnAgents, AreThoseToWhomACallIsPassedOn) {
  for (const bool to_group : {false, true}) {
    for (const std::uint32_t second : {1u, 2u}) {  // of the first group, of the second one
      Scenario s = two_sites();
      s.queues.emplace_back().name = "other";
      s.agents[0].queues.emplace({0u});
      s.agents[1].queues.emplace({1u});
      TransferOptions& to = s.calls[0].transfer;
      to.share = 1;
      (to_group ? to.group : to.queue) = 1;
      Journal j(s);
      const CallId call = j.at(1).queue(0);
      j.at(2).answer(call, 0, 0);
      j.at(3).add(CallTransferred{call, AgentId{0}, 0, 1, 1, 0});
      j.at(4).answer(call, second, second == 2 ? 1 : 0);
      expect(j, second == 2 ? kGood : kViolated, second == 2 ? "" : "who is not of it");
    }
  }
}

}  // namespace
}  // namespace bcsim::models::own_agents_test
