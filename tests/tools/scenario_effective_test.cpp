// The effective scenario is complete: reading it gives the same scenario. The schema accepts it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "source_tree.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/schema_checker.hpp"
#include "tools/scenario/keys/effective.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/schema.hpp"

namespace bcsim::tools::scenario_effective_test {
namespace {

using test::SchemaChecker;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> list;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(BCSIM_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() == ".yaml") list.push_back(entry.path());
  }
  return list;
}

// Every key in a form that is not its default, with every kind of arrivals and distribution.
const std::string kRich = R"(
bcsim: 1
title: "Quotes \" and: colons # hashes"
run: {start: "09:00", horizon: 5h, warm-up: 7min, seed: 18446744073709551615, start-mode: cold}
sites:
  s1:
    sip-server:
      {oos-check: 12.345678901s, first-trunk-probe: 1ns, retry-after: 3s,
       agent-no-answer-overflow: voicemail}
    gateways: {a: {channels: 1000, first-options: 3s}, b: {location: far}}
  s2: {}
locations: [far]
network:
  dc-link: {loss: 0.07%, bandwidth: 1234567bit/s}
  access: {far: {s2: {latency: 7ms}}}
  desktop-access: {far: {s1: {loss: 1%}}, s2: {s2: {}}}
configuration: {standby-activation: never}
queues: {q1: {limit: 3}, q2: {maximum-wait: 1min, routing-scope: both-sites, priority: 4}}
agents:
  g1: {count: 700, location: far, preferred-site: s2, queues: [q2], desktop: {last-addp: -6s}}
  g2: {location: s1, shifts: [{from: "08:00", to: "12:00", count: 50}]}
calls:
  c1:
    {rate: 100/h, queue: q2, gateways: {a: 33.3%, mg2: 66.7%},
     talk: {weibull: {mean: 90s, cv: 0.7}}}
  c2:
    profile: [{at: 0s, rate: 7/h}, {at: "10:00", rate: 9/h}]
    talk: {lognormal: {mu: 4, sigma: 0.3}}
  c3:
    volumes: {exact: true, intervals: [{at: 0s, length: 1h, count: 3.7}]}
    talk: {hyperexponential: {mean: 9s, cv: 3}}
  c4:
    calls: [{at: 1s}, {at: 2s, talk: 3s, patience: never, gateway: b}]
    patience: {piecewise-hazard: [{from: 0s, rate: 0.1/s}, {from: 3s, rate: 0/s}]}
    talk: {empirical: [1s, 2.5s]}
    setup-patience: never
    redial:
      enabled: false
      drop-delay: {gamma: {shape: 3, scale: 7s}}
      setup-delay: {erlang: {stages: 2, mean: 5s}}
faults:
  - {at: "10:30", fail: s1, scope: building, lasting: 1h}
  - {at: 2h, degrade: access.far.s1, direction: forward, latency: 90ms, loss: 3%}
  - {at: 2h, cut: dc-link, flap: {period: 7s, duty: 25%}}
  - {at: 3h, crash: s2.sip-server.primary}
  - {at: 3h, fail: g1.phone.700}
  - {at: 3h, drain: s2}
  - {at: 3h, switchover: s1}
  - {at: 3h, fail: s2, scope: building, staff-return: {to: far, steps: [{after: 1h, share: 40%}]}}
  - {at: 3h, cut: s1.ha-link, lasting: 1min}
  - {at: 3h, cut: desktop-access.far.s1, direction: backward}
  - {at: 3h, heal: s2.sip-server.backup.management-link}
  - {at: 3h, change: sites.s1.sip-server.oos-check, to: 7s}
accept: [V-E20]
expectations: {before.service_level: "> 80%", after: {lost: "= 0"}}
)";

TEST(EffectiveScenario, ReadsBackAsTheSameScenario) {
  for (const WrittenAs written : {WrittenAs::effective, WrittenAs::annotated}) {
    std::vector<Loaded> all = {load_text(minimal(), {}, written), load_text(kRich, {}, written)};
    for (const auto& path : shipped()) all.push_back(load_scenario(path, {}, written));
    ASSERT_GE(all.size(), 10u);
    for (const Loaded& loaded : all) {
      const Loaded again = load_text(loaded.effective_yaml);
      for (const Loaded* read : {&loaded, &again}) {
        for (const Diagnostic& d : read->diagnostics) {
          if (d.severity == Severity::error) ADD_FAILURE() << render(d);
        }
      }
      EXPECT_EQ(again.effective_yaml, effective_yaml(loaded.scenario));
    }
  }
}

