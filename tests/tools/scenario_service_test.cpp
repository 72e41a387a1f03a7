// What check calls good must be able to work: nobody rings in vain, waits for nobody, is idle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::scenario_service_test {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* why;
  std::vector<std::string> overrides;
  const char* code;     ///< "": nothing is wrong
  const char* snippet;  ///< of the message
};

void walk(const std::vector<Case>& cases, const std::string& text) {
  for (const Case& c : cases) {
    const Loaded loaded = load_text(text, c.overrides);
    if (*c.code == 0) {
      for (const char* code :
           {"M-E06", "M-W06", "M-W07", "M-W08", "M-W15", "M-W16", "M-W17", "S-006", "S-013"}) {
        EXPECT_EQ(problem(loaded, code).message, "") << c.why;
      }
      continue;
    }
    EXPECT_THAT(problem(loaded, c.code).message, HasSubstr(c.snippet)) << c.why;
    EXPECT_EQ(loaded.has_errors(), c.code[0] == 'S' || c.code[2] == 'E') << c.why;
  }
}

TEST(ScenarioService, PhonesThatRingTooLongAreNamedWithTheTimerThatEndsThem) {
  const std::string ring = "agents.team1.phone.answer-delay=";
  walk({{"as it is", {}, "", ""},
        {"just in time", {ring + "9.9s"}, "", ""},
        {"too late on the way",
         {ring + "9.9s", "network.access.site1.site1.latency=50ms"},
         "M-W06",
         "ring for 9.9s, word of it is on the way for 101ms, but after-routing-timeout of site1"},
        {"as long as the server waits", {ring + "10s"}, "M-W06", "after-routing-timeout of site1"},
        {"longer", {ring + "12s"}, "M-W06", "nobody of 'team1' answers in time"},
        {"after a failure only",
         {"sites.site2.sip-server.after-routing-timeout=3s"},
         "M-W06",
         "after-routing-timeout of site2"},
        {"half of the calls",
         {ring + "5s", "agents.team1.phone.answer-spread=10s"},
         "M-W06",
         "50% of the calls to 'team1'"},
        {"the last moment of a spread",
         {ring + "5s", "agents.team1.phone.answer-spread=4.9s"},
         "",
         ""},
        {"longer than any phone rings",
         {ring + "4min", "sites.site1.sip-server.after-routing-timeout=10min",
          "sites.site2.sip-server.after-routing-timeout=10min"},
         "M-W06",
         "the longest that a phone rings is 3min"}},
       minimal());
}

TEST(ScenarioService, PhonesMustWaitForTheAnswerToTheirRegister) {
  const std::string wait = "agents.team1.phone.response-timeout=",
                    mode = "agents.team1.phone.registration=",
                    near = "network.access.site1.site1.latency=",
                    far = "network.access.site1.site2.latency=";
  walk({{"longer than the way", {wait + "401ms", near + "200ms", far + "200ms"}, "", ""},
        {"as long",
         {wait + "400ms", mode + "single", near + "200ms"},
         "M-W15",
         "never register at site1: they wait 400ms for an answer, and it takes 401ms"},
        {"where they do not register",
         {wait + "400ms", mode + "single", near + "1ms", far + "1s"},
         "",
         ""},
        {"at the other site",
         {wait + "400ms", mode + "dual", near + "1ms", far + "1s"},
         "M-W15",
         "never register at site2"},
        {"after a failure",
         {wait + "400ms", mode + "active-backup", near + "1ms", far + "1s"},
         "M-W15",
         "never register at site2"},
        {"any time", {near + "2.9s", far + "2.9s"}, "", ""},
        {"fewer copies than the way needs",
         {"agents.team1.phone.retransmissions=0", near + "250ms"},
         "M-W15",
         "the phones of 'team1' never register at site1: they wait 500ms"},
        {"as many as it needs",
         {"agents.team1.phone.retransmissions=1", near + "250ms", far + "250ms"},
         "",
         ""},
        {"a gateway's",
         {"sites.site1.gateways={mg1: {retransmissions: 0}}", far + "250ms"},
         "M-W15",
         "mg1 never reaches site2: it waits 500ms for an answer"}},
       minimal());
}

