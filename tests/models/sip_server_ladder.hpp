// What went over the wire in a test of the SIP Server, as lines of text.
#pragma once

#include <string>
#include <vector>

#include "tests/models/sip_server_world.hpp"

namespace bcsim::models::testing {

/// "gateway INVITE", "100 gateway": what went over the wire, with who sent or got it.
[[nodiscard]] inline std::string line(const ServerWorld& w, const Heard& h) {
  const auto party = [&](NodeId node) -> std::string {
    if (node == w.gateway(0)) return "MG";
    if (node == w.media_server(0)) return "MS";
    if (!w.directory.agents.empty() && node == w.phone(0)) return "PH";
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

/// All SIP messages but OPTIONS, in order.
[[nodiscard]] inline std::vector<std::string> ladder(const ServerWorld& w) {
  std::vector<std::string> lines;
  for (const Heard& h : w.heard) {
    const std::string text = line(w, h);
    if (!text.empty() && text.find("OPTIONS") == std::string::npos) lines.push_back(text);
  }
  return lines;
}

}  // namespace bcsim::models::testing
