// What faults do by definition: a brute force from instant to instant, and a reader of plans.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/worlds.hpp"

namespace bcsim::tests {

enum class Life : std::uint8_t { up, hung, dead };

/// The state of everything that a fault can lie on.
struct State {
  std::vector<bool> hosts, links, management;
  std::vector<Life> nodes;
  std::vector<sim::LinkSpec> values;
  std::array<bool, kSites> ha{true, true}, drained{};

  explicit State(const Layout& layout)
      : hosts(layout.topology.hosts.size(), true),
        links(2 * layout.topology.links.size(), true),
        management(layout.topology.nodes.size(), true),
        nodes(layout.topology.nodes.size(), Life::up) {
    for (std::uint32_t i = 0; i < links.size(); ++i) {
      values.push_back(layout.topology.spec(sim::LinkId{i}));
    }
    for (const NodeId node : layout.absent_nodes()) nodes[node.value] = Life::dead;
  }
  [[nodiscard]] bool same_values(const State& other) const {
    return std::ranges::equal(values, other.values, [](const auto& a, const auto& b) {
      return a.latency == b.latency && a.jitter == b.jitter && a.loss == b.loss &&
             a.bandwidth_bps == b.bandwidth_bps;
    });
  }
};

/// By definition: what is open, and what that makes of each thing.
class BruteForce {
 public:
  BruteForce(const Scenario& scenario, const Layout& layout)
      : scenario_(scenario),
        layout_(layout),
        state_(layout),
        sits_(layout.directory.agents.size()) {
    for (const NodeId node : layout.absent_nodes()) absent_.insert(node.value);
  }

  const State& step(SimTime now) {
    std::erase_if(open_, [&](const Open& o) { return o.end == now || mended(o, now); });
    for (std::uint32_t f = 0; f < scenario_.faults.size(); ++f) start(f, now);
    for (const Open& open : open_) sit_down(open, now);
    evaluate();
    return state_;
  }
  [[nodiscard]] std::set<std::uint32_t> open_faults() const {
    std::set<std::uint32_t> out;
    for (const Open& open : open_) out.insert(open.fault);
    return out;
  }

 private:
  struct Open {
    std::uint32_t fault;
    bool backward;
    SimTime begun, end;
    std::set<std::uint32_t> moved;  ///< who sat elsewhere when it began
  };
  [[nodiscard]] const Fault& fault(const Open& open) const { return scenario_.faults[open.fault]; }

  [[nodiscard]] bool mended(const Open& open, SimTime now) const {
    return std::ranges::any_of(scenario_.faults, [&](const Fault& by) {
      return by.at == now && ends(by, fault(open), open.backward);
    });
  }
  void start(std::uint32_t index, SimTime now) {
    const Fault& f = scenario_.faults[index];
    if (!holds(f)) return;
    const bool ends = f.lasting && *f.lasting < sim::kNever - now;
    SimTime end = ends ? now + *f.lasting : sim::kNever;
    bool begins = f.at == now;
    if (f.flap) {
      const SimTime until = f.flap->until.value_or(sim::kNever);
      begins = now >= f.at && now < until && now < sim::kStart + scenario_.run.horizon &&
               (now - f.at) % f.flap->period == 0ns;
      const Duration bad = sim::from_seconds(sim::seconds(f.flap->period) * f.flap->duty);
      begins = begins && bad > 0ns;
      end = std::min(now + bad, until);
    }
    if (!begins) return;
    std::set<std::uint32_t> moved;
    for (std::uint32_t a = 0; a < sits_.size(); ++a) {
      if (sits_[a]) moved.insert(a);
    }
    const LinkTarget* link = nullptr;
    if (const auto* cut = std::get_if<Cut>(&f.deed)) link = std::get_if<LinkTarget>(&cut->target);
    if (const auto* degrade = std::get_if<Degrade>(&f.deed)) link = &degrade->link;
    if (link == nullptr || link->direction != CutDirection::backward) {
      open_.push_back({index, false, now, end, moved});
    }
    if (link != nullptr && link->direction != CutDirection::forward) {
      open_.push_back({index, true, now, end, moved});
    }
  }
  void sit_down(const Open& open, SimTime now) {
    const StaffReturn* back = staff_return(fault(open));
    if (back == nullptr) return;
    const auto people = layout_.people_at(failed_site(fault(open))->site);
    for (const ReturnStep& step : back->steps) {
      if (open.begun + step.after != now) continue;
      const auto seats = std::llround(step.share * static_cast<double>(people.size()));
      for (std::size_t i = 0; i < static_cast<std::size_t>(seats); ++i) {
        sits_[people[i].value] = true;
      }
    }
  }

