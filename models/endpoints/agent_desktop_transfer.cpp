// Calls that the agent passes on to a second one, with his desktop: at once, or after he has asked.
#include "models/endpoints/agent_desktop.hpp"

namespace bcsim::models {

namespace {

/// ASSUMPTION: after so long without an answer the agent asks for the caller again.
constexpr Duration kAskAgain = 10s;

}  // namespace

void AgentDesktopEndpoint::forget_transfer(Context& context) {
  context.cancel(transfer_timer_);
  transfer_timer_ = {};
  transfer_call_ = {};
  transfer_step_ = TransferStep::none;
}

/// He speaks with a caller: will he have to pass the call on?
void AgentDesktopEndpoint::plan_transfer(Context& context, const tlib::Message& established) {
  forget_transfer(context);
  if (established.conversation.transfer.kind == TransferKind::none) return;
  transfer_step_ = TransferStep::planned;
  transfer_call_ = established.call;
  transfer_conversation_ = established.conversation;
  transfer_timer_ = context.arm(transfer_conversation_.transfer.after, {transfer_timer});
}

/// What he waited for is over, or has not come: what next?
void AgentDesktopEndpoint::on_transfer_timer(Context& context) {
  using tlib::Kind;
  const TransferPlan& plan = transfer_conversation_.transfer;
  switch (transfer_step_) {
    case TransferStep::none:
      return;
    case TransferStep::planned:
      if (plan.kind == TransferKind::blind) {
        ask_for(context, Kind::single_step_transfer, TransferStep::none);
      } else {
        ask_for(context, Kind::initiate_transfer, TransferStep::asking);
      }
      return;
    case TransferStep::speaking:
      if (!plan.reconnects) {
        ask_for(context, Kind::complete_transfer, TransferStep::completing);
        return;
      }
      break;
    case TransferStep::asking:
    case TransferStep::completing:
    case TransferStep::returning:
      break;
  }
  ask_for(context, Kind::reconnect_call, TransferStep::returning);
}

/// Without a connection to the server that knows the call he cannot begin, and serves the caller
/// himself; once he has begun he tries again.
void AgentDesktopEndpoint::ask_for(Context& context, tlib::Kind request, TransferStep next) {
  const SiteIndex site = session_.current();
  const bool connected = works_at(site) && servers_[site].state != LinkState::down;
  if (connected) {
    tlib::Message message;
    message.kind = request;
    message.agent = agent_;
    message.call = transfer_call_;
    message.conversation = transfer_conversation_;
    context.send(servers_[site].connection, message, size_bytes(message));
  } else if (transfer_step_ == TransferStep::planned) {
    next = TransferStep::none;
  }
  context.cancel(transfer_timer_);
  transfer_timer_ = {};
  transfer_step_ = next;
  if (next == TransferStep::none) return;
  Duration patience = kAskAgain;
  if (next == TransferStep::asking) {  // the server gives up first
    patience += directory_.scenario->sites[site].sip_server.after_routing_timeout;
  }
  transfer_timer_ = context.arm(patience, {transfer_timer});
}

/// News of the call to the second agent.
void AgentDesktopEndpoint::on_consultation(Context& context, tlib::Kind kind) {
  const bool begun = transfer_step_ >= TransferStep::asking;
  if (kind == tlib::Kind::consulted && transfer_step_ == TransferStep::asking) {
    context.cancel(transfer_timer_);
    transfer_step_ = TransferStep::speaking;
    transfer_timer_ = context.arm(transfer_conversation_.transfer.consultation, {transfer_timer});
  } else if (kind == tlib::Kind::not_consulted && begun) {
    ask_for(context, tlib::Kind::reconnect_call, TransferStep::returning);
  } else if (kind == tlib::Kind::retrieved && begun) {
    forget_transfer(context);
  } else if (kind == tlib::Kind::transfer_refused) {
    if (transfer_step_ == TransferStep::completing) {
      ask_for(context, tlib::Kind::reconnect_call, TransferStep::returning);
    } else {
      forget_transfer(context);
    }
  }
}

}  // namespace bcsim::models
