#include "models/world/fault_compiler.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bcsim::models {

namespace {

class Compiler {
 public:
  Compiler(const Scenario& scenario, const Layout& layout) : scenario_(scenario), layout_(layout) {}

  sim::FaultPlan compile() {
    for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) add(i, scenario_.faults[i]);
    for (std::uint32_t g = 0; g < scenario_.agents.size(); ++g) {
      for (const StaffingStep& step : scenario_.agents[g].staffing) {
        if (step.at > sim::kStart) push(step.at, change(Change::staffing, g));
      }
    }
    const ConfigurationOptions& configuration = scenario_.configuration;
    std::uint32_t written = 0;
    for (const ConfigurationEdit& edit : configuration.edits) write(edit.at, written++);
    for (const SimTime at : configuration.synchronizations) write(at, written++);
    // Same instant: the order of the file.
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  /// What was written before the run is in the databases from the start.
  void write(SimTime at, std::uint32_t index) {
    if (at >= sim::kStart) push(at, change(Change::config_write, index));
  }
  void push(SimTime at, sim::FaultAction action) { plan_.push_back({at, std::move(action)}); }

  void add(std::uint32_t index, const Fault& fault) {
    if (!fault.flap_period) {
      begin(index, fault, fault.at);
      if (fault.lasting) end(index, fault, fault.at + *fault.lasting);
      return;
    }
    const SimTime until = fault.flap_until.value_or(sim::kStart + scenario_.run.horizon);
    const Duration broken = sim::from_seconds(sim::seconds(*fault.flap_period) * fault.flap_duty);
    for (SimTime at = fault.at; at < until; at += *fault.flap_period) {
      begin(index, fault, at);
      end(index, fault, at + broken);
    }
  }

  void begin(std::uint32_t index, const Fault& fault, SimTime at) {
    push(at, change(Change::fault_begins, index));
    std::visit([&](const auto& target) { act(fault, target, fault.verb, at); }, fault.target);
  }
  void end(std::uint32_t index, const Fault& fault, SimTime at) {
    push(at, change(Change::fault_ends, index));
    std::visit([&](const auto& target) { act(fault, target, inverse(fault.verb), at); },
               fault.target);
  }
  static FaultVerb inverse(FaultVerb verb) {
    switch (verb) {
      case FaultVerb::cut:
        return FaultVerb::heal;
      case FaultVerb::heal:
        return FaultVerb::cut;
      case FaultVerb::restore:
        return FaultVerb::fail;
      case FaultVerb::degrade:
        return FaultVerb::heal;  // heal of a degraded link: former values
      case FaultVerb::fail:
      case FaultVerb::crash:
      case FaultVerb::hang:
      case FaultVerb::drain:
      case FaultVerb::switchover:
      case FaultVerb::change:
        return FaultVerb::restore;
    }
    return FaultVerb::restore;
  }

