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

/// A pair in the call's path that died.
struct PairDeath {
  models::SimTime at = sim::kNever;  ///< never: none died
  std::uint32_t site = 0;
  std::string fault;  ///< text of the latest fault then; empty: none
};
/// The last one before the call's release.
[[nodiscard]] PairDeath last_pair_death(const CallLife& life, const StoryContext& context);

/// The caller was told that a SIP Server's own INVITE had no final response in time (408).
[[nodiscard]] Decision left_hanging(const CallLife& life, const StoryContext& context);

/// " Agent b.1 answered at 09:02:04.024, but that did not get through (…).", if that is so of a
/// call that counts as not answered; else empty.
[[nodiscard]] std::string unheard_answer(const CallLife& life, const StoryContext& context);

/// The far end hung up although the call was not served to the end.
[[nodiscard]] Decision ended_by_goodbye(const CallLife& life, const StoryContext& context);

/// One of the two heard nothing any more, and hung up.
[[nodiscard]] Decision media_lost(const CallLife& life, const StoryContext& context);

/// Who ended a session that was not confirmed or refreshed, and by which timer.
struct SessionEnd {
  std::string told;  ///< a sentence of the story
  Decision decision;
};
[[nodiscard]] SessionEnd session_end(const CallLife& life, const StoryContext& context);

}  // namespace bcsim::tools
