#include "tools/trace/sip_text.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/md5.hpp>
#include <cassert>

#include "sim/hash.hpp"
#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

using models::NodeKind;
using models::sip::Method;

std::string hex_tag(std::uint64_t dialog, std::uint64_t salt) {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(sim::mix64(dialog ^ salt) >> 32));
}

std::string md5_hex(const std::string& text) {
  boost::uuids::detail::md5 md5;
  md5.process_bytes(text.data(), text.size());
  boost::uuids::detail::md5::digest_type digest;
  md5.get_digest(digest);
  std::string out;
  // Boost 1.74 keeps the digest's bytes in words of the machine's order.
  for (std::size_t i = 0; i < 16; ++i) {
    out += fmt::format("{:02x}", reinterpret_cast<const unsigned char*>(&digest)[i]);
  }
  return out;
}

std::string nonce_of(std::uint64_t dialog) {
  return fmt::format("{:016x}", sim::mix64(dialog ^ 0x6E6F'6E63'6500ull));
}

}  // namespace

struct SipText::FromTo {
  const Parties& parties;
  std::uint64_t dialog = 0;
  models::CallId call;
  models::Dn dn;
  bool from_caller = true;  ///< the request's sender began the dialog
  bool to_tag = false;
  bool registers = false;
};

SipText::SipText(const models::Layout& layout) : layout_(layout) {}

const models::NodeRole* SipText::role_of(models::AddressId address) const {
  return address.value < layout_.roles.size() ? &layout_.roles[address.value] : nullptr;
}

/// 10.<1 + site>.0.x for the servers of a data centre, 10.<101 + location>.x.y for premises.
Ipv4 SipText::ip_of(models::AddressId address) const {
  const std::uint32_t ten = 10u << 24;
  const models::NodeRole* role = role_of(address);
  if (role == nullptr) {  // the virtual addresses of the SIP Server pairs, in the order of sites
    const auto site = address.value - static_cast<std::uint32_t>(layout_.roles.size());
    return {ten | (1 + site) << 16 | 10};
  }
  const auto centre = [&](std::uint32_t host) {
    return Ipv4{ten | (1u + role->site) << 16 | host};
  };
  const auto& directory = layout_.directory;
  switch (role->kind) {
    case NodeKind::sip_server:
      return centre(11 + role->process);
    case NodeKind::media_server:
      return centre(20);
    case NodeKind::config_server:
      return centre(30);
    case NodeKind::config_server_proxy:
      return centre(31);
    case NodeKind::stat_server:
      return centre(32);
    case NodeKind::local_config_server:
      return centre(33);
    case NodeKind::gateway: {
      const auto location = directory.scenario->gateways[role->index].location;
      return {ten | (101u + location) << 16 | (10 + role->index)};
    }
    case NodeKind::phone:
    case NodeKind::desktop: {
      const auto location = directory.agents[role->index].location;
      const std::uint32_t host = 256 + 2 * role->index + (role->kind == NodeKind::desktop ? 1 : 0);
      return {ten | (101u + location) << 16 | (host & 0xFFFF)};
    }
    case NodeKind::pstn:
      break;
  }
  return {ten | 255};
}

/// Does a dialog between these two always begin on the left?
bool SipText::begins(models::AddressId from, models::AddressId to) const {
  const models::NodeRole *a = role_of(from), *b = role_of(to);
  const bool a_serves = a == nullptr || a->kind == NodeKind::sip_server;
  const bool b_serves = b == nullptr || b->kind == NodeKind::sip_server;
  if (a_serves && b != nullptr)
    return b->kind == NodeKind::phone || b->kind == NodeKind::media_server;
  if (b_serves && a != nullptr) return a->kind == NodeKind::gateway;
  return false;
}

SipText::Parties SipText::parties_of(const models::Envelope& e) {
  const auto* request = std::get_if<models::sip::Request>(&e.message);
  const auto* response = std::get_if<models::sip::Response>(&e.message);
  const Method method = request != nullptr ? request->method : response->method;
  // Outside dialogs the client is the caller.
  const bool alone = method == Method::options || method == Method::register_;
  if (alone) return request != nullptr ? Parties{e.from, e.to} : Parties{e.to, e.from};
  const bool trunk = role_of(e.from) == nullptr && role_of(e.to) == nullptr;
  const std::uint64_t dialog = request != nullptr ? request->dialog : response->dialog;
  const bool first = request != nullptr && !request->in_dialog && method == Method::invite;
  // An agent's phone may begin one, and a gateway be called.
  if (first && !begins(e.from, e.to)) callers_.try_emplace(dialog, e.from);
  const auto known = callers_.find(dialog);
  if (known == callers_.end()) {
    return trunk || begins(e.from, e.to) ? Parties{e.from, e.to} : Parties{e.to, e.from};
  }
  return known->second == e.from ? Parties{e.from, e.to} : Parties{e.to, e.from};
}

