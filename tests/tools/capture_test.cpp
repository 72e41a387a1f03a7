// bcsim run --pcap: what Wireshark would say of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "models/ledger/ledger.hpp"
#include "tests/support/dissected_capture.hpp"
#include "tests/support/hurried.hpp"
#include "tests/support/shipped.hpp"
#include "tests/support/worlds.hpp"
#include "tools/trace/capture_file.hpp"
#include "tools/trace/pcapng.hpp"
#include "tools/trace/replay.hpp"
#include "tools/trace/sip_text.hpp"

namespace bcsim::tools::capture_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// One block of a pcapng file.
struct PcapBlock {
  std::uint32_t kind = 0;
  std::string body;
};
std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 4; i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return v;
}
std::vector<PcapBlock> pcap_blocks(const std::string& bytes) {
  std::vector<PcapBlock> blocks;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint32_t length = word_at(bytes, at + 4);
    EXPECT_EQ(length % 4, 0u);
    EXPECT_EQ(word_at(bytes, at + length - 4), length);
    blocks.push_back({word_at(bytes, at), bytes.substr(at + 8, length - 12)});
    at += length;
  }
  return blocks;
}
/// Time in seconds, and the UDP payload, of an enhanced packet block.
std::pair<double, std::string> packet_of(const PcapBlock& block) {
  const std::uint64_t ns = std::uint64_t{word_at(block.body, 4)} << 32 | word_at(block.body, 8);
  const std::uint32_t length = word_at(block.body, 12);
  return {1e-9 * static_cast<double>(ns - 946'684'800'000'000'000ull),
          block.body.substr(20 + 14 + 20 + 8, length - 42)};
}

TEST(Pcapng, ARefusalQuotesWhatWasRefused) {
  const UdpDatagram datagram = {.from = {10u << 24 | 1}, .to = {10u << 24 | 2}, .payload = "x"};
  const std::string refused = udp_frame(datagram), frame = port_unreachable_frame(datagram);
  ASSERT_EQ(frame.size(), 14u + 20 + 8 + 28);  // 56 bytes of IP, as the simulated network carries
  EXPECT_EQ(frame.substr(34, 2), std::string("\3\3"));
  EXPECT_EQ(frame.substr(42), refused.substr(14, 28));
  EXPECT_EQ(frame.substr(26, 4), refused.substr(30, 4));  // from whom it was sent to
}

TEST(Pcapng, ChecksumsAreRight) {
  const std::string frame =
      udp_frame({.from = {10u << 24 | 1}, .to = {10u << 24 | 2}, .payload = "odd"});
  ASSERT_EQ(frame.size(), 14u + 20 + 8 + 3);
  const auto sum = [&](std::size_t from, std::size_t to, std::uint32_t start) {
    for (std::size_t i = from; i < to; ++i) {
      start += static_cast<unsigned char>(frame[i]) << ((i - from) % 2 == 0 ? 8 : 0);
    }
    while (start >> 16 != 0) start = (start & 0xFFFF) + (start >> 16);
    return start;
  };
  EXPECT_EQ(sum(14, 34, 0), 0xFFFFu);  // RFC 1071: with its checksum
  EXPECT_EQ(sum(34, frame.size(), sum(26, 34, 0) + 17 + 11), 0xFFFFu);  // with the pseudo-header
  EXPECT_EQ(Ipv4{10u << 24 | 1}.text(), "10.0.0.1");
}

/// Judges calls by their records.
class CallVerdicts final : public models::Observer {
 public:
  explicit CallVerdicts(const models::Scenario& s) : scenario_(s), ledger_(scenario_) {}
  void on_record(const models::JournalEntry& entry) override { ledger_.on_record(entry); }
  void on_tick(models::SimTime, const models::TickSample&) override {}

  /// Lost, not over, or over so late that its last transactions may not be.
  [[nodiscard]] bool unfinished(std::uint32_t call) const {
    if (!ledger_.knows(models::CallId{call})) return true;
    const models::CallRow& row = ledger_.row(models::CallId{call});
    return models::is_loss(row.cause) || row.cause == models::Cause::still_in_system ||
           row.released > sim::kStart + scenario_.run.horizon - 40s;
  }

 private:
  models::Scenario scenario_;
  models::CallLedger ledger_;
};

class Capture : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) /
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  /// Both sites, agents of either at both, a call every 7 s, site 1 fails after two minutes.
  static models::Scenario scenario() {
    models::Scenario s = tests::p0_scenario();
    s.run.horizon = 5min;
    s.agents = {tests::agents("a", 6, 0), tests::agents("b", 6, 1)};
    s.queues.front().routing_scope = models::RoutingScope::both_sites;
    models::SingleCalls single;
    for (std::uint32_t i = 0; i < 30; ++i) {
      single.calls.push_back({sim::kStart + i * 7s + 1s, 40s, 300s, i % 2});
    }
    s.calls = {tests::calls(single)};
    models::Fault fault = tests::site_failure(sim::kStart + 2min);
    fault.text = "fail site1";
    s.faults = {fault};
    return s;
  }
  std::string capture(const models::Scenario& s, const MessageFilter& filter = {}) {
    models::TwoSiteWorld world(s, {s.run.seed, 0});
    CaptureFile file(path(), world.layout(), filter);
    world.add_observer(file);
    verdicts_.emplace(s);
    world.add_observer(*verdicts_);
    sim::PlainPlatform platform(world.layout().topology);
    models::Simulation& simulation = world.simulate(platform);
    world.start();
    sim::run_loop(simulation);
    file.commit();
    packets_ = file.packets();
    left_out_ = file.left_out();
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] fs::path path() const { return directory_ / "c.pcapng"; }

  /// What tshark and the ledger say of the capture.
  [[nodiscard]] CaptureVerdict judged() const {
    return judge(dissect(path(), true), 1e-6,
                 [this](std::uint32_t call) { return verdicts_->unfinished(call); });
  }

  fs::path directory_;
  std::optional<CallVerdicts> verdicts_;  ///< of the last capture
  std::uint64_t packets_ = 0, left_out_ = 0;
};

