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
  own_call_unfollowed_ = false;
  asked_ = own_call_ = {};
  work_ = Work::none;
  feed(context, Input::call_ended);
}

/// The server holds that he has no call, ready or not: the EventReleased of the one in hand was not
/// for us. Of a call that the server does not follow it says nothing.
void AgentDesktopEndpoint::on_rest(Context& context) {
  // ASSUMPTION: an agent whose desktop shows no call any more puts down the phone on which nobody
  // has answered yet: its server has not been able to tell it.
  if (own_call_.valid()) put_down(context, std::exchange(own_call_, {}));
  if (work_ == Work::call && !own_call_unfollowed_) end_call(context);
}

void AgentDesktopEndpoint::put_down(Context& context, CallId call) {
  context.notify(directory_.agent(agent_).phone,
                 notice::Message{.kind = notice::Kind::hang_up, .index = 1, .call = call});
}

void AgentDesktopEndpoint::on_released(Context& context, Duration work) {
  forget_transfer(context);
  if (work > Duration::zero()) {
    start_call(context);  // its EventRinging may have been missed
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
  own_call_unfollowed_ = true;
  context.notify(directory_.pstn, dials);
  start_call(context);
}

void AgentDesktopEndpoint::make_call(Context& context, const notice::Message& what) {
  const SiteIndex site = session_.current();
  asked_ = what.call;
  if (servers_[site].state == LinkState::down) return;  // he waits, and gives up
  tlib::Message message;
  message.kind = tlib::Kind::make_call;
  message.agent = agent_;
  message.call = what.call;
  message.dn = what.dn;
  message.conversation = what.conversation;
  context.send(servers_[site].connection, message, size_bytes(message));
}

/// His request has come to nothing: the phone knows of no call that could tell him.
void AgentDesktopEndpoint::dialled_in_vain(Context& context, pstn::Release release,
                                           std::uint16_t status) {
  pstn::Message over;
  over.kind = pstn::Kind::release;
  over.release = release;
  over.status = status;
  over.call = std::exchange(asked_, {});
  context.notify(directory_.pstn, over);
}

}  // namespace bcsim::models
