#include "models/ledger/cause.hpp"

namespace bcsim::models {
namespace {

struct Words {
  std::string_view name;
  std::string_view plain;
};
constexpr std::array<Words, kCauses> kWords{{
    {"still_in_system", "not over when the run ended"},
    {"completed", "served to the end"},
    {"abandoned_in_queue", "given up by the caller while waiting"},
    {"abandoned_in_setup", "given up by the caller before it got through"},
    {"default_routed", "sent to the default destination"},
    {"blocked_at_trunk", "met by a busy tone: no free trunk channel"},
    {"dropped_in_talk", "cut off while talking to an agent"},
    {"dropped_on_hold", "cut off while on hold"},
    {"dropped_in_queue", "cut off while waiting for an agent"},
    {"dropped_in_treatment", "cut off during the announcement"},
    {"dropped_while_ringing", "cut off while the phone rang"},
    {"lost_setup_timeout", "unanswered by any SIP Server"},
    {"lost_setup_rejected", "refused by a SIP Server"},
    {"lost_setup_hanging", "left hanging by a SIP Server"},
    {"media_lost", "cut off because speech no longer arrived"},
    {"callee_busy", "not answered: one of the two was on another call"},
    {"no_answer", "not answered: the phone of the person called rang in vain"},
}};

}  // namespace

std::string_view name(Cause cause) {
  return kWords[static_cast<std::size_t>(cause)].name;
}
std::string_view in_words(Cause cause) {
  return kWords[static_cast<std::size_t>(cause)].plain;
}

}  // namespace bcsim::models
