// The life of one call in sentences: what happened when, why it ended, and what decided.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/journal/names.hpp"
#include "tools/trace/replay.hpp"

namespace bcsim::tools {

/// What a story is told with; all of it must outlive the telling.
struct StoryContext {
  const models::Scenario& scenario;
  const models::Layout& layout;
  const ThingNames& names;
  const std::vector<models::JournalEntry>& faults;  ///< of the replay
};

/// "10:30:00.004", or since the start "1:30:00.004" if the scenario has no time of day.
[[nodiscard]] std::string instant_words(models::SimTime t, const models::Scenario& scenario);

/// As duration_words, but what is shorter than 0.1 s in milliseconds: "0 ms", "23 ms", "7.5 s".
[[nodiscard]] std::string lapse_words(sim::Duration lapse);

/// Why a call ended as it did.
struct Decision {
  std::string why;   ///< one or two sentences
  std::string rule;  ///< the rule, timer or option that decided, with its value
  /// Index in CallLife::messages of the message that would have saved it, had it been heard; or
  /// that ended it.
  std::optional<std::size_t> message;
};
[[nodiscard]] Decision decide(const CallLife& life, const StoryContext& context);

struct StoryLine {
  models::SimTime at{};
  std::string text;
};

struct CallStory {
  std::string title;    ///< "Call 4923: lost, cut off while talking to an agent"
  std::string outcome;  ///< "dropped_in_talk"
  std::vector<StoryLine> lines;
  Decision decision;
  std::string decisive_at;              ///< "10:30:00.000"; empty: nobody looked
  std::vector<std::string> both_sites;  ///< their state then, and the gateways'
};
[[nodiscard]] CallStory tell_story(const CallLife& life, const StoryContext& context);

/// How both sites and the gateways stood then, a line each; empty: nobody looked.
[[nodiscard]] std::vector<std::string> situation_words(const Situation& then,
                                                       const StoryContext& context);

/// What a fault or its consequence means to this call; empty if nothing.
[[nodiscard]] std::string fault_sentence(const models::JournalEntry& entry, const CallLife& life,
                                         const StoryContext& context);

/// Why a call was sent to the default destination, and which option or rule says so.
[[nodiscard]] std::pair<const char*, const char*> default_routing_words(
    models::CallDefaultRouted::Cause cause, models::CallKind kind);

/// An INVITE and its copies that got no answer.
struct Silence {
  std::size_t first = 0;  ///< index in CallLife::messages
  std::vector<models::SimTime> sent;
  sim::DropReason fate = sim::DropReason::none;  ///< of the first copy that chance alone did not
                                                 ///< lose, else of the first
};
/// Initial INVITEs of the gateway that nobody answered before the call was over, in order of time.
[[nodiscard]] std::vector<Silence> unanswered_invites(const CallLife& life,
                                                      const models::Layout& layout);

}  // namespace bcsim::tools
