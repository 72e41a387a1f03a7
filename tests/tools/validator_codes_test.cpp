// Every code of the validator: a scenario that provokes exactly it, and a row in tools/README.md.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "source_tree.hpp"
#include "tests/support/scenario_text.hpp"

namespace bcsim::tools::validator_codes_test {
namespace {

using Codes = std::set<std::string>;

/// Nothing is wrong with this one.
const std::string kGood =
    "bcsim: 1\n"
    "sites: {site1: {}, site2: {}}\n"
    "agents:\n"
    "  team1: {count: 100, location: site1, phone: {registration: dual}}\n"
    "  team2: {count: 100, location: site2}\n"
    "queues:\n"
    "  service: {}\n"
    "  line: {hunt-group: {hg-members: [team1], hg-preferred-site: SIP_Server_1}}\n"
    "calls: {main: {rate: 1900/h}}\n";

struct Case {
  const char* code;
  std::vector<std::string> overrides;
  Codes also = {};  ///< what cannot be right then either
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"V-E01", {"sites.site3={}"}},
      {"V-E02", {"configuration.switch2.place={team1.1-20: {exists: false}}"}},
      {"V-E03", {"sites.site1.sip-server.backup=false"}},
      {"V-E04", {"configuration.switch2.agent-login={team1.5: {person: team1.6}}"}},
      {"V-E05", {"configuration.switch1.dn={team2.1: {type: acd-position}}"}},
      {"V-E06", {"configuration.switch2.dn={team1.1: {place: desk_b}}"}},
      {"V-E07", {"sites.site1.stat-server-release=8.1.1"}},
      {"V-E08", {"agents.team1.phone.registrations-per-site=2"}},
      {"V-E09",
       {"agents.team1.phone.profile=alcatel-4000", "agents.team1.phone.registration=dual"}},
      {"V-E10", {"agents.team1.phone.srv={site1: {priority: 10}}"}},
      {"V-E11", {"sites.site1.sip-server.oos-check=0s", "sites.site2.sip-server.oos-check=0s"}},
      {"V-E12", {"sites.site1.sip-server.dr-peer-trunk=false"}},
      {"V-E13", {"configuration.switch2.dn={team1.1: {type: acd-position}}"}, {"V-E05"}},
      {"V-E14", {"queues.line.hunt-group.hg-members=[]"}},
      {"V-E15",
       {"configuration.switch1.dn={line: {hg-preferred-site: SIP_Server_2}}",
        "configuration.switch2.dn={line: {hg-preferred-site: SIP_Server_1}}"},
       {"V-W09"}},
      {"V-E16", {"queues.service.default-destination=none"}},
      {"V-E17", {"desktop.site1.applications=[AIL_1, AIL_2]"}},
      {"V-E18", {"desktop.site1.stat-server=site2"}},
      {"V-E19", {"desktop.site1.addp-timeout=19s"}},
      {"V-E20", {"agents.team1.desktop.second-site=site1"}},
      {"V-E21",
       {"desktop.site1.site-sip-register-timeout=0s",
        "desktop.site2.site-sip-register-timeout=0s"}},
      {"V-E22", {"agents.team1.desktop.local-data={site2: [primary-proxy, application, place]}"}},
      {"V-W01", {"sites.site2.sip-server.treatment=when-waiting"}},
      {"V-W02",
       {"agents.team2.phone.profile=alcatel-4000", "sites.site1.sip-server.dr-forward=off"}},
      {"V-W03", {"agents.team1.phone.srv={site1: {priority: 10}, site2: {priority: 10}}"}},
      {"V-W04", {"agents.team2.phone.preferred-site=site1"}},
      {"V-W05", {"agents.team1.desktop.release=8.1.4"}},
      {"V-W06", {"sites.site1.gateways={mg1: {channels: 147}}"}},
      {"V-W07", {"configuration.standby-activation=never"}},
      {"V-W08", {"queues.line.hunt-group.type=linear"}},
      {"V-W09", {"queues.line.hunt-group.hg-preferred-site=SIP_Server_2"}},
      {"V-W10", {"agents.team1.phone.registration=single"}},
      {"V-W11", {"configuration.switch1.dn={team1.1: {hg-preferred-site: SIP_Server_1}}"}},
      {"V-W12", {"queues.line.hunt-group.hg-preferred-site=SIP_Server_9"}},
      {"V-W13", {"desktop.site1.agent-desktop={site-timout: 30}"}},
      {"V-W14", {"desktop.site1.site-timeout=40s"}},
      {"V-W15", {"desktop.site1.site-timeout=20s", "desktop.site2.site-timeout=20s"}},
      {"V-W16", {"agents.team1.desktop.bootstrap-from=master"}},
      {"V-W17", {"agents.team2.phone.expires=3600s"}},
      {"V-W18", {"sites.site1.sip-server.oos-force=10s", "sites.site2.sip-server.oos-force=10s"}},
      {"V-W19",
       {"calls.main.rate=0.5/s", "agents.team1.phone.answer-delay=0s", "agents.team1.count=76",
        "agents.team2.count=75"}},
      {"V-W20", {"sites.site1.gateways={mg1: {second-target: false}}"}},
      {"V-W21", {"agents.team2.phone.registration=fixed"}},
      {"V-W22", {"sites.site1.gateways={mg1: {via-dc-link: true}}"}},
  };
  return list;
}

