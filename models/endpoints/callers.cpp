#include "models/endpoints/callers.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models {

namespace {

using sim::kEndless;

/// What people do one after the other: `never` lasts as good as for ever.
Duration lasting(Duration drawn) {
  return std::min(drawn, kEndless);
}

/// How an attempt that a release ended appears to the caller; nothing if he is content.
std::optional<FailedAttempt> failure_of(const CallReleased& end) {
  const auto phase = static_cast<CallPhase>(end.phase);
  const bool connected = phase != CallPhase::setup && phase != CallPhase::ringback;
  const bool talked = phase == CallPhase::talking || phase == CallPhase::held;
  switch (end.release) {
    case pstn::Release::normal:
    case pstn::Release::caller_hung_up:
      if (talked) return std::nullopt;
      if (!connected) return FailedAttempt::setup_failed;
      return end.by_caller ? FailedAttempt::abandoned : FailedAttempt::dropped;
    case pstn::Release::default_routed:
      return std::nullopt;  // somebody else looks after him
    case pstn::Release::speech_lost:
    case pstn::Release::media_lost:
    case pstn::Release::session_expired:
    case pstn::Release::gateway_failed:
    case pstn::Release::rejected:
    case pstn::Release::no_response:
    case pstn::Release::ring_timeout:
    case pstn::Release::no_channel:
      return connected ? FailedAttempt::dropped : FailedAttempt::setup_failed;
  }
  assert(false);
  return std::nullopt;
}

}  // namespace

Callers::Callers(const Directory& directory, Exchange& exchange)
    : directory_(directory), exchange_(exchange) {}

void Callers::on_start(Context& context) {
  const Scenario& scenario = *directory_.scenario;
  for (std::uint32_t i = 0; i < scenario.calls.size(); ++i) {
    ArrivalOptions options;
    options.busyness_cv = scenario.calls[i].busyness_cv;
    options.surge = scenario.calls[i].surge;
    options.until = sim::kStart + scenario.run.horizon;
    options.time_of_day_at_start = scenario.run.start_label.value_or(Duration::zero());
    arrivals_.push_back(make_arrivals(scenario.calls[i].arrivals, options, directory_.rng, i));
    next_.emplace_back();
    callees_.push_back(directory_.members_of(scenario.calls[i].to_agents));
    diallers_.push_back(directory_.members_of(scenario.calls[i].from_agents));
    await_arrival(context, i);
  }
}

void Callers::await_arrival(Context& context, std::uint32_t stream) {
  if (const auto arrival = arrivals_[stream]->next()) {
    next_[stream] = *arrival;
    context.arm(arrival->at - context.now(), {arrival_timer, stream});
  }
}

bool Callers::on_timer(Context& context, sim::TimerTag tag) {
  switch (tag.kind) {
    case arrival_timer: {
      const Arrival arrival = next_[tag.index];
      await_arrival(context, tag.index);
      Caller who;
      who.id = callers_++;
      who.stream = tag.index;
      who.number = arrival.caller;
      who.talk = arrival.talk;
      who.patience = arrival.patience;
      if (diallers_[tag.index].empty()) {
        dial(context, who, arrival.gateway);
      } else {
        wish_to_call(context, who);
      }
      return true;
    }
    case redial_timer: {
      const Caller who = redialling_[tag.index];
      redialling_.give_back(tag.index);
      dial(context, who, std::nullopt);
      return true;
    }
    case caller_timer: {  // patience, or the conversation, is at an end
      calls_[tag.index].timer = {};
      exchange_.hang_up(context, tag.index);
      CallReleased end{};
      end.by_caller = 1;
      end.release = unserved(tag.index) ? pstn::Release::media_lost : pstn::Release::caller_hung_up;
      finish(context, tag.index, end);
      return true;
    }
    default:
      return false;
  }
}

/// The first attempt has the caller's own entity; attempts are told apart by the uppermost bits.
std::uint64_t Callers::entity_of(const Caller& who) {
  return caller_entity(who.stream, who.number) | (std::uint64_t{who.attempt - 1} << 56);
}