TEST(EffectiveScenario, HoldsWhatWasWritten) {
  const Loaded again = load_text(load_text(kRich).effective_yaml);
  const models::Scenario& s = again.scenario;
  EXPECT_EQ(s.title, "Quotes \" and: colons # hashes");
  EXPECT_EQ(s.run.seed, 18446744073709551615u);
  EXPECT_EQ(s.sites[0].sip_server.oos_check, sim::Duration(12'345'678'901));
  EXPECT_EQ(s.first_trunk_probe[0], sim::Duration(1));
  EXPECT_EQ(s.network.dc_link.loss, 0.0007);
  EXPECT_EQ(s.calls[0].gateway_share, (std::vector<double>{0.333, 0, 0.667}));
  EXPECT_EQ(std::get<models::SingleCalls>(s.calls[3].arrivals).calls[1].gateway, 1u);
  EXPECT_EQ(s.faults[3].text, "crash s2.sip-server.primary");
  EXPECT_EQ(s.expectations.size(), 2u);
}

TEST(EffectiveScenario, HasManyRecordedCallsAsRows) {
  for (const int calls : {1000, 1001}) {
    std::string text = "calls:\n  main:\n    redial: {enabled: false}\n    calls:\n";
    for (int i = 0; i < calls; ++i) {
      text +=
          fmt::format("      - {{at: {}.000000001s{}{}{}}}\n", i, i % 2 == 0 ? ", talk: 5s" : "",
                      i % 3 == 0 ? (i % 2 == 0 ? ", patience: never" : ", patience: 1ns") : "",
                      i % 5 == 0 ? ", gateway: mg-x_1" : "");
    }
    const Loaded loaded = load_text(
        "bcsim: 1\nsites: {site1: {gateways: {mg-x_1: {}}}, site2: {}}\n"
        "agents: {team1: {count: 100, location: site1}}\n" +
        text);
    ASSERT_FALSE(loaded.has_errors()) << render(loaded.diagnostics.front());
    EXPECT_EQ(loaded.effective_yaml.find("rows: \"arrival_s,") != std::string::npos, calls > 1000);
    const Loaded again = load_text(loaded.effective_yaml);
    ASSERT_FALSE(again.has_errors()) << render(again.diagnostics.front());
    EXPECT_EQ(again.effective_yaml, loaded.effective_yaml);
    const auto& listed = std::get<models::SingleCalls>(loaded.scenario.calls[0].arrivals).calls;
    const auto& rows = std::get<models::SingleCalls>(again.scenario.calls[0].arrivals).calls;
    ASSERT_EQ(rows.size(), listed.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].at, listed[i].at);
      EXPECT_EQ(rows[i].talk, listed[i].talk);
      EXPECT_EQ(rows[i].patience, listed[i].patience);
      EXPECT_EQ(rows[i].gateway, listed[i].gateway);
    }
  }
}

TEST(EffectiveScenario, NamesTheRowThatIsWrong) {
  const Loaded loaded = load_text(minimal(), {"calls.main={rate: 1/h}"});
  const Loaded bad = load_text(
      "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
      "agents: {team1: {count: 100, location: site1}}\ncalls:\n  main:\n    calls:\n      rows: |\n"
      "        arrival_s,talk_s\n        1,5\n        2,often\n");
  EXPECT_FALSE(loaded.has_errors());
  ASSERT_TRUE(bad.has_errors());
  const std::string words = render(problem(bad, "S-015"));
  EXPECT_THAT(words, HasSubstr("test.yaml:7 (rows):3:3"));
  EXPECT_THAT(words, HasSubstr("2,often"));
  const Loaded both = load_text(minimal(), {"calls.main={calls: {file: a.csv, rows: b}}"});
  EXPECT_EQ(problem(both, "S-008").message, "calls need a file, or rows");
}

TEST(EffectiveScenario, TellsAgentsOfNoQueueFromAgentsOfAll) {
  const Loaded read = load_text(minimal(), {"agents.team1.queues=[]", "agents.team2.queues=all",
                                            "calls.direct={rate: 1/h, to-agents: [team1]}"});
  EXPECT_THAT(read.effective_yaml, HasSubstr("queues: []"));
  const Loaded again = load_text(read.effective_yaml);
  ASSERT_FALSE(again.has_errors());
  EXPECT_FALSE(again.scenario.agents[0].serves(0));
  EXPECT_TRUE(again.scenario.agents[1].serves(0));
}

TEST(EffectiveScenario, SaysWhereEachValueComesFrom) {
  const auto written = [](WrittenAs as) {
    return load_text(minimal("run: {seed: 4}\n"), {"run.horizon=3h"}, as).effective_yaml;
  };
  const std::string annotated = written(WrittenAs::annotated);
  EXPECT_THAT(annotated, HasSubstr("seed: 4  # test.yaml:5\n"));
  EXPECT_THAT(annotated, HasSubstr("horizon: 3h  # --set run.horizon=3h\n"));
  EXPECT_THAT(annotated, HasSubstr("oos-check: 10s  # P0\n"));
  EXPECT_THAT(annotated, HasSubstr("failback: stay  # ASSUMPTION\n"));
  EXPECT_THAT(annotated, HasSubstr("reconnect-delay: 10s  # documented: "));
  EXPECT_THAT(written(WrittenAs::effective), Not(HasSubstr("#")));
  EXPECT_EQ(written(WrittenAs::nothing), "");
}

TEST(EffectiveScenario, DoesNotDependOnHowItWasWritten) {
  const Loaded one = load_text(minimal("run: {warm-up: 90s, start: \"9:00\"}\n"));
  const Loaded two = load_text(minimal("run:\n  start: '09:00'\n  warm-up: 1min30s  # the same\n"));
  EXPECT_EQ(one.effective_yaml, two.effective_yaml);
}

