#include "models/messages.hpp"

#include <iterator>

#include "sim/hash.hpp"

namespace bcsim::models {

namespace {

using sim::mix64;

constexpr std::uint32_t kUdpHeaders = 28, kTcpHeaders = 40;

// domain.md §3.10, composed sample messages, counted; bytes of SIP.
std::uint32_t sip_bytes(const sip::Request& r) {
  switch (r.method) {
    case sip::Method::invite:
      return 973;
    case sip::Method::ack:
      return r.media.valid() ? 605 : 384;
    case sip::Method::bye:
      return 421;
    case sip::Method::cancel:
      return 390;
    case sip::Method::options:
      return 364;
    case sip::Method::register_:
      return r.has_credentials ? 759 : 561;
  }
  return 0;
}

std::uint32_t sip_bytes(const sip::Response& r) {
  if (r.method == sip::Method::options) return 413;
  if (r.method == sip::Method::register_) return r.status == 401 ? 452 : 394;
  switch (r.status) {
    case 100:
      return 327;
    case 180:
    case 183:
      return 364;
    case 302:
      return 375;
    case 486:
      return 330;
    case 487:
      return 339;
    case 491:
      return 336;
    case 500:
      return 359;
    case 503:
      return 357;
    default:
      break;
  }
  return r.media.valid() ? 755 : 323;
}

// domain.md §2.10, assumed bytes of T-Library.
std::uint32_t tlib_bytes(tlib::Kind kind) {
  using enum tlib::Kind;
  switch (kind) {
    case register_address:
      return 120;
    case registered:
      return 400;
    case agent_login:
    case make_call:
    case single_step_transfer:
    case initiate_transfer:
    case complete_transfer:
    case reconnect_call:
    case release_call:
      return 200;
    case agent_logged_in:
    case agent_logged_out:
    case private_info:
      return 250;
    case login_refused:
    case call_refused:
    case transfer_refused:
      return 150;
    case agent_logout:
    case set_ready:
    case set_not_ready:
      return 120;
    case ready:
    case not_ready:
      return 200;
    case ringing:
    case dialing:
    case established:
    case consulted:
      return 600;
    case held:
    case retrieved:
    case released:
    case not_consulted:
      return 400;
    case dn_out_of_service:
    case dn_in_service:
    case single_site_mode:
    case closing:
      return 150;
    case addp_poll:
    case addp_reply:
      return 60;
  }
  return 0;
}

struct SizeOf {
  std::uint32_t operator()(const sip::Request& m) const { return sip_bytes(m) + kUdpHeaders; }
  std::uint32_t operator()(const sip::Response& m) const { return sip_bytes(m) + kUdpHeaders; }
  std::uint32_t operator()(const tlib::Message& m) const {
    return tlib_bytes(m.kind) + kTcpHeaders;
  }
  std::uint32_t operator()(const config::Message& m) const {
    return (m.kind == config::Kind::read_reply ? 4000 : 200) + kTcpHeaders;
  }
  std::uint32_t operator()(const pstn::Message&) const { return 0; }
  std::uint32_t operator()(const peer::Message&) const { return 150 + kTcpHeaders; }
  std::uint32_t operator()(const notice::Message&) const { return 0; }
};

struct KeyOf {
  std::uint64_t operator()(const sip::Request& m) const {
    return mix64(m.dialog ^ (std::uint64_t{m.cseq} << 16) ^ (std::uint64_t{m.copy} << 8) ^
                 (static_cast<std::uint64_t>(m.method) << 56) ^ (m.has_credentials ? 1 : 0));
  }
  std::uint64_t operator()(const sip::Response& m) const {
    return mix64(~m.dialog ^ (std::uint64_t{m.cseq} << 16) ^ (std::uint64_t{m.copy} << 8) ^
                 (std::uint64_t{m.status} << 40) ^ (static_cast<std::uint64_t>(m.method) << 56));
  }
  std::uint64_t operator()(const tlib::Message& m) const {
    return mix64((std::uint64_t{m.agent.value} << 32) ^ (m.call.value + 0x1000ull) ^
                 (static_cast<std::uint64_t>(m.kind) << 56));
  }
  std::uint64_t operator()(const config::Message& m) const {
    return mix64((std::uint64_t{m.agent.value} << 8) ^ static_cast<std::uint64_t>(m.kind) ^ 2);
  }
  std::uint64_t operator()(const pstn::Message& m) const { return mix64(m.call.value); }
  std::uint64_t operator()(const peer::Message& m) const {
    const std::uint64_t what = (static_cast<std::uint64_t>(m.kind) << 1) | (m.flag ? 1 : 0);
    return mix64(m.agent.value ^ (what << 56) ^ (std::uint64_t{m.copy} << 32) ^
                 static_cast<std::uint64_t>(m.since.time_since_epoch().count()) * 31 ^
                 mix64(static_cast<std::uint64_t>(m.priority) * 64 + m.number));
  }
  std::uint64_t operator()(const notice::Message& m) const {
    return static_cast<std::uint64_t>(m.kind);
  }
};

}  // namespace

std::uint64_t sip::dialog_id(Leg leg, std::uint32_t subject, sim::NodeId node, std::uint32_t nth) {
  sim::Hash64 hash;
  hash.add((static_cast<std::uint64_t>(leg) << 32) | subject);
  hash.add((std::uint64_t{node.value} << 32) | nth);
  return hash.value();
}

std::uint64_t draw_key(const Message& message) {
  return std::visit(KeyOf{}, message);
}
std::string message_name(const Message& message) {
  constexpr const char* kNames[] = {"SIP requests",
                                    "SIP responses",
                                    "T-Library messages",
                                    "configuration messages",
                                    "trunk messages",
                                    "peer messages",
                                    "notices"};
  static_assert(std::size(kNames) == std::variant_size_v<Message>);
  return kNames[message.index()];
}
std::uint32_t size_bytes(const Message& message) {
  return std::visit(SizeOf{}, message);
}

}  // namespace bcsim::models