  template <class Is>
  [[nodiscard]] bool any(const Is& is) const {
    return std::ranges::any_of(open_, is);
  }
  [[nodiscard]] bool host_failed(sim::HostId host) const {
    return any([&](const Open& o) {
      const auto* fail = std::get_if<Fail>(&fault(o).deed);
      if (fail == nullptr) return false;
      if (const auto* site = std::get_if<SiteTarget>(&fail->target)) {
        const auto hosts = layout_.hosts(site->site, site->scope);
        return std::ranges::find(hosts, host) != hosts.end();
      }
      if (const auto* machine = std::get_if<HostTarget>(&fail->target)) {
        return layout_.host_of(layout_.server(machine->site, machine->role)) == host;
      }
      const auto* gateway = std::get_if<GatewayTarget>(&fail->target);
      return gateway != nullptr &&
             layout_.host_of(layout_.directory.gateways[gateway->gateway]) == host;
    });
  }
  [[nodiscard]] NodeId device(const Open& open, std::uint32_t agent, bool phone) const {
    const AgentInfo& info = layout_.directory.agents[agent];
    if (open.moved.contains(agent)) return phone ? info.spare_phone : info.spare_desktop;
    return phone ? info.phone : info.desktop;
  }
  [[nodiscard]] bool crashed(NodeId node) const {
    return any([&](const Open& o) {
      if (const auto* crash = std::get_if<Crash>(&fault(o).deed)) {
        return layout_.server(crash->process.site, crash->process.role) == node;
      }
      const auto* fail = std::get_if<Fail>(&fault(o).deed);
      if (fail == nullptr) return false;
      if (const auto* phone = std::get_if<PhoneTarget>(&fail->target)) {
        return device(o, 2 * phone->group + phone->member, true) == node;
      }
      const auto* desktop = std::get_if<DesktopTarget>(&fail->target);
      return desktop != nullptr && device(o, 2 * desktop->group + desktop->member, false) == node;
    });
  }
  [[nodiscard]] bool hangs(NodeId node) const {
    return any([&](const Open& o) {
      const auto* hang = std::get_if<Hang>(&fault(o).deed);
      return hang != nullptr && layout_.server(hang->process.site, hang->process.role) == node;
    });
  }
  [[nodiscard]] bool drains(std::size_t site) const {
    return any([&](const Open& o) {
      const auto* drain = std::get_if<Drain>(&fault(o).deed);
      return drain != nullptr && drain->site == site;
    });
  }
  [[nodiscard]] bool nobody_there(NodeId node) const {
    for (std::uint32_t a = 0; a < sits_.size(); ++a) {
      const AgentInfo& info = layout_.directory.agents[a];
      if (sits_[a] && (node == info.phone || node == info.desktop)) return true;
      if (sits_[a] && (node == info.spare_phone || node == info.spare_desktop)) return false;
    }
    return absent_.contains(node.value);
  }
  [[nodiscard]] sim::LinkId link_of(const LinkTarget& target, bool backward) const {
    const auto& paths = target.desktops ? layout_.desktop_access : layout_.access;
    const sim::LinkId link = target.dc_link ? layout_.dc_link : paths[target.location][target.site];
    return backward ? sim::opposite(link) : link;
  }

  void evaluate() {
    for (std::uint32_t h = 0; h < state_.hosts.size(); ++h) {
      state_.hosts[h] = !host_failed(sim::HostId{h});
    }
    for (std::uint32_t n = 0; n < state_.nodes.size(); ++n) {
      const NodeId node{n};
      Life& life = state_.nodes[n];
      bool drained = false;
      for (std::size_t s = 0; s < kSites; ++s) {
        const auto& pair = layout_.directory.sip_server_process[s];
        drained |= (node == pair[0] || node == pair[1]) && drains(s);
      }
      const bool killed =
          !state_.hosts[layout_.host_of(node).value] || crashed(node) || nobody_there(node);
      if (!killed && !hangs(node) && !drained) {
        life = Life::up;  // nothing lies on it
      } else if (killed || life == Life::dead || (life == Life::hung && !hangs(node))) {
        life = Life::dead;  // and it stays so while anything lies on it
      } else if (hangs(node)) {
        life = Life::hung;
      }
      state_.management[n] = !any([&](const Open& o) {
        const auto* cut = std::get_if<Cut>(&fault(o).deed);
        const auto* m = cut == nullptr ? nullptr : std::get_if<ManagementLinkTarget>(&cut->target);
        return m != nullptr && layout_.server(m->site, m->role) == node;
      });
    }
    for (std::uint32_t l = 0; l < state_.links.size(); ++l) evaluate_link(sim::LinkId{l});
    for (std::size_t s = 0; s < kSites; ++s) {
      state_.drained[s] = drains(s);
      state_.ha[s] = !any([&](const Open& o) {
        const auto* cut = std::get_if<Cut>(&fault(o).deed);
        const auto* ha = cut == nullptr ? nullptr : std::get_if<HaLinkTarget>(&cut->target);
        return ha != nullptr && ha->site == s;
      });
    }
  }
  void evaluate_link(sim::LinkId link) {
    state_.links[link.value] = !any([&](const Open& o) {
      const auto* cut = std::get_if<Cut>(&fault(o).deed);
      const auto* l = cut == nullptr ? nullptr : std::get_if<LinkTarget>(&cut->target);
      return l != nullptr && link_of(*l, o.backward) == link;
    });
    sim::LinkSpec& v = state_.values[link.value];
    v = layout_.topology.spec(link);
    std::vector<Open> in_order = open_;
    std::ranges::stable_sort(in_order, [](const Open& a, const Open& b) {
      return std::pair(a.begun, a.fault) < std::pair(b.begun, b.fault);
    });
    for (const Open& o : in_order) {
      const auto* d = std::get_if<Degrade>(&fault(o).deed);
      if (d == nullptr || link_of(d->link, o.backward) != link) continue;
      v.latency = d->latency.value_or(v.latency);
      v.jitter = d->jitter.value_or(v.jitter);
      v.loss = d->loss.value_or(v.loss);
      v.bandwidth_bps = d->bandwidth_bps.value_or(v.bandwidth_bps);
    }
  }

