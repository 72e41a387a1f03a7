#include "models/checks/unrest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bcsim::models {

Unrest::Unrest(const Directory& directory)
    : directory_(directory),
      agents_(directory.agents.size()),
      live_(directory.scenario->gateways.size() + 1) {}

void Unrest::on_record(const JournalEntry& entry) {
  const SimTime at = entry.at;
  if (std::get_if<FaultInjected>(&entry.record) != nullptr) {
    for (Agent& agent : agents_) agent.logins = agent.outages = agent.busy = {};
    blocked_.clear();
  } else if (const auto* login = std::get_if<AgentLogin>(&entry.record)) {
    agents_[login->agent.value].logins.push_back(at);
  } else if (const auto* dn = std::get_if<DnState>(&entry.record)) {
    if (dn->in_service == 0) agents_[dn->agent.value].outages.push_back(at);
  } else if (const auto* returned = std::get_if<CallReturned>(&entry.record)) {
    if (returned->agent.value >= agents_.size()) return;
    Agent& agent = agents_[returned->agent.value];
    if (std::erase(agent.calls, returned->call) > 0 && returned->status != 486) {
      agent.last_call = at;
    }
    const bool idle = agent.calls.empty() && at - agent.last_call > kInFlight;
    if (returned->status == 486 && idle) agent.busy.push_back(at);
  } else if (const auto* routed = std::get_if<CallRouted>(&entry.record)) {
    joins(routed->agent, routed->call);
  } else if (const auto* ringing = std::get_if<CallRinging>(&entry.record)) {
    joins(ringing->agent, ringing->call);
  } else if (const auto* leg = std::get_if<HuntLeg>(&entry.record)) {
    joins(leg->agent, leg->call);
  } else if (const auto* dialled = std::get_if<AgentDialled>(&entry.record)) {
    joins(dialled->agent, dialled->call);
  } else if (const auto* consultation = std::get_if<Consultation>(&entry.record)) {
    joins(consultation->agent, consultation->call);
    joins(consultation->second, consultation->call);
  } else if (const auto* offered = std::get_if<CallOffered>(&entry.record)) {
    moves(offered->call, static_cast<std::uint32_t>(live_.size()) - 1);
  } else if (const auto* invited = std::get_if<CallInvited>(&entry.record)) {
    moves(invited->call, invited->gateway);
  } else if (const auto* sent_out = std::get_if<CallSentOut>(&entry.record)) {
    // It may be sent to another one while the first still holds a channel for it.
    moves(sent_out->call, static_cast<std::uint32_t>(live_.size()) - 1);
  } else if (const auto* over = std::get_if<CallReleased>(&entry.record)) {
    released(at, *over);
  }
}

void Unrest::joins(AgentId id, CallId call) {
  if (id.value >= agents_.size()) return;
  std::vector<CallId>& calls = agents_[id.value].calls;
  if (std::find(calls.begin(), calls.end(), call) != calls.end()) return;
  calls.push_back(call);
  parties_[call.value].push_back(id);
}

/// Before anybody is invited, a call may hold a channel of any gateway.
void Unrest::moves(CallId call, std::uint32_t gateway) {
  const auto anywhere = static_cast<std::uint32_t>(live_.size()) - 1;
  if (call.value >= gateway_of_.size()) gateway_of_.resize(call.value + 1, kNoGateway);
  std::uint32_t& now = gateway_of_[call.value];
  if (now == kNoGateway && gateway != anywhere) return;  // it is over
  if (now != kNoGateway) --live_[now];
  now = std::min(gateway, anywhere);
  ++live_[now];
}

