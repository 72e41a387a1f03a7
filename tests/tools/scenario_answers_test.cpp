// Check names callers who cannot be answered: patience, announcement and ringing, of every kind.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::scenario_answers_test {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* why;
  std::vector<std::string> overrides;
  const char* snippet;  ///< of the message of M-W17; "": there is none
};

void walk(const std::vector<Case>& cases, const std::string& text = minimal()) {
  for (const Case& c : cases) {
    const Loaded loaded = load_text(text, c.overrides);
    EXPECT_FALSE(loaded.has_errors())
        << c.why << ": " << (loaded.diagnostics.empty() ? "" : loaded.diagnostics.front().message);
    const std::string message = problem(loaded, "M-W17").message;
    if (*c.snippet == 0) {
      EXPECT_EQ(message, "") << c.why;
    } else {
      EXPECT_THAT(message, HasSubstr(c.snippet)) << c.why;
    }
  }
}

/// A stream of calls that ring for 4 s, but those outside, who answer after 8 s.
std::string calls(const std::string& more) {
  return "calls.main={rate: 60/h, " + more + "}";
}
const std::string kAnnounced1 = "sites.site1.sip-server.announcement=",
                  kAnnounced2 = "sites.site2.sip-server.announcement=",
                  kTreatment1 = "sites.site1.sip-server.treatment=when-waiting",
                  kTreatment2 = "sites.site2.sip-server.treatment=when-waiting";

TEST(ScenarioAnswers, EveryDistributionIsJudgedByItsUpperEnd) {
  struct Shape {
    const char *name, *hopeless, *good, *words;
  };
  for (const Shape& shape : std::vector<Shape>{
           {"deterministic", "{deterministic: 4s}", "{deterministic: 4.01s}",
            "every caller of 'main' gives up after 4s, and no phone is answered before 4s"},
           {"uniform", "{uniform: {from: 1s, to: 4s}}", "{uniform: {from: 1s, to: 8s}}",
            "every caller of 'main' gives up within 4s, and no phone is answered before 4s"},
           {"nearly uniform", "{uniform: {from: 1s, to: 4.02s}}",
            "{uniform: {from: 3.9s, to: 4.2s}}",
            "no phone is answered before 4s, and 99% of the callers of 'main' give up sooner"},
           {"empirical", "{empirical: [1s, 2s, 4s]}", "{empirical: [1s, 5s, 5s]}",
            "every caller of 'main' gives up within 4s"},
           {"exponential", "{exponential: 800ms}", "{exponential: 6s}",
            "no phone is answered before 4s, and 99% of the callers"},
           {"lognormal", "{lognormal: {mean: 1s, cv: 0.1}}", "{lognormal: {mean: 5s, cv: 0.1}}",
            "100% of the callers of 'main' give up sooner"}}) {
    for (const char* kind :
         {"queue: service, patience: ", "to-agents: [team1], setup-patience: "}) {
      walk({{shape.name, {calls(std::string(kind) + shape.hopeless)}, shape.words},
            {shape.name, {calls(std::string(kind) + shape.good)}, ""}});
    }
  }
  walk({{"for ever", {calls("queue: service, patience: never")}, ""},
        {"most", {calls("queue: service, patience: {exponential: 5s}")}, "55% of the callers"},
        {"not even half", {calls("queue: service, patience: {exponential: 5.8s}")}, ""}});
}

TEST(ScenarioAnswers, EachKindOfCallHasItsOwnPatience) {
  const std::string hunt =
      "queues.service={hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}";
  const std::string setup = "setup-patience: {deterministic: ",
                    queued = "patience: {deterministic: ";
  for (const auto& [kind, decides, other] :
       {std::tuple{"queue: service, ", queued, setup},
        std::tuple{"to-agents: [team1, team2], ", setup, queued},
        std::tuple{"from-agents: [team1], to-agents: [team2], ", setup, queued}}) {
    walk({{kind, {calls(kind + decides + "3.9s}")}, "before 4s"},
          {kind, {calls(kind + decides + "4s}")}, "before 4s"},
          {kind, {calls(kind + decides + "4.1s}")}, ""},
          {kind, {calls(kind + other + "3.9s}")}, ""}});
  }
  walk({{"a hunt group", {hunt, calls(setup + "4s}")}, "before 4s"},
        {"a hunt group, in time", {hunt, calls(setup + "4.1s}")}, ""},
        {"nobody hears music there", {hunt, calls(queued + "1s}")}, ""},
        {"of the quickest phone that rings",
         {"queues.service={hunt-group: {hg-members: [team1, team2], hg-preferred-site: "
          "SIP_Server_1}}",
          "agents.team2.phone.registration=dual", "agents.team1.phone.answer-delay=9s",
          calls(setup + "5s}")},
         ""},
        {"of those that ring only",
         {"queues.service={hunt-group: {hg-members: [team1, team2], hg-preferred-site: "
          "SIP_Server_1}}",
          "agents.team2.phone.registration=single", "agents.team1.phone.answer-delay=9s",
          calls(setup + "5s}")},
         "before 9s"}});
}

