#include "models/endpoints/pstn.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

PstnEndpoint::PstnEndpoint(const Directory& directory, bool)
    : directory_(directory),
      callers_(directory, *this),
      groups_(directory.scenario->gateways.size()) {}

void PstnEndpoint::on_start(Context& context) {
  callers_.on_start(context);
}

void PstnEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* message = std::get_if<pstn::Message>(&envelope.message)) {
    on_gateway(context, *message);
  } else if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  }
}

void PstnEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  if (callers_.on_timer(context, tag)) return;
  if (tag.kind != t303_timer) {
    on_callee_timer(context, tag.index, tag.kind == hang_up_timer);
    return;
  }
  channels_[tag.index].t303 = {};
  reroute(context, tag.index);
}

// ---- routing
// -------------------------------------------------------------------------------------

std::optional<std::uint32_t> PstnEndpoint::draw_survivor(const CallStream& stream,
                                                         std::optional<std::uint32_t> except,
                                                         double uniform) const {
  const auto weight = [&](std::uint32_t g, bool by_share) {
    if (groups_[g].down || g == except) return 0.0;
    // Survivors without a share of their own: by their size.
    if (!by_share) return static_cast<double>(directory_.scenario->gateways[g].channels);
    return stream.gateway_share.empty() ? 1.0 : stream.gateway_share[g];
  };
  const auto count = static_cast<std::uint32_t>(groups_.size());
  for (const bool by_share : {true, false}) {
    double total = 0;
    for (std::uint32_t g = 0; g < count; ++g) total += weight(g, by_share);
    if (total <= 0) continue;
    double left = uniform * total;
    std::optional<std::uint32_t> last;
    for (std::uint32_t g = 0; g < count; ++g) {
      const double w = weight(g, by_share);
      if (w <= 0) continue;
      last = g;
      if (left < w) break;
      left -= w;
    }
    return last;
  }
  return std::nullopt;
}

std::uint32_t PstnEndpoint::choose_gateway(const CallStream& stream,
                                           std::optional<std::uint32_t> pinned,
                                           sim::RngStream& random) {
  // Who would go to a live gateway anyway goes there whatever has become of the others.
  const std::vector<double>& share = stream.gateway_share;
  double left = random.uniform();
  std::uint32_t chosen = pinned.value_or(0);
  if (!pinned) {
    for (std::uint32_t g = 0; g < groups_.size(); ++g) {
      const double w = share.empty() ? 1.0 / static_cast<double>(groups_.size()) : share[g];
      if (w <= 0) continue;
      chosen = g;
      if (left < w) break;
      left -= w;
    }
  }
  if (!groups_[chosen].down) return chosen;
  return draw_survivor(stream, {}, random.uniform()).value_or(chosen);
}

bool PstnEndpoint::set_up(Context& context, std::uint32_t slot, std::uint32_t gateway) {
  TrunkGroup& group = groups_[gateway];
  if (group.down || group.busy >= directory_.scenario->gateways[gateway].channels) return false;
  ++group.busy;
  if (slot >= channels_.size()) channels_.resize(slot + 1);
  const pstn::Message setup = callers_.setup(slot);
  channels_[slot] = {setup.call, gateway, {}};
  slot_by_call_[setup.call.value] = slot;
  if (group.dead) {
    channels_[slot].t303 = context.arm(kT303, {t303_timer, slot});
  } else {
    context.notify(directory_.gateways[gateway], setup);
  }
  return true;
}

/// No answer to SETUP: any other gateway, or the same one if it is the only one.
void PstnEndpoint::reroute(Context& context, std::uint32_t slot) {
  const std::uint32_t silent = channels_[slot].gateway;
  sim::RngStream random = context.stream("pstn.reroute", callers_.entity(slot));
  const auto other = draw_survivor(callers_.stream(slot), silent, random.uniform());
  free_channel(context, slot);
  if (!other && groups_[silent].dead) {
    callers_.on_release(context, slot, pstn::Release::gateway_failed, 0);
  } else if (!set_up(context, slot, other.value_or(silent))) {
    callers_.on_release(context, slot, pstn::Release::no_channel, 0);
  }
}

// ---- releasing
// -----------------------------------------------------------------------------------

void PstnEndpoint::free_channel(Context& context, std::uint32_t slot) {
  Channel& channel = channels_[slot];
  context.cancel(channel.t303);
  --groups_[channel.gateway].busy;
  slot_by_call_.erase(channel.call.value);
  channel = {};
}

/// An agent's own call: it holds no channel, or that of the gateway through which it goes out.
void PstnEndpoint::set_up_agent_call(Context& context, std::uint32_t slot) {
  const pstn::Message setup = callers_.setup(slot);
  slot_by_call_[setup.call.value] = slot;
  slot_by_agent_[{callers_.agent(slot).value, setup.call.value}] = slot;
  const AgentInfo& agent = directory_.agent(callers_.agent(slot));
  notice::Message message;
  message.kind = callers_.by_desktop(slot) ? notice::Kind::make_call : notice::Kind::dial;
  message.call = setup.call;
  message.dn = setup.dn;
  message.conversation = setup.conversation;
  context.notify(callers_.by_desktop(slot) ? agent.desktop : agent.phone, message);
}