void Callers::dial(Context& context, const Caller& who, std::optional<std::uint32_t> gateway) {
  const CallStream& stream = stream_of(who);
  const std::uint64_t entity = entity_of(who);
  const auto drawn = [&](sim::StreamName name, const Distribution& distribution) {
    sim::RngStream random = context.stream(name, entity);
    return draw(distribution, random);
  };
  const std::uint32_t slot = calls_.take();
  ++active_;
  Call& call = calls_[slot];
  call = {};
  call.id = CallId{offered_++};
  call.who = who;
  const Duration talk = who.talk ? *who.talk : drawn("caller.talk", stream.talk);
  call.conversation.talk = lasting(talk);
  call.conversation.after_call_work = lasting(drawn("caller.acw", stream.after_call_work));
  call.conversation.agent_releases = stream.agent_releases;
  call.conversation.kind = stream.kind();
  call.conversation.from = who.agent;
  call.dn = !stream.to_agents.empty() ? draw_callee(context, who)
            : who.agent.valid()       ? Dn::outside()
                                      : Dn::queue(stream.queue);
  if (stream.transfer.share > 0) draw_transfer(context, call);
  const bool stays = call.conversation.transfer.kind == TransferKind::none;
  if (stream.hold_share > 0 && stays) draw_hold(context, call);
  call.patience = who.patience ? *who.patience : drawn("caller.patience", stream.patience);
  if (who.agent.valid()) {
    context.record(CallOffered{talk, call.patience, call.id, who.previous, who.id, who.stream,
                               kNoGateway, who.attempt});
    context.record(AgentDialled{call.id, who.agent, who.by_desktop});
    exchange_.set_up_agent_call(context, slot);
    wait(context, slot, drawn("caller.setup_patience", stream.setup_patience));
    return;
  }
  sim::RngStream random = context.stream("caller.gateway", entity);
  const std::uint32_t chosen = exchange_.choose_gateway(stream, gateway, random);
  context.record(CallOffered{talk, call.patience, call.id, who.previous, who.id, who.stream, chosen,
                             who.attempt});
  if (!exchange_.set_up(context, slot, chosen)) {
    on_release(context, slot, pstn::Release::no_channel, 0);
    return;
  }
  wait(context, slot, drawn("caller.setup_patience", stream.setup_patience));
}

/// The agent whose number he has: any one of the groups, the same in his redials.
Dn Callers::draw_callee(Context& context, const Caller& who) const {
  const std::vector<AgentId>& agents = callees_[who.stream];
  assert(!agents.empty());
  sim::RngStream random = context.stream("caller.callee", caller_entity(who.stream, who.number));
  std::size_t drawn = random.below(agents.size());
  if (agents[drawn] == who.agent) drawn = (drawn + 1) % agents.size();  // not himself
  return Dn::extension(agents[drawn]);
}

/// An agent wants to call somebody. He dials when he has no other call to see to; his desk says so.
void Callers::wish_to_call(Context& context, Caller who) {
  const std::vector<AgentId>& agents = diallers_[who.stream];
  sim::RngStream random = context.stream("caller.dialler", caller_entity(who.stream, who.number));
  who.agent = agents[random.below(agents.size())];
  who.by_desktop = random.uniform() < stream_of(who).by_desktop;
  const std::uint32_t wish = wishes_.take();
  wishes_[wish] = who;
  notice::Message message;
  message.kind = notice::Kind::wishes_to_call;
  message.index = wish;
  message.conversation.agent_releases = who.by_desktop;
  context.notify(directory_.agent(who.agent).desktop, message);
}

void Callers::on_dials(Context& context, std::uint32_t wish) {
  const Caller who = wishes_[wish];
  wishes_.give_back(wish);
  dial(context, who, std::nullopt);
}