TEST(ScenarioAnswers, WhoIsCalledByHisNumberAnswersForHimself) {
  const std::string five = "setup-patience: {deterministic: 5s}",
                    slow = "agents.team1.phone.answer-delay=9s",
                    slow2 = "agents.team2.phone.answer-delay=9s", few = "agents.team2.count=1";
  for (const std::string kind : {"", "from-agents: [team1, team2], "}) {
    walk({{"one team is quick",
           {slow, calls(kind + "to-agents: [team1, team2], " + five)},
           "50% of the callers of 'main' give up sooner"},
          {"none is",
           {slow, slow2, calls(kind + "to-agents: [team1, team2], " + five)},
           "every caller of 'main' gives up after 5s, and no phone is answered before 9s"},
          {"others do not help", {slow, calls(kind + "to-agents: [team1], " + five)}, "before 9s"},
          {"hardly any", {slow, few, calls(kind + "to-agents: [team1, team2], " + five)}, "99%"},
          {"nobody is there",
           {slow, "agents.team2.count=0", calls(kind + "to-agents: [team1, team2], " + five)},
           "before 9s"}});
  }
}

TEST(ScenarioAnswers, ThoseWhomAgentsCallOutsideMustAnswerInTime) {
  const std::string out = "from-agents: [team1], setup-patience: ";
  walk({{"too late",
         {calls(out + "{deterministic: 7s}")},
         "every agent who calls by 'main' gives up after 7s, and nobody outside answers before 8s"},
        {"just too late", {calls(out + "{deterministic: 8s}")}, "before 8s"},
        {"in time", {calls(out + "{deterministic: 8.1s}")}, ""},
        {"some", {calls(out + "{uniform: {from: 1s, to: 9s}}")}, ""},
        {"none of them", {calls(out + "{uniform: {from: 1s, to: 8s}}")}, "gives up within 8s"},
        {"a spread of answers",
         {calls(out + "{deterministic: 7s}, answer-delay: {uniform: {from: 7s, to: 9s}}")},
         "before 7s"},
        {"the first of them",
         {calls(out + "{deterministic: 7.1s}, answer-delay: {uniform: {from: 7s, to: 9s}}")},
         ""},
        {"without a least one",
         {calls(out + "{deterministic: 7s}, answer-delay: {exponential: 9s}")},
         ""},
        {"hardly ever",
         {calls(out + "{deterministic: 50ms}, answer-delay: {exponential: 9s}")},
         "hardly anybody outside answers by then"},
        {"nobody's own patience",
         {calls("from-agents: [team1], patience: {deterministic: 1s}")},
         ""},
        {"the way counts",
         {calls(out + "{deterministic: 8.1s}"), "network.access.site1.site1.latency=50ms"},
         "before 8s"}});
}

TEST(ScenarioAnswers, WordOfTheCallTakesItsTime) {
  const std::string queue = "queue: service, ", near = "network.access.site1.site1.latency=",
                    near2 = "network.access.site2.site2.latency=", gone = "agents.team2.count=0";
  walk({{"in time", {calls("to-agents: [team1], setup-patience: {deterministic: 4.1s}")}, ""},
        {"far away",
         {near + "50ms", calls("to-agents: [team1], setup-patience: {deterministic: 4.1s}")},
         "word of it is on the way for"},
        {"queues",
         {near + "300ms", near2 + "300ms", calls(queue + "patience: {deterministic: 4.6s}")},
         "before 4.6"},
        {"one site of two",
         {near + "300ms", calls(queue + "patience: {deterministic: 4.6s}")},
         "50% of the callers"},
        {"in time for queues",
         {near + "300ms", near2 + "300ms", calls(queue + "patience: {deterministic: 4.7s}")},
         ""},
        {"a slow server",
         {"sites.site1.sip-server.invite-service=1s", "sites.site2.sip-server.invite-service=1s",
          calls("to-agents: [team1, team2], setup-patience: {deterministic: 4.9s}")},
         "before 5"},
        {"not even music",
         {calls(queue + "setup-patience: {deterministic: 1ms}")},
         "every caller of 'main' gives up after 1ms, and no call is connected before 2ms"},
        {"music", {calls(queue + "setup-patience: {deterministic: 50ms}")}, ""}});
}

