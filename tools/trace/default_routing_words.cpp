// Why a call was sent to the default destination.
#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

std::pair<const char*, const char*> default_routing_words(models::CallDefaultRouted::Cause cause,
                                                          models::CallKind kind) {
  using Cause = models::CallDefaultRouted::Cause;
  switch (cause) {
    case Cause::queue_full:
      return {"the queue was full", "the queue's limit"};
    case Cause::waited_too_long:
      return {"it had waited too long", "the queue's maximum-wait or hg-queue-timeout"};
    case Cause::no_agent_logged_in:
      return {"nobody was logged in", "the queue's maximum-wait"};
    case Cause::draining:
      return {"the site was being drained", "the drain"};
    case Cause::no_member_in_service:
      return {"no phone of the hunt group was in service there", "R56"};
    case Cause::no_member_idle:
      return {"every member of the hunt group was busy", "hg-queue-limit"};
    case Cause::no_answer:
      if (kind == models::CallKind::direct) {
        return {"the agent whose number was dialled did not answer",
                "agent-no-answer-timeout, and agent-no-answer-overflow names the destination"};
      }
      return {"no member of the hunt group answered", "hg-noanswer-timeout"};
  }
  return {"", ""};
}

}  // namespace bcsim::tools
