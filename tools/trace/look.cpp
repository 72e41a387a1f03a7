#include "tools/trace/look.hpp"

#include <fmt/format.h>

#include <variant>
#include <vector>

#include "tools/journal/message_words.hpp"

namespace bcsim::tools {

using models::NodeKind;

std::string Look::party(models::NodeId id) const {
  if (is(id, NodeKind::gateway)) return "the gateway";
  if (is(id, NodeKind::phone)) {
    const std::uint32_t agent = c_.layout.roles[id.value].index;
    return "agent " + ThingNames::of(c_.names.agents, agent) + "'s phone";
  }
  if (is(id, NodeKind::sip_server)) {
    return ThingNames::of(c_.names.sites, site_of(id)) + "'s SIP Server";
  }
  return node(id);
}

/// Does it go this way?
bool Look::crosses(const LoggedMessage& m, const models::LinkTarget& link) const {
  if (!m.from.valid() || !m.to.valid()) return false;
  const auto from_backward = [&](models::NodeId outside, models::NodeId server, bool backward) {
    if (!is(server, NodeKind::sip_server) || site_of(server) != link.site) return false;
    const std::uint32_t index = c_.layout.roles[outside.value].index;
    const bool there =
        is(outside, NodeKind::phone)
            ? c_.layout.directory.agent(models::AgentId{index}).location == link.location
            : is(outside, NodeKind::gateway) &&
                  c_.scenario.gateways[index].location == link.location;
    return there && !link.desktops && models::includes(link.direction, backward);
  };
  if (!link.dc_link) return from_backward(m.from, m.to, false) || from_backward(m.to, m.from, true);
  const bool servers = is(m.from, NodeKind::sip_server) && is(m.to, NodeKind::sip_server);
  return servers && site_of(m.from) != site_of(m.to) &&
         models::includes(link.direction, site_of(m.from) == 1);
}

std::string Look::fate(const LoggedMessage& m) const {
  std::string words(fate_words(m.dropped));
  std::vector<std::uint32_t> open;
  for (const models::JournalEntry& e : c_.faults) {
    const auto* f = std::get_if<models::FaultInjected>(&e.record);
    if (f == nullptr || e.at > m.at) continue;
    std::erase(open, f->fault);
    if (f->undone == 0) open.push_back(f->fault);
  }
  for (const std::uint32_t f : open) {
    const models::Deed& deed = c_.scenario.faults[f].deed;
    const models::LinkTarget* link = nullptr;
    if (const auto* cut = std::get_if<models::Cut>(&deed)) {
      if (m.dropped == sim::DropReason::link_cut)
        link = std::get_if<models::LinkTarget>(&cut->target);
    } else if (const auto* degrade = std::get_if<models::Degrade>(&deed)) {
      const bool lossy = m.dropped == sim::DropReason::loss && degrade->loss;
      const bool narrow = m.dropped == sim::DropReason::queue_full && degrade->bandwidth_bps;
      if (lossy || narrow) link = &degrade->link;
    }
    if (link == nullptr || !crosses(m, *link)) continue;
    return fmt::format("{}: “{}”", words, ThingNames::of(c_.names.faults, f));
  }
  return words;
}

models::ServerMode Look::mode(std::uint32_t site, models::SimTime at) const {
  models::ServerMode mode = models::ServerMode::bc;
  for (const models::JournalEntry& e : c_.faults) {
    if (e.at > at) break;
    const auto* changed = std::get_if<models::ServerModeChanged>(&e.record);
    const auto* pair = std::get_if<models::PairStateChanged>(&e.record);
    if (changed != nullptr && changed->site == site) mode = changed->mode;
    if (pair != nullptr && pair->site == site && pair->up == 0) mode = models::ServerMode::starting;
  }
  return mode;
}

models::SimTime Look::died(models::NodeId id, models::SimTime after, models::SimTime by) const {
  models::SimTime found = sim::kNever;
  for (const models::JournalEntry& e : c_.faults) {
    const auto* f = std::get_if<models::NodeStateChanged>(&e.record);
    if (f != nullptr && f->node == id && f->up == 0 && e.at > after && e.at <= by) found = e.at;
  }
  return found;
}

std::string Look::fault_at(models::SimTime at) const {
  for (const models::JournalEntry& e : c_.faults) {
    const auto* f = std::get_if<models::FaultInjected>(&e.record);
    if (f != nullptr && f->undone == 0 && e.at == at) {
      return fmt::format(" (“{}”)", ThingNames::of(c_.names.faults, f->fault));
    }
  }
  return {};
}

}  // namespace bcsim::tools