TEST(ScenarioAnswers, WhoMustHearAnAnnouncementIsNotAnsweredBeforeItsEnd) {
  const std::string patience = "queue: service, patience: {deterministic: ",
                    level = "run.service-level-threshold=";
  walk(
      {{"too long",
        {kAnnounced1 + "20s", kAnnounced2 + "20s", calls(patience + "10s}")},
        "every caller of 'main' gives up after 10s, and no phone is answered before 24s, 20s of it "
        "the announcement"},
       {"as long",
        {kAnnounced1 + "20s", kAnnounced2 + "20s", calls(patience + "24s}")},
        "before 24s"},
       {"heard", {kAnnounced1 + "20s", kAnnounced2 + "20s", calls(patience + "24.1s}")}, ""},
       {"at one site only",
        {kAnnounced1 + "20s", calls(patience + "10s}")},
        "before 24s, 20s of it the announcement, and 50% of the callers"},
       {"where all come to",
        {kAnnounced1 + "20s", calls(patience + "10s}, gateways: {mg1: 100%}")},
        "before 24s"},
       {"where nobody comes to",
        {kAnnounced2 + "20s", calls(patience + "10s}, gateways: {mg1: 100%}")},
        ""},
       {"for those who wait only",
        {kAnnounced1 + "20s", kAnnounced2 + "20s", kTreatment1, kTreatment2,
         calls(patience + "10s}")},
        ""},
       {"neither those who wait nor the others",
        {kAnnounced1 + "20s", kAnnounced2 + "20s", kTreatment1, kTreatment2,
         calls(patience + "10s}, setup-patience: {deterministic: 3s}")},
        "gives up after 3s, and no phone is answered before 4s"},
       {"none for those who are called by number",
        {kAnnounced1 + "20s", kAnnounced2 + "20s",
         calls("to-agents: [team1], setup-patience: {deterministic: 10s}")},
        ""},
       {"none for hunt groups",
        {kAnnounced1 + "20s", kAnnounced2 + "20s",
         "queues.service={hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}",
         level + "10s", calls("setup-patience: {deterministic: 10s}")},
        ""},
       {"the service level",
        {kAnnounced1 + "18s", kAnnounced2 + "18s", level + "20s"},
        "no call of 'main' is answered within the 20s of the service level: no phone is answered "
        "before 22s, 18s of it the announcement"},
       {"within it", {kAnnounced1 + "15.9s", kAnnounced2 + "15.9s", level + "20s"}, ""},
       {"on the brink", {kAnnounced1 + "16s", kAnnounced2 + "16s", level + "20s"}, "before 20s"},
       {"at one site within it", {kAnnounced1 + "18s", level + "20s"}, ""},
       {"with somebody free",
        {kAnnounced1 + "18s", kAnnounced2 + "18s", kTreatment1, kTreatment2, level + "20s"},
        ""}},
      minimal("run: {service-level-threshold: 60s}\n"));
}

TEST(ScenarioAnswers, ListedCallsMayHaveAPatienceOfTheirOwn) {
  const auto listed = [](const char* first, const char* second) {
    return fmt::format(
        "calls.main={{calls: [{{at: 1min{}}}, {{at: 2min{}}}], patience: {{deterministic: 3s}}, "
        "redial: {{enabled: false}}}}",
        first, second);
  };
  walk({{"neither", {listed("", "")}, "every caller of 'main' gives up after 3s"},
        {"one more", {listed(", patience: 1min", "")}, ""},
        {"both too little",
         {listed(", patience: 2s", ", patience: 4s")},
         "every caller of 'main' gives up within 4s"},
        {"one of them", {listed(", patience: 2s", ", patience: 5s")}, ""}});
}

TEST(ScenarioAnswers, AWaitThatEndsDuringTheAnnouncementIsNone) {
  const auto told = [](const char* wait, const char* announcement) {
    const Loaded loaded =
        load_text(minimal("queues: {service: {default-destination: voicemail}}\n"),
                  {std::string("queues.service.maximum-wait=") + wait, kAnnounced2 + announcement});
    EXPECT_FALSE(loaded.has_errors());
    return problem(loaded, "M-W21").message;
  };
  EXPECT_THAT(told("5s", "8s"), HasSubstr("hear the announcement of site2 for 8s, and may wait for "
                                          "5s in all"));
  EXPECT_THAT(told("8s", "8s"), HasSubstr("nobody waits for an agent"));
  EXPECT_EQ(told("9s", "8s"), "");
  EXPECT_EQ(told("5s", "0s"), "");
  EXPECT_EQ(problem(load_text(minimal(), {kAnnounced2 + "8s"}), "M-W21").message, "");
}

}  // namespace
}  // namespace bcsim::tools::scenario_answers_test
