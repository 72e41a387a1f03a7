#include "models/world/fault_parts.hpp"

#include <algorithm>
#include <cassert>

#include "models/world/fault_compiler.hpp"

namespace bcsim::models {
namespace {

using PartKind = FaultPart::Kind;

/// One overload a target and a verb.
class PartsOf {
 public:
  PartsOf(const Layout& layout, bool backward, const std::function<bool(AgentId)>& moved)
      : layout_(layout), backward_(backward), moved_(moved) {}

  void operator()(const Fail& fail) { std::visit(*this, fail.target); }
  void operator()(const Restore&) {}
  void operator()(const Crash& crash) { process(PartKind::process, crash.process); }
  void operator()(const Hang& hang) { process(PartKind::hung, hang.process); }
  void operator()(const Cut& cut) { std::visit(*this, cut.target); }
  void operator()(const Heal&) {}
  void operator()(const Degrade& degrade) {
    add(PartKind::degraded, direction(degrade.link).value);
  }
  void operator()(const Drain& drain) { add(PartKind::drained, drain.site); }
  void operator()(const SwitchOver&) {}
  void operator()(const ChangeOption&) {}

  void operator()(const SiteTarget& target) {
    for (const sim::HostId host : layout_.hosts(target.site, target.scope)) {
      add(PartKind::host, host.value);
    }
  }
  void operator()(const HostTarget& target) {
    const NodeId node = layout_.server(target.site, target.role);
    assert(node.valid());
    add(PartKind::host, layout_.host_of(node).value);
  }
  void operator()(const GatewayTarget& target) {
    add(PartKind::host, layout_.host_of(layout_.directory.gateways[target.gateway]).value);
  }
  void operator()(const PhoneTarget& target) {
    const AgentId id = agent(target.group, target.member);
    const AgentInfo& info = layout_.directory.agent(id);
    add(PartKind::process, (moved_(id) ? info.spare_phone : info.phone).value);
  }
  void operator()(const DesktopTarget& target) {
    const AgentId id = agent(target.group, target.member);
    const AgentInfo& info = layout_.directory.agent(id);
    add(PartKind::process, (moved_(id) ? info.spare_desktop : info.desktop).value);
  }
  void operator()(const LinkTarget& target) { add(PartKind::cut, direction(target).value); }
  void operator()(const HaLinkTarget& target) { add(PartKind::ha_link, target.site); }
  void operator()(const ManagementLinkTarget& target) {
    process(PartKind::management, {target.site, target.role});
  }

  [[nodiscard]] std::vector<FaultPart> take() { return std::move(parts_); }

 private:
  void add(PartKind kind, std::uint32_t id) { parts_.push_back({kind, id}); }
  void process(PartKind kind, const ProcessTarget& target) {
    const NodeId node = layout_.server(target.site, target.role);
    assert(node.valid());
    add(kind, node.value);
  }
  [[nodiscard]] sim::LinkId direction(const LinkTarget& target) const {
    const auto& paths = target.desktops ? layout_.desktop_access : layout_.access;
    const sim::LinkId forward =
        target.dc_link ? layout_.dc_link : paths[target.location][target.site];
    assert(forward.valid());
    return backward_ ? sim::opposite(forward) : forward;
  }
  [[nodiscard]] AgentId agent(std::uint32_t group, std::uint32_t member) const {
    const auto& groups = layout_.directory.scenario->agents;
    std::uint32_t first = 0;
    for (std::uint32_t g = 0; g < group; ++g) first += groups[g].count;
    return AgentId{first + member};
  }

