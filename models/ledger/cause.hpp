// What became of a call: the closed vocabulary of causes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bcsim::models {

/// Exactly one per call offered (domain.md §4.6). The names are those of calls.csv and of the
/// metrics `lost.<cause>`.
enum class Cause : std::uint8_t {
  still_in_system,        ///< not over at the horizon
  completed,              ///< caller and agent spoke to the end
  abandoned_in_queue,     ///< the caller gave up while a SIP Server had the call
  abandoned_in_setup,     ///< … before any SIP Server had taken it
  default_routed,         ///< sent to the default destination: neither answered nor abandoned
  blocked_at_trunk,       ///< every channel of the trunk group was busy
  dropped_in_talk,        ///< removed by a failure while speaking (R5, R6)
  dropped_on_hold,        ///< … while on hold
  dropped_in_queue,       ///< … while waiting for an agent
  dropped_in_treatment,   ///< … during the announcement, before it could be routed
  dropped_while_ringing,  ///< … while the agent's phone rang
  lost_setup_timeout,     ///< nobody answered the INVITE
  lost_setup_rejected,    ///< final response 4xx–6xx
  lost_setup_hanging,     ///< a provisional answer, and then nobody behind it any more
  media_lost,             ///< gateway or agent heard nothing any more and gave up
  callee_busy,            ///< a person was called who was on another call
  no_answer,              ///< … whose phone rang in vain
};
inline constexpr std::size_t kCauses = 17;

/// All causes, in the order of the enumeration.
[[nodiscard]] constexpr std::array<Cause, kCauses> all_causes() {
  std::array<Cause, kCauses> causes{};
  for (std::size_t i = 0; i < kCauses; ++i) causes[i] = static_cast<Cause>(i);
  return causes;
}

/// The enumerator's name.
[[nodiscard]] std::string_view name(Cause cause);
/// The same in words for a reader who is no SIP engineer, to follow a number of calls: "cut off
/// while talking to an agent".
[[nodiscard]] std::string_view in_words(Cause cause);

/// Does the contact centre count this call as lost? Neither a completed, an abandoned nor a
/// default-routed call is, nor one that is not over, nor one to a person who was busy or away. A
/// caller who gave up in set-up is: he was never offered to a queue (§4.6 "Lost at setup").
[[nodiscard]] constexpr bool is_loss(Cause cause) {
  return cause >= Cause::abandoned_in_setup && cause <= Cause::media_lost &&
         cause != Cause::default_routed;
}
/// Was it removed by a failure after a SIP Server had taken it (R5, R6)?
[[nodiscard]] constexpr bool is_drop(Cause cause) {
  return cause >= Cause::dropped_in_talk && cause <= Cause::dropped_while_ringing;
}

}  // namespace bcsim::models
