// The agent's work: calls, what he does after them, and calls that he places.
#include <algorithm>
#include <utility>

#include "models/endpoints/agent_desktop.hpp"

namespace bcsim::models {

void AgentDesktopEndpoint::start_call(Context& context) {
  context.cancel(after_call_);
  after_call_ = {};
  const bool was_free = work_ == Work::none;
  work_ = Work::call;
  if (was_free) feed(context, Input::call_started);
}

/// The call, and its after-call work if there was any, is done.
void AgentDesktopEndpoint::end_call(Context& context) {
  forget_transfer(context);
  own_call_ = {};
  work_ = Work::none;
  phone_ends_call_ = false;
  feed(context, Input::call_ended);
}

/// What a server says of a call. Only the site of the login makes one visible (R57).
void AgentDesktopEndpoint::on_call_event(Context& context, const tlib::Message& message,
                                         SiteIndex site) {
  using tlib::Kind;
  switch (message.kind) {
    case Kind::dialing:
      // Of a colleague whom he consults it comes, too.
      if (works_at(site) && own_call_.state != OwnCall::State::none) {
        own_call_ = {OwnCall::State::followed, message.call};
      }
      [[fallthrough]];
    case Kind::ringing:
      if (!works_at(site)) return;
      // He had asked for a call, and this one has come first.
      if (own_call_.state == OwnCall::State::asked && own_call_.id != message.call) own_call_ = {};
      start_call(context);
      return;
    case Kind::established:
      if (!works_at(site)) return;
      start_call(context);  // of a phone whose 180 was lost nothing has been heard before
      plan_transfer(context, message);
      return;
    case Kind::call_refused:
      if (own_call_.id == message.call) own_call_.state = OwnCall::State::dialled;
      dialled_in_vain(context, message.call);
      return;
    case Kind::released:
      if (message.call == left_call_) left_call_ = {};
      on_released(context, message, site);
      return;
    default:
      on_consultation(context, message.kind);
      return;
  }
}

/// The server holds that he has no call, ready or not: the EventReleased of the one in hand was not
/// for us. Of a call that the server does not follow it says nothing.
void AgentDesktopEndpoint::on_rest(Context& context) {
  // ASSUMPTION: an agent whose desktop shows no call any more puts down the phone on which nobody
  // has answered yet: its server has not been able to tell it.
  using State = OwnCall::State;
  if (own_call_.state == State::followed) {
    put_down(context);
    own_call_ = {};
  }
  const bool unfollowed = own_call_.state != State::none;
  if (work_ != Work::call || unfollowed) return;
  forget_transfer(context);
  if (phone_in_use_) {
    phone_ends_call_ = true;
  } else {
    end_call(context);
  }
}

/// ASSUMPTION: whose phone is in use is not free, whatever his desktop shows: he neither presses
/// Ready nor calls anybody before he has put it down. What he does after a call that no server told
/// of is no work that a desktop knows of.
void AgentDesktopEndpoint::on_phone_state(Context& context, notice::PhoneState state) {
  phone_in_use_ = state == notice::PhoneState::in_use;
  if (phone_in_use_) return;
  if (std::exchange(phone_ends_call_, false) && work_ == Work::call) {
    end_call(context);
    return;
  }
  dial_if_wished(context);
  press_ready_if_due(context);
}

/// The phone of a call of which the server does not know: it goes on if somebody has answered, and
/// its phone tells how it ends.
void AgentDesktopEndpoint::put_down(Context& context) {
  context.notify(directory_.agent(agent_).phone,
                 notice::Message{.kind = notice::Kind::hang_up, .index = 1, .call = own_call_.id});
  own_call_.state = OwnCall::State::dialled;
}

void AgentDesktopEndpoint::on_released(Context& context, const tlib::Message& released,
                                       SiteIndex site) {
  const Duration work = released.work;
  forget_transfer(context);
  if (own_call_.id == released.call) own_call_ = {};
  if (work > Duration::zero()) {
    start_call(context);  // its EventRinging may have been missed
    // At the other site he may be ready by now: for this work he is not.
    if (!works_at(site) && works_at(peer_of(site))) {
      send(context, peer_of(site), tlib::Kind::set_not_ready);
    }
    work_ = Work::after_call;
    context.cancel(after_call_);
    after_call_ = context.arm(work, {after_call_timer});
  } else if (work_ == Work::call) {
    end_call(context);
  }
}

/// ASSUMPTION: a call that he has left, and that his desktop may still show because the phone's BYE
/// was lost, he releases there, at whichever server the desktop reaches, now or again.
void AgentDesktopEndpoint::release_left_call(Context& context, SiteIndex site) {
  const ServerLink& link = servers_[site];
  if (!left_call_.valid() || link.state != LinkState::up) return;
  tlib::Message message;
  message.kind = tlib::Kind::release_call;
  message.agent = agent_;
  message.call = left_call_;
  context.send(link.connection, message, size_bytes(message));
}

// ---- calls that the agent places
// ------------------------------------------------------------------

/// ASSUMPTION: who wants to call somebody after the call in hand presses Not Ready meanwhile, or
/// without after-call work the next caller would be there first; and Ready when he has called.
void AgentDesktopEndpoint::keep_calls_away(Context& context) {
  if (!busy() || !works_at(session_.current()) || not_ready_pressed_) return;
  send(context, session_.current(), tlib::Kind::set_not_ready);
  ready_wanted_ = true;
}

/// One at a time, when nothing else is in hand: with the phone whenever he is on shift, by the
/// desktop only while it is logged in.
void AgentDesktopEndpoint::dial_if_wished(Context& context) {
  if (wishes_.empty() || busy() || session_.state() == State::off) return;
  const auto wish = std::find_if(wishes_.begin(), wishes_.end(), [this](const Wish& w) {
    return !w.by_desktop || session_.state() == State::active;
  });
  if (wish == wishes_.end()) return;
  notice::Message dials;
  dials.kind = notice::Kind::dials;
  dials.index = wish->number;
  wishes_.erase(wish);
  own_call_ = {OwnCall::State::dialled, {}};
  context.notify(directory_.pstn, dials);
  start_call(context);
}

void AgentDesktopEndpoint::make_call(Context& context, const notice::Message& what) {
  const SiteIndex site = session_.current();
  own_call_ = {OwnCall::State::asked, what.call};
  if (servers_[site].state == LinkState::down) return;  // he waits, and gives up
  tlib::Message message;
  message.kind = tlib::Kind::make_call;
  message.agent = agent_;
  message.call = what.call;
  message.dn = what.dn;
  message.conversation = what.conversation;
  context.send(servers_[site].connection, message, size_bytes(message));
}

/// His request has been refused: the phone knows of no call that could tell him.
void AgentDesktopEndpoint::dialled_in_vain(Context& context, CallId call) {
  pstn::Message over;
  over.kind = pstn::Kind::in_vain;
  over.release = pstn::Release::rejected;
  over.status = 480;
  over.call = call;
  context.notify(directory_.pstn, over);
}

}  // namespace bcsim::models