void Unrest::released(SimTime at, const CallReleased& fact) {
  if (const auto parties = parties_.find(fact.call.value); parties != parties_.end()) {
    for (const AgentId id : parties->second) {
      std::erase(agents_[id.value].calls, fact.call);
      agents_[id.value].last_call = at;
    }
    parties_.erase(parties);
  }
  if (fact.call.value >= gateway_of_.size() || gateway_of_[fact.call.value] == kNoGateway) return;
  --live_[std::exchange(gateway_of_[fact.call.value], kNoGateway)];
  while (!ended_.empty() && at - ended_.front() > kInFlight) ended_.pop_front();
  if (fact.release != pstn::Release::no_channel) {
    ended_.push_back(at);
    return;
  }
  // The gateway is not known that had none; one without calls enough cannot have been it.
  std::optional<Blocked> least;
  const auto& gateways = directory_.scenario->gateways;
  for (std::uint32_t g = 0; g < gateways.size(); ++g) {
    if (held(g) >= gateways[g].channels) return;
    if (!least) least = {at, fact.call, g, held(g)};
  }
  if (least) blocked_.push_back(*least);
}

/// Who refreshes a binding when it is about to run out finds it gone at times.
bool Unrest::refreshes_in_time(AgentId agent) const {
  constexpr double kLeast_s = 5;
  const PhoneOptions& phone = directory_.group(agent).phone;
  return (1 - phone.refresh_fraction) * sim::seconds(phone.expires) >= kLeast_s;
}

/// Each server tells him, when he logs in there, that his hunt group is at home at the other (R59),
/// and he comes back from there by himself: `check` warns of it (V-W09).
bool Unrest::is_torn(AgentId agent) const {
  const AgentGroup& group = directory_.group(agent);
  if (group.desktop.failback != Failback::return_after_call) return false;
  const Scenario& s = *directory_.scenario;
  return std::ranges::any_of(directory_.hunt_groups_of(agent), [&](std::uint32_t queue) {
    const auto& preferred = s.queues[queue].hunt_group->preferred_site;
    return std::ranges::any_of(preferred, [&](const std::string& server) {
      return !server.empty() && server != s.sites[group.preferred_site].sip_server.name;
    });
  });
}

std::uint32_t Unrest::held(std::uint32_t gateway) const {
  return live_[gateway] + live_.back() + static_cast<std::uint32_t>(ended_.size());
}

void Unrest::finish(SimTime calm, SimTime horizon, const std::vector<bool>& lost,
                    const CallLedger& ledger, Findings& findings) const {
  const auto late = [&](const std::vector<SimTime>& times) {
    return std::count_if(times.begin(), times.end(), [&](SimTime at) { return at > calm; });
  };
  for (std::uint32_t a = 0; a < agents_.size(); ++a) {
    if (lost[a]) continue;
    const auto judge = [&](const std::vector<SimTime>& times, const char* what) {
      const auto n = late(times);
      if (n <= static_cast<std::ptrdiff_t>(kOften)) return;
      findings.violated(horizon, [&] {
        return fmt::format("agent {} {} {} times since all were back", a, what, n);
      });
    };
    if (!is_torn(AgentId{a})) judge(agents_[a].logins, "logged in");
    if (refreshes_in_time(AgentId{a})) judge(agents_[a].outages, "had a phone out of service");
    judge(agents_[a].busy, "had a phone that was busy with nothing");
  }
  for (const Blocked& b : blocked_) {
    if (b.at <= calm) continue;
    findings.violated(b.at, [&] {
      return fmt::format("call {} found no channel of any gateway though gateway {} had {} calls",
                         b.call.value, b.gateway + 1, b.held);
    });
  }
  for (std::uint32_t i = 0; i < ledger.rows().size(); ++i) {
    const CallRow& row = ledger.rows()[i];
    if (row.stage != CallRow::Stage::over || row.answered == sim::kNever) continue;
    if (row.answered <= calm || row.release != pstn::Release::session_expired) continue;
    if (row.agent.value < lost.size() && lost[row.agent.value]) continue;
    findings.violated(row.released, [&] {
      return fmt::format("call {} was broken off: an end of it was not heard of any more", i);
    });
  }
}

}  // namespace bcsim::models
