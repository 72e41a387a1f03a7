#include "tools/trace/speech_way.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace bcsim::tools {
namespace {

using models::AgentId;
using models::NodeId;
using models::SimTime;

/// A location, or the data centre of a site.
struct Stop {
  bool data_centre = false;
  std::uint32_t index = 0;
};

/// Who spoke, and from where to where that went (assumption 5 of models/README.md).
struct Way {
  NodeId speaker;
  std::vector<Stop> stops;
};

/// Reads from the records of a call who heard whom at an instant.
class Speech {
 public:
  Speech(const CallLife& life, const StoryContext& c, SimTime at)
      : directory_(c.layout.directory), c_(c) {
    for (const models::JournalEntry& e : life.records) {
      if (e.at <= at) std::visit([this](const auto& fact) { follow(fact); }, e.record);
    }
  }

  [[nodiscard]] Way to(std::optional<AgentId> listener) const {
    const bool caller = !listener || (gateway_ == models::kNoGateway && *listener == dialler_);
    if (caller && (held_ || !agent_.valid())) return music();
    const Stop near{false, near_location()};
    if (!caller && held_ && second_.valid()) {
      const bool first = *listener == agent_;
      const Way way = between(agent_, second_);
      return first ? reversed(way, phone(second_)) : way;
    }
    Way way{phone(agent_), {}};
    const Stop far{false, directory_.agent(agent_.valid() ? agent_ : dialler_).location};
    if (near.index != far.index) {
      way.stops = {far, {true, site_}};
      if (path_ == 3) way.stops.push_back({true, 1 - site_});
      way.stops.push_back(near);
    }
    return caller ? way : reversed(way, near_node());
  }
  [[nodiscard]] models::PathMask path() const {
    return static_cast<models::PathMask>(path_ | second_path_);
  }

 private:
  void follow(const models::CallOffered& f) { gateway_ = f.gateway; }
  void follow(const models::CallInvited& f) { gateway_ = f.gateway; }
  void follow(const models::AgentCallTaken& f) { dialler_ = f.agent; }
  void follow(const models::CallSentOut& f) { gateway_ = f.gateway; }
  void follow(const models::TreatmentStarted& f) {
    hear(f.site, models::path_of(static_cast<int>(f.site)), {});
  }
  void follow(const models::CallAnswered& f) { hear(f.site, f.path, f.agent); }
  void follow(const models::CallTransferred& f) {
    if (f.joined == 0) hear(f.site, f.path, {});
  }
  void follow(const models::CallHeld& f) {
    held_ = f.held != 0;
    music_ = f.site;
  }
  void follow(const models::Consultation& f) {
    second_ = f.second;
    second_path_ = f.second.valid() ? f.path : 0;
  }
  template <class Other>
  void follow(const Other&) {}
  void hear(std::uint32_t site, std::uint32_t path, AgentId agent) {
    site_ = music_ = site;
    path_ = path;
    agent_ = agent;
    held_ = false;
    second_ = {};
    second_path_ = 0;
  }

  [[nodiscard]] NodeId phone(AgentId agent) const {
    return agent.valid() ? directory_.agent(agent).phone : NodeId{};
  }
  [[nodiscard]] bool through_gateway() const { return gateway_ < directory_.gateways.size(); }
  [[nodiscard]] NodeId near_node() const {
    return through_gateway() ? directory_.gateways[gateway_] : phone(dialler_);
  }
  [[nodiscard]] std::uint32_t near_location() const {
    if (through_gateway()) return c_.scenario.gateways[gateway_].location;
    return dialler_.valid() ? directory_.agent(dialler_).location : 0;
  }
  /// From a media server.
  [[nodiscard]] Way music() const {
    Way way{c_.layout.server(static_cast<models::SiteIndex>(music_), models::Role::media_server),
            {{true, site_}}};
    if (path_ == 3) way.stops.push_back({true, 1 - site_});
    way.stops.push_back({false, near_location()});
    return way;
  }
  /// From one agent to another, whom he consults.
  [[nodiscard]] Way between(AgentId from, AgentId to) const {
    const Stop first{false, directory_.agent(from).location};
    const Stop last{false, directory_.agent(to).location};
    if (first.index == last.index) return {phone(from), {}};
    Way way{phone(from), {first, {true, site_}}};
    if (second_path_ == 3) way.stops.push_back({true, 1 - site_});
    way.stops.push_back(last);
    return way;
  }
  static Way reversed(Way way, NodeId speaker) {
    std::ranges::reverse(way.stops);
    way.speaker = speaker;
    return way;
  }

  const models::Directory& directory_;
  const StoryContext& c_;
  std::uint32_t gateway_ = models::kNoGateway;
  AgentId dialler_, agent_, second_;
  std::uint32_t site_ = 0, music_ = 0, path_ = 0, second_path_ = 0;
  bool held_ = false;
};

/// What a fault can do to a way.
class Blame {
 public:
  Blame(const Way& way, const StoryContext& c) : way_(way), c_(c) {}

