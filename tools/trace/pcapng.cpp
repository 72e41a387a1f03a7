#include "tools/trace/pcapng.hpp"

#include <fmt/format.h>

namespace bcsim::tools {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A, kInterface = 1, kEnhancedPacket = 6;
constexpr std::uint16_t kEndOfOptions = 0, kOptComment = 1, kOptUserApplication = 4, kOptName = 2,
                        kOptDescription = 3, kOptTimeResolution = 9;
constexpr std::uint16_t kEthernet = 1;
constexpr std::uint32_t kSnapLength = 262'144;

void little16(std::string& out, std::uint16_t v) {
  out += static_cast<char>(v & 0xFF);
  out += static_cast<char>(v >> 8);
}
void little32(std::string& out, std::uint32_t v) {
  little16(out, static_cast<std::uint16_t>(v & 0xFFFF));
  little16(out, static_cast<std::uint16_t>(v >> 16));
}
void big16(std::string& out, std::uint16_t v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v & 0xFF);
}
void big32(std::string& out, std::uint32_t v) {
  big16(out, static_cast<std::uint16_t>(v >> 16));
  big16(out, static_cast<std::uint16_t>(v & 0xFFFF));
}
void padded(std::string& out, std::string_view bytes) {
  out += bytes;
  out.append((4 - bytes.size() % 4) % 4, '\0');
}
void option(std::string& out, std::uint16_t kind, std::string_view value) {
  if (value.empty()) return;
  little16(out, kind);
  little16(out, static_cast<std::uint16_t>(value.size()));
  padded(out, value);
}
std::string block(std::uint32_t kind, const std::string& body) {
  std::string out;
  const auto length = static_cast<std::uint32_t>(12 + body.size());
  little32(out, kind);
  little32(out, length);
  out += body;
  little32(out, length);
  return out;
}

/// One's complement sum of RFC 1071.
std::uint32_t sum16(std::string_view bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(byte) << 8 : byte;
  }
  return sum;
}
std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
void patch16(std::string& out, std::size_t at, std::uint16_t v) {
  out[at] = static_cast<char>(v >> 8);
  out[at + 1] = static_cast<char>(v & 0xFF);
}

constexpr std::uint16_t kIcmp = 1, kUdp = 17;

std::string ipv4_frame(Ipv4 from, Ipv4 to, std::uint16_t protocol, std::uint16_t id,
                       std::string_view payload) {
  std::string ip;
  big16(ip, 0x4500);
  big16(ip, static_cast<std::uint16_t>(20 + payload.size()));
  big16(ip, id);
  big16(ip, 0x4000);  // don't fragment
  big16(ip, static_cast<std::uint16_t>(64 << 8 | protocol));
  big16(ip, 0);
  big32(ip, from.value);
  big32(ip, to.value);
  patch16(ip, 10, fold(sum16(ip)));

  std::string frame;
  for (const Ipv4 address : {to, from}) {
    big16(frame, 0x0200);  // locally administered
    big32(frame, address.value);
  }
  big16(frame, 0x0800);
  frame += ip;
  frame += payload;
  return frame;
}

}  // namespace

std::string Ipv4::text() const {
  return fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 0xFF, value >> 8 & 0xFF,
                     value & 0xFF);
}

std::string pcapng_section(std::string_view application, std::string_view comment) {
  std::string body;
  little32(body, 0x1A2B3C4D);
  little16(body, 1);
  little16(body, 0);
  little32(body, 0xFFFF'FFFFu);  // length of the section: not given
  little32(body, 0xFFFF'FFFFu);
  option(body, kOptComment, comment);
  option(body, kOptUserApplication, application);
  little32(body, kEndOfOptions);
  return block(kSectionHeader, body);
}

std::string pcapng_interface(std::string_view name, std::string_view description) {
  std::string body;
  little16(body, kEthernet);
  little16(body, 0);
  little32(body, kSnapLength);
  option(body, kOptName, name);
  option(body, kOptDescription, description);
  option(body, kOptTimeResolution, std::string_view("\x09", 1));  // 10^-9 s
  little32(body, kEndOfOptions);
  return block(kInterface, body);
}

std::string pcapng_packet(std::uint32_t interface_id, std::int64_t at_ns, std::string_view frame,
                          std::string_view comment) {
  std::string body;
  const auto at = static_cast<std::uint64_t>(at_ns);
  little32(body, interface_id);
  little32(body, static_cast<std::uint32_t>(at >> 32));
  little32(body, static_cast<std::uint32_t>(at & 0xFFFF'FFFFu));
  little32(body, static_cast<std::uint32_t>(frame.size()));
  little32(body, static_cast<std::uint32_t>(frame.size()));
  padded(body, frame);
  if (!comment.empty()) {
    option(body, kOptComment, comment);
    little32(body, kEndOfOptions);
  }
  return block(kEnhancedPacket, body);
}

std::string udp_frame(const UdpDatagram& d) {
  const auto udp_length = static_cast<std::uint16_t>(8 + d.payload.size());
  std::string udp;
  big16(udp, d.from_port);
  big16(udp, d.to_port);
  big16(udp, udp_length);
  big16(udp, 0);
  udp += d.payload;
  std::string pseudo;
  big32(pseudo, d.from.value);
  big32(pseudo, d.to.value);
  big16(pseudo, kUdp);
  big16(pseudo, udp_length);
  const std::uint16_t checksum = fold(sum16(udp, sum16(pseudo)));
  patch16(udp, 6, checksum == 0 ? 0xFFFF : checksum);

  return ipv4_frame(d.from, d.to, kUdp, d.id, udp);
}

std::string port_unreachable_frame(const UdpDatagram& refused) {
  constexpr std::size_t kEthernetBytes = 14, kQuoted = 20 + 8;
  std::string icmp;
  big16(icmp, 3 << 8 | 3);  // destination unreachable: port
  big16(icmp, 0);
  big32(icmp, 0);
  icmp += udp_frame(refused).substr(kEthernetBytes, kQuoted);
  patch16(icmp, 2, fold(sum16(icmp)));
  return ipv4_frame(refused.to, refused.from, kIcmp, refused.id, icmp);
}

}  // namespace bcsim::tools