TEST(ScenarioService, ConnectionsMustWaitForTheAnswerToTheirPolls) {
  const std::string way = "network.dc-link.latency=", force = "sites.site2.sip-server.oos-force=",
                    near = "network.access.site1.site1.latency=",
                    far = "network.access.site1.site2.latency=",
                    own = "network.desktop-access={site1: {site2: {latency: ";
  walk({{"the trunk", {way + "500ms", force + "1001ms"}, "", ""},
        {"the trunk, as long as the way",
         {way + "500ms", force + "1s"},
         "M-W16",
         "site2 is in single-site mode all the time: it waits 1s for its peer's answer, and it "
         "takes "
         "1.001s"},
        {"desktops", {near + "2.9s", far + "2.9s"}, "", ""},
        {"desktops, near", {near + "10s"}, "M-W16", "lose their connection to site1"},
        {"desktops, far", {far + "10s"}, "M-W16", "lose their connection to site2"},
        {"a path of their own", {own + "9.9s}}}"}, "", ""},
        {"too long a path of their own", {own + "10s}}}"}, "M-W16", "the desktops of 'team1'"}},
       minimal());
}

TEST(ScenarioService, ASlowServerOrANarrowPathCountsAsALongOne) {
  const std::string sip = "sites.site1.sip-server.", access = "network.access.site1.site1.",
                    gateway = "sites.site1.gateways={mg1: {retransmissions: ",
                    timeout = "agents.team1.phone.response-timeout=",
                    dial = "calls.main={rate: 60/h, from-agents: [team1]}",
                    phone = "agents.team1.phone.retransmissions=";
  walk(
      {{"an INVITE in time", {sip + "invite-service=7.4s"}, "", ""},
       {"an INVITE too late",
        {sip + "invite-service=7.5s"},
        "M-W15",
        "mg1 never gets a call through to site1: it waits 7.5s for an answer, and it takes 7.502s"},
       {"more copies", {sip + "invite-service=7.5s", gateway + "4}}"}, "M-W15", "mg2 never gets"},
       {"no copies", {sip + "invite-service=500ms", gateway + "0}}"}, "M-W15", "mg1 never gets"},
       {"of OPTIONS",
        {sip + "other-service=7.5s"},
        "M-W15",
        "mg1 never reaches site1: it waits 7.5s for an answer, and it takes 7.502s"},
       {"an INVITE and OPTIONS in time",
        {sip + "other-service=2s", sip + "invite-service=7s"},
        "",
        ""},
       {"of REGISTER",
        {sip + "register-service=401ms", timeout + "400ms"},
        "M-W15",
        "never register"},
       {"REGISTER in time", {sip + "register-service=398ms", timeout + "400ms"}, "", ""},
       {"of polls",
        {sip + "other-service=8s", access + "latency=6s", sip + "oos-force=30s",
         "sites.site2.sip-server.oos-force=30s"},
        "M-W16",
        "lose their connection to site1"},
       {"of the peer's OPTIONS",
        {sip + "other-service=4.97s"},
        "M-W16",
        "site2 is in single-site mode all the time: it waits 5s for its peer's answer"},
       {"the answer waits in a queue, too",
        {sip + "other-service=4.97s", "sites.site2.sip-server.oos-force=30s"},
        "M-W16",
        "site1 is in"},
       {"soon enough", {sip + "other-service=2s"}, "", ""},
       {"a call that an agent dials",
        {dial, sip + "invite-service=600ms", phone + "0"},
        "M-W15",
        "no call that 'team1' dial by their phones gets through at site1: they wait 500ms"},
       {"he dials and waits", {dial, sip + "invite-service=600ms", phone + "1"}, "", ""},
       {"wide enough", {access + "bandwidth=2kbit/s"}, "", ""},
       {"an INVITE takes longer than a gateway waits",
        {access + "bandwidth=1kbit/s"},
        "M-W15",
        "mg1 never gets a call through to site1"},
       {"ringing, too",
        {access + "bandwidth=1kbit/s"},
        "M-W06",
        "nobody of 'team1' answers in time"},
       {"the trunk", {"network.dc-link.bandwidth=1kbit/s"}, "M-W16", "single-site mode"}},
      minimal());
}