TEST(Schema, AcceptsTheShippedScenariosAndEverythingEffective) {
  const nlohmann::ordered_json schema = json_schema();
  const SchemaChecker checker(schema);
  for (const auto& path : shipped()) {
    EXPECT_TRUE(checker.accepts(YAML::LoadFile(path.string()))) << path;
    EXPECT_TRUE(checker.accepts(YAML::Load(load_scenario(path).effective_yaml))) << path;
  }
  EXPECT_TRUE(checker.accepts(YAML::Load(minimal())));
  EXPECT_TRUE(checker.accepts(YAML::Load(kRich)));
  EXPECT_TRUE(checker.accepts(YAML::Load(load_text(kRich).effective_yaml)));
}

TEST(Schema, RefusesWhatTheParserRefuses) {
  const nlohmann::ordered_json schema = json_schema();
  const SchemaChecker checker(schema);
  for (const char* more :
       {"run: {horizn: 4h}\n", "run: {horizon: 4}\n", "run: {horizon: 4m}\n", "run: {seed: x}\n",
        "run: {media-survives: maybe}\n", "network: {dc-link: {loss: 0.5}}\n", "faults: {}\n",
        "faults: [{fail: site1}]\n", "faults: [{at: 1h, fail: site1, cut: dc-link}]\n",
        "queues: {q: {routing-scope: global}}\n", "queues: {q: {priority: -1}}\n"}) {
    EXPECT_FALSE(checker.accepts(YAML::Load(minimal(more)))) << more;
    EXPECT_TRUE(load_text(minimal(more)).has_errors()) << more;
  }
  EXPECT_FALSE(checker.accepts(YAML::Load("title: nothing else\n")));
}

TEST(Schema, EveryReferenceLeadsSomewhere) {
  const nlohmann::ordered_json schema = json_schema();
  const std::string text = schema.dump();
  const std::regex reference("#/definitions/([^\"]+)");
  std::size_t found = 0;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), reference);
       it != std::sregex_iterator(); ++it, ++found) {
    EXPECT_TRUE(schema["definitions"].contains((*it)[1].str())) << (*it)[1];
  }
  EXPECT_GT(found, 10u);
}

void expect_documented(const ValueType& type, const std::string& path);

void expect_documented(const Section& section, const std::string& path) {
  EXPECT_FALSE(section.doc.empty()) << path;
  for (const Key& key : section.keys) {
    const std::string here = path.empty() ? key.name : path + "." + key.name;
    EXPECT_FALSE(key.doc.empty()) << here;
    EXPECT_LE(key.doc.size(), 130u) << here;
    expect_documented(key.type, here);
  }
}

void expect_documented(const ValueType& type, const std::string& path) {
  if (type.section) expect_documented(*type.section, path);
  for (const ValueType& element : type.elements) expect_documented(element, path);
}

TEST(KeyTable, EveryKeyIsDescribedAndInTheReference) {
  expect_documented(*scenario_section(), "");
  const std::string reference = key_reference();
  EXPECT_THAT(reference, HasSubstr("| `oos-check` | duration 0s to 5min | 10s | P0 |"));
  EXPECT_THAT(reference, HasSubstr("## gateway"));
  EXPECT_THAT(reference, HasSubstr("| `lognormal` |"));
}

/// A value of a maker's profile is none of P0, nor a choice of ours.
TEST(EffectiveScenario, SaysWhichValuesAProfileGives) {
  const auto annotated = [](const std::string& phone) {
    const Loaded loaded = load_text(
        "bcsim: 1\nsites: {site1: {}, site2: {}}\n"
        "agents: {a: {count: 9, location: site1, phone: {" +
            phone + "}}}\ncalls: {main: {rate: 100/h}}\n",
        {}, WrittenAs::annotated);
    EXPECT_FALSE(loaded.has_errors());
    return loaded.effective_yaml;
  };
  const std::string avaya = annotated("profile: avaya");
  EXPECT_THAT(avaya, HasSubstr("poll-primary: 5min  # profile avaya\n"));
  EXPECT_THAT(avaya, HasSubstr("response-timeout: 4s  # profile avaya\n"));
  EXPECT_THAT(avaya, HasSubstr("register-retry: {uniform: {from: 30s, to: 54s}}  # profile avaya"));
  EXPECT_THAT(avaya, HasSubstr("expires: 2min  # P0\n")) << "the profile says nothing of it";
  EXPECT_THAT(annotated("profile: audiocodes"), HasSubstr("expires: 3min  # profile audiocodes\n"));
  const std::string set = annotated("profile: avaya, poll-primary: 7s");
  EXPECT_THAT(set, HasSubstr("poll-primary: 7s  # test.yaml:3\n"));
  EXPECT_THAT(set, HasSubstr("failover-in-call: false  # profile avaya\n"));
  EXPECT_THAT(annotated("expires: 3min"), Not(HasSubstr("# profile")));
}

}  // namespace
}  // namespace bcsim::tools::scenario_effective_test
