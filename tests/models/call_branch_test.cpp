#include "models/call_branch.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "models/ledger/call_way.hpp"

namespace bcsim::models::call_branch_test {
namespace {

/// Every branch of up to three INVITEs with one of these numbers each.
std::vector<std::vector<std::uint32_t>> all_ways() {
  std::vector<std::vector<std::uint32_t>> out = {{}};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].size() == 3) continue;
    for (const std::uint32_t nth : {0u, 1u, 62u}) {
      std::vector<std::uint32_t> longer = out[i];
      longer.push_back(nth);
      out.push_back(longer);
    }
  }
  return out;
}
CallBranch branch_of(const std::vector<std::uint32_t>& way) {
  CallBranch branch;
  for (const std::uint32_t nth : way) branch = branch.next(nth);
  return branch;
}

TEST(CallBranch, LeadsToItselfAndItsContinuationsAndNoOther) {
  for (const auto& a : all_ways()) {
    for (const auto& b : all_ways()) {
      const bool begins = a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
      EXPECT_EQ(branch_of(a).leads_to(branch_of(b)), begins)
          << branch_of(a).text() << " and " << branch_of(b).text();
      EXPECT_EQ(branch_of(a) == branch_of(b), a == b);
    }
  }
}

TEST(CallBranch, IsWrittenAsTheNumbersOfItsInvites) {
  EXPECT_EQ(CallBranch{}.text(), "");
  EXPECT_EQ(CallBranch::of_invite(1).next(0).next(9).text(), "2.1.10");
  EXPECT_EQ(CallBranch::of_invite(61).text(), "62");
  EXPECT_EQ(CallBranch::of_invite(3).first(), 4u);
  EXPECT_EQ(CallBranch::of_invite(1).next(0).next(9).parent().text(), "2.1");
  EXPECT_EQ(CallBranch{}.parent(), CallBranch{});
}

TEST(CallBranch, StaysWithinItsBitsHoweverLongItIsAndHoweverOftenOneAsks) {
  CallBranch branch;
  for (std::uint32_t nth = 0; nth < 200; ++nth) {
    branch = branch.next(nth);
    EXPECT_EQ(CallBranch::unpack(branch.packed()), branch);
    EXPECT_LT(branch.packed(), 1u << CallBranch::kAllBits);
  }
  EXPECT_NE(CallBranch::of_invite(62), CallBranch::of_invite(63));
  EXPECT_EQ(CallBranch::of_invite(63), CallBranch::of_invite(0));
}

TEST(CallWay, HoldsWhatLeadsToTheLongestBranchThatCounts) {
  const CallBranch second = CallBranch::of_invite(1), peer = second.next(3);
  CallWay way;
  way.invited(0);
  way.invited(1);
  EXPECT_FALSE(way.holds(CallBranch::of_invite(0)));
  EXPECT_TRUE(way.holds(second));
  EXPECT_FALSE(way.may_know(CallBranch::of_invite(2)));
  way.leads_on(peer);
  EXPECT_TRUE(way.holds(second));
  EXPECT_TRUE(way.holds(peer));
  EXPECT_TRUE(way.ends_at(peer, AgentId{1}, AgentId{1}));
  EXPECT_FALSE(way.ends_at(peer, AgentId{1}, AgentId{2}));
  EXPECT_FALSE(way.ends_in(second));
  EXPECT_TRUE(way.returns(second, AgentId{1}, AgentId{1}));
  way.looks(second);
  EXPECT_FALSE(way.holds(peer));
  way.let_go(peer);  // given up before
  EXPECT_TRUE(way.holds(second));
  way.leads_on(peer);
  way.let_go(peer);  // a late copy of its INVITE begins another call there
  EXPECT_FALSE(way.holds(peer));
  EXPECT_TRUE(way.holds(second));
  way.let_go(second);
  EXPECT_FALSE(way.holds(second));
  way.invited(2);
  EXPECT_TRUE(way.holds(CallBranch::of_invite(2)));
}

TEST(CallWay, TakesAnAnswerFromWhereverTheAgentConsultedIs) {
  const CallBranch mine = CallBranch::of_invite(0), consulted = mine.next(4).next(1);
  CallWay way;
  way.invited(0);
  way.passed_on(mine, true);
  EXPECT_TRUE(way.ends_at(consulted, AgentId{5}, AgentId{}));
  way.answered(consulted);
  EXPECT_TRUE(way.holds(consulted));
  EXPECT_FALSE(way.holds(mine.next(5)));
}

}  // namespace
}  // namespace bcsim::models::call_branch_test
