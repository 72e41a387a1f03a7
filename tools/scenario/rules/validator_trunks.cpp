#include "tools/scenario/rules/validator_trunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "models/demand/erlang.hpp"

namespace bcsim::tools {
namespace {

using models::CallKind;
using models::CallStream;
using models::GatewayOptions;
using models::Scenario;
using models::SiteIndex;

constexpr double kBlocking = 0.01;

/// Share of a stream's calls that each gateway is offered first. Calls from outside are lost if it
/// is full; those that agents place go to the next one.
std::vector<double> shares_of(const Scenario& s, const CallStream& stream) {
  if (!models::by_agent(stream.kind())) return stream.gateway_share;
  std::vector<double> shares(s.gateways.size(), 0);
  if (stream.kind() == CallKind::internal) return shares;
  double people = 0;
  for (const std::uint32_t group : stream.from_agents) people += s.agents[group].count;
  for (SiteIndex site = 0; site < models::kSites && people > 0; ++site) {
    double here = 0;
    for (const std::uint32_t group : stream.from_agents) {
      if (s.agents[group].preferred_site == site) here += s.agents[group].count;
    }
    const auto own = std::ranges::count(s.gateways, site, &GatewayOptions::home_site);
    for (std::size_t g = 0; g < s.gateways.size(); ++g) {
      const bool first = own == 0 || s.gateways[g].home_site == site;
      const auto in_turn = own == 0 ? shares.size() : static_cast<std::size_t>(own);
      if (first) shares[g] += here / people / static_cast<double>(in_turn);
    }
  }
  return shares;
}

/// The same when one gateway is lost: its calls go to the others by their shares, or by their size
/// if they have none.
std::vector<double> shares_without(const Scenario& s, const CallStream& stream, std::size_t lost) {
  std::vector<double> shares = shares_of(s, stream);
  if (lost >= shares.size() || shares[lost] == 0) return shares;
  const double moved = shares[lost];
  shares[lost] = 0;
  double kept = 0, size = 0;
  for (std::size_t g = 0; g < shares.size(); ++g) {
    kept += shares[g];
    if (g != lost) size += s.gateways[g].channels;
  }
  for (std::size_t g = 0; g < shares.size(); ++g) {
    if (g == lost) continue;
    if (kept > 0) {
      shares[g] *= 1 + moved / kept;
    } else if (size > 0) {
      shares[g] = moved * s.gateways[g].channels / size;
    }
  }
  return shares;
}

/// What a gateway is offered, and of that what comes from outside.
struct Offered {
  double erlangs = 0, from_outside = 0;
  [[nodiscard]] double blocking(std::uint64_t channels) const {
    return models::erlang_b(erlangs,
                            static_cast<int>(std::min<std::uint64_t>(channels, 10'000'000)));
  }
};
/// Of each gateway.
std::vector<Offered> offered_at(const Scenario& s, sim::SimTime t,
                                std::optional<std::size_t> lost = std::nullopt) {
  std::vector<Offered> offered(s.gateways.size());
  for (const CallStream& stream : s.calls) {
    const double rate = rate_at(stream, t);
    const std::vector<double> shares =
        lost ? shares_without(s, stream, *lost) : shares_of(s, stream);
    for (std::size_t i = 0; i < std::min(shares.size(), offered.size()); ++i) {
      if (rate * shares[i] <= 0) continue;
      const GatewayOptions& g = s.gateways[i];
      const double home = g.redundancy == models::RedundancyMode::load_balance ? 0.5 : 1;
      std::array<double, models::kSites> comes_to{};
      comes_to[g.home_site] = home;
      comes_to[models::peer_of(g.home_site)] = 1 - home;
      const double erlangs = rate * shares[i] * channel_s(s, stream, comes_to);
      offered[i].erlangs += erlangs;
      if (!models::by_agent(stream.kind())) offered[i].from_outside += erlangs;
    }
  }
  return offered;
}

std::string gateway_path(const Scenario& s, const GatewayOptions& gateway) {
  return fmt::format("sites.{}.gateways.{}", s.sites[gateway.home_site].name, gateway.name);
}

/// M-W14 of each gateway that turns callers away; which they are.
std::vector<bool> check_gateways(const Rules& rules, sim::SimTime t) {
  const Scenario& s = rules.scenario;
  std::vector<bool> full(s.gateways.size(), false);
  const std::vector<Offered> offered = offered_at(s, t);
  for (std::size_t i = 0; i < s.gateways.size(); ++i) {
    const GatewayOptions& g = s.gateways[i];
    const Offered& own = offered[i];
    const double blocking = own.blocking(g.channels);
    if (own.from_outside <= 0 || blocking <= kBlocking) continue;
    full[i] = true;
    rules.warning("M-W14", gateway_path(s, g),
                  fmt::format("without any failure the {} channels of {} block {} of the {} "
                              "erlangs that come to it (R29)",
                              g.channels, g.name, share_words(blocking), amount_words(own.erlangs)),
                  fmt::format("{} channels would do, or another share of the calls",
                              models::fewest_channels(own.erlangs, kBlocking)));
  }
  return full;
}

/// V-W06 of one of several gateways that are left: the one that is worst off, if it was not so
/// before.
void check_survivors(const Rules& rules, sim::SimTime t, std::size_t lost,
                     const std::vector<bool>& full) {
  const Scenario& s = rules.scenario;
  const std::vector<Offered> offered = offered_at(s, t, lost);
  std::optional<std::size_t> worst;
  double most = kBlocking;
  for (std::size_t i = 0; i < s.gateways.size(); ++i) {
    if (i == lost || full[i]) continue;
    const double blocking = offered[i].blocking(s.gateways[i].channels);
    if (offered[i].from_outside <= 0 || blocking <= most) continue;
    worst = i;
    most = blocking;
  }
  if (!worst) return;
  const double erlangs = offered[*worst].erlangs;
  rules.warning(
      "V-W06", gateway_path(s, s.gateways[lost]),
      fmt::format("without {} the {} channels of {} block {} of the {} erlangs that come to "
                  "it then (R29)",
                  s.gateways[lost].name, s.gateways[*worst].channels, s.gateways[*worst].name,
                  share_words(most), amount_words(erlangs)),
      fmt::format("{} channels would do", models::fewest_channels(erlangs, kBlocking)));
}

}  // namespace

void check_trunks(const Rules& rules, const PeakLoad& load) {
  const Scenario& s = rules.scenario;
  std::uint64_t all = 0;
  for (const GatewayOptions& g : s.gateways) all += g.channels;
  if (all == 0) {
    rules.error("M-E02", "sites", "there is no trunk channel: no call can come in",
                "give a gateway channels");
    return;
  }
  if (load.calls_per_s <= 0) return;
  // All channels as one group: no gateways can do better.
  const Offered total{load.channel_erlangs(), 0};
  const auto warn = [&](const char* code, const std::string& path, const std::string& whose,
                        std::uint64_t channels) {
    const double blocking = total.blocking(channels);
    if (blocking <= kBlocking) return false;
    rules.warning(
        code, path,
        fmt::format("{} {} channels block {} of {} erlangs (R29)", whose, channels,
                    share_words(blocking), amount_words(total.erlangs)),
        fmt::format("{} channels would do", models::fewest_channels(total.erlangs, kBlocking)));
    return true;
  };
  const std::vector<bool> full = check_gateways(rules, load.at);
  const bool told = std::ranges::find(full, true) != full.end();
  if (told && total.blocking(all) > kBlocking) return;
  if (!told && warn("M-W14", "sites", "without any failure the", all)) return;
  for (std::size_t i = 0; i < s.gateways.size(); ++i) {
    const GatewayOptions& g = s.gateways[i];
    const bool of_all = warn("V-W06", gateway_path(s, g),
                             fmt::format("without {} the remaining", g.name), all - g.channels);
    if (!of_all) check_survivors(rules, load.at, i, full);
  }
}

}  // namespace bcsim::tools