/// Whether, when and for how long the agent will put this caller on hold.
void Callers::draw_hold(Context& context, Call& call) {
  const CallStream& stream = stream_of(call.who);
  sim::RngStream random = context.stream("caller.hold", entity_of(call.who));
  if (random.uniform() >= stream.hold_share) return;
  Conversation& c = call.conversation;
  if (c.talk >= kEndless) return;
  c.hold_after = sim::from_seconds(random.uniform() * sim::seconds(c.talk));
  c.hold = lasting(draw(stream.hold, random));
}

/// Whether and when the agent will pass this caller on, and how it goes on from there.
void Callers::draw_transfer(Context& context, Call& call) {
  const CallStream& stream = stream_of(call.who);
  const TransferOptions& transfer = stream.transfer;
  sim::RngStream random = context.stream("caller.transfer", entity_of(call.who));
  if (random.uniform() >= transfer.share) return;
  Conversation& c = call.conversation;
  if (c.talk >= kEndless) return;
  TransferPlan& plan = c.transfer;
  plan.kind = transfer.kind;
  plan.line = directory_.line(transfer);
  const double moment = random.uniform();
  plan.after = transfer.after ? lasting(draw(*transfer.after, random))
                              : sim::from_seconds(moment * sim::seconds(c.talk));
  if (plan.after >= c.talk) {
    plan.after = c.talk;
    c.talk += kDeadAir;  // if he is not passed on after all
  }
  plan.talk = lasting(draw(stream.talk, random));
  plan.after_call_work = lasting(draw(stream.after_call_work, random));
  plan.consultation = lasting(draw(transfer.consultation, random));
  plan.reconnects = random.uniform() < transfer.reconnect;
  call.second_patience = draw(stream.patience, random);
}

pstn::Message Callers::setup(std::uint32_t slot) const {
  const Call& call = calls_[slot];
  pstn::Message message;
  message.kind = pstn::Kind::setup;
  message.call = call.id;
  message.dn = call.dn;
  message.conversation = call.conversation;
  return message;
}

// ---- what the caller hears
// -----------------------------------------------------------------------

void Callers::on_alerting(std::uint32_t slot) {
  Call& call = calls_[slot];
  if (call.phase == CallPhase::setup) call.phase = CallPhase::ringback;
}

/// Set-up is over; from now on it is patience in the queue that runs, until an agent speaks.
void Callers::on_connect(Context& context, std::uint32_t slot) {
  Call& call = calls_[slot];
  if (call.phase != CallPhase::setup && call.phase != CallPhase::ringback) return;
  call.phase = CallPhase::treatment;
  if (!call.conversation.from.valid()) wait(context, slot, call.patience);
}

void Callers::on_speech(Context& context, std::uint32_t slot, bool agent, NodeId whom) {
  Call& call = calls_[slot];
  if (!agent) {
    if (call.phase == CallPhase::talking) music(context, slot);
    return;
  }
  Conversation& c = call.conversation;
  const bool another = call.voice.valid() && whom != call.voice;
  if (call.passed_on || (another && c.transfer.kind != TransferKind::none)) {
    c.talk = c.transfer.talk;
    c.transfer.kind = TransferKind::none;
    call.passed_on = false;
    call.phase = CallPhase::treatment;
  }
  call.voice = whom;
  if (call.phase == CallPhase::treatment) {
    talk(context, slot);
  } else if (call.phase == CallPhase::held && c.transfer.kind == TransferKind::consultation) {
    c.transfer.kind = TransferKind::none;  // his first agent is back
    call.talks_since = context.now();
    wait(context, slot, call.talk_left);
  }
  call.phase = CallPhase::talking;
}

void Callers::on_silence(Context& context, std::uint32_t slot, bool silent) {
  calls_[slot].silent_since = silent ? context.now() : sim::kNever;
}

/// He has waited until the talk should have been over, and the agent was not to be heard to its
/// end.
bool Callers::unserved(std::uint32_t slot) const {
  const Call& call = calls_[slot];
  return call.phase == CallPhase::talking && call.silent_since != sim::kNever &&
         !had_said_all(slot, call.silent_since);
}

