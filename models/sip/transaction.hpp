// The four transactions of RFC 3261 §17 with RFC 6026, and the UAS core's repeated 2xx (§13.3.1.4).
#pragma once

#include <cstdint>
#include <optional>

#include "models/sip/timers.hpp"
#include "models/timer_change.hpp"

namespace bcsim::models::sip {

/// What the transaction tells its user (RFC 3261's TU).
enum class Inform : std::uint8_t {
  nothing,
  provisional,      ///< client: a 1xx
  success,          ///< client: the first 2xx
  success_again,    ///< INVITE client: a further 2xx, to be acknowledged again (RFC 6026 §7.2)
  failure,          ///< client: the first 3xx–6xx
  ack,              ///< INVITE server: the ACK to a 2xx, which belongs to the user (RFC 6026 §7.1)
  timeout,          ///< client: as a 408 (§8.1.3.1); server: no ACK to a non-2xx within timer H
  transport_error,  ///< client: as a 503 (§8.1.3.1)
};

enum class ClientKind : std::uint8_t { invite, non_invite };
enum class ClientState : std::uint8_t {
  calling,  ///< INVITE: no response yet
  trying,   ///< non-INVITE: no response yet
  proceeding,
  completed,
  accepted,  ///< INVITE answered with a 2xx (RFC 6026)
  terminated,
};
enum class ClientInput : std::uint8_t {
  provisional,  ///< a 1xx
  success,      ///< a 2xx
  failure,      ///< a 3xx, 4xx, 5xx or 6xx
  timer,        ///< the one armed timer fired
  transport_error,
  cancel,       ///< the user wants the INVITE cancelled (§9.1)
  linger_over,  ///< the wait named by Effects::linger has passed
};

/// Shared by all client transactions of one user agent; only `timers` is RFC 3261's.
struct ClientPolicy {
  Timers timers{};
  /// Fast failover: repeats sent to a silent server before giving up; no effect over tcp.
  std::optional<int> max_retransmissions{};
  /// Longest wait for a first response of any kind, on every transport (`oos-force`).
  std::optional<Duration> max_silence{};
  /// We stand between two others (a proxy, a back-to-back user agent): an INVITE of ours is
  /// cancelled after timer C without a further word (RFC 3261 §16.8).
  bool timer_c = false;
  /// We have made the dialog's Call-ID: who has waits longer after a 491 (RFC 3261 §14.1).
  bool owns_call_id = false;

  /// When a transaction without any response gives up, counted from its start; at most 64·T1.
  [[nodiscard]] constexpr Duration give_up_after(ClientKind kind, Transport transport) const;
};

/// What to do now, in the order of the fields; trivially copyable.
struct ClientEffects {
  bool send_request = false;  ///< the request, first time or again
  bool send_ack = false;      ///< the ACK to a non-2xx final response
  bool send_cancel = false;   ///< a CANCEL, itself a new non-INVITE transaction
  bool terminated = false;    ///< drop the transaction now
  Inform inform = Inform::nothing;
  TimerChange timer{};
  /// Not 0: nothing but stray copies can still come; drop the transaction after this wait, which
  /// is the same for all transactions of a kind (D, K or M), so a FIFO without timers can reap it.
  Duration linger{};
  constexpr bool operator==(const ClientEffects&) const = default;
};

/// A client transaction (RFC 3261 §17.1, RFC 6026 §8.4): 16 bytes and at most one armed timer.
/// A timer that fires in a state that has none is ignored.
class ClientTransaction {
 public:
  constexpr ClientTransaction(ClientKind kind, Transport transport)
      : kind_(kind),
        transport_(transport),
        state_(kind == ClientKind::invite ? ClientState::calling : ClientState::trying) {}

  /// Sends the first copy; call once, before any on().
  [[nodiscard]] constexpr ClientEffects start(const ClientPolicy& policy);
  [[nodiscard]] constexpr ClientEffects on(ClientInput input, const ClientPolicy& policy);

  [[nodiscard]] constexpr ClientState state() const { return state_; }
  /// Copies of the request handed to the transport so far.
  [[nodiscard]] constexpr int copies_sent() const { return copies_sent_; }