  [[nodiscard]] bool silences(const models::Deed& deed) const {
    if (const auto* cut = std::get_if<models::Cut>(&deed)) {
      const auto* link = std::get_if<models::LinkTarget>(&cut->target);
      return link != nullptr && crosses(*link);
    }
    const auto* degrade = std::get_if<models::Degrade>(&deed);
    if (degrade != nullptr) return degrade->loss.value_or(0) >= 1 && crosses(degrade->link);
    return takes(deed, way_.speaker);
  }

  /// Does it stop this node?
  [[nodiscard]] bool takes(const models::Deed& deed, NodeId node) const {
    if (!node.valid()) return false;
    const auto on_process = [&](const models::ProcessTarget& p) {
      return c_.layout.server(p.site, p.role) == node;
    };
    if (const auto* crash = std::get_if<models::Crash>(&deed)) return on_process(crash->process);
    if (const auto* hang = std::get_if<models::Hang>(&deed)) return on_process(hang->process);
    const auto* fail = std::get_if<models::Fail>(&deed);
    return fail != nullptr &&
           std::visit([&](const auto& target) { return hits(target, node); }, fail->target);
  }

 private:
  [[nodiscard]] bool crosses(const models::LinkTarget& link) const {
    for (std::size_t i = 1; i < way_.stops.size(); ++i) {
      const Stop &from = way_.stops[i - 1], &to = way_.stops[i];
      const bool trunk = from.data_centre && to.data_centre;
      const bool backward = trunk ? from.index == 1 : from.data_centre;
      if (trunk != link.dc_link || !models::includes(link.direction, backward)) continue;
      if (trunk) return true;
      const Stop &site = backward ? from : to, &location = backward ? to : from;
      if (link.site == site.index && link.location == location.index && !link.desktops) return true;
    }
    return false;
  }
  [[nodiscard]] bool hits(const models::SiteTarget& target, NodeId node) const {
    const auto hosts = c_.layout.hosts(target.site, target.scope);
    return std::ranges::find(hosts, c_.layout.host_of(node)) != hosts.end();
  }
  [[nodiscard]] bool hits(const models::HostTarget& target, NodeId node) const {
    const NodeId server = c_.layout.server(target.site, target.role);
    return server.valid() && c_.layout.host_of(server) == c_.layout.host_of(node);
  }
  [[nodiscard]] bool hits(const models::GatewayTarget& target, NodeId node) const {
    return c_.layout.directory.gateways[target.gateway] == node;
  }
  [[nodiscard]] bool hits(const models::PhoneTarget& target, NodeId node) const {
    const models::NodeRole& role = c_.layout.roles[node.value];
    if (role.kind != models::NodeKind::phone) return false;
    const models::AgentInfo& agent = c_.layout.directory.agent(AgentId{role.index});
    return agent.group == target.group && agent.member == target.member;
  }
  [[nodiscard]] bool hits(const models::DesktopTarget&, NodeId) const { return false; }

  const Way& way_;
  const StoryContext& c_;
};

/// Was a pair of this path lost then, and is that what this fault does?
bool takes_pair(const models::Deed& deed, models::PathMask path, SimTime at, const Blame& blame,
                const StoryContext& c) {
  return std::ranges::any_of(c.faults, [&](const models::JournalEntry& e) {
    const auto* pair = std::get_if<models::PairStateChanged>(&e.record);
    if (pair == nullptr || pair->up != 0 || e.at != at) return false;
    const auto site = static_cast<models::SiteIndex>(pair->site);
    return (path & models::path_of(site)) != 0 &&
           (blame.takes(deed, c.layout.server(site, models::Role::sip_server_primary)) ||
            blame.takes(deed, c.layout.server(site, models::Role::sip_server_backup)));
  });
}

}  // namespace

std::vector<std::string> silencing_faults(const CallLife& life, const StoryContext& c, SimTime at,
                                          std::optional<AgentId> listener) {
  const Speech speech(life, c, at);
  const Way way = speech.to(listener);
  const Blame blame(way, c);
  const auto died = [&](NodeId node) {
    return std::ranges::any_of(c.faults, [&](const models::JournalEntry& e) {
      const auto* f = std::get_if<models::NodeStateChanged>(&e.record);
      return f != nullptr && f->node == node && f->up == 0 && e.at == at;
    });
  };
  std::vector<std::string> silencing, of_pairs;
  for (const models::JournalEntry& e : c.faults) {
    const auto* f = std::get_if<models::FaultInjected>(&e.record);
    if (f == nullptr || e.at != at) continue;
    const models::Deed& deed = c.scenario.faults[f->fault].deed;
    const std::string words = fmt::format("“{}”{}", ThingNames::of(c.names.faults, f->fault),
                                          f->undone != 0 ? " over" : "");
    // What ends may still stop somebody: a process that hung is begun anew.
    const bool stops =
        f->undone == 0 ? blame.silences(deed) : blame.takes(deed, way.speaker) && died(way.speaker);
    if (stops) silencing.push_back(words);
    if (takes_pair(deed, speech.path(), at, blame, c)) of_pairs.push_back(words);
  }
  return silencing.empty() ? of_pairs : silencing;
}

}  // namespace bcsim::tools