  const Scenario& scenario_;
  const Layout& layout_;
  State state_;
  std::vector<bool> sits_;
  std::set<std::uint32_t> absent_;
  std::vector<Open> open_;
};

/// Carries out a compiled plan, and complains of a step that changes nothing or what has been
/// changed at the same instant.
class Replay {
 public:
  explicit Replay(const Layout& layout) : layout_(layout), state_(layout) {}

  void at_instant() { changed_.clear(); }
  void operator()(const sim::HostDown& a) {
    change(0, a.host.value, state_.hosts[a.host.value]);
    state_.hosts[a.host.value] = false;
    for (const NodeId node : nodes_on(a.host)) state_.nodes[node.value] = Life::dead;
  }
  void operator()(const sim::HostUp& a) {
    change(0, a.host.value, !state_.hosts[a.host.value]);
    state_.hosts[a.host.value] = true;
  }
  void operator()(const sim::NodeCrash& a) { life(a.node, Life::dead); }
  void operator()(const sim::NodeHang& a) { life(a.node, Life::hung); }
  void operator()(const sim::NodeStart& a) { life(a.node, Life::up); }
  void operator()(const sim::LinkCut& a) { link(a.link, false); }
  void operator()(const sim::LinkHeal& a) { link(a.link, true); }
  void operator()(const sim::LinkChange& a) {
    sim::LinkSpec& v = state_.values[a.link.value];
    const auto differs = [](const auto& given, const auto& now) { return given && *given != now; };
    change(3, a.link.value,
           differs(a.latency, v.latency) || differs(a.jitter, v.jitter) ||
               differs(a.loss, v.loss) || differs(a.bandwidth_bps, v.bandwidth_bps));
    v.latency = a.latency.value_or(v.latency);
    v.jitter = a.jitter.value_or(v.jitter);
    v.loss = a.loss.value_or(v.loss);
    v.bandwidth_bps = a.bandwidth_bps.value_or(v.bandwidth_bps);
  }
  void operator()(const sim::ModelChange& a) {
    const auto flip = [&](int kind, auto&& now, bool to) {
      change(kind, a.subject, now != to);
      now = to;
    };
    switch (static_cast<Change>(a.what)) {
      case Change::fault_begins:
        if (!holds((*layout_.directory.scenario).faults[a.subject])) return;
        EXPECT_TRUE(open_.insert(a.subject).second);
        return;
      case Change::fault_ends:
        EXPECT_EQ(open_.erase(a.subject), 1u);
        return;
      case Change::drain:
      case Change::drain_over:
        return flip(4, state_.drained[a.subject], static_cast<Change>(a.what) == Change::drain);
      case Change::ha_link_cut:
      case Change::ha_link_healed:
        return flip(5, state_.ha[a.subject], static_cast<Change>(a.what) == Change::ha_link_healed);
      case Change::management_cut:
      case Change::management_healed:
        return flip(6, state_.management[a.subject],
                    static_cast<Change>(a.what) == Change::management_healed);
      default:
        return;
    }
  }
  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] const std::set<std::uint32_t>& open_faults() const { return open_; }

 private:
  [[nodiscard]] std::vector<NodeId> nodes_on(sim::HostId host) const {
    std::vector<NodeId> out;
    for (std::uint32_t n = 0; n < state_.nodes.size(); ++n) {
      if (layout_.host_of(NodeId{n}) == host) out.push_back(NodeId{n});
    }
    return out;
  }
  void change(int kind, std::uint32_t id, bool differs) {
    EXPECT_TRUE(differs) << "kind " << kind << ", " << id << ": a step that changes nothing";
    EXPECT_TRUE(changed_.emplace(kind, id).second) << "kind " << kind << ", " << id << ": twice";
  }
  void life(NodeId node, Life to) {
    EXPECT_TRUE(state_.hosts[layout_.host_of(node).value]) << "on a machine that is off";
    change(1, node.value, state_.nodes[node.value] != to);
    state_.nodes[node.value] = to;
  }
  void link(sim::LinkId id, bool up) {
    change(2, id.value, state_.links[id.value] != up);
    state_.links[id.value] = up;
  }

  const Layout& layout_;
  State state_;
  std::set<std::pair<int, std::uint32_t>> changed_;
  std::set<std::uint32_t> open_;
};

}  // namespace bcsim::tests
