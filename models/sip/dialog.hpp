// The INVITEs inside one dialog: at most one open in each direction (RFC 3261 §14).
#pragma once

#include <cassert>
#include <cstdint>

#include "models/sip/timers.hpp"

namespace bcsim::models::sip {

/// Statuses with which an INVITE inside a dialog is turned away for now.
inline constexpr std::uint16_t kRequestPending = 491, kServerInternalError = 500;
/// The Reason (RFC 3326) of a BYE to whoever has answered an INVITE that nobody waits for.
inline constexpr std::uint16_t kRequestTerminated = 487;

/// How long to wait before a re-INVITE that met another one is sent again (RFC 3261 §14.1):
/// 2.1–4 s for the owner of the Call-ID, 0–2 s for the other, in units of 10 ms. `u` in [0, 1).
[[nodiscard]] constexpr Duration glare_retry_after(bool owns_call_id, double u) {
  const int least = owns_call_id ? 210 : 0, most = owns_call_id ? 400 : 200;
  return (least + static_cast<int>(u * (most - least + 1))) * 10ms;
}
/// The Retry-After of a 500: whole seconds, 0–10 (RFC 3261 §14.2). `u` in [0, 1).
[[nodiscard]] constexpr std::uint32_t second_invite_retry_after_s(double u) {
  return static_cast<std::uint32_t>(u * 11);
}

enum class DialogInput : std::uint8_t {
  // Our INVITEs.
  want,         ///< the user has one to send
  done,         ///< the open one has its final response, or has timed out
  turned_away,  ///< … and that was a 491, or a 500 for a while: to be sent again later
  retry_due,    ///< the wait after that is over
  // Theirs.
  invite,    ///< one has arrived
  accepted,  ///< an INVITE has been answered with a 2xx
  rejected,  ///< … with another final response
  ack,       ///< the ACK to a 2xx has come, or is waited for no longer
  // Both.
  bye,  ///< one has been sent, or has come
};

/// What to do now; trivially copyable.
struct DialogEffects {
  bool send = false;         ///< the next INVITE of those that wait
  std::uint16_t refuse = 0;  ///< answer what has arrived with this
  bool forget = false;       ///< nothing that waits will be sent any more
  constexpr bool operator==(const DialogEffects&) const = default;
};

/// One dialog as far as its INVITEs are concerned: ours go one after the other, and none while one
/// of theirs is open or the ACK to our 2xx is still to come (§14.1). 4 bytes; it exists while
/// anything is open.
class DialogInvites {
 public:
  constexpr DialogEffects on(DialogInput input);

  /// Nothing open, nothing waits.
  [[nodiscard]] constexpr bool idle() const {
    return ours_ == Ours::none && !theirs_open_ && unacknowledged_ == 0 && waiting_ == 0;
  }

 private:
  enum class Ours : std::uint8_t { none, open, backing_off };

  constexpr DialogEffects next();

  Ours ours_ = Ours::none;
  bool theirs_open_ = false;
  bool ended_ = false;
  std::uint8_t unacknowledged_ = 0;  // our 2xx
  std::uint8_t waiting_ = 0;         // our INVITEs not yet sent, or to be sent again
};

constexpr DialogEffects DialogInvites::next() {
  const bool free =
      ours_ == Ours::none && !theirs_open_ && unacknowledged_ == 0 && waiting_ > 0 && !ended_;
  if (!free) return {};
  --waiting_;
  ours_ = Ours::open;
  return {.send = true};
}

constexpr DialogEffects DialogInvites::on(DialogInput input) {
  switch (input) {
    case DialogInput::want:
      if (ended_) return {.forget = true};
      ++waiting_;
      return next();
    case DialogInput::done:
      if (ours_ == Ours::open) ours_ = Ours::none;
      return next();
    case DialogInput::turned_away:
      if (ours_ != Ours::open || ended_) return {.forget = true};
      ours_ = Ours::backing_off;
      ++waiting_;
      return {};
    case DialogInput::retry_due:
      if (ours_ == Ours::backing_off) ours_ = Ours::none;
      return next();
    case DialogInput::invite:
      if (theirs_open_) return {.refuse = kServerInternalError};    // §14.2
      if (ours_ == Ours::open) return {.refuse = kRequestPending};  // §14.2
      theirs_open_ = true;
      return {};
    case DialogInput::accepted:
      theirs_open_ = false;
      ++unacknowledged_;
      return {};
    case DialogInput::rejected:
      theirs_open_ = false;
      return next();
    case DialogInput::ack:
      assert(unacknowledged_ > 0);
      --unacknowledged_;
      return next();
    case DialogInput::bye:
      ended_ = true;
      waiting_ = 0;
      if (ours_ == Ours::backing_off) ours_ = Ours::none;
      return {.forget = true};
  }
  return {};
}

}  // namespace bcsim::models::sip
