// The way that speech of a call took to somebody at an instant, and what can have silenced it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

/// The faults of that instant that silenced what the agent `listener`, or without one the gateway,
/// had heard until then: of a link on the way, in that direction, or of who spoke. Where there is
/// none, those that took a SIP Server pair of the call's path. In words: "“cut dc-link”".
[[nodiscard]] std::vector<std::string> silencing_faults(const CallLife& life,
                                                        const StoryContext& context,
                                                        models::SimTime at,
                                                        std::optional<models::AgentId> listener);

}  // namespace bcsim::tools
