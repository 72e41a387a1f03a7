// The timers of RFC 3261 §17 and Table 4, and when a request or response is sent again.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "sim/time.hpp"

namespace bcsim::models::sip {

using sim::Duration;
using namespace std::chrono_literals;

/// What carries a transaction: over udp the transaction layer retransmits, over tcp it never does.
enum class Transport : std::uint8_t { udp, tcp };

/// What is being retransmitted: a request of a client transaction, a non-2xx final response to an
/// INVITE (timer G), or a 2xx to an INVITE (the UAS core's own, RFC 3261 §13.3.1.4).
enum class Retransmission : std::uint8_t { invite, non_invite, invite_response, success_response };

/// The three base times and everything derived from them (RFC 3261 Table 4, RFC 6026 §8).
struct Timers {
  Duration t1 = 500ms;  ///< round-trip time estimate
  Duration t2 = 4s;     ///< longest interval between copies of a non-INVITE request or a response
  Duration t4 = 5s;     ///< longest life of a message in the network

  /// First value of A, then doubled without a cap (§17.1.1.2); udp only.
  [[nodiscard]] constexpr Duration timer_a() const { return t1; }
  /// Gives up an INVITE without any response (§17.1.1.2), on every transport.
  [[nodiscard]] constexpr Duration timer_b() const { return 64 * t1; }
  /// Bounds the silence of an INVITE that has been answered provisionally, where two others are
  /// waiting for it: "larger than 3 minutes" (§16.6 item 11, §16.8).
  [[nodiscard]] static constexpr Duration timer_c() { return 181s; }
  /// Who rings for longer says so again "at every minute", lest timer C ends it (§13.3.1.1).
  [[nodiscard]] static constexpr Duration still_ringing() { return 60s; }
  /// Absorbs copies of a non-2xx final response at the INVITE client (§17.1.1.2).
  [[nodiscard]] constexpr Duration timer_d(Transport t) const {
    return t == Transport::udp ? std::max<Duration>(32s, 64 * t1) : Duration{0};
  }
  /// First value of E, then doubled up to T2 (§17.1.2.2); udp only.
  [[nodiscard]] constexpr Duration timer_e() const { return t1; }
  /// Gives up a non-INVITE request (§17.1.2.2), on every transport.
  [[nodiscard]] constexpr Duration timer_f() const { return 64 * t1; }
  /// First value of G, then doubled up to T2 (§17.2.1); udp only.
  [[nodiscard]] constexpr Duration timer_g() const { return t1; }
  /// Gives up waiting for the ACK to a non-2xx final response (§17.2.1), on every transport.
  [[nodiscard]] constexpr Duration timer_h() const { return 64 * t1; }
  /// Absorbs copies of the ACK (§17.2.1).
  [[nodiscard]] constexpr Duration timer_i(Transport t) const { return udp_only(t, t4); }
  /// Absorbs copies of a non-INVITE request (§17.2.2).
  [[nodiscard]] constexpr Duration timer_j(Transport t) const { return udp_only(t, 64 * t1); }
  /// Absorbs copies of a final response at the non-INVITE client (§17.1.2.2).
  [[nodiscard]] constexpr Duration timer_k(Transport t) const { return udp_only(t, t4); }
  /// Absorbs copies of an INVITE that was answered with a 2xx (RFC 6026 §7.1), on every transport.
  [[nodiscard]] constexpr Duration timer_l() const { return 64 * t1; }
  /// Lets copies of a 2xx through to the UAC core (RFC 6026 §7.2), on every transport.
  [[nodiscard]] constexpr Duration timer_m() const { return 64 * t1; }

  /// Wait after the n-th copy (n >= 1) until the next one over udp: T1, 2·T1, 4·T1 …, capped at T2
  /// except for INVITE requests (§17.1.1.2, §17.1.2.2, §17.2.1, §13.3.1.4).
  [[nodiscard]] constexpr Duration retransmission_delay(Retransmission kind, int n) const {
    assert(n >= 1);
    constexpr int kMaxDoublings = 16;  // far beyond 64·T1, and safe from overflow
    const Duration doubled = t1 * (std::int64_t{1} << std::min(n - 1, kMaxDoublings));
    return kind == Retransmission::invite ? doubled : std::min(doubled, t2);
  }

  /// When the n-th retransmission is due, counted from the first copy (n = 0: at once); no give-up.
  [[nodiscard]] constexpr Duration retransmission_instant(Retransmission kind, int n) const {
    Duration at{0};
    for (int copy = 1; copy <= n; ++copy) at += retransmission_delay(kind, copy);
    return at;
  }

  /// Fast failover: how long a silent server is waited for with at most `retransmissions` repeats.
  /// It ends when the next repeat would be due, and never after 64·T1: W(R) for an INVITE, W'(R)
  /// otherwise (domain.md §3.1; a vendor's choice, no part of RFC 3261).
  [[nodiscard]] constexpr Duration give_up_after(Retransmission kind, int retransmissions) const {
    assert(retransmissions >= 0);
    Duration at{0};
    for (int copy = 1; copy <= retransmissions + 1 && at < 64 * t1; ++copy) {
      at += retransmission_delay(kind, copy);
    }
    return std::min(at, 64 * t1);
  }

 private:
  [[nodiscard]] static constexpr Duration udp_only(Transport t, Duration d) {
    return t == Transport::udp ? d : Duration{0};
  }
};

/// Retransmissions that fit into 64·T1 (domain.md §3.1): of an INVITE, and of any other request.
inline constexpr int kFullTimerB = 7, kFullTimerF = 11;

/// A session with this Session-Expires: when its refresher sends the next re-INVITE (RFC 4028
/// §7.2).
[[nodiscard]] constexpr Duration session_refresh_after(Duration session_expires) {
  return session_expires / 2;
}
/// When the other side gives up waiting for it and sends BYE (RFC 4028 §10).
[[nodiscard]] constexpr Duration session_ends_after(Duration session_expires) {
  return session_expires - std::min<Duration>(32s, session_expires / 3);
}

}  // namespace bcsim::models::sip
