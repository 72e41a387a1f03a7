// What bcsim explain --events says decided, and how many it says there were.
#include "tools/trace/event_story.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"
#include "tools/trace/replay.hpp"

namespace bcsim::tools::event_story_test {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<EventLine> events(const std::string& text,
                              const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = load_text(text, overrides);
  if (loaded.has_errors()) throw std::invalid_argument(problems(loaded).front());
  const models::Scenario& s = loaded.scenario;
  const models::Layout layout(s, {s.run.seed, 0});
  EventStory story(layout);
  (void)replay_run(
      s, 0, [&](models::TwoSiteWorld& world) { world.add_observer(story); },
      models::SimTime::max());
  std::vector<EventLine> all;
  for (const EventChapter& chapter : story.chapters()) {
    all.insert(all.end(), chapter.lines.begin(), chapter.lines.end());
  }
  return all;
}

/// What decided the events of which the text has this part, each once.
std::vector<std::string> decided(const std::vector<EventLine>& lines, const std::string& part) {
  std::vector<std::string> all;
  for (const EventLine& line : lines) {
    if (line.text.find(part) != std::string::npos) all.push_back(line.decided_by);
  }
  return all;
}

/// 4 agents of either site; few calls.
std::string two_sites(const std::string& faults, const std::string& phone = "",
                      const std::string& desktop = "", const std::string& rest = "") {
  return "bcsim: 1\nrun: {horizon: 30min, warm-up: 1min}\n"
         "sites: {site1: {}, site2: {}}\n"
         "agents: {a: {count: 4, location: site1, phone: {" +
         phone + "}, desktop: {" + desktop +
         "}}, b: {count: 4, location: site2}}\n"
         "calls: {c: {rate: 30/h, talk: {deterministic: 20s}}}\n" +
         rest + "faults: [" + faults + "]\n";
}

const std::string kDrain = "{at: 2min, drain: site1, lasting: 8min}";
const std::string kCrash = "{at: 2min, crash: site1.sip-server.primary, lasting: 2min}";
const std::string kFail = "{at: 2min, fail: site1, lasting: 8min}";

TEST(EventStory, CountsThoseToWhomItHappenedAndHowOften) {
  const std::string lossy =
      "{at: 2min, degrade: access.site1.site1, latency: 300ms, loss: 50%, lasting: 8min}";
  const std::string returning = "failback: return-after-call";
  int again = 0;
  for (const std::string& fault : {lossy, kDrain, kFail}) {
    for (const char* mode : {"dual", "active-backup", "single"}) {
      const std::string phone = std::string("registration: ") + mode;
      for (const EventLine& line : events(two_sites(fault, phone, returning))) {
        EXPECT_GE(line.at.size(), line.subjects) << line.text;
        EXPECT_GE(line.subjects, 1u) << line.text;
        for (const char* kind : {" phones ", " agents ", " desktops ", " DNs "}) {
          if (line.text.find(kind) >= 4) continue;
          EXPECT_LE(line.subjects, 8u) << line.text;
          EXPECT_THAT(line.text, StartsWith(fmt::format("{}{}", line.subjects, kind)));
        }
        if (line.at.size() == line.subjects) continue;
        ++again;
        EXPECT_THAT(line.text, HasSubstr(fmt::format(", {} times", line.at.size())));
      }
    }
  }
  EXPECT_GT(again, 0);
}

/// A backup that starts while nobody calls has nothing to be told.
TEST(EventStory, SaysNothingOfCallsThatWereNotThereToBeCopied) {
  const std::string none = "calls.c.rate=1/h", many = "calls.c.rate=900/h";
  const auto copied = [&](const std::string& rate) {
    return decided(events(two_sites(kCrash), {rate}), "copied to the backup").size();
  };
  EXPECT_EQ(copied(none), 0u);
  EXPECT_GT(copied(many), 0u);
}

TEST(EventStory, CountsRefusalsAsOftenAsTheyWereSaid) {
  const auto lines = events(two_sites("{at: 2min, drain: site1, lasting: 5min}"));
  for (const EventLine& line : lines) {
    if (line.text.find("logins refused") == std::string::npos) continue;
    EXPECT_GT(line.at.size(), 4u);
    EXPECT_THAT(line.text, StartsWith(fmt::format("{} logins refused", line.at.size())));
    EXPECT_THAT(line.text, Not(HasSubstr("times")));
    return;
  }
  ADD_FAILURE() << "nobody was refused";
}

/// Whose own desktop is not connected, when he calls somebody outside, answers nothing unseen.
TEST(EventStory, TellsOfCallsAnsweredUnseenOnlyIfAnAgentAnswersACaller) {
  const auto unseen = [](const std::string& calls) {
    const std::string text =
        "bcsim: 1\nrun: {horizon: 30min, warm-up: 1min}\nsites: {site1: {}, site2: {}}\n"
        "agents: {a: {count: 4, location: site1, preferred-site: site2,\n"
        "  phone: {registration: dual, preferred-site: site1}}}\n"
        "calls: {c: {redial: {enabled: false}, talk: {deterministic: 20s}, " +
        calls + "}}\nfaults: [{at: 2min, cut: access.site1.site2, lasting: 20min}]\n";
    return decided(events(text), "not logged in there").size();
  };
  EXPECT_EQ(unseen("from-agents: [a], rate: 100/h, 3pcc-share: 0%"), 0u);
  EXPECT_EQ(unseen("from-agents: [a], to-agents: [a], rate: 100/h, 3pcc-share: 0%"), 0u);
  EXPECT_GT(unseen("to-agents: [a], rate: 100/h, gateways: {mg1: 100%}"), 0u);
}

TEST(EventStory, SaysHowAGatewayLearntThatAServerIsGone) {
  const auto why = [](const std::string& fault, bool heed = true, const std::string& rest = "") {
    std::string text = two_sites(fault, "", "", rest);
    const std::string plain = "site1: {}, site2: {}", deaf = "{heed-icmp: false}";
    if (!heed) {
      text.replace(
          text.find(plain), plain.size(),
          "site1: {gateways: {mg1: " + deaf + "}}, site2: {gateways: {mg2: " + deaf + "}}");
    }
    return decided(events(text), "took site1 offline");
  };
  const std::string silence = "no answer to a request and 3 retransmissions";
  const auto refused = HasSubstr("refused: no process there (ICMP)");
  const std::string pair = "{at: 2min, fail: site1, scope: sip-server-pair, lasting: 8min}";
  EXPECT_FALSE(why(kDrain).empty()) << "a stopped pair on living machines";
  EXPECT_FALSE(why(kFail).empty());
  EXPECT_THAT(why(kDrain), Each(refused));
  EXPECT_THAT(why(kCrash), Each(refused));
  EXPECT_THAT(why(kFail), Each(silence)) << "no machine there to refuse";
  for (const std::string& fault : {kDrain, kCrash, pair}) {
    EXPECT_THAT(why(fault, false), Each(silence));
    EXPECT_THAT(why(fault, true, "network: {icmp-unreachable: false}\n"), Each(silence));
  }
}

TEST(EventStory, SaysWhatAnAgentWaitedForUntilHeWasAtWork) {
  const auto why = [](const std::string& fault, const std::string& desktop) {
    return decided(events(two_sites(fault, "", desktop)), "at work at site");
  };
  EXPECT_THAT(why(kCrash, ""), Each(HasSubstr("reconnect-delay 10s")));
  EXPECT_FALSE(why(kCrash, "").empty());
  EXPECT_THAT(why(kCrash, "reconnect-delay: 7s"), Each(HasSubstr("reconnect-delay 7s")));
  for (const auto& reason : why(kFail, "relogin-work: 3s")) EXPECT_EQ(reason, "relogin-work 3s");
  EXPECT_FALSE(why(kFail, "").empty());
  // A connection that ADDP has given up is opened again where somebody listens.
  EXPECT_THAT(why("{at: 2min, fail: site1.sip-server.primary.host, lasting: 5min}", ""),
              Each(AnyOf("connected again at once", HasSubstr("reconnect-delay"))));
  for (const auto& reason : why(kFail, "relogin-work: 0s")) EXPECT_EQ(reason, "");
}

TEST(EventStory, SaysWhyAPhoneRegisteredElsewhere) {
  const auto moved = [](const std::string& phone, const std::string& fault = kFail) {
    return decided(events(two_sites(fault, phone)), "registered at site2");
  };
  EXPECT_THAT(moved(""), Each(EndsWith("REGISTER every 1min, no answer to it and 3 "
                                       "retransmissions")));
  EXPECT_FALSE(moved("").empty());
  EXPECT_THAT(moved("retransmissions: 1, expires: 60s"),
              Each(EndsWith("REGISTER every 30s, no answer to it and 1 retransmission")));
  EXPECT_THAT(moved("retransmissions: 11"), Each(EndsWith("no answer for 32s (timer F)")));
  EXPECT_THAT(moved("profile: avaya"), Each(HasSubstr("no answer: response-timeout 4s")));
  EXPECT_THAT(moved("response-timeout: 20s"), Each(HasSubstr("3 retransmissions")))
      << "the timer that is over first";
  EXPECT_THAT(moved("profile: audiocodes"), Each(HasSubstr("REGISTER every 1min30s")));
  EXPECT_THAT(moved("", kDrain), Each(HasSubstr("refused: no process there (ICMP)")));
  EXPECT_FALSE(moved("", kDrain).empty());
  EXPECT_THAT(moved("heed-icmp: false", kDrain), Each(HasSubstr("3 retransmissions")));
}

TEST(EventStory, SaysWhyAPhoneRegisteredAgain) {
  const auto back = [](const std::string& phone, const std::string& fault = kFail) {
    return decided(events(two_sites(fault, phone)), "registered at site1");
  };
  for (const char* period : {"45s", "2min"}) {
    const auto why = back(std::string("poll-primary: ") + period);
    EXPECT_FALSE(why.empty());
    EXPECT_THAT(why, Each(HasSubstr(fmt::format("poll-primary {}: the primary answers", period))));
  }
  for (const char* mode : {"dual", "fixed"}) {
    const std::string phone = std::string("registration: ") + mode;
    EXPECT_FALSE(back(phone).empty());
    EXPECT_THAT(back(phone), Each(HasSubstr("register-retry by RFC 5626")));
    EXPECT_THAT(back(phone + ", register-retry: {deterministic: 20s}"),
                Each(HasSubstr("register-retry deterministic(20 s)")));
    EXPECT_THAT(back(phone + ", registrar-hold-down: 5min, register-retry: {deterministic: 5s}"),
                Each(HasSubstr("registrar-hold-down 5min")));
    EXPECT_THAT(back(phone, "{at: 2min, fail: a.phone.1, lasting: 1min}"),
                Each(HasSubstr("the phone has started")));
  }
  EXPECT_TRUE(back("registration: single").empty()) << "it stays where it has gone";
}

TEST(EventStory, SaysWhyADesktopLeftItsSite) {
  const auto left = [](const std::string& text, const std::vector<std::string>& overrides = {}) {
    return decided(events(text, overrides), "began to move to site2");
  };
  const std::string dual = "registration: dual";
  EXPECT_FALSE(left(two_sites(kFail, dual)).empty());
  EXPECT_THAT(left(two_sites(kFail, dual)), Each(std::string("site-timeout 30s")));

  // A long call keeps the server; whose shift begins meanwhile is not let in.
  std::string shifts = two_sites(kDrain, dual);
  shifts.replace(shifts.find("count: 4"), 8,
                 "shifts: [{from: 0min, to: 30min, count: 4}, {from: 150s, to: 30min, count: 2}]");
  const auto drained = left(shifts, {"calls.c.talk={deterministic: 300s}", "calls.c.rate=90/h"});
  EXPECT_FALSE(drained.empty());
  EXPECT_THAT(drained, Each(std::string("login refused there, the site is being drained; then "
                                        "site-sip-register-timeout 30s")));

  // The phones go to the other site, and their desktops after them.
  const std::string desktops =
      "network: {desktop-access: {site1: {site1: {latency: 1ms}, site2: {latency: 20ms}}}}\n";
  const auto followed =
      left(two_sites("{at: 2min, cut: access.site1.site1, lasting: 15min}", "", "", desktops));
  EXPECT_FALSE(followed.empty());
  EXPECT_THAT(followed, Each(StartsWith("DN out of service; site-sip-register-timeout 30s")));
}

TEST(EventStory, TellsALogoutFromARefusedLogin) {
  const auto back = [](const std::string& action) {
    return decided(events("bcsim: 1\nrun: {horizon: 20min, warm-up: 1min}\n"
                          "sites: {site1: {sip-server: {after-routing-timeout-action: " +
                          action +
                          "}}, site2: {}}\n"
                          "agents:\n"
                          "  a: {count: 3, location: site1, phone: {answer-delay: 4s, "
                          "answer-spread: 20s}}\n"
                          "calls: {x: {rate: 60/h, gateways: {mg1: 100%}}}\n"),
                   "at work at site1");
  };
  EXPECT_FALSE(back("logout").empty());
  EXPECT_THAT(back("logout"), Each(std::string("after a logout by the server: login-retry 10s")));
}

TEST(EventStory, SaysOfOneCallWhoseAgentPassedItOn) {
  const auto passed = [](const std::string& kind, int calls) {
    std::string when;
    for (int i = 0; i < calls; ++i)
      when += fmt::format("{{at: {}s, gateway: mg1, talk: 60s}}, ", 120 + i);
    std::string all;
    for (const EventLine& line :
         events("bcsim: 1\nrun: {horizon: 6min, warm-up: 1min}\nsites: {site1: {}, site2: {}}\n"
                "queues: {q: {}, other: {}}\n"
                "agents: {a: {count: 2, location: site1, queues: [q]},"
                " b: {count: 2, location: site1, queues: [other]}}\n"
                "calls: {c: {queue: q, patience: {deterministic: 5min}, redial: {enabled: false}, "
                "calls: [" +
                when + "], transfer: {share: 100%, to: other, kind: " + kind + "}}}\n")) {
      all += line.text + "\n";
    }
    return all;
  };
  EXPECT_THAT(passed("blind", 1), HasSubstr("call 0 passed on by its agent at site1\n"));
  EXPECT_THAT(passed("blind", 2), HasSubstr("2 calls passed on by their agents at site1\n"));
  EXPECT_THAT(passed("consultation", 1),
              HasSubstr("call 0 passed on by its agent at site1 after a consultation\n"));
}

}  // namespace
}  // namespace bcsim::tools::event_story_test