TEST_F(Capture, HasAnInterfacePerLinkAndPacketsInOrderOfTime) {
  const auto blocks = pcap_blocks(capture(scenario()));
  ASSERT_GT(blocks.size(), 100u);
  EXPECT_EQ(blocks.front().kind, 0x0A0D0D0Au);
  std::size_t interfaces = 0, packets = 0;
  std::set<std::uint32_t> used;
  double last = 0;
  for (const PcapBlock& block : blocks) {
    interfaces += block.kind == 1;
    if (block.kind != 6) continue;
    ++packets;
    const auto [at, payload] = packet_of(block);
    EXPECT_LE(last, at);
    last = at;
    used.insert(word_at(block.body, 0));
    EXPECT_THAT(payload, HasSubstr("\r\n\r\n"));
  }
  EXPECT_EQ(interfaces, 7u);  // dc-link, two LANs, four access paths
  EXPECT_EQ(packets, packets_);
  EXPECT_GE(used.size(), 5u);
  EXPECT_LT(*used.rbegin(), interfaces);
}

TEST_F(Capture, NamesTheFaultAndWhatDidNotArrive) {
  const std::string bytes = capture(scenario());
  EXPECT_THAT(bytes, HasSubstr("fault begins: fail site1"));
  EXPECT_THAT(bytes, HasSubstr("did not arrive: the machine was dead"));
}

