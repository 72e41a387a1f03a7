// Configuration Servers, their proxies and the Stat Server (R34, R45, D17).
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/desk_world.hpp"

namespace bcsim::testing::config_server_test {
namespace {

using Times = std::vector<SimTime>;

/// Reads and writes through the proxy of one site, when a test says so.
class Client final : public Endpoint {
 public:
  struct Ask {
    Duration at;
    config::Kind kind;
  };
  Client(AddressId proxy, std::vector<Ask> asks) : proxy_(proxy), asks_(std::move(asks)) {}

  void on_start(Context& context) override {
    connection_ = context.open(proxy_);
    for (std::uint32_t i = 0; i < asks_.size(); ++i) context.arm(asks_[i].at, {0, i});
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    config::Message m;
    m.kind = asks_[tag.index].kind;
    m.object = tag.index;
    context.send(connection_, m, size_bytes(m));
  }
  void on_message(Context& context, const Envelope& envelope) override {
    answers.push_back({context.now(), std::get<config::Message>(envelope.message).kind});
  }

  struct Answer {
    SimTime at;
    config::Kind kind;
    bool operator==(const Answer&) const = default;
  };
  std::vector<Answer> answers;

 private:
  AddressId proxy_;
  std::vector<Ask> asks_;
  ConnectionId connection_;
};

/// A client at site 2's proxy, or at a Configuration Server, in the place of a desktop there.
class Configuration : public ::testing::Test {
 protected:
  Configuration() : world_(scenario(), 1, DeskWorld::With::desktops) {}
  static Scenario scenario() {
    Scenario s = desk_scenario();
    s.run.start = StartMode::cold;
    s.agents[0].location = 1;
    return s;
  }
  std::vector<Client::Answer> run(std::vector<Client::Ask> asks, Duration until,
                                  std::optional<SiteIndex> master = std::nullopt) {
    Client* client = nullptr;
    world_.make_instead = [&](NodeId node) -> std::unique_ptr<Endpoint> {
      if (node != world_.directory.agents[0].desktop) return nullptr;
      auto made = std::make_unique<Client>(
          master ? world_.directory.config_server[*master] : world_.directory.config_proxy[1],
          asks);
      client = made.get();
      return made;
    };
    world_.run(until);
    return client->answers;
  }

  DeskWorld world_;
};

TEST_F(Configuration, ProxyReadsFromMemoryAndWritesThroughTheMasterAtTheOtherSite) {
  const auto answers = run({{1s, config::Kind::read}, {2s, config::Kind::write}}, 3s);
  // A read takes 1 ms; a write 40 ms more, over the dc-link.
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(1001ms), config::Kind::read_reply},
                                                  {at(2041ms), config::Kind::write_done}}));
  EXPECT_TRUE(world_.times<ConfigWriteRefused>().empty());
  // The other proxy is told of the change (D17), at once.
  Times told;
  for (const auto& d : world_.deliveries) {
    const auto* m = std::get_if<config::Message>(&d.envelope.message);
    if (m == nullptr || d.target != world_.config_proxy[0] || d.at < at(1s)) continue;
    if (m->kind == config::Kind::update) told.push_back(d.at);
  }
  EXPECT_EQ(told, Times{at(2s + 500us + 20ms)});
}

TEST_F(Configuration, ProxyTurnsToTheOtherMasterAtOnceAndComesBackAfterAPause) {
  world_.crash(10s, world_.config_server[0]);
  world_.start_node(15s, world_.config_server[0]);
  // Reset at 10.020; the standby sends it away; a round later the master is back.
  const auto answers = run({{20s, config::Kind::write}, {22s, config::Kind::write}}, 25s);
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(20001ms), config::Kind::write_refused},
                                                  {at(22041ms), config::Kind::write_done}}));
}