void PstnEndpoint::agent_call_over(Context& context, std::uint32_t slot) {
  notice::Message message;
  message.kind = notice::Kind::own_call_over;
  message.call = callers_.setup(slot).call;
  slot_by_call_.erase(message.call.value);
  slot_by_agent_.erase({callers_.agent(slot).value, message.call.value});
  context.notify(directory_.agent(callers_.agent(slot)).desktop, message);
}

void PstnEndpoint::hang_up(Context& context, std::uint32_t slot) {
  if (callers_.agent(slot).valid()) {
    notice::Message message;
    message.kind = notice::Kind::hang_up;
    message.call = callers_.setup(slot).call;
    context.notify(directory_.agent(callers_.agent(slot)).phone, message);
    return;
  }
  const NodeId gateway = directory_.gateways[channels_[slot].gateway];
  pstn::Message message;
  message.kind = pstn::Kind::release;
  message.release = pstn::Release::caller_hung_up;
  message.call = channels_[slot].call;
  free_channel(context, slot);
  context.notify(gateway, message);
}

void PstnEndpoint::release(Context& context, std::uint32_t slot, pstn::Release release,
                           std::uint16_t status, Duration unheard) {
  const AgentId agent = callers_.agent(slot);
  // After the goodbye it is no loss that nobody is heard: only the other one's BYE was late, or
  // lost. Who hears nothing hangs up after a time of his own, whoever of the two it was.
  const Duration patience =
      agent.valid() ? directory_.group(agent).phone.silence_patience.value_or(Duration{})
                    : directory_.scenario->gateways[channels_[slot].gateway].rtp_loss_timeout;
  const bool lost = release == pstn::Release::media_lost;
  if (lost) unheard = std::max(unheard, patience);
  const bool said_all = callers_.had_said_all(slot, context.now() - unheard);
  if ((lost || release == pstn::Release::session_expired) && said_all) {
    release = pstn::Release::normal;
  } else if (release == pstn::Release::normal && unheard > Duration{} && !said_all &&
             callers_.connected(slot)) {
    release = pstn::Release::media_lost;  // the BYE came before his patience with silence was over
  }
  if (!agent.valid()) free_channel(context, slot);
  callers_.on_release(context, slot, release, status);
}

void PstnEndpoint::on_gateway(Context& context, const pstn::Message& message) {
  if (message.kind == pstn::Kind::setup) {
    on_outgoing(context, message);
    return;
  }
  if (message.kind == pstn::Kind::cleared) {
    free_callee(context, message.call, message.status);
    if (goes_on(message.call)) return;
    // Of how the call ended otherwise the agent's phone tells.
    const bool by_gateway = message.release == pstn::Release::media_lost ||
                            message.release == pstn::Release::session_expired;
    if (!by_gateway) return;
  }
  const auto found = slot_by_call_.find(message.call.value);
  if (found == slot_by_call_.end()) return;  // the caller hung up in the same instant
  const std::uint32_t slot = found->second;
  // An agent whom the answer has not reached hears the ringing tone, and gives up by himself.
  if (message.kind == pstn::Kind::cleared && !callers_.connected(slot)) return;
  if (message.kind == pstn::Kind::in_vain && callers_.connected(slot)) return;
  switch (message.kind) {
    case pstn::Kind::alerting:
      callers_.on_alerting(slot);
      break;
    case pstn::Kind::connect:
      callers_.on_connect(context, slot);
      break;
    case pstn::Kind::speech:
      callers_.on_speech(context, slot, message.flag, message.media);
      break;
    case pstn::Kind::silence:
      callers_.on_silence(context, slot, message.flag);
      break;
    case pstn::Kind::release:
    case pstn::Kind::in_vain:
    case pstn::Kind::cleared:
      release(context, slot, message.release,
              message.kind == pstn::Kind::cleared ? std::uint16_t{0} : message.status,
              message.unheard);
      break;
    case pstn::Kind::setup:
      break;  // done above
  }
}

// ---- calls to the outside
// -----------------------------------------------------------------------

void PstnEndpoint::tell_gateway(Context& context, const Callee& callee, pstn::Kind kind,
                                pstn::Release release) {
  pstn::Message message;
  message.kind = kind;
  message.release = release;
  message.call = callee.call;
  context.notify(directory_.gateways[callee.gateway], message);
}