TEST_F(Capture, LogsTLibraryBeside) {
  (void)capture(scenario());
  std::ifstream in(path().string() + ".tlib.log");
  const std::string log(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(log, HasSubstr("EventEstablished agent a.1 call"));
}

TEST_F(Capture, StopsAtTheLimitAndSaysHowMuchIsMissing) {
  (void)capture(scenario());
  const std::uint64_t all = packets_;
  EXPECT_EQ(left_out_, 0u);
  (void)capture(scenario(), {.most = 10});
  EXPECT_LE(packets_, 10u);
  EXPECT_GT(left_out_, all / 2);
}

// ---- what tshark says --------------------------------------------------------------------------

constexpr const char* kNoTshark = "tshark is not installed";

TEST_F(Capture, IsSoundAsTsharkSeesIt) {
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  (void)capture(scenario());
  const CaptureVerdict verdict = judged();
  EXPECT_EQ(verdict.messages, packets_);
  EXPECT_EQ(verdict.complaints, "");
  EXPECT_GT(verdict.repeated, 20u);
}

TEST_F(Capture, DialogsAreCompleteWhereNothingFails) {
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  models::Scenario s = scenario();
  s.faults.clear();
  (void)capture(s);
  const CaptureVerdict verdict = judge(dissect(path(), false), 1e-6, {});
  EXPECT_EQ(verdict.complaints, "");
  EXPECT_EQ(verdict.dialogs, verdict.complete);
  EXPECT_GT(verdict.dialogs, 80u);  // three legs and more of thirty calls
}

TEST_F(Capture, DialogsAreCompleteWhereCallsArePassedOn) {
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  models::Scenario s = scenario();
  s.faults.clear();
  s.run.horizon = 12min;  // the last call of the thirty is over
  s.calls.front().talk = models::Deterministic{40};
  s.calls.front().after_call_work = models::Deterministic{5};
  for (const auto kind : {models::TransferKind::blind, models::TransferKind::consultation}) {
    models::TransferOptions& transfer = s.calls.front().transfer;
    transfer.share = 1;
    transfer.kind = kind;
    transfer.group = 1;
    transfer.reconnect = 0.5;
    (void)capture(s);
    const CaptureVerdict verdict = judge(dissect(path(), false), 1e-6, {});
    EXPECT_EQ(verdict.complaints, "");
    EXPECT_EQ(verdict.dialogs, verdict.complete);
    EXPECT_GT(verdict.dialogs, 100u);  // and a second agent's
  }
}

TEST_F(Capture, ADeadProcessOnALivingMachineAnswersWithIcmp) {
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  models::Scenario s = scenario();
  for (models::AgentGroup& group : s.agents) group.count = 60;  // some of them register just then
  s.run.horizon = 3min;
  s.faults.front().deed = models::Crash{};
  (void)capture(s);
  const std::string refused = output_of("tshark -n -r '" + path().string() +
                                        "' -Y 'icmp.type == 3 && icmp.code == 3' -T fields "
                                        "-e frame.time_epoch -e udp.dstport -e _ws.expert");
  EXPECT_THAT(refused, HasSubstr("\t5060\t\n"));
  EXPECT_EQ(judged().complaints, "");
}

/// A real proxy's capture passes what ours must pass; it lies outside the repository. (Its
/// checksums are the network card's business, and its clock is not exact.)
TEST(RealCapture, PassesTheSameChecks) {
  const char* path = std::getenv("BCSIM_REAL_CAPTURE");
  if (path == nullptr || !has_tshark()) GTEST_SKIP() << "BCSIM_REAL_CAPTURE names no capture";
  const CaptureVerdict verdict = judge(dissect(path, false), 0.02, {});
  EXPECT_EQ(verdict.complaints, "");
  EXPECT_EQ(verdict.complete, verdict.dialogs);
  EXPECT_GE(verdict.dialogs, 100u);
}

// ---- every shipped scenario --------------------------------------------------------------------

/// Writes the capture of a scenario made short, with all of its people or a tenth of them.
void capture_shipped(const ShippedScenario& shipped, bool all_people, const fs::path& path,
                     std::deque<CallVerdicts>& judges) {
  const Loaded loaded = load_scenario(shipped.path);
  ASSERT_FALSE(loaded.has_errors()) << shipped.name;
  const models::Scenario s = tests::hurried(loaded.scenario, all_people);
  const models::Layout layout(s, {s.run.seed, 0});
  CaptureFile file(path, layout, {.most = UINT64_MAX - 1});
  CallVerdicts& verdicts = judges.emplace_back(s);
  (void)replay_run(
      s, 0,
      [&](models::TwoSiteWorld& world) {
        world.add_observer(file);
        world.add_observer(verdicts);
      },
      models::SimTime::max());
  file.commit();
}

void expect_sound(const std::vector<Dissected>& messages, const CallVerdicts& verdicts,
                  const std::string& name) {
  const CaptureVerdict verdict =
      judge(messages, 1e-6, [&](std::uint32_t call) { return verdicts.unfinished(call); });
  EXPECT_EQ(verdict.complaints, "") << name;
  EXPECT_GT(verdict.complete, 0u) << name;  // few in bank_day
}

TEST_F(Capture, OfEveryShippedScenarioIsWhatARealOneWouldBe) {
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  std::deque<CallVerdicts> judges;
  const std::vector<ShippedScenario> all = shipped_scenarios();
  std::ofstream together(directory_ / "all.pcapng", std::ios::binary);  // tshark starts once
  for (const ShippedScenario& shipped : all) {
    capture_shipped(shipped, false, path(), judges);
    together << std::ifstream(path(), std::ios::binary).rdbuf();
  }
  together.close();
  std::map<int, std::vector<Dissected>> captures;
  for (Dissected& m : dissect(directory_ / "all.pcapng", true)) {
    captures[m.section].push_back(std::move(m));
  }
  ASSERT_EQ(captures.size(), all.size());
  for (const auto& [section, messages] : captures) {
    const auto i = static_cast<std::size_t>(section - 1);
    expect_sound(messages, judges[i], all[i].name);
  }
}

/// With all of its people; each a test of its own, since all of them take minutes.
class ShippedCapture : public Capture, public testing::WithParamInterface<ShippedScenario> {};

TEST_P(ShippedCapture, IsWhatARealOneWouldBe) {
  if (std::getenv("BCSIM_FULL") == nullptr) GTEST_SKIP() << "all its people; BCSIM_FULL=1";
  if (!has_tshark()) GTEST_SKIP() << kNoTshark;
  std::deque<CallVerdicts> judges;
  capture_shipped(GetParam(), true, path(), judges);
  expect_sound(dissect(path(), true), judges.front(), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Of, ShippedCapture, testing::ValuesIn(shipped_scenarios()),
                         test::scenario_name);

}  // namespace
}  // namespace bcsim::tools::capture_test