TEST(ScenarioService, ARegistrationMustOutlastItsRenewal) {
  const std::string phone = "agents.team1.phone.",
                    latency = "network.access.site1.site1.latency=400ms",
                    far = "network.access.site1.site2.latency=1s";
  walk({{"twice there and back, and half of it is left", {latency, phone + "expires=4s"}, "", ""},
        {"shorter",
         {latency, phone + "expires=3s"},
         "M-W16",
         "the phones of 'team1' are not registered at site1 all the time: a registration lasts 3s, "
         "is renewed after 50% of that, and renewing it takes 1.601s"},
        {"without a challenge",
         {latency, phone + "expires=3s", "sites.site1.sip-server.digest=false"},
         "",
         ""},
        {"with a nonce that is known",
         {latency, phone + "expires=3s", phone + "cached-nonce=true"},
         "",
         ""},
        {"renewed sooner", {latency, phone + "expires=3s", phone + "refresh-fraction=40%"}, "", ""},
        {"renewed later",
         {latency, phone + "expires=6s", phone + "refresh-fraction=80%"},
         "M-W16",
         "renewed after 80%"},
        {"a slow server",
         {"sites.site1.sip-server.register-service=1s", phone + "expires=4s"},
         "M-W16",
         "renewing it takes 2.003s"},
        {"at the other site", {far, phone + "expires=8s"}, "M-W16", "registered at site2"},
        {"where they do not register",
         {far, phone + "expires=8s", phone + "registration=single"},
         "",
         ""}},
       minimal());
}

TEST(ScenarioService, APathOnWhichEveryPacketIsLostIsNamed) {
  const std::string access = "network.access.site1.site1.loss=", trunk = "network.dc-link.loss=";
  walk({{"some", {access + "9%", trunk + "9%"}, "", ""},
        {"nearly all", {access + "99.9%"}, "M-W15", "seldom register at site1"},
        {"phones, desktops, gateways",
         {access + "100%"},
         "M-W15",
         "nothing ever gets through between the phones, desktops and gateways at site1 and site1"},
        {"far", {"network.access.site1.site2.loss=100%"}, "M-W15", "at site1 and site2"},
        {"the trunk", {trunk + "100%"}, "M-W15", "nothing ever gets through between the sites"},
        {"of desktops alone",
         {"network.desktop-access={site1: {site2: {loss: 100%}}}"},
         "M-W15",
         "between the desktops at site1 and site2"},
        {"their own path is whole",
         {access + "100%", "network.desktop-access={site1: {site1: {loss: 0%}}}"},
         "M-W15",
         "between the phones and gateways at site1 and site1"}},
       minimal());
}

TEST(ScenarioService, CallersMustBeAbleToHearAnAnswer) {
  const std::string ring = "agents.team1.phone.answer-delay=",
                    ring2 = "agents.team2.phone.answer-delay=", all = "calls.main.patience=",
                    level = "run.service-level-threshold=";
  const std::string hunt =
      "queues.service={hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1, "
      "hg-noanswer-timeout: 20s}}";
  walk({{"both groups are soon enough", {ring + "4.9s", all + "{deterministic: 5s}"}, "", ""},
        {"one group is",
         {ring + "8s", all + "{deterministic: 5s}"},
         "M-W17",
         "before 8s, and 50% of the callers of 'main' give up sooner"},
        {"hardly anybody comes to the other",
         {ring + "8s", all + "{deterministic: 5s}", "calls.main.gateways={mg1: 4%, mg2: 96%}"},
         "",
         ""},
        {"none is",
         {ring + "8s", ring2 + "5s", all + "{deterministic: 5s}"},
         "M-W17",
         "every caller of 'main' gives up after 5s, and no phone is answered before 5s"},
        {"most have more", {ring + "8s", ring2 + "5s", all + "{exponential: 12s}"}, "", ""},
        {"most have not",
         {ring + "8s", ring2 + "5s", all + "{exponential: 7s}"},
         "M-W17",
         "of the callers of 'main' give up sooner"},
        {"a hunt group's members",
         {ring + "8s", "calls.main.setup-patience={deterministic: 8s}", hunt},
         "M-W17",
         "before 8s"},
        {"each has his own patience",
         {ring + "8s", ring2 + "8s",
          "calls.main={calls: [{at: 1min, patience: 1min}], patience: {deterministic: 5s}, "
          "redial: {enabled: false}}"},
         "",
         ""},
        {"the service level", {level + "8010ms", ring + "8s", ring2 + "8s"}, "", ""},
        {"the service level, in vain",
         {level + "8s", ring + "8s", ring2 + "9s"},
         "M-W17",
         "no call of 'main' is answered within the 8s of the service level"}},
       minimal());
}

