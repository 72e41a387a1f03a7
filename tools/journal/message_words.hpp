// What messages, and what they carry, are called by those who read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "models/domain.hpp"
#include "sim/network.hpp"

namespace bcsim::tools {

/// "INVITE".
[[nodiscard]] std::string_view method_name(models::sip::Method method);
/// Reason phrase of RFC 3261 §21: "Busy Here"; empty for a status that nobody here sends.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status);
/// "INVITE", "re-INVITE", "200 OK", "EventRinging", "setup"; without the method of a response.
[[nodiscard]] std::string message_name(const models::Message& message);
/// "sip", "t-library", "configuration", "pstn", "peer" or "notice".
[[nodiscard]] std::string_view protocol_name(const models::Message& message);
/// The call that a message is about; invalid if it is about none.
[[nodiscard]] models::CallId call_of(const models::Message& message);
/// How often it was sent before; 0 for what is never repeated by its sender.
[[nodiscard]] unsigned copy_of(const models::Message& message);

/// Why it did not arrive, as the journal says it: "link_cut"; "arrived" for none.
[[nodiscard]] std::string_view fate_word(sim::DropReason reason);
/// The same for a reader: "the link was cut".
[[nodiscard]] std::string_view fate_words(sim::DropReason reason);

// Words of calls.csv and the journal.
[[nodiscard]] std::string_view kind_word(models::CallKind kind);
[[nodiscard]] std::string_view release_word(models::pstn::Release release);
[[nodiscard]] std::string_view phase_word(models::CallPhase phase);
[[nodiscard]] std::string_view state_word(models::AgentState state);

}  // namespace bcsim::tools
