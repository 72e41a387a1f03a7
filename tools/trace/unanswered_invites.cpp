// Which of a gateway's INVITEs for a call got no answer.
#include <map>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

std::vector<Silence> unanswered_invites(const CallLife& life, const models::Layout& layout) {
  std::map<std::uint64_t, std::size_t> by_branch;
  std::vector<Silence> all;
  std::vector<bool> answered;
  for (std::size_t i = 0; i < life.messages.size(); ++i) {
    const LoggedMessage& m = life.messages[i];
    if (const auto* request = std::get_if<models::sip::Request>(&m.message)) {
      const bool initial = request->method == models::sip::Method::invite && !request->in_dialog &&
                           m.from.valid() &&
                           layout.roles[m.from.value].kind == models::NodeKind::gateway;
      if (!initial) continue;
      const auto [at, fresh] = by_branch.try_emplace(request->branch, all.size());
      if (fresh) {
        all.push_back({i, {}, m.dropped});
        answered.push_back(false);
      }
      Silence& silence = all[at->second];
      silence.sent.push_back(m.sent);
      // Whatever chance did to one copy: those that met a dead machine say what is the matter.
      const bool by_chance = silence.fate == sim::DropReason::loss && !m.arrived();
      if (by_chance && m.dropped != sim::DropReason::none) silence.fate = m.dropped;
    } else if (const auto* response = std::get_if<models::sip::Response>(&m.message)) {
      const auto at = by_branch.find(response->branch);
      const bool in_time = m.arrived() && m.at <= life.row.released;
      const bool theirs = response->method == models::sip::Method::invite;
      if (theirs && in_time && at != by_branch.end()) answered[at->second] = true;
    }
  }
  std::vector<Silence> silent;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!answered[i]) silent.push_back(all[i]);
  }
  return silent;
}

}  // namespace bcsim::tools
