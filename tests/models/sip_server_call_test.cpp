// Calls through one site's SIP Server: the ladder of domain.md §3.9a and every way out of it.
#include <gtest/gtest.h>

#include <string>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing {
namespace {

using namespace std::chrono_literals;

/// "gateway INVITE", "100 gateway": what went over the wire, with who sent or got it.
std::string line(const ServerWorld& w, const Heard& h) {
  const auto party = [&](NodeId node) -> std::string {
    if (node == w.gateway(0)) return "MG";
    if (node == w.media_server(0)) return "MS";
    if (node == w.phone(0)) return "PH";
    return "SS";
  };
  const auto method = [](sip::Method m) -> std::string {
    switch (m) {
      case sip::Method::invite:
        return "INVITE";
      case sip::Method::ack:
        return "ACK";
      case sip::Method::bye:
        return "BYE";
      case sip::Method::cancel:
        return "CANCEL";
      case sip::Method::options:
        return "OPTIONS";
      case sip::Method::register_:
        return "REGISTER";
    }
    return "?";
  };
  std::string what;
  if (const auto* r = std::get_if<sip::Request>(&h.message)) {
    what = (r->in_dialog && r->method == sip::Method::invite ? "re-" : "") + method(r->method);
  } else if (const auto* s = std::get_if<sip::Response>(&h.message)) {
    what = std::to_string(s->status) + " " + method(s->method);
  } else {
    return {};
  }
  return party(h.from) + "->" + party(h.to) + " " + what;
}

std::vector<std::string> ladder(const ServerWorld& w) {
  std::vector<std::string> lines;
  for (const Heard& h : w.heard) {
    const std::string text = line(w, h);
    if (!text.empty() && text.find("OPTIONS") == std::string::npos) lines.push_back(text);
  }
  return lines;
}

TEST(SipServerCall, RunsThroughTheWholeLadderOfAQueuedCall) {
  ServerWorld w;
  w.phones[0] = {.answer_after = 4s, .hang_up_after = 60s};
  w.calls.push_back({.at = at(1s)});
  w.run(100s);
  // Messages that arrive at the same instant come in the order of their receivers' numbers.
  const std::vector<std::string> expected = {
      "MG->SS INVITE",     "SS->MS INVITE",     "SS->MG 100 INVITE", "MS->SS 200 INVITE",
      "SS->MS ACK",        "SS->MG 200 INVITE", "SS->PH INVITE",     "MG->SS ACK",
      "PH->SS 100 INVITE", "PH->SS 180 INVITE", "PH->SS 200 INVITE", "SS->MS BYE",
      "SS->MG re-INVITE",  "SS->PH ACK",        "MS->SS 200 BYE",    "MG->SS 200 INVITE",
      "SS->MG ACK",        "PH->SS BYE",        "SS->MG BYE",        "SS->PH 200 BYE",
      "MG->SS 200 BYE"};
  const std::vector<std::string> seen = ladder(w);
  EXPECT_EQ(seen.size(), 21u);
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace bcsim::models::testing