std::string SipText::user_of(models::Dn dn, models::AddressId callee) const {
  const models::NodeRole* role = role_of(callee);
  if (role != nullptr && role->kind == NodeKind::media_server) return "annc";
  if (!dn.valid()) return "";
  if (dn.is_outside()) return "+498900000000";
  if (!dn.is_queue()) return fmt::format("7{:04}", dn.agent().value);
  const auto& queues = layout_.directory.scenario->queues;
  return dn.queue_index() < queues.size() ? fmt::format("9{:03}", dn.queue_index()) : "9000";
}

std::string SipText::from_to(const FromTo& w) const {
  const std::string caller_ip = ip_of(w.parties.caller).text(),
                    callee_ip = ip_of(w.parties.callee).text();
  std::string callee_user = user_of(w.dn, w.parties.callee), caller_user;
  if (w.call.valid()) caller_user = fmt::format("+4930{:07}", w.call.value);
  if (w.registers) caller_user = callee_user;
  const auto uri = [](const std::string& user, const std::string& host) {
    return user.empty() ? fmt::format("<sip:{}>", host) : fmt::format("<sip:{}@{}>", user, host);
  };
  // Address of record: the registrar's domain on both sides.
  const std::string caller = uri(caller_user, w.registers ? callee_ip : caller_ip);
  const std::string callee = uri(callee_user, callee_ip);
  const std::string caller_tag = ";tag=" + hex_tag(w.dialog, 0xA11CEull);
  const std::string callee_tag = ";tag=" + hex_tag(w.dialog, 0xB0Bull);
  if (w.from_caller) {
    return fmt::format("From: {}{}\r\nTo: {}{}\r\n", caller, caller_tag, callee,
                       w.to_tag ? callee_tag : "");
  }
  return fmt::format("From: {}{}\r\nTo: {}{}\r\n", callee, callee_tag, caller, caller_tag);
}

/// An offer or answer of G.711 (RFC 4566, RFC 3551).
std::string SipText::body(models::NodeId media, std::uint64_t dialog, const char* direction) const {
  const std::string ip = ip_of(models::AddressId{media.value}).text();
  return fmt::format(
      "v=0\r\no=- {0} 1 IN IP4 {1}\r\ns=-\r\nc=IN IP4 {1}\r\nt=0 0\r\n"
      "m=audio {2} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
      "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={3}\r\n",
      dialog >> 32, ip, 16384 + 2 * ((dialog ^ media.value) % 8192), direction);
}

std::string SipText::write(const models::sip::Request& m, const models::Envelope& e,
                           const Parties& parties) const {
  const std::string from_ip = ip_of(e.from).text(), to_ip = ip_of(e.to).text();
  const bool from_caller = e.from == parties.caller, registers = m.method == Method::register_;
  const std::string user = registers        ? ""
                           : from_caller    ? user_of(m.dn, parties.callee)
                           : m.call.valid() ? fmt::format("+4930{:07}", m.call.value)
                                            : "";
  const std::string target =
      user.empty() ? fmt::format("sip:{}:5060", to_ip) : fmt::format("sip:{}@{}:5060", user, to_ip);
  std::string out = fmt::format("{} {} SIP/2.0\r\n", method_name(m.method), target);
  // Both sides number their requests from 1: the ACK to a 2xx needs a branch of its sender's own,
  // which the layer marks; that to any other response has the branch of the INVITE (§17.1.1.3).
  const bool own = m.method == Method::ack && m.branch >> 63 != 0;
  const std::uint64_t branch = own ? sim::mix64(m.branch ^ e.from.value) : m.branch;
  out += fmt::format("Via: SIP/2.0/UDP {}:5060;branch=z9hG4bK{:016x}\r\nMax-Forwards: 70\r\n",
                     from_ip, branch);
  // An ACK has the To of the response; a CANCEL that of the INVITE (RFC 3261 §17.1.1.3, §9.1).
  const bool to_tag = m.method == Method::ack || (m.in_dialog && m.method != Method::cancel);
  out += from_to({parties, m.dialog, m.call, m.dn, from_caller, to_tag, registers});
  out += fmt::format("Call-ID: {:016x}@{}\r\nCSeq: {} {}\r\n", m.dialog,
                     ip_of(parties.caller).text(), m.cseq, method_name(m.method));
  const bool carries_contact =
      m.method == Method::invite || registers || m.method == Method::options;
  if (carries_contact) {
    const models::AddressId contact = m.contact.valid() ? m.contact : e.from;
    const std::string contact_user = registers ? user_of(m.dn, parties.callee) + "@" : "";
    out += fmt::format("Contact: <sip:{}{}:5060>{}\r\n", contact_user, ip_of(contact).text(),
                       registers ? fmt::format(";expires={}", m.expires_s) : "");
  }
  if (registers && m.has_credentials) {
    const std::string name = user_of(m.dn, parties.callee), realm = to_ip,
                      nonce = nonce_of(m.dialog);
    const std::string uri = "sip:" + to_ip + ":5060";
    const std::string ha1 = md5_hex(name + ":" + realm + ":secret" + name);
    const std::string ha2 = md5_hex("REGISTER:" + uri);
    out += fmt::format(
        "Authorization: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", "
        "response=\"{}\", algorithm=MD5\r\n",
        name, realm, nonce, uri, md5_hex(ha1 + ":" + nonce + ":" + ha2));
  }
  if (m.method == Method::invite || m.method == Method::options) {
    out += "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n";
  }
  if (m.method == Method::options) out += "Accept: application/sdp\r\n";
  if (m.method == Method::invite && m.expires_s > 0) {  // RFC 4028
    out += fmt::format("Supported: timer\r\nSession-Expires: {};refresher=uac\r\nMin-SE: 90\r\n",
                       m.expires_s);
  }
  if (m.answer_within > models::Duration{}) {
    out += fmt::format("Expires: {}\r\n", std::chrono::ceil<std::chrono::seconds>(m.answer_within) /
                                              std::chrono::seconds(1));
  }
  out += "User-Agent: bcsim\r\n";
  const std::string sdp =
      m.media.valid() ? body(m.media, m.dialog, m.held ? "sendonly" : "sendrecv") : "";
  if (!sdp.empty()) out += "Content-Type: application/sdp\r\n";
  return out + fmt::format("Content-Length: {}\r\n\r\n{}", sdp.size(), sdp);
}

