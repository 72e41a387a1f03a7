// Looking things up in a call's messages, and what was known elsewhere at a time.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "tools/trace/call_story.hpp"

namespace bcsim::tools {

/// Places in a call's messages, and what was known elsewhere at a time.
class Look {
 public:
  Look(const CallLife& life, const StoryContext& c) : life_(life), c_(c) {}

  template <class Wanted>
  [[nodiscard]] std::optional<std::size_t> last(const Wanted& wanted) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < life_.messages.size(); ++i) {
      if (wanted(life_.messages[i])) found = i;
    }
    return found;
  }
  template <class Wanted>
  [[nodiscard]] const LoggedMessage* first(const Wanted& wanted) const {
    const auto found = std::ranges::find_if(life_.messages, wanted);
    return found == life_.messages.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool is(models::NodeId node, models::NodeKind kind) const {
    return node.valid() && c_.layout.roles[node.value].kind == kind;
  }
  [[nodiscard]] std::string node(models::NodeId id) const {
    return id.valid() ? ThingNames::of(c_.names.nodes, id.value) : "nobody";
  }
  [[nodiscard]] std::uint32_t site_of(models::NodeId id) const {
    return c_.layout.roles[id.value].site;
  }
  /// "the gateway", "agent a.1's phone", "site1's SIP Server".
  [[nodiscard]] std::string party(models::NodeId id) const;
  /// What became of a message that did not arrive, and the fault of its link then, if it was that:
  /// "the link was cut: “cut dc-link”".
  [[nodiscard]] std::string fate(const LoggedMessage& m) const;
  /// When this node died last in (after, by]; kNever: it did not.
  [[nodiscard]] models::SimTime died(models::NodeId id, models::SimTime after,
                                     models::SimTime by) const;
  /// " (“fail site1”)", the fault of that instant; empty: none.
  [[nodiscard]] std::string fault_at(models::SimTime at) const;
  [[nodiscard]] const models::SipServerOptions& server(std::uint32_t site) const {
    return c_.scenario.sites[site].sip_server;
  }
  /// The agent whose number was dialled; invalid: no agent's.
  [[nodiscard]] models::AgentId dialled() const { return dialled_agent(life_.messages); }
  /// The latest record of this kind that `wanted` accepts, up to then.
  template <class Fact, class Wanted>
  [[nodiscard]] const Fact* fact(models::SimTime by, const Wanted& wanted) const {
    const Fact* found = nullptr;
    for (const models::JournalEntry& e : c_.faults) {
      const auto* f = std::get_if<Fact>(&e.record);
      if (f != nullptr && e.at <= by && wanted(*f, e.at)) found = f;
    }
    return found;
  }
  /// A pair that has died, and is back, starts anew until it says otherwise.
  [[nodiscard]] models::ServerMode mode(std::uint32_t site, models::SimTime at) const;

 private:
  [[nodiscard]] bool crosses(const LoggedMessage& m, const models::LinkTarget& link) const;

  const CallLife& life_;
  const StoryContext& c_;
};

inline const models::sip::Request* request_in(const LoggedMessage& m, models::sip::Method method) {
  const auto* r = std::get_if<models::sip::Request>(&m.message);
  return r != nullptr && r->method == method ? r : nullptr;
}
inline const models::sip::Response* response_in(const LoggedMessage& m,
                                                models::sip::Method method) {
  const auto* r = std::get_if<models::sip::Response>(&m.message);
  return r != nullptr && r->method == method ? r : nullptr;
}

}  // namespace bcsim::tools
