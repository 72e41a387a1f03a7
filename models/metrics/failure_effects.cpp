#include "models/metrics/failure_effects.hpp"

#include <type_traits>

namespace bcsim::models {
namespace {

[[nodiscard]] bool is_sip_server(Role role) {
  return role == Role::sip_server_primary || role == Role::sip_server_backup;
}

/// Does the target hold a SIP Server process of this site?
struct HoldsServer {
  SiteIndex site;

  bool operator()(const SiteTarget& t) const { return t.site == site; }
  bool operator()(const ProcessTarget& t) const { return t.site == site && is_sip_server(t.role); }
  bool operator()(const HostTarget& t) const { return t.site == site && is_sip_server(t.role); }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

/// Is a SIP Server of this site taken away, or kept from those who watch it inside its site?
struct HitsServer {
  SiteIndex site;

  bool operator()(const Fail& f) const { return std::visit(HoldsServer{site}, f.target); }
  bool operator()(const Crash& f) const { return HoldsServer{site}(f.process); }
  bool operator()(const Hang& f) const { return HoldsServer{site}(f.process); }
  bool operator()(const Drain& f) const { return f.site == site; }
  bool operator()(const SwitchOver& f) const { return f.site == site; }
  bool operator()(const Cut& f) const {
    if (const auto* ha = std::get_if<HaLinkTarget>(&f.target)) return ha->site == site;
    const auto* management = std::get_if<ManagementLinkTarget>(&f.target);
    return management != nullptr && management->site == site;
  }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

/// The link that is cut or made worse; nullptr: it is something else.
const LinkTarget* link_hit(const Fault& fault) {
  if (const auto* degrade = std::get_if<Degrade>(&fault.deed)) return &degrade->link;
  const auto* cut = std::get_if<Cut>(&fault.deed);
  return cut == nullptr ? nullptr : std::get_if<LinkTarget>(&cut->target);
}

bool hits_gateway(const Fault& fault, std::uint32_t gateway, const Scenario& scenario) {
  if (const SiteTarget* site = failed_site(fault)) {
    return site->scope == SiteScope::building && site->site == scenario.gateways[gateway].home_site;
  }
  const auto* fail = std::get_if<Fail>(&fault.deed);
  const auto* target = fail == nullptr ? nullptr : std::get_if<GatewayTarget>(&fail->target);
  return target != nullptr && target->gateway == gateway;
}

}  // namespace

bool may_cause(const Fault& fault, const Record& record, const Scenario& scenario) {
  const auto server = [&](std::uint32_t site) {
    return std::visit(HitsServer{static_cast<SiteIndex>(site)}, fault.deed);
  };
  const LinkTarget* link = link_hit(fault);
  if (const auto* gave_up = std::get_if<ProxyState>(&record)) {
    return server(gave_up->site) || link != nullptr;
  }
  if (const auto* reroute = std::get_if<PstnReroute>(&record)) {
    return hits_gateway(fault, reroute->gateway, scenario);
  }
  if (const auto* mode = std::get_if<ServerModeChanged>(&record)) {
    return server(1 - mode->site) || (link != nullptr && link->dc_link);
  }
  const auto* switchover = std::get_if<Switchover>(&record);
  return switchover != nullptr && server(switchover->site);
}

}  // namespace bcsim::models