TEST(ScenarioService, EachWayOfBeingRungHasItsOwnTimer) {
  const std::string direct = minimal(
      "queues: {service: {}, line: {hunt-group: {hg-members: "
      "[team1], hg-preferred-site: SIP_Server_1}}}\n");
  const std::string ring = "agents.team1.phone.answer-delay=";
  const std::string to_agents = "calls.main={rate: 60/h, to-agents: [team1]}";
  const std::string to_line = "calls.main={rate: 60/h, queue: line}";
  const std::string away = "sites.site1.sip-server.agent-no-answer-overflow=release";
  walk({{"direct", {to_agents, ring + "14s"}, "", ""},
        {"direct, too late", {to_agents, ring + "15s", away}, "M-W06", "agent-no-answer-timeout"},
        {"direct, and rings on", {to_agents, ring + "15s"}, "", ""},
        {"asked by colleagues only",
         {"queues.service.routing-scope=both-sites", "agents.team1.queues=[]", ring + "9s",
          "calls.main={rate: 60/h, queue: service, transfer: {share: 5%, to: team1}}"},
         "",
         ""},
        {"asked by colleagues only, too late",
         {"queues.service.routing-scope=both-sites", "agents.team1.queues=[]", ring + "11s",
          "calls.main={rate: 60/h, queue: service, transfer: {share: 5%, to: team1}}"},
         "M-W06",
         "after-routing-timeout"},
        {"direct, not watched",
         {to_agents, ring + "15s", "sites.site1.sip-server.agent-no-answer-timeout=0s",
          "sites.site2.sip-server.agent-no-answer-timeout=0s"},
         "",
         ""},
        {"hunt group", {to_line, ring + "9s"}, "", ""},
        {"hunt group, too late", {to_line, ring + "10s"}, "M-W06", "hg-noanswer-timeout of line"}},
       direct);
}

TEST(ScenarioService, CallsThatComeWhereNobodyServesAreNamedWithTheSite) {
  const std::string none = "agents.team2.count=0";
  walk({{"both", {}, "", ""},
        {"nobody at site 2", {none}, "M-W07", "come to site2"},
        {"half of them", {none}, "M-W07", "50% of the calls of 'main'"},
        {"served by both sites", {none, "queues.service.routing-scope=both-sites"}, "", ""},
        {"no gateway feeds it", {none, "calls.main.gateways={mg1: 100%, mg2: 0%}"}, "", ""},
        {"passed on soon", {none, "queues.service.maximum-wait=30s"}, "", ""},
        {"nobody of the queue",
         {"queues={service: {}, sales: {}}", "agents.team2.queues=[sales]"},
         "M-W07",
         "nobody serves the queue 'service'"},
        {"spread over both",
         {none, "sites.site1.gateways={mg1: {redundancy: load-balance}}",
          "calls.main.gateways={mg1: 100%, mg2: 0%}"},
         "M-W07",
         "site2"}},
       minimal());
}

TEST(ScenarioService, WhereCallsArePassedOnToSomebodyMustServe) {
  const std::string queues = "queues={service: {}, second: {}}",
                    first = "agents.team1.queues=", other = "agents.team2.queues=",
                    calls = "calls.main={queue: service, rate: 600/h, transfer: {share: 30%, to: ";
  walk({{"everywhere", {queues, calls + "second}}"}, "", ""},
        {"nobody",
         {queues, first + "[service]", other + "[service]", calls + "second}}"},
         "M-W07",
         "nobody serves the queue 'second'"},
        {"at the other site only",
         {queues, first + "[service]", calls + "second}}"},
         "M-W07",
         "passed on to the queue 'second' at site1 wait there until they give up: it is served at "
         "site2 only"},
        {"also from here",
         {"queues={service: {}, second: {routing-scope: both-sites}}", first + "[service]",
          calls + "second}}"},
         "",
         ""},
        {"no call is answered here",
         {queues, first + "[service]", calls + "second}, gateways: {mg1: 0%, mg2: 100%}}"},
         "",
         ""},
        {"to a group", {queues, first + "[service]", calls + "team2}}"}, "", ""},
        {"to those with other work",
         {"queues={service: {routing-scope: both-sites}, second: {}}", first + "[service]",
          other + "[]", calls + "second}}", "calls.direct={rate: 1/h, to-agents: [team2]}"},
         "M-W07",
         "nobody serves the queue 'second'"}},
       minimal());
}

