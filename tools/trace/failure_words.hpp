// What made a part of a call fail, read from its messages: silence, refusals, legs given up.
#pragma once

#include <string>
#include <vector>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

/// Why an INVITE had no answer by then: "the machine was dead", "it still waited in the input queue
/// of that SIP Server".
[[nodiscard]] std::string silence_reason(const Silence& silence, const CallLife& life,
                                         const StoryContext& context, models::SimTime by);

/// Why the caller was turned away with the status of the row.
[[nodiscard]] Decision refusal(const CallLife& life, const StoryContext& context);

/// That a call which an agent was chosen for waits again at that time, and why: "The call is taken
/// back from agent a.1 (after-routing-timeout: his phone rang, and he did not answer); it waits
/// again." The record is one of the call's.
[[nodiscard]] std::string returned_sentence(const models::CallReturned& returned,
                                            models::SimTime at, const CallLife& life,
                                            const StoryContext& context);

/// ": his phone rang for call 0", why a SIP Server that was to ring an agent has sent this final
/// response instead; empty: the records do not say.
[[nodiscard]] std::string refusal_reason(const LoggedMessage& answer, const CallLife& life,
                                         const StoryContext& context);

/// An agent's answer that no SIP Server has told of in the journal: it was lost, or came too late.
struct LostAnswer {
  models::SimTime at{};
  models::AgentId agent;
  std::string fate;  ///< "the link was cut", if it did not get through; else empty
};
[[nodiscard]] std::vector<LostAnswer> lost_answers(const CallLife& life,
                                                   const StoryContext& context);

/// What became of calling an agent's phone from `routed` on, who had not answered in time: "his
/// phone rang, and he did not answer", or that it was reached late, or never, and why.
[[nodiscard]] std::string unanswered_words(models::AgentId agent, models::SimTime routed,
                                           models::SimTime by, const CallLife& life,
                                           const StoryContext& context);
inline constexpr const char* kRang = "his phone rang, and he did not answer";
/// " Agent b.4: his phone …", if that of the agent last called did not simply ring; else empty.
[[nodiscard]] std::string not_reached(const CallLife& life, const StoryContext& context);

/// Why a SIP Server that was asked for an agent's number rang nobody.
struct Unavailable {
  std::string why;  ///< a sentence
  std::string rule;
};
/// … that of this site, then; nullopt: it has rung somebody, or no agent's number was dialled.
/// `hopped`: the call had come from the other site.
[[nodiscard]] std::optional<Unavailable> nobody_to_ring(std::uint32_t site, models::SimTime at,
                                                        bool hopped, const CallLife& life,
                                                        const StoryContext& context);

/// The caller of a queue could be given to nobody then, nor sent on: it has no default destination.
/// nullopt: that is not what made the SIP Server of that site give him up.
[[nodiscard]] std::optional<Unavailable> sent_nowhere(std::uint32_t site, models::SimTime at,
                                                      const CallLife& life,
                                                      const StoryContext& context);
/// Why a SIP Server in the call's path, which may be another one than the caller's, had given it up
/// by then: sent_nowhere, or its early dialog is lost; nullopt: for neither.
[[nodiscard]] std::optional<Unavailable> given_up_before(models::SimTime at, const CallLife& life,
                                                         const StoryContext& context);
/// "the queue's maximum-wait: 20s", the option that limits how long a call waits in it.
[[nodiscard]] std::string longest_wait_rule(const models::QueueOptions& queue);

/// agent-no-answer-timeout was over, and a SIP Server stopped calling the agent whose number was
/// dialled, and gave the call up; nullopt: that is not what ended it.
[[nodiscard]] std::optional<Unavailable> rang_too_long(const CallLife& life,
                                                       const StoryContext& context);

/// A SIP Server gave up a call that an agent had placed with his desktop, before it rang anybody.
[[nodiscard]] Decision own_call_refused(const CallLife& life, const StoryContext& context);

/// " For 10 s of it he heard the announcement: …. For 2.5 s of it agent a.1 had been chosen.", of
/// the time that a caller to a queue has waited until he gave up; empty: all of it in line.
[[nodiscard]] std::string time_before_agents(const CallLife& life, const StoryContext& context);

/// " At site1 3 agents of queue service were logged in, 2 of them busy, and 1 other call waited for
/// one.", when the caller gave up; empty: nobody looked.
[[nodiscard]] std::string scarcity(const CallLife& life, const StoryContext& context);

/// So long the caller has heard music since an agent first answered him: on hold, or between two
/// agents.
[[nodiscard]] sim::Duration time_on_hold(const CallLife& life);

/// A pair in the call's path that died.
struct PairDeath {
  models::SimTime at = sim::kNever;  ///< never: none died
  std::uint32_t site = 0;
  std::string fault;  ///< text of the latest fault then; empty: none
};
/// The last one before the call's release.
[[nodiscard]] PairDeath last_pair_death(const CallLife& life, const StoryContext& context);

/// " The SIP Server of site2 died at 09:02:02 (“…”).", the last in the call's path; else empty.
[[nodiscard]] std::string death_words(const CallLife& life, const StoryContext& context);

/// The caller was told that a SIP Server's own INVITE had no final response in time (408).
[[nodiscard]] Decision left_hanging(const CallLife& life, const StoryContext& context);

/// " Agent b.1 answered at 09:02:04.024, but that did not get through (…).", if that is so of a
/// call that counts as not answered; else empty.
[[nodiscard]] std::string unheard_answer(const CallLife& life, const StoryContext& context);

/// Why a call that an agent has placed was not answered; nullopt: it ended as any other call.
[[nodiscard]] std::optional<Decision> own_call_decision(const CallLife& life,
                                                        const StoryContext& context);

/// What became of the 200 that a SIP Server sent then to an INVITE, if neither it nor a copy of it
/// was heard before the other side gave the call up: "the link was cut"; else empty.
[[nodiscard]] std::string unheard_success(models::SimTime at, const CallLife& life,
                                          const StoryContext& context);

/// Has a 481 come to one of the call's servers by then?
[[nodiscard]] bool told_of_no_call(const CallLife& life, models::SimTime by);

/// The far end hung up although the call was not served to the end.
[[nodiscard]] Decision ended_by_goodbye(const CallLife& life, const StoryContext& context);

/// One of the two heard nothing any more, and hung up.
[[nodiscard]] Decision media_lost(const CallLife& life, const StoryContext& context);

/// Why a party of a call has ended its session of its own accord.
struct GivenUp {
  std::string what;  ///< "its refresh got no answer"
  std::string why;   ///< "the gateway's refresh of 09:02:00.000 got no answer from …."
  std::string rule;  ///< the timer
  std::optional<std::size_t> message;
};
/// … this one at that time, as far as its messages tell.
[[nodiscard]] std::optional<GivenUp> given_up(models::NodeId by, models::SimTime at,
                                              const CallLife& life, const StoryContext& context);

/// Who ended a session that was not confirmed or refreshed, and by which timer.
struct SessionEnd {
  std::string told;  ///< a sentence of the story
  Decision decision;
};
[[nodiscard]] SessionEnd session_end(const CallLife& life, const StoryContext& context);

}  // namespace bcsim::tools