Codes codes_of(const Loaded& loaded) {
  Codes codes;
  for (const Diagnostic& d : loaded.diagnostics) {
    if (d.code.starts_with("V-")) codes.insert(d.code);
  }
  return codes;
}

TEST(ValidatorCodes, NothingIsWrongWithAGoodScenario) {
  EXPECT_EQ(load_text(kGood).diagnostics.size(), 0u);
}

TEST(ValidatorCodes, EachIsProvokedByItsOwnMistakeAndSaysWhatToDo) {
  for (const Case& c : cases()) {
    const Loaded loaded = load_text(kGood, c.overrides);
    Codes expected = c.also;
    expected.insert(c.code);
    EXPECT_EQ(codes_of(loaded), expected) << c.code;
    const Diagnostic d = problem(loaded, c.code);
    EXPECT_EQ(d.severity == Severity::error, c.code[2] == 'E') << c.code;
    EXPECT_NE(d.message.find("(R"), std::string::npos) << c.code << ": " << d.message;
    EXPECT_NE(d.hint, "") << c.code << ": " << d.message;
    EXPECT_NE(d.file, "") << c.code;
  }
}

TEST(ValidatorCodes, ErrorsCanBeAcceptedByNameButTwo) {
  for (const Case& c : cases()) {
    const std::string code = c.code;
    if (code[2] != 'E') continue;
    Codes accepted = c.also;
    accepted.insert(code);
    std::string list;
    for (const std::string& a : accepted) {
      if (a[2] == 'E') list += (list.empty() ? "" : ", ") + a;
    }
    const Loaded loaded = load_text(kGood + "accept: [" + list + "]\n", c.overrides);
    EXPECT_EQ(loaded.has_errors(), code == "V-E01" || code == "V-E08") << code;
  }
}

TEST(ValidatorCodes, ReleasesAreComparedAsNumbers) {
  for (const char* good : {"8.1.2", "8.1.10", "8.10", "10"}) {
    EXPECT_EQ(codes_of(load_text(kGood, {"sites.site1.stat-server-release=" + std::string(good)})),
              Codes{})
        << good;
  }
  for (const char* old : {"8.1.1", "8.1", "8.0.9", "7.6"}) {
    EXPECT_EQ(codes_of(load_text(kGood, {"sites.site1.stat-server-release=" + std::string(old)})),
              Codes{"V-E07"})
        << old;
  }
  EXPECT_EQ(problem(load_text(kGood, {"sites.site1.stat-server-release=8.1.x"}), "S-003").hint,
            "such as 8.1.2");
}

TEST(ValidatorCodes, APlaceForBothDnsOrOneForEachButNeverMixed) {  // C1
  const std::string separate = "configuration.place-model=separate";
  const std::string here = "configuration.switch1.dn={team1.1: {place: desk}}";
  const std::string there = "configuration.switch2.dn={team1.1: {place: desk}}";
  const std::string elsewhere = "configuration.switch2.dn={team1.1: {place: other}}";
  EXPECT_EQ(codes_of(load_text(kGood, {here, there})), Codes{});
  EXPECT_EQ(codes_of(load_text(kGood, {here, elsewhere})), Codes{"V-E06"});
  EXPECT_EQ(codes_of(load_text(kGood, {separate, here, elsewhere})), Codes{});
  EXPECT_EQ(codes_of(load_text(kGood, {separate, here, there})), Codes{"V-E06"});
  // Older Stat Servers need a Place for each DN, and do with it.
  EXPECT_EQ(codes_of(load_text(kGood, {separate, "sites.site1.stat-server-release=8.1.0"})),
            Codes{});
}