std::string SipText::write(const models::sip::Response& m, const models::Envelope& e,
                           const Parties& parties) const {
  const bool registers = m.method == Method::register_;
  std::string out =
      fmt::format("SIP/2.0 {} {}\r\n", m.status,
                  reason_phrase(m.status).empty() ? "Other" : reason_phrase(m.status));
  out += fmt::format("Via: SIP/2.0/UDP {}:5060;branch=z9hG4bK{:016x}\r\n", ip_of(e.to).text(),
                     m.branch);
  out +=
      from_to({parties, m.dialog, m.call, m.dn, e.to == parties.caller, m.status > 100, registers});
  out += fmt::format("Call-ID: {:016x}@{}\r\nCSeq: {} {}\r\n", m.dialog,
                     ip_of(parties.caller).text(), m.cseq, method_name(m.method));
  const bool moved = m.status / 100 == 3;
  if (registers && m.status == 200) {
    const std::string user = user_of(m.dn, parties.callee);
    if (m.expires_s > 0) {
      out += fmt::format("Contact: <sip:{}@{}:5060>;expires={}\r\n", user, ip_of(e.to).text(),
                         m.expires_s);
    }
  } else if (moved && m.contact.valid()) {
    out += fmt::format("Contact: <sip:{}@{}:5060>\r\n", user_of(m.dn, m.contact),
                       ip_of(m.contact).text());
  } else if (m.method == Method::invite && m.status > 100 && m.status < 300) {
    const models::AddressId contact = m.contact.valid() ? m.contact : e.from;
    out += fmt::format("Contact: <sip:{}:5060>\r\n", ip_of(contact).text());
  }
  if (m.status == 401) {
    out += fmt::format("WWW-Authenticate: Digest realm=\"{}\", nonce=\"{}\", algorithm=MD5\r\n",
                       ip_of(e.from).text(), nonce_of(m.dialog));
  }
  if (m.retry_after_s > 0 || (m.status == 500 && !registers))
    out += fmt::format("Retry-After: {}\r\n", m.retry_after_s);
  if (m.status == 200 && (m.method == Method::options || m.method == Method::invite)) {
    out += "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n";
  }
  if (m.method == Method::invite && m.status == 200 && m.expires_s > 0) {
    out += fmt::format("Require: timer\r\nSession-Expires: {};refresher=uac\r\n", m.expires_s);
  }
  out += "Server: bcsim\r\n";
  const bool held = holding_.contains(m.branch);
  const std::string sdp =
      m.media.valid() ? body(m.media, m.dialog, held ? "recvonly" : "sendrecv") : "";
  if (!sdp.empty()) out += "Content-Type: application/sdp\r\n";
  return out + fmt::format("Content-Length: {}\r\n\r\n{}", sdp.size(), sdp);
}

std::string SipText::write(const models::Envelope& envelope) {
  const Parties parties = parties_of(envelope);
  if (const auto* request = std::get_if<models::sip::Request>(&envelope.message)) {
    if (request->held) holding_.insert(request->branch);
    return write(*request, envelope, parties);
  }
  const auto* response = std::get_if<models::sip::Response>(&envelope.message);
  assert(response != nullptr);
  return write(*response, envelope, parties);
}

}  // namespace bcsim::tools