/// A channel, if there is one; then the phone of whom the agent has called rings.
void PstnEndpoint::on_outgoing(Context& context, const pstn::Message& setup) {
  const std::uint32_t gateway = setup.status;
  Callee callee{.call = setup.call, .gateway = gateway, .conversation = setup.conversation};
  TrunkGroup& group = groups_[gateway];
  const auto caller = slot_by_call_.find(setup.call.value);
  const bool gone = caller == slot_by_call_.end();  // the agent has hung up meanwhile
  if (gone || group.down || group.busy >= directory_.scenario->gateways[gateway].channels) {
    tell_gateway(context, callee, pstn::Kind::release,
                 gone ? pstn::Release::caller_hung_up : pstn::Release::no_channel);
    return;
  }
  ++group.busy;
  const std::uint32_t index = callees_.take();
  callees_[index] = callee;
  callees_by_call_[{setup.call.value, gateway}] = index;
  sim::RngStream random = context.stream("callee.answer", callers_.entity(caller->second));
  const Duration ring = draw(callers_.stream(caller->second).answer_delay, random);
  callees_[index].timer = context.arm(ring, {answer_timer, index});
  tell_gateway(context, callee, pstn::Kind::alerting);
}

/// He answers, or, when all is said, hangs up: first if `releases` says caller, else on silence.
void PstnEndpoint::on_callee_timer(Context& context, std::uint32_t index, bool hangs_up) {
  Callee& callee = callees_[index];
  callee.timer = {};
  if (hangs_up) {
    const Callee gone = callee;
    free_callee(context, gone.call, gone.gateway);
    tell_gateway(context, gone, pstn::Kind::release);
    return;
  }
  tell_gateway(context, callee, pstn::Kind::connect);
  const Conversation& c = callee.conversation;
  const Duration silence = c.agent_releases ? Callers::kDeadAir : Duration::zero();
  callee.timer = context.arm(c.talk + silence, {hang_up_timer, index});
}

void PstnEndpoint::free_callee(Context& context, CallId call, std::uint32_t gateway) {
  const auto found = callees_by_call_.find({call.value, gateway});
  if (found == callees_by_call_.end()) return;
  Callee& callee = callees_[found->second];
  context.cancel(callee.timer);
  --groups_[callee.gateway].busy;
  callee.call = {};
  callees_.give_back(found->second);
  callees_by_call_.erase(found);
}

bool PstnEndpoint::goes_on(CallId call) const {
  const auto next = callees_by_call_.lower_bound({call.value, 0});
  return next != callees_by_call_.end() && next->first.first == call.value;
}

/// The agent who has called hears nothing any more, and his phone cannot say so; or it is alive
/// again, and he had dialled in vain. He may have tried before, where no answer has come yet.
void PstnEndpoint::phone_died(Context& context, AgentId agent) {
  std::vector<std::uint32_t> slots;
  for (auto call = slot_by_agent_.lower_bound({agent.value, 0});
       call != slot_by_agent_.end() && call->first.first == agent.value; ++call) {
    slots.push_back(call->second);
  }
  for (const std::uint32_t slot : slots) release(context, slot, pstn::Release::media_lost, 0);
}

// ---- gateways that die
// ---------------------------------------------------------------------------

void PstnEndpoint::on_notice(Context& context, const notice::Message& notice) {
  switch (notice.kind) {
    case notice::Kind::gateway_died:
      gateway_died(context, notice.index);
      break;
    case notice::Kind::gateway_down:
      groups_[notice.index].dead = groups_[notice.index].down = true;
      context.record(PstnReroute{notice.index, 1});
      break;
    case notice::Kind::gateway_up: {
      TrunkGroup& group = groups_[notice.index];
      if (group.down) context.record(PstnReroute{notice.index, 0});
      group.dead = group.down = false;
      break;
    }
    case notice::Kind::hang_up:
      phone_died(context, AgentId{notice.index});
      break;
    case notice::Kind::dials:
      callers_.on_dials(context, notice.index);
      break;
    default:
      break;
  }
}

/// All its calls are over at this instant, in the order in which they were offered; not those that
/// it has never heard of.
void PstnEndpoint::gateway_died(Context& context, std::uint32_t gateway) {
  groups_[gateway].dead = true;
  std::vector<CallId> calls;
  for (const Channel& channel : channels_) {
    const bool there = channel.call.valid() && channel.gateway == gateway;
    if (there && !channel.t303.valid()) calls.push_back(channel.call);
  }
  std::vector<CallId> outgoing;
  for (std::uint32_t i = 0; i < callees_.capacity(); ++i) {
    const Callee& callee = callees_[i];
    if (callee.call.valid() && callee.gateway == gateway) outgoing.push_back(callee.call);
  }
  for (const CallId call : outgoing) {
    free_callee(context, call, gateway);
    const auto caller = slot_by_call_.find(call.value);
    if (caller == slot_by_call_.end() || goes_on(call)) continue;
    hang_up(context, caller->second);
    calls.push_back(call);
  }
  std::sort(calls.begin(), calls.end());
  for (const CallId call : calls) {
    release(context, slot_by_call_.at(call.value), pstn::Release::gateway_failed, 0);
  }
}

}  // namespace bcsim::models