  const Layout& layout_;
  bool backward_;
  const std::function<bool(AgentId)>& moved_;
  std::vector<FaultPart> parts_;
};

sim::LinkChange values_of(sim::LinkId id, const sim::LinkSpec& spec) {
  return {id, spec.latency, spec.jitter, spec.loss, spec.bandwidth_bps};
}

template <class T>
void replace(std::optional<T>& value, const std::optional<T>& by) {
  if (by) value = by;
}

}  // namespace

std::vector<FaultPart> fault_parts(const Layout& layout, const Fault& fault, bool backward,
                                   const std::function<bool(AgentId)>& moved) {
  PartsOf parts(layout, backward, moved);
  std::visit([&](const auto& deed) { parts(deed); }, fault.deed);
  return parts.take();
}

PartStates::PartStates(const Layout& layout)
    : layout_(layout),
      nodes_on_(layout.topology.hosts.size()),
      hosts_(layout.topology.hosts.size()),
      nodes_(layout.topology.nodes.size()),
      links_(2 * layout.topology.links.size()),
      management_(layout.topology.nodes.size()) {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    nodes_on_[layout.host_of(NodeId{i}).value].push_back(NodeId{i});
  }
  for (std::uint32_t i = 0; i < links_.size(); ++i) {
    links_[i].now = values_of(sim::LinkId{i}, layout.topology.spec(sim::LinkId{i}));
  }
  // Servers that are not there, and desks nobody sits at: as if held down from the start.
  for (const NodeId node : layout.absent_nodes()) {
    nodes_[node.value].crashes = 1;
    nodes_[node.value].life = Life::dead;
  }
}

PartStates::Switch& PartStates::switch_of(const FaultPart& part) {
  if (part.kind == PartKind::ha_link) return ha_links_[part.id];
  if (part.kind == PartKind::drained) return drains_[part.id];
  if (part.kind == PartKind::management) return management_[part.id];
  assert(part.kind == PartKind::host);
  return hosts_[part.id];
}

void PartStates::count(const FaultPart& part, std::int32_t by) {
  const auto add = [by](std::uint32_t& holds) {
    assert(by > 0 || holds > 0);
    holds += static_cast<std::uint32_t>(by);
  };
  switch (part.kind) {
    case PartKind::process:
      return add(nodes_[part.id].crashes);
    case PartKind::hung:
      return add(nodes_[part.id].hangs);
    case PartKind::cut:
      return add(links_[part.id].cuts);
    case PartKind::degraded:
      return;
    case PartKind::drained:
      for (const NodeId node : layout_.directory.sip_server_process[part.id]) {
        if (node.valid()) add(nodes_[node.value].drains);
      }
      return add(drains_[part.id].holds);
    case PartKind::host:
    case PartKind::ha_link:
    case PartKind::management:
      return add(switch_of(part).holds);
  }
}

void PartStates::begin(const FaultPart& part, std::uint32_t hold) {
  count(part, 1);
  if (part.kind == PartKind::degraded) links_[part.id].degradations.push_back(hold);
}

void PartStates::end(const FaultPart& part, std::uint32_t hold) {
  count(part, -1);
  if (part.kind == PartKind::degraded) std::erase(links_[part.id].degradations, hold);
}

std::size_t PartStates::hold_count() const {
  std::size_t all = 0;
  for (const NodeHolds& node : nodes_) all += node.crashes + node.hangs + node.drains;
  for (const Link& link : links_) all += link.cuts + link.degradations.size();
  for (const Switch& host : hosts_) all += host.holds;
  for (const Switch& node : management_) all += node.holds;
  for (std::size_t s = 0; s < kSites; ++s) all += ha_links_[s].holds + drains_[s].holds;
  return all;
}

void PartStates::sit_down(AgentId agent) {
  const AgentInfo& info = layout_.directory.agent(agent);
  for (const NodeId node : {info.spare_phone, info.spare_desktop}) --nodes_[node.value].crashes;
  for (const NodeId node : {info.phone, info.desktop}) ++nodes_[node.value].crashes;
}

