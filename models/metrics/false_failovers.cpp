#include "models/metrics/false_failovers.hpp"

#include <algorithm>
#include <variant>

namespace bcsim::models {
namespace {

/// Site of the SIP Server that this fault hangs.
std::optional<SiteIndex> hangs_server(const Fault& fault) {
  const auto* hang = std::get_if<Hang>(&fault.deed);
  const bool hangs = hang != nullptr && hang->process.role == Role::sip_server_primary;
  return hangs ? std::optional(hang->process.site) : std::nullopt;
}

}  // namespace

bool FalseFailovers::alive(std::uint32_t site) const {
  if (!pair_up_[site] || leaving_[site]) return false;
  return std::none_of(hanging_.begin(), hanging_.end(), [&](std::uint32_t fault) {
    return hangs_server(scenario_.faults[fault]) == static_cast<SiteIndex>(site);
  });
}

void FalseFailovers::on_fault(const FaultInjected& fact) {
  if (fact.fault >= scenario_.faults.size()) return;
  const Fault& fault = scenario_.faults[fact.fault];
  if (fact.undone != 0) {
    std::erase(hanging_, fact.fault);
  } else if (hangs_server(fault)) {
    hanging_.push_back(fact.fault);
  }
}

std::optional<FalseFailovers::Found> FalseFailovers::on_record(const Record& record) {
  const auto given_up = [&](CounterKind kind, std::uint32_t site) -> std::optional<Found> {
    if (!alive(site)) return std::nullopt;
    return Found{kind, static_cast<SiteIndex>(site)};
  };
  const auto other = [](std::uint32_t site) { return peer_of(static_cast<SiteIndex>(site)); };
  if (const auto* proxy = std::get_if<ProxyState>(&record)) {
    if (proxy->online == 0) return given_up(CounterKind::false_gateways, proxy->site);
  } else if (const auto* trunk = std::get_if<PeerTrunk>(&record)) {
    if (trunk->in_service == 0) return given_up(CounterKind::false_peers, other(trunk->site));
  } else if (const auto* move = std::get_if<DesktopSwitch>(&record)) {
    return given_up(CounterKind::false_desktops, other(move->to_site));
  } else if (const auto* pair = std::get_if<PairStateChanged>(&record)) {
    pair_up_[pair->site] = pair->up != 0;
  } else if (const auto* mode = std::get_if<ServerModeChanged>(&record)) {
    leaving_[mode->site] = mode->mode == ServerMode::drain || mode->mode == ServerMode::stopped;
  } else if (const auto* fault = std::get_if<FaultInjected>(&record)) {
    on_fault(*fault);
  }
  return std::nullopt;
}

}  // namespace bcsim::models
