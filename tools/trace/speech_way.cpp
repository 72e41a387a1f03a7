#include "tools/trace/speech_way.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "models/world/fault_parts.hpp"
#include "models/world/holds.hpp"
#include "models/world/media_routes.hpp"

namespace bcsim::tools {
namespace {

using models::AgentId;
using models::NodeId;
using models::SimTime;

/// Who spoke, and over which directions of links that went (assumption 5 of models/README.md).
struct Heard {
  NodeId speaker;
  std::vector<sim::LinkId> links;
};

/// An end of speech: where it enters the network, and in which location it stands.
struct End {
  NodeId node;
  sim::PlaceId place;
  std::uint32_t location = 0;
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

  [[nodiscard]] Heard to(std::optional<AgentId> listener) const {
    const bool caller = !listener || (!through_gateway() && *listener == dialler_);
    const models::NodeId media_server =
        c_.layout.server(static_cast<models::SiteIndex>(music_), models::Role::media_server);
    if (caller && (held_ || !agent_.valid())) return {media_server, back(to_site(near()))};
    if (!caller && held_ && second_.valid()) {
      const End first = phone(agent_), second = phone(second_);
      models::MediaRoute talk;
      if (first.location != second.location) {
        talk = models::route_between(c_.layout, first.place, second.place, site_, second_path_);
      }
      return *listener == agent_ ? Heard{second.node, back(talk)}
                                 : Heard{first.node, links_of(talk)};
    }
    const End far = phone(agent_.valid() ? agent_ : dialler_);
    models::MediaRoute route;
    if (near().location != far.location) {
      route = to_site(near());
      route.push_back({c_.layout.data_centre[site_], far.place});
    }
    return caller ? Heard{far.node, back(route)} : Heard{near().node, links_of(route)};
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
    music_ = static_cast<models::SiteIndex>(f.site);
  }
  void follow(const models::Consultation& f) {
    second_ = f.second;
    second_path_ = static_cast<models::PathMask>(f.second.valid() ? f.path : 0);
  }
  template <class Other>
  void follow(const Other&) {}
  void hear(std::uint32_t site, std::uint32_t path, AgentId agent) {
    site_ = music_ = static_cast<models::SiteIndex>(site);
    path_ = static_cast<models::PathMask>(path);
    agent_ = agent;
    held_ = false;
    second_ = {};
    second_path_ = 0;
  }

  [[nodiscard]] bool through_gateway() const { return gateway_ < directory_.gateways.size(); }
  [[nodiscard]] End phone(AgentId agent) const {
    if (!agent.valid()) return {};
    const models::AgentInfo& info = directory_.agent(agent);
    return {info.phone, c_.layout.premises[info.location], info.location};
  }
  /// The caller's.
  [[nodiscard]] End near() const {
    if (!through_gateway()) return phone(dialler_);
    return {directory_.gateways[gateway_], c_.layout.gateway_place[gateway_],
            c_.scenario.gateways[gateway_].location};
  }
  [[nodiscard]] models::MediaRoute to_site(const End& end) const {
    if (!end.node.valid()) return {};
    return models::route_to_site(c_.layout, end.place, site_, path_);
  }
  [[nodiscard]] std::vector<sim::LinkId> links_of(const models::MediaRoute& route) const {
    std::vector<sim::LinkId> links;
    for (const models::MediaSegment& s : route) {
      for (const sim::Route& r : c_.layout.topology.routes) {
        if (r.from == s.from && r.to == s.to) {
          links.insert(links.end(), r.links.begin(), r.links.end());
        }
      }
    }
    return links;
  }
  /// The links of the way back.
  [[nodiscard]] std::vector<sim::LinkId> back(const models::MediaRoute& route) const {
    std::vector<sim::LinkId> links = links_of(route);
    std::ranges::transform(links, links.begin(), sim::opposite);
    return links;
  }

  const models::Directory& directory_;
  const StoryContext& c_;
  std::uint32_t gateway_ = models::kNoGateway;
  AgentId dialler_, agent_, second_;
  models::SiteIndex site_ = 0, music_ = 0;
  models::PathMask path_ = 0, second_path_ = 0;
  bool held_ = false;
};

/// The parts on which a fault lies: hosts, processes, and directions of links.
std::vector<models::FaultPart> parts_of(const models::Fault& fault, const models::Layout& layout) {
  const auto at_his_desk = [](AgentId) { return false; };
  const models::LinkTarget* link = models::held_link(fault);
  std::vector<models::FaultPart> parts;
  for (const bool backward : {false, true}) {
    if (link == nullptr ? backward : !models::includes(link->direction, backward)) continue;
    for (const auto& part : models::fault_parts(layout, fault, backward, at_his_desk)) {
      parts.push_back(part);
    }
  }
  return parts;
}

/// Does the fault stop this node?
bool takes(const models::Fault& fault, NodeId node, const models::Layout& layout) {
  using Kind = models::FaultPart::Kind;
  return node.valid() && std::ranges::any_of(parts_of(fault, layout), [&](const auto& part) {
           const bool process = part.kind == Kind::process || part.kind == Kind::hung;
           return (process && part.id == node.value) ||
                  (part.kind == Kind::host && part.id == layout.host_of(node).value);
         });
}

/// Does it silence what is heard over this way?
bool silences(const models::Fault& fault, const Heard& way, const models::Layout& layout) {
  using Kind = models::FaultPart::Kind;
  const auto* degrade = std::get_if<models::Degrade>(&fault.deed);
  const bool carries = degrade != nullptr && degrade->loss.value_or(0) < 1;
  return takes(fault, way.speaker, layout) ||
         std::ranges::any_of(parts_of(fault, layout), [&](const auto& part) {
           const bool link = part.kind == Kind::cut || (part.kind == Kind::degraded && !carries);
           return link && std::ranges::find(way.links, sim::LinkId{part.id}) != way.links.end();
         });
}

/// Was a pair of this path lost then, and is that what this fault does?
bool takes_pair(const models::Fault& fault, models::PathMask path, SimTime at,
                const StoryContext& c) {
  return std::ranges::any_of(c.faults, [&](const models::JournalEntry& e) {
    const auto* pair = std::get_if<models::PairStateChanged>(&e.record);
    if (pair == nullptr || pair->up != 0 || e.at != at) return false;
    const auto site = static_cast<models::SiteIndex>(pair->site);
    return (path & models::path_of(site)) != 0 &&
           (takes(fault, c.layout.server(site, models::Role::sip_server_primary), c.layout) ||
            takes(fault, c.layout.server(site, models::Role::sip_server_backup), c.layout));
  });
}

}  // namespace

std::vector<std::string> silencing_faults(const CallLife& life, const StoryContext& c, SimTime at,
                                          std::optional<AgentId> listener) {
  const Speech speech(life, c, at);
  const Heard way = speech.to(listener);
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
    const models::Fault& fault = c.scenario.faults[f->fault];
    const std::string words = fmt::format("“{}”{}", ThingNames::of(c.names.faults, f->fault),
                                          f->undone != 0 ? " over" : "");
    // What ends may still stop somebody: a process that hung is begun anew.
    const bool stops = f->undone == 0 ? silences(fault, way, c.layout)
                                      : takes(fault, way.speaker, c.layout) && died(way.speaker);
    if (stops) silencing.push_back(words);
    if (takes_pair(fault, speech.path(), at, c)) of_pairs.push_back(words);
  }
  return silencing.empty() ? of_pairs : silencing;
}

}  // namespace bcsim::tools
