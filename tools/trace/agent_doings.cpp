#include "tools/trace/agent_doings.hpp"

#include <algorithm>

namespace bcsim::tools {
namespace {

using models::AgentId;
using models::AgentState;
using models::CallId;
using models::SimTime;

constexpr sim::Duration kRemembered = std::chrono::minutes(1);

bool on_call(AgentState state) {
  return state == AgentState::ringing || state == AgentState::talking || state == AgentState::held;
}

}  // namespace

AgentDoings::AgentDoings(const models::Layout& layout) : agents_(layout.directory.agents.size()) {
  for (std::uint32_t a = 0; a < agents_.size(); ++a) {
    for (models::SiteIndex site = 0; site < models::kSites; ++site) {
      const bool in = layout.directory.logged_in_at_start(AgentId{a}, site);
      const AgentState state = in ? AgentState::ready : AgentState::logged_out;
      const bool there = layout.directory.registered_at_start(AgentId{a}, site);
      agents_[a].state[site] = {state, state};
      agents_[a].in_service[site] = {there, there};
    }
  }
}

AgentDoings::Engagement& AgentDoings::engage(AgentId agent, CallId call, SimTime now) {
  auto& calls = agents_[agent.value].calls;
  for (Engagement& e : calls) {
    if (e.call == call && e.until == sim::kNever) return e;
  }
  std::erase_if(calls, [now](const Engagement& e) {
    return e.until != sim::kNever && e.until + kRemembered < now;
  });
  calls.push_back({.call = call, .since = now});
  return calls.back();
}

void AgentDoings::end(AgentId agent, CallId call, SimTime now) {
  if (!agent.valid()) return;
  for (Engagement& e : agents_[agent.value].calls) {
    const bool meant = e.until == sim::kNever && (!call.valid() || e.call == call);
    if (meant) e.until = now;
  }
}

void AgentDoings::on_state(const models::JournalEntry& entry) {
  const SimTime now = entry.at;
  if (const auto* f = std::get_if<models::AgentStateChanged>(&entry.record)) {
    auto& state = agents_[f->agent.value].state[f->site];
    const bool was_on_call = on_call(state.now);
    state.change(f->state, now);
    if (was_on_call && !on_call(f->state)) end(f->agent, {}, now);
  } else if (const auto* f = std::get_if<models::AgentLogin>(&entry.record)) {
    auto& state = agents_[f->agent.value].state[f->site];
    if (state.now == AgentState::logged_out) state.change(AgentState::not_ready, now);
  } else if (const auto* f = std::get_if<models::AgentLogout>(&entry.record)) {
    agents_[f->agent.value].state[f->site].change(AgentState::logged_out, now);
  } else if (const auto* f = std::get_if<models::DnState>(&entry.record)) {
    agents_[f->agent.value].in_service[f->site].change(f->in_service != 0, now);
  } else if (const auto* f = std::get_if<models::PairStateChanged>(&entry.record)) {
    for (Agent& agent : agents_) {
      if (f->up != 0) break;
      agent.state[f->site].change(AgentState::logged_out, now);
      agent.in_service[f->site].change(false, now);
    }
  }
}

void AgentDoings::on_record(const models::JournalEntry& entry) {
  const SimTime now = entry.at;
  on_state(entry);
  if (const auto* f = std::get_if<models::CallRouted>(&entry.record)) {
    engage(f->agent, f->call, now);
  } else if (const auto* f = std::get_if<models::HuntLeg>(&entry.record)) {
    engage(f->agent, f->call, now);
  } else if (const auto* f = std::get_if<models::CallRinging>(&entry.record)) {
    if (f->agent.valid()) engage(f->agent, f->call, now).rung = now;
  } else if (const auto* f = std::get_if<models::CallAnswered>(&entry.record)) {
    if (f->agent.valid()) engage(f->agent, f->call, now).talks = now;
  } else if (const auto* f = std::get_if<models::AgentCallTaken>(&entry.record)) {
    engage(f->agent, f->call, now).placed = true;
  } else if (const auto* f = std::get_if<models::Consultation>(&entry.record)) {
    if (f->step == models::Consultation::Step::answered && f->second.valid()) {
      engage(f->second, f->call, now).talks = now;
    }
  } else if (const auto* f = std::get_if<models::CallReturned>(&entry.record)) {
    end(f->agent, f->call, now);
  } else if (const auto* f = std::get_if<models::PhoneLeft>(&entry.record)) {
    end(f->agent, f->call, now);
  }
}

AgentThen AgentDoings::at(SimTime then, AgentId id, std::uint32_t site, CallId wanted) const {
  using Doing = AgentThen::Doing;
  const Agent& agent = agents_[id.value];
  AgentThen out;
  out.agent = id;
  out.site = site;
  out.state = agent.state[site].at(then);
  out.in_service = agent.in_service[site].at(then);
  const Engagement* found = nullptr;
  const auto by_then = [then](SimTime t) { return t != sim::kNever && t <= then; };
  // What his own server has begun goes before what the other one has only asked for.
  const auto rank = [&](const Engagement& e) {
    return by_then(e.talks) || e.placed ? 2 : by_then(e.rung) ? 1 : 0;
  };
  for (const Engagement& e : agent.calls) {
    if (e.call == wanted || e.since > then || e.until < then) continue;
    if (found == nullptr || rank(e) > rank(*found)) found = &e;
  }
  if (found == nullptr) return out;
  out.call = found->call;
  out.doing = found->placed           ? Doing::has_placed
              : by_then(found->talks) ? Doing::talks
              : by_then(found->rung)  ? Doing::rung
                                      : Doing::given;
  return out;
}

}  // namespace bcsim::tools