TEST_F(Configuration, ProxyFindsAnActiveStandbyAtOnce) {
  world_.notice(5s, world_.config_server[1], notice::Kind::activate_standby);
  world_.crash(10s, world_.config_server[0]);
  const auto answers = run({{10100ms, config::Kind::write}}, 12s);
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(10101ms), config::Kind::write_done}}));
}

TEST_F(Configuration, ReadsNeverStopAndWritesAreRefusedUntilTheStandbyIsUp) {  // R34
  world_.fail_host(10s, world_.config_server[0]);
  world_.notice(100s, world_.config_server[1], notice::Kind::activate_standby);
  const auto answers = run({{50s, config::Kind::read},
                            {50s, config::Kind::write},
                            {130s, config::Kind::write},
                            {130s, config::Kind::read}},
                           140s);
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(50001ms), config::Kind::read_reply},
                                                  {at(50001ms), config::Kind::write_refused},
                                                  {at(130001ms), config::Kind::write_done},
                                                  {at(130001ms), config::Kind::read_reply}}));
  EXPECT_EQ(world_.times<ConfigStandbyUp>([](const auto& r) { return r.site == 1; }),
            Times{at(100s)});
  EXPECT_EQ(world_.times<ConfigWriteRefused>([](const auto& r) { return r.site == 1; }),
            Times{at(50s + 500us)});
}

TEST_F(Configuration, AWriteUnderWayWhenTheMasterFallsSilentIsRefusedByAddp) {
  world_.fail_host(10s, world_.config_server[0]);
  const auto answers = run({{11s, config::Kind::write}}, 60s);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, config::Kind::write_refused);
  EXPECT_GT(answers[0].at, at(20s - 40ms));
  EXPECT_LE(answers[0].at, at(30s + 1ms));  // 10 + 2A
}

TEST_F(Configuration, WritesGoOnWhenTheMasterReturns) {
  world_.crash(10s, world_.config_server[0]);
  world_.start_node(40s, world_.config_server[0]);
  const auto answers = run({{20s, config::Kind::write}, {60s, config::Kind::write}}, 70s);
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(20001ms), config::Kind::write_refused},
                                                  {at(60041ms), config::Kind::write_done}}));
  EXPECT_TRUE(world_.times<ConfigStandbyUp>().empty());
}

TEST_F(Configuration, APartitionStopsWritesAtTheSiteWithoutAMasterOnly) {  // R45
  world_.faults.push_back({at(10s), sim::LinkCut{world_.dc_link}});
  world_.faults.push_back({at(10s), sim::LinkCut{sim::opposite(world_.dc_link)}});
  world_.faults.push_back({at(100s), sim::LinkHeal{world_.dc_link}});
  world_.faults.push_back({at(100s), sim::LinkHeal{sim::opposite(world_.dc_link)}});
  const auto answers = run(
      {{60s, config::Kind::read}, {60s, config::Kind::write}, {130s, config::Kind::write}}, 140s);
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(60001ms), config::Kind::read_reply},
                                                  {at(60001ms), config::Kind::write_refused},
                                                  {at(130041ms), config::Kind::write_done}}));
}

TEST_F(Configuration, AMasterIsAskedAndNeverTold) {
  using config::Kind;
  const auto answers = run({{1s, Kind::read_reply},
                            {2s, Kind::write_done},
                            {3s, Kind::write_refused},
                            {4s, Kind::update},
                            {5s, Kind::stat_open},
                            {6s, Kind::stat_opened},
                            {7s, Kind::read}},
                           8s, SiteIndex{0});
  // The connection stands, and what is asked on it is answered.
  EXPECT_EQ(answers, (std::vector<Client::Answer>{{at(7040ms), Kind::read_reply}}));
  EXPECT_TRUE(world_.times<ConfigWritten>().empty());
  for (const auto& d : world_.deliveries) {  // no proxy is told of anything
    EXPECT_FALSE(d.source == world_.config_server[0] && d.target == world_.config_proxy[1] &&
                 d.at > at(1s));
  }
}

}  // namespace
}  // namespace bcsim::testing::config_server_test