/// For so long he listens after the end of the talk, if the other one does not hang up.
Duration Callers::silence_of(const Conversation& c) {
  if (c.from.valid()) return 2 * kDeadAir;  // an agent who has called hangs up with his phone
  return c.agent_releases ? kDeadAir : Duration::zero();
}

/// From now on they talk, until one of them hangs up.
void Callers::talk(Context& context, std::uint32_t slot) {
  const Conversation& c = calls_[slot].conversation;
  const Duration length = c.talk >= kEndless ? Duration::max() : c.talk + c.hold + silence_of(c);
  calls_[slot].talk_left = length;
  calls_[slot].talks_since = context.now();
  wait(context, slot, length);
}

/// He is on hold; or is being passed on, as he has been told, and waits as he did in the queue.
void Callers::music(Context& context, std::uint32_t slot) {
  Call& call = calls_[slot];
  call.phase = CallPhase::held;
  switch (call.conversation.transfer.kind) {
    case TransferKind::none:
      break;
    case TransferKind::blind:
      call.phase = CallPhase::treatment;
      call.passed_on = true;
      wait(context, slot, call.second_patience);
      break;
    case TransferKind::consultation:
      if (call.talk_left < Duration::max()) call.talk_left -= context.now() - call.talks_since;
      stop_waiting(context, slot);
      break;
  }
}

bool Callers::had_said_all(std::uint32_t slot, SimTime when) const {
  const Call& call = calls_[slot];
  // The agent has heard him, and counts, from a little earlier on.
  constexpr Duration kGoodbye = 1s;
  const bool finite = call.talk_left < Duration::max();
  return call.phase == CallPhase::talking && finite &&
         when + kGoodbye - call.talks_since >= call.talk_left - silence_of(call.conversation);
}

void Callers::on_release(Context& context, std::uint32_t slot, pstn::Release release,
                         std::uint16_t status) {
  CallReleased end{};
  end.release = release;
  end.status = status;
  finish(context, slot, end);
}

/// (Re)arms the caller's one timer; Duration::max() means never.
void Callers::wait(Context& context, std::uint32_t slot, Duration duration) {
  stop_waiting(context, slot);
  if (duration == Duration::max()) return;
  calls_[slot].timer = context.arm(duration, {caller_timer, slot});
}

void Callers::stop_waiting(Context& context, std::uint32_t slot) {
  context.cancel(calls_[slot].timer);
  calls_[slot].timer = {};
}

// ---- the end
// -------------------------------------------------------------------------------------

void Callers::finish(Context& context, std::uint32_t slot, const CallReleased& how) {
  stop_waiting(context, slot);
  if (agent(slot).valid()) exchange_.agent_call_over(context, slot);
  const Call call = calls_[slot];
  calls_.give_back(slot);
  --active_;
  CallReleased end = how;
  end.call = call.id;
  end.phase = static_cast<std::uint8_t>(call.phase);
  context.record(end);
  // An agent who has tried in vain has other work to do (ASSUMPTION).
  const auto failure = failure_of(end);
  if (failure && !call.conversation.from.valid()) think_again(context, call, *failure);
}

void Callers::think_again(Context& context, const Call& call, FailedAttempt failure) {
  sim::RngStream random = context.stream("caller.redial", entity_of(call.who));
  const auto delay = next_attempt_delay(stream_of(call.who).redial, failure,
                                        static_cast<int>(call.who.attempt), random);
  if (!delay) {
    context.record(CallerLost{call.id, call.who.id});
    return;
  }
  context.record(RedialPlanned{*delay, call.id, call.who.id});
  const std::uint32_t slot = redialling_.take();
  Caller& who = redialling_[slot];
  who = call.who;
  ++who.attempt;
  who.previous = call.id;
  context.arm(*delay, {redial_timer, slot});
}

}  // namespace bcsim::models
