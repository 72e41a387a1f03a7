// What made a part of a call fail, read from its messages: silence, refusals, legs given up.
#pragma once

#include <string>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

/// Why an INVITE had no answer by then: "the machine was dead", "it still waited in the input queue
/// of that SIP Server".
[[nodiscard]] std::string silence_reason(const Silence& silence, const CallLife& life,
                                         const StoryContext& context, models::SimTime by);

/// Why the caller was turned away with the status of the row.
[[nodiscard]] Decision refusal(const CallLife& life, const StoryContext& context);

/// Why a call that an agent was chosen for at `routed` waits again, though nobody has refused it:
/// "after-routing-timeout: his phone rang, and he did not answer".
[[nodiscard]] std::string return_reason(const models::CallReturned& returned, models::SimTime at,
                                        models::SimTime routed, const CallLife& life,
                                        const StoryContext& context);

/// Who ended a session that was not confirmed or refreshed, and by which timer.
struct SessionEnd {
  std::string told;  ///< a sentence of the story
  Decision decision;
};
[[nodiscard]] SessionEnd session_end(const CallLife& life, const StoryContext& context);

}  // namespace bcsim::tools