TEST(ScenarioService, EachShareOfTheCallsHasItsPeople) {
  const std::string direct = "calls.direct={to-agents: [team1], talk: 10min, rate: ",
                    small = "agents.team1.count=5", little = "calls.main.rate=10/h";
  const std::string line =
      "queues.line={hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}";
  const std::string hunted = "calls.hunted={queue: line, talk: 10min, rate: ";
  walk({{"by their own numbers", {little, small, direct + "25/h}"}, "", ""},
        {"more than they can do",
         {little, small, direct + "100/h}"},
         "M-W03",
         "to the 5 agents of 'team1' by their own numbers"},
        {"a hunt group", {little, small, line, hunted + "25/h}"}, "", ""},
        {"a small one",
         {little, small, line, hunted + "100/h}"},
         "M-W03",
         "to the 5 agents of hunt group 'line'"},
        {"nobody is left",
         {little,
          "agents.team1={location: site1, staffing: [{at: 0s, count: 5}, {at: 20min, "
          "count: 0}]}"},
         "M-W03",
         "queue 'service' at site1, and nobody of them is at work"},
        {"and nobody calls",
         {"agents.team1={location: site1, staffing: [{at: 0s, count: 50}, {at: 20min, count: 0}]}",
          "calls.main={profile: [{at: 0s, rate: 100/h}, {at: 20min, rate: 0/h}]}"},
         "",
         ""}},
       minimal("queues: {service: {}}\n"));
}

TEST(ScenarioService, AnEmptyListOfQueuesIsOnlyForThoseWithOtherWork) {
  const std::string none = "agents.team1.queues=[]";
  walk({{"nothing to do", {none}, "M-E06", "'team1' have nothing to do"},
        {"called directly",
         {none, "calls.direct={rate: 1/h, to-agents: [team1]}", "calls.main.queue=service",
          "queues.service.routing-scope=both-sites"},
         "",
         ""}},
       minimal());
}

TEST(ScenarioService, CallsAmongAgentsNeedTwoPeople) {
  const std::string call = "calls.c={rate: 6/h, from-agents: [team1], to-agents: ";
  walk({{"to a colleague's group of one",
         {call + "[team2]}", "agents.team2.count=1", "queues.service.routing-scope=both-sites"},
         "",
         ""},
        {"to himself", {call + "[team1]}", "agents.team1.count=1"}, "S-006", "cannot call himself"},
        {"nobody", {call + "[team2]}", "agents.team2.count=0"}, "S-006", "nobody in these groups"},
        {"twice the same", {call + "[team2, team2]}"}, "S-002", "'team2' is given twice"}},
       minimal());
  const Loaded none = load_text(
      "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
      "calls: {c: {from-agents: [team1], to-agents: [team2], rate: 60/h}}\n");
  EXPECT_EQ(problem(none, "S-007").line, 3);
}

TEST(ScenarioService, RecordedCallsAndRedialsAreOneTooMany) {
  const std::string calls = "calls.main={calls: [{at: 1min}]";
  walk({{"redials on", {calls + "}"}, "M-W08", "redial besides"},
        {"off", {calls + ", redial: {enabled: false}}"}, "", ""},
        {"meant", {calls + ", redial: {enabled: true}}"}, "", ""},
        {"no surge", {calls + ", surge: [{at: 1min, factor: 2}]}"}, "S-013", "'surge'"},
        {"no busyness", {calls + ", busyness-cv: 0.1}"}, "S-013", "'busyness-cv'"}},
       minimal());
}