 private:
  constexpr ClientEffects on_unanswered(ClientInput, const ClientPolicy&);
  constexpr ClientEffects on_proceeding(ClientInput, const ClientPolicy&);
  constexpr ClientEffects on_completed(ClientInput);
  constexpr ClientEffects on_accepted(ClientInput);
  constexpr ClientEffects on_provisional_to_invite(const ClientPolicy&);
  constexpr ClientEffects on_final(bool success, const Timers&);
  constexpr ClientEffects cancel_now(const Timers&);
  constexpr ClientEffects repeat_or_give_up(Duration interval, Duration give_up);
  constexpr ClientEffects terminate(Inform inform, TimerChange timer);

  Duration timer_at_{};  // when the armed timer fires, counted from the start
  std::uint16_t copies_sent_ = 0;
  ClientKind kind_;
  Transport transport_;
  ClientState state_;
  bool cancel_wanted_ = false;
};

enum class ServerKind : std::uint8_t { invite, non_invite };
enum class ServerState : std::uint8_t {
  trying,  ///< non-INVITE: nothing sent yet
  proceeding,
  completed,
  accepted,   ///< INVITE answered with a 2xx (RFC 6026)
  confirmed,  ///< INVITE answered with a non-2xx, acknowledged
  terminated,
};
enum class ServerInput : std::uint8_t {
  request,           ///< a further copy of the request
  ack,               ///< an ACK to an INVITE
  send_trying,       ///< from the user: a 100
  send_provisional,  ///< from the user: a 101–199, repeated every minute until the final response
  send_success,      ///< from the user: a 2xx
  send_failure,      ///< from the user: a 3xx–6xx
  timer,
  transport_error,  ///< a response could not be sent
  linger_over,
};

/// What to do now, in the order of the fields; trivially copyable.
struct ServerEffects {
  bool send_response = false;  ///< the response just given, else the last one again
  bool terminated = false;
  Inform inform = Inform::nothing;
  TimerChange timer{};
  Duration linger{};  ///< as ClientEffects::linger: I, J or L
  constexpr bool operator==(const ServerEffects&) const = default;
};

/// A server transaction (RFC 3261 §17.2, RFC 6026 §7.1); construct it on the first copy of the
/// request, which the caller passes to the user. Sending 100 within 200 ms is left to the user.
class ServerTransaction {
 public:
  constexpr ServerTransaction(ServerKind kind, Transport transport)
      : kind_(kind),
        transport_(transport),
        state_(kind == ServerKind::invite ? ServerState::proceeding : ServerState::trying) {}

  [[nodiscard]] constexpr ServerEffects on(ServerInput input, const Timers& timers);

  [[nodiscard]] constexpr ServerState state() const { return state_; }

 private:
  constexpr ServerEffects on_invite_proceeding(ServerInput, const Timers&);
  constexpr ServerEffects on_invite_completed(ServerInput, const Timers&);
  constexpr ServerEffects on_invite_accepted(ServerInput);
  constexpr ServerEffects on_non_invite(ServerInput, const Timers&);
  constexpr ServerEffects send_invite_failure(const Timers&);
  constexpr ServerEffects linger_or_terminate(ServerState next, Duration linger, bool send);
  constexpr ServerEffects terminate(Inform inform, TimerChange timer);

  Duration timer_at_{};  // when the armed timer fires, counted from the final response
  std::uint16_t copies_sent_ = 0;
  ServerKind kind_;
  Transport transport_;
  ServerState state_;
  bool responded_ = false;  // there is a response to repeat
};

/// The UAS core's side of a 2xx to an INVITE: repeats it from T1 to T2 on every transport until the
/// ACK comes, and after 64·T1 without it wants the dialog ended with a BYE (RFC 3261 §13.3.1.4).
class SuccessResponder {
 public:
  enum class State : std::uint8_t { idle, waiting, acknowledged, gave_up };
  enum class Input : std::uint8_t { ack, timer, stop };  ///< stop: the dialog ended otherwise
  struct Effects {
    bool send_response = false;  ///< the 2xx again, as ServerInput::send_success
    bool send_bye = false;
    TimerChange timer{};
    constexpr bool operator==(const Effects&) const = default;
  };

  /// The first copy of the 2xx has been given to the server transaction.
  [[nodiscard]] constexpr Effects start(const Timers& timers);
  [[nodiscard]] constexpr Effects on(Input input, const Timers& timers);
  [[nodiscard]] constexpr State state() const { return state_; }

 private:
  Duration timer_at_{};
  std::uint16_t copies_sent_ = 0;
  State state_ = State::idle;
};

}  // namespace bcsim::models::sip

#include "models/sip/transaction_inline.hpp"  // IWYU pragma: export
