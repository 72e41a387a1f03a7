// A silence is blamed on what was on the way of the speech that was heard, and on nothing else that
// began in the same instant.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/told_story.hpp"

namespace bcsim::tools::speech_way_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What says nothing to a call from mg1 to agent b.1: other people's devices, links it does not
/// take, and what still carries speech.
const std::vector<std::string> kHarmless = {"degrade: access.site1.site1, latency: 3ms",
                                            "degrade: dc-link, loss: 30%",
                                            "cut: access.site1.site2",
                                            "cut: access.site2.site1",
                                            "fail: a.phone.1",
                                            "fail: a.desktop.1",
                                            "fail: b.desktop.1",
                                            "crash: site1.media-server",
                                            "hang: site2.stat-server",
                                            "degrade: access.site2.site2, jitter: 2ms"};

/// The call and all that is harmless, with one more fault.
Told silenced(const std::string& fault, const std::vector<std::string>& overrides = {}) {
  std::string faults;
  for (const std::string& harmless : kHarmless) {
    faults += "{at: 2min30s, " + harmless + "}, ";
  }
  return told("queue: experts, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 2min}]",
              faults + "{at: 2min30s, " + fault + "}", overrides);
}

TEST(SpeechWay, NamesTheLinkInItsDirectionOrTheSpeaker) {
  const std::pair<const char*, const char*> faults[] = {
      {"cut: dc-link", "cut dc-link"},
      {"cut: dc-link, direction: backward", "cut dc-link backward"},
      {"cut: dc-link, direction: forward", "cut dc-link forward"},
      {"degrade: dc-link, loss: 100%", "degrade dc-link"},
      {"cut: access.site2.site2", "cut access.site2.site2"},
      {"cut: access.site2.site2, direction: forward", "cut access.site2.site2 forward"},
      {"cut: access.site2.site2, direction: backward", "cut access.site2.site2 backward"},
      {"cut: access.site1.site1", "cut access.site1.site1"},
      {"cut: access.site1.site1, direction: backward", "cut access.site1.site1 backward"},
      {"fail: b.phone.1", "fail b.phone.1"}};
  for (const auto& [fault, text] : faults) {
    const Told t = silenced(fault);
    EXPECT_THAT(t.why, HasSubstr(fmt::format("from 09:02:30.000 on (“{}”);", text))) << fault;
  }
}

TEST(SpeechWay, IsNamedWithAllThatSilencedItAtOnce) {
  const Told t = silenced("cut: dc-link}, {at: 2min30s, fail: b.phone.1");
  EXPECT_THAT(t.why, HasSubstr("(at one instant: “cut dc-link”, “fail b.phone.1”);"));
}

TEST(SpeechWay, WithinOnePlaceHasNoLinks) {
  const std::string calls =
      "queue: service, calls: [{at: 2min, gateway: mg1, talk: 3min, patience: 2min}]";
  const Told t = told(calls,
                      "{at: 2min30s, degrade: access.site1.site1, loss: 100%}, "
                      "{at: 2min30s, cut: dc-link}, {at: 2min30s, fail: a.phone.1}");
  EXPECT_THAT(t.why, HasSubstr("on (“fail a.phone.1”);"));
}

TEST(SpeechWay, OnHoldComesFromTheMediaServer) {
  const Told t = told(
      "queue: experts, calls: [{at: 2min, gateway: mg1, talk: 20s, patience: "
      "2min}], hold: {share: 100%, length: {deterministic: 4min}}",
      "{at: 2min30s, fail: a.phone.1}, {at: 2min30s, crash: site2.media-server}, "
      "{at: 2min30s, cut: access.site2.site2}");
  EXPECT_THAT(t.why, AllOf(HasSubstr("crash site2.media-server"),
                           Not(HasSubstr("access.site2.site2")), Not(HasSubstr("a.phone.1"))));
}

TEST(SpeechWay, OfABuildingIsThePhoneInIt) {
  const Told t = silenced("fail: site2, scope: building", {"run.media-survives=true"});
  EXPECT_THAT(t.why, HasSubstr("on (“fail site2 (building)”);"));
}

}  // namespace
}  // namespace bcsim::tools::speech_way_test