TEST(ScenarioService, AlcatelPhonesNeedTheirOwnDrForward) {
  const std::string alcatel = "agents.team1.phone.profile=alcatel-4000";
  walk({{"another one", {alcatel, "agents.team1.dr-forward=oos"}, "V-W02", "'team1'"},
        {"the server's does not count",
         {alcatel, "agents.team1.dr-forward=no-agent", "sites.site1.sip-server.dr-forward=oos"},
         "",
         ""}},
       minimal());
  EXPECT_EQ(problem(load_text(minimal(), {alcatel, "agents.team1.dr-forward=no-agent",
                                          "sites.site1.sip-server.dr-forward=oos"}),
                    "V-W02")
                .message,
            "");
}

TEST(ScenarioService, NamesOfMetricsAndPathsMustExist) {
  const std::vector<Case> cases = {
      {"metric", {"expectations={servis_level: \"> 80%\"}"}, "S-007", "'servis_level'"},
      {"phase", {"expectations={befor: {service_level: \"> 80%\"}}"}, "S-007", "befor"},
      {"gate", {"gates={abandond: \"< 3\"}"}, "S-007", "'abandond'"},
      {"path", {"sweep={agents.team1.cuont: [1, 2]}"}, "S-001", "'cuont'"},
      {"value", {"sweep={desktop.site1.site-timeout: [10]}"}, "S-004", "unit"},
      {"constraint", {"sweep={agents.team1.count: [90, 100], where: [\"a.b < 3\"]}"}, "S-006", ""},
  };
  walk(cases, minimal());
  EXPECT_FALSE(load_text(minimal("expectations: {before: {service_level: \"> 80%\"}}\n"
                                 "sweep: {agents.team1.count: [90, 100]}\n"))
                   .has_errors());
}

TEST(ScenarioService, WhatOneAnchorSaysOfManyIsSaidOnce) {
  const Loaded loaded = load_text(
      "bcsim: 1\nsites: {site1: {}, site2: {}}\nagents:\n"
      "  a: {count: 50, location: site1, phone: &phone {expires: 3600s}}\n"
      "  b: {count: 50, location: site1, phone: *phone}\n"
      "  c: {count: 50, location: site2, phone: *phone}\n"
      "  d: {count: 50, location: site2, phone: *phone}\ncalls: {main: {rate: 60/h}}\n");
  std::size_t said = 0;
  for (const Diagnostic& d : loaded.diagnostics) said += d.code == "V-W17" ? 1 : 0;
  EXPECT_EQ(said, 1u);
  EXPECT_THAT(problem(loaded, "V-W17").message, HasSubstr("3 more alike"));
}

TEST(ScenarioService, HoldIsPartOfTheLoad) {
  const std::string hold = "calls.main.hold={share: 50%, length: ";
  const auto load = [&](const std::string& length) {
    return problem(load_text(minimal(), {"calls.main.talk=60s", hold + length + "}"}), "M-W03");
  };
  EXPECT_EQ(load("{deterministic: 10s}").message, "");
  EXPECT_THAT(load("{deterministic: 1000s}").message, HasSubstr("agents"));
  EXPECT_EQ(load("never").message, "");
}

TEST(ScenarioService, WordsOfOthersLeadToOurs) {
  const auto hint = [](const std::string& override_text) {
    return problem(load_text(minimal(), {override_text}), "S-001").hint;
  };
  EXPECT_THAT(hint("calls.main.aht=240s"), HasSubstr("'talk'"));
  EXPECT_THAT(hint("calls.main.wrap-up=60s"), HasSubstr("'after-call-work'"));
  EXPECT_THAT(hint("calls.main.acw=60s"), HasSubstr("'after-call-work'"));
  EXPECT_THAT(hint("agents.team1.size=60"), HasSubstr("'count'"));
  EXPECT_THAT(hint("run.duration=2h"), HasSubstr("'horizon'"));
  EXPECT_THAT(hint("network.dc-link.rtt=20ms"), HasSubstr("'latency'"));
  const Diagnostic bare = problem(load_text(minimal(), {"network.dc-link.latency=24"}), "S-004");
  EXPECT_THAT(bare.hint, HasSubstr("'24ms'"));
}

}  // namespace
}  // namespace bcsim::tools::scenario_service_test