  void act(const Fault& fault, const SiteTarget& target, FaultVerb verb, SimTime at) {
    if (verb == FaultVerb::drain) {
      push(at, change(Change::drain, target.site));
      return;
    }
    if (verb == FaultVerb::switchover) {
      push(at, change(Change::switch_over, target.site));
      return;
    }
    const auto hosts = layout_.hosts(target.site, target.scope);
    for (const sim::HostId host : hosts) {
      if (verb == FaultVerb::restore) {
        restore_host(host, at);
      } else {
        push(at, sim::HostDown{host});
      }
    }
    if (fault.staff_return && verb == FaultVerb::fail) bring_back(fault, target.site, at);
  }
  /// The people of a lost building sit down elsewhere, in their order.
  void bring_back(const Fault& fault, SiteIndex site, SimTime at) {
    const std::vector<AgentId> people = layout_.people_at(site);
    std::size_t back = 0;
    for (const ReturnStep& step : fault.staff_return->steps) {
      const auto until =
          static_cast<std::size_t>(std::llround(step.share * static_cast<double>(people.size())));
      for (; back < until && back < people.size(); ++back) {
        const AgentInfo& info = layout_.directory.agent(people[back]);
        push(at + step.after, sim::NodeStart{info.spare_phone});
        push(at + step.after, sim::NodeStart{info.spare_desktop});
      }
    }
  }
  void restore_host(sim::HostId host, SimTime at) {
    push(at, sim::HostUp{host});
    for (const NodeId node : layout_.nodes_on(host)) {
      if (!is_spare(node)) push(at, sim::NodeStart{node});
    }
  }
  [[nodiscard]] bool is_spare(NodeId node) const {
    const NodeRole& role = layout_.roles[node.value];
    if (role.kind != NodeKind::phone && role.kind != NodeKind::desktop) return false;
    const AgentInfo& info = layout_.directory.agents[role.index];
    return node == info.spare_phone || node == info.spare_desktop;
  }
  void act(const Fault&, const ProcessTarget& target, FaultVerb verb, SimTime at) {
    node(layout_.server(target.site, target.role), verb, at);
  }
  void act(const Fault&, const HostTarget& target, FaultVerb verb, SimTime at) {
    const sim::HostId host = layout_.host_of(layout_.server(target.site, target.role));
    if (verb == FaultVerb::restore) {
      restore_host(host, at);
    } else {
      push(at, sim::HostDown{host});
    }
  }
  void act(const Fault&, const GatewayTarget& target, FaultVerb verb, SimTime at) {
    const NodeId gateway = layout_.directory.gateways[target.gateway];
    if (verb == FaultVerb::restore) {
      restore_host(layout_.host_of(gateway), at);
    } else if (verb == FaultVerb::fail) {
      push(at, sim::HostDown{layout_.host_of(gateway)});
    } else {
      node(gateway, verb, at);
    }
  }
  void act(const Fault&, const PhoneTarget& target, FaultVerb verb, SimTime at) {
    node(layout_.directory.agents[agent(target.group, target.member)].phone, verb, at);
  }
  void act(const Fault&, const DesktopTarget& target, FaultVerb verb, SimTime at) {
    node(layout_.directory.agents[agent(target.group, target.member)].desktop, verb, at);
  }
  [[nodiscard]] std::uint32_t agent(std::uint32_t group, std::uint32_t member) const {
    std::uint32_t first = 0;
    for (std::uint32_t g = 0; g < group; ++g) first += scenario_.agents[g].count;
    return first + member;
  }
  void node(NodeId node, FaultVerb verb, SimTime at) {
    assert(node.valid());
    if (verb == FaultVerb::restore) {
      push(at, sim::NodeStart{node});
    } else if (verb == FaultVerb::hang) {
      push(at, sim::NodeHang{node});
    } else {
      push(at, sim::NodeCrash{node});
    }
  }

  void act(const Fault&, const HaLinkTarget& target, FaultVerb verb, SimTime at) {
    const bool cut = verb == FaultVerb::cut;
    push(at, change(cut ? Change::ha_link_cut : Change::ha_link_healed, target.site));
  }
  void act(const Fault&, const ManagementLinkTarget& target, FaultVerb verb, SimTime at) {
    const Change what = verb == FaultVerb::cut ? Change::management_cut : Change::management_healed;
    push(at, change(what, layout_.server(target.site, target.role).value));
  }
  void act(const Fault& fault, const OptionTarget&, FaultVerb, SimTime at) {
    const auto index = static_cast<std::uint32_t>(&fault - scenario_.faults.data());
    push(at, change(Change::options, index));
  }
  void act(const Fault& fault, const LinkTarget& target, FaultVerb verb, SimTime at) {
    const auto& paths = target.desktops ? layout_.desktop_access : layout_.access;
    const sim::LinkId forward =
        target.dc_link ? layout_.dc_link : paths[target.location][target.site];
    assert(forward.valid());
    for (const bool is_forward : {true, false}) {
      if (target.direction == CutDirection::forward && !is_forward) continue;
      if (target.direction == CutDirection::backward && is_forward) continue;
      const sim::LinkId link = is_forward ? forward : sim::opposite(forward);
      if (verb == FaultVerb::cut) {
        push(at, sim::LinkCut{link});
      } else if (verb == FaultVerb::heal && fault.verb == FaultVerb::degrade) {
        const sim::LinkSpec& spec = layout_.topology.spec(link);
        push(at, sim::LinkChange{link, spec.latency, spec.jitter, spec.loss, spec.bandwidth_bps});
      } else if (verb == FaultVerb::heal) {
        push(at, sim::LinkHeal{link});
      } else if (verb == FaultVerb::degrade) {
        push(at,
             sim::LinkChange{link, fault.latency, fault.jitter, fault.loss, fault.bandwidth_bps});
      }
    }
  }

  const Scenario& scenario_;
  const Layout& layout_;
  sim::FaultPlan plan_;
};

}  // namespace

sim::FaultPlan compile_faults(const Scenario& scenario, const Layout& layout) {
  return Compiler(scenario, layout).compile();
}

}  // namespace bcsim::models
