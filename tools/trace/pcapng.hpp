// Capture files as Wireshark reads them: pcapng with nanoseconds, interfaces and comments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

/// An IPv4 address in host order.
struct Ipv4 {
  std::uint32_t value = 0;
  [[nodiscard]] std::string text() const;  ///< "10.1.0.10"
};
struct UdpDatagram {
  Ipv4 from, to;
  std::uint16_t from_port = 5060, to_port = 5060;
  std::uint16_t id = 0;  ///< of the IP packet
  std::string_view payload;
};

/// Blocks of a file (IETF draft-ietf-opsawg-pcapng, little endian), to be written in this order:
/// section, interfaces, packets.
[[nodiscard]] std::string pcapng_section(std::string_view application, std::string_view comment);
/// Ethernet, times in nanoseconds; numbered in the order of writing.
[[nodiscard]] std::string pcapng_interface(std::string_view name, std::string_view description);
/// `at_ns`: since 1970. An empty comment is left out.
[[nodiscard]] std::string pcapng_packet(std::uint32_t interface_id, std::int64_t at_ns,
                                        std::string_view frame, std::string_view comment);

/// An Ethernet frame with IPv4 (RFC 791) and UDP (RFC 768), checksums filled in. The MAC addresses
/// are made from the IP addresses.
[[nodiscard]] std::string udp_frame(const UdpDatagram& datagram);
/// The answer of a live machine on which nothing listens: ICMP destination unreachable, port
/// unreachable (RFC 792), with the IP and UDP headers of the datagram.
[[nodiscard]] std::string port_unreachable_frame(const UdpDatagram& refused);

}  // namespace bcsim::tools