void PartStates::settle(const FaultPart& part, const Step& step, const DegradeOf& degrade) {
  switch (part.kind) {
    case PartKind::host:
      return settle_host(sim::HostId{part.id}, step);
    case PartKind::process:
    case PartKind::hung:
      return settle_node(NodeId{part.id}, step);
    case PartKind::cut:
      return settle_cut(sim::LinkId{part.id}, step);
    case PartKind::degraded:
      return settle_values(sim::LinkId{part.id}, step, degrade);
    case PartKind::ha_link:
    case PartKind::management:
    case PartKind::drained:
      break;
  }
  Switch& s = switch_of(part);
  const bool on = s.holds == 0;
  if (on != s.on) {
    s.on = on;
    const Change what = part.kind == PartKind::ha_link
                            ? (on ? Change::ha_link_healed : Change::ha_link_cut)
                        : part.kind == PartKind::management
                            ? (on ? Change::management_healed : Change::management_cut)
                            : (on ? Change::drain_over : Change::drain);
    step(change(what, part.id));
  }
  if (part.kind != PartKind::drained) return;
  for (const NodeId node : layout_.directory.sip_server_process[part.id]) {
    if (node.valid()) settle_node(node, step);
  }
}

void PartStates::settle_host(sim::HostId host, const Step& step) {
  Switch& s = hosts_[host.value];
  const bool on = s.holds == 0;
  if (on == s.on) return;
  s.on = on;
  if (on) {
    step(sim::HostUp{host});
  } else {
    step(sim::HostDown{host});  // with all that is on it
    for (const NodeId node : nodes_on_[host.value]) nodes_[node.value].life = Life::dead;
  }
  for (const NodeId node : nodes_on_[host.value]) settle_node(node, step);
}

/// Whatever lies on a process keeps it down once it is dead; a hang alone leaves it hung, a drain
/// alone leaves it up.
void PartStates::settle_node(NodeId node, const Step& step) {
  settle_host(layout_.host_of(node), step);
  NodeHolds& n = nodes_[node.value];
  const bool host_up = hosts_[layout_.host_of(node).value].on;
  const bool held = !host_up || n.crashes + n.hangs + n.drains > 0;
  Life life = Life::up;
  const bool ended = n.life == Life::dead || (n.life == Life::hung && n.hangs == 0);
  if (held && (!host_up || n.crashes > 0 || ended)) {
    life = Life::dead;
  } else if (n.hangs > 0) {
    life = Life::hung;
  }
  if (life == n.life) return;
  n.life = life;
  if (life == Life::up) {
    step(sim::NodeStart{node});
  } else if (life == Life::hung) {
    step(sim::NodeHang{node});
  } else {
    step(sim::NodeCrash{node});
  }
}

void PartStates::settle_cut(sim::LinkId link, const Step& step) {
  Link& l = links_[link.value];
  const bool up = l.cuts == 0;
  if (up == l.up) return;
  l.up = up;
  if (up) {
    step(sim::LinkHeal{link});
  } else {
    step(sim::LinkCut{link});
  }
}

void PartStates::settle_values(sim::LinkId link, const Step& step, const DegradeOf& degrade) {
  Link& l = links_[link.value];
  sim::LinkChange wanted = values_of(link, layout_.topology.spec(link));
  for (const std::uint32_t hold : l.degradations) {
    const Degrade& d = degrade(hold);
    replace(wanted.latency, d.latency);
    replace(wanted.jitter, d.jitter);
    replace(wanted.loss, d.loss);
    replace(wanted.bandwidth_bps, d.bandwidth_bps);
  }
  sim::LinkChange difference{link, {}, {}, {}, {}};
  const auto compare = [](auto& now, const auto& then, auto& out) {
    if (now == then) return false;
    out = now = then;
    return true;
  };
  const bool latency = compare(l.now.latency, wanted.latency, difference.latency);
  const bool jitter = compare(l.now.jitter, wanted.jitter, difference.jitter);
  const bool loss = compare(l.now.loss, wanted.loss, difference.loss);
  const bool bandwidth =
      compare(l.now.bandwidth_bps, wanted.bandwidth_bps, difference.bandwidth_bps);
  if (latency || jitter || loss || bandwidth) step(difference);
}

}  // namespace bcsim::models