TEST(ValidatorCodes, EachGroupOfLocalDataIsNeededForBothSites) {  // R82
  const std::vector<std::string> items = {"primary-proxy", "backup-proxy", "application", "place"};
  for (const char* site : {"site1", "site2"}) {
    for (const std::string& missing : items) {
      std::string list;
      for (const std::string& item : items) {
        if (item != missing) list += (list.empty() ? "" : ", ") + item;
      }
      const Loaded loaded = load_text(
          kGood, {"agents.team1.desktop.local-data={" + std::string(site) + ": [" + list + "]}"});
      EXPECT_EQ(codes_of(loaded), Codes{"V-E22"}) << site << " without " << missing;
    }
  }
}

TEST(ValidatorCodes, MissingObjectsAreNamedWhereTheyWereTakenAway) {
  const Loaded loaded = load_text(kGood +
                                  "configuration:\n"
                                  "  switch2:\n"
                                  "    agent-login:\n"
                                  "      team1.3-6: {exists: false}\n"
                                  "  edits:\n"
                                  "    - {at: -7d, create: place, of: team2.7, site: site2,\n"
                                  "       source: other}\n");
  ASSERT_EQ(loaded.diagnostics.size(), 2u);
  EXPECT_EQ(problems(loaded), (std::vector<std::string>{"13:7 V-E02", "15:7 V-E02"}));
  EXPECT_NE(loaded.diagnostics[0].message.find("4 Agent Logins (team1.3, team1.4, team1.5, …)"),
            std::string::npos)
      << loaded.diagnostics[0].message;
  EXPECT_NE(loaded.diagnostics[1].message.find("missing at site1"), std::string::npos);
}

TEST(ValidatorCodes, ObjectsThatDoNotExistAreMistakes) {
  const auto code = [](const char* override_text) {
    const Loaded loaded = load_text(kGood, {override_text});
    return loaded.diagnostics.empty() ? "" : loaded.diagnostics.front().code;
  };
  EXPECT_EQ(code("configuration.switch1.place={team9: {exists: false}}"), "S-007");
  EXPECT_EQ(code("configuration.switch1.place={team1.0: {exists: false}}"), "S-003");
  EXPECT_EQ(code("configuration.switch1.place={team1.9-3: {exists: false}}"), "S-003");
  EXPECT_EQ(code("configuration.switch1.place={team1.90-101: {exists: false}}"), "S-007");
  EXPECT_EQ(code("configuration.switch1.agent-login={team1.1: {person: team1}}"), "S-003");
  EXPECT_EQ(code("configuration.edits=[{at: -1d, create: acd-queue, of: team1, site: site1}]"),
            "S-007");
  EXPECT_EQ(code("configuration.edits=[{at: -1d, of: team1, site: site1}]"), "S-008");
}

TEST(ValidatorCodes, ConfigurationIsWrittenAndReadAgain) {
  const Loaded first = load_text(
      kGood,
      {"configuration.switch1.dn={line: {hg-preferred-site: SIP_Server_9}}",
       "configuration.switch2.agent-login={team1.5: {person: team1.5}}",
       "configuration.edits=[{at: -7d, create: [place, person], of: team2.7, site: site2}]",
       "agents.team1.desktop.local-configuration=server", "desktop.site2.agent-desktop={own: 1}"});
  ASSERT_FALSE(first.has_errors());
  const Loaded again = load_text(first.effective_yaml);
  EXPECT_EQ(again.effective_yaml, first.effective_yaml);
  EXPECT_EQ(again.scenario.queues[1].hunt_group->preferred_site,
            (std::array<std::string, 2>{"SIP_Server_9", "SIP_Server_1"}));
}

TEST(ValidatorCodes, EachHasARowInTheReadme) {
  Codes known;
  for (const Case& c : cases()) known.insert(c.code);
  std::ifstream file(std::string(BCSIM_SOURCE_DIR) + "/tools/README.md");
  Codes rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| V-")) rows.insert(line.substr(2, 5));
  }
  EXPECT_EQ(rows, known);
  EXPECT_EQ(known.size(), 44u);
}

}  // namespace
}  // namespace bcsim::tools::validator_codes_test
