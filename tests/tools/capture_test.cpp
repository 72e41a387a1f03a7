// bcsim run --pcap: what Wireshark would say of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/support/worlds.hpp"
#include "tools/trace/capture_file.hpp"
#include "tools/trace/pcapng.hpp"
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

  fs::path directory_;
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

std::string output_of(const std::string& command) {
  std::string out;
  std::array<char, 4096> buffer;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return out;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), n);
  }
  pclose(pipe);
  return out;
}
bool has_tshark() {
  return !output_of("command -v tshark").empty();
}

/// One SIP message as tshark has dissected it.
struct Dissected {
  double t = 0;
  std::string source, method, status, cseq_method, call_id, branch, from_tag, to_tag;
  bool malformed = false;
  int severity = 0;           ///< of the dissectors' remarks, the worst
  bool bad_checksum = false;  ///< only if they are checked
};
std::vector<Dissected> dissect(const fs::path& path, bool check_checksums) {
  const std::string checks =
      check_checksums ? "-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE " : "";
  std::istringstream lines(output_of(
      "tshark -n " + checks + "-r '" + path.string() +
      "' -Y sip -T fields -E separator=';' -e frame.time_epoch -e ip.src -e sip.Method "
      "-e sip.Status-Code -e sip.CSeq.method -e sip.Call-ID -e sip.Via.branch -e sip.from.tag "
      "-e sip.to.tag -e _ws.malformed -e _ws.expert.severity -e ip.checksum.status "
      "-e udp.checksum.status"));
  std::vector<Dissected> all;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::array<std::string, 13> c;
    for (std::string& cell : c) std::getline(cells, cell, ';');
    Dissected m{std::stod(c[0]), c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]};
    m.malformed = !c[9].empty();
    std::istringstream severities(c[10]);
    for (std::string word; std::getline(severities, word, ',');) {
      m.severity = std::max(m.severity, std::stoi(word));
    }
    m.bad_checksum = check_checksums && (c[11] != "1" || c[12] != "1");
    all.push_back(m);
  }
  return all;
}

/// What holds for every capture of SIP, ours or that of a real proxy.
void expect_sound(const std::vector<Dissected>& all) {
  constexpr int kWarning = 0x600000;            // PI_WARN of Wireshark's epan/proto.h
  std::map<std::string, std::string> from_tag;  // by Call-ID and branch: requests and responses
  for (const Dissected& m : all) {
    EXPECT_FALSE(m.malformed) << m.call_id;
    EXPECT_LT(m.severity, kWarning) << m.call_id;
    EXPECT_FALSE(m.bad_checksum) << m.call_id;
    EXPECT_FALSE(m.call_id.empty());
    EXPECT_TRUE(m.branch.starts_with("z9hG4bK")) << m.branch;
    const auto [at, fresh] = from_tag.try_emplace(m.call_id + m.branch + m.cseq_method, m.from_tag);
    EXPECT_EQ(at->second, m.from_tag) << m.call_id;
    if (!m.status.empty() && m.status != "100") {
      EXPECT_FALSE(m.to_tag.empty()) << m.call_id;
    }
  }
}

TEST_F(Capture, IsSoundAsTsharkSeesIt) {
  if (!has_tshark()) GTEST_SKIP() << "tshark is not installed";
  (void)capture(scenario());
  const auto all = dissect(path(), true);
  ASSERT_EQ(all.size(), packets_);
  expect_sound(all);
}

/// A real proxy's capture passes what ours must pass; it lies outside the repository. (Its
/// checksums are the network card's business.)
TEST(RealCapture, IsSoundByTheSameChecks) {
  const char* path = std::getenv("BCSIM_REAL_CAPTURE");
  if (path == nullptr || !has_tshark()) GTEST_SKIP() << "BCSIM_REAL_CAPTURE names no capture";
  const auto all = dissect(path, false);
  ASSERT_GT(all.size(), 100u);
  expect_sound(all);
}

TEST_F(Capture, DialogsAreCompleteUnlessTheFailureTookThem) {
  if (!has_tshark()) GTEST_SKIP() << "tshark is not installed";
  models::Scenario s = scenario();
  s.faults.clear();
  (void)capture(s);
  std::map<std::string, std::set<std::string>> seen;  // by Call-ID
  for (const Dissected& m : dissect(path(), false)) {
    seen[m.call_id].insert(m.status.empty() ? m.method : m.status + " " + m.cseq_method);
  }
  std::size_t invited = 0;
  for (const auto& [call_id, messages] : seen) {
    if (!messages.contains("INVITE")) continue;
    ++invited;
    EXPECT_TRUE(messages.contains("200 INVITE") && messages.contains("ACK") &&
                messages.contains("BYE") && messages.contains("200 BYE"))
        << call_id;
  }
  EXPECT_GT(invited, 80u);  // three legs and more of thirty calls
}

TEST_F(Capture, RequestsAreRepeatedAtTheInstantsOfRfc3261) {
  if (!has_tshark()) GTEST_SKIP() << "tshark is not installed";
  (void)capture(scenario());
  std::map<std::string, std::vector<double>> sent;  // by method, branch and sender
  for (const Dissected& m : dissect(path(), false)) {
    if (!m.method.empty() && m.method != "ACK") {
      sent[m.method + " " + m.branch + " " + m.source].push_back(m.t);
    }
  }
  std::size_t repeated = 0;
  for (const auto& [request, times] : sent) {
    double interval = 0.5, due = times.front();  // T1
    for (std::size_t i = 1; i < times.size(); ++i) {
      due += interval;
      EXPECT_NEAR(times[i], due, 1e-6) << request;
      interval *= 2;
      if (!request.starts_with("INVITE")) interval = std::min(interval, 4.0);  // T2
      ++repeated;
    }
  }
  EXPECT_GT(repeated, 20u);
}

}  // namespace
}  // namespace bcsim::tools::capture_test
