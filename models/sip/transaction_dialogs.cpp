// What a transaction layer knows of dialogs: whose INVITE is open, which ACK is to come, what still
// waits to be sent, and 2xx that nobody waits for.
#include <algorithm>
#include <cassert>

#include "models/sip/transaction_layer.hpp"

namespace bcsim::models::sip {

namespace {

/// A draw of its own for each attempt, the same in a run and in its twin.
double draw(Context& context, std::uint64_t dialog, std::uint32_t cseq) {
  return context.stream("sip.glare", dialog ^ (std::uint64_t{cseq} << 48)).uniform();
}

}  // namespace

void TransactionLayer::forget_if_idle(std::uint64_t id) {
  const auto found = dialogs_.find(id);
  if (found == dialogs_.end()) return;
  const Dialog& dialog = found->second;
  if (dialog.invites.idle() && !dialog.refused) dialogs_.erase(found);
}

/// What has happened in a dialog may let the next INVITE go.
void TransactionLayer::feed(Context& context, std::uint64_t id, DialogInput input) {
  const auto found = dialogs_.find(id);
  if (found == dialogs_.end()) return;  // ended meanwhile
  Dialog& dialog = found->second;
  const DialogEffects effects = dialog.invites.on(input);
  if (effects.forget) drop_waiting(context, dialog);
  if (!effects.send) {
    forget_if_idle(id);
    return;
  }
  const std::uint32_t slot = dialog.waiting.front();
  dialog.waiting.erase(dialog.waiting.begin());
  Client& client = clients_[slot];
  assert(client.live && client.waiting);
  client.waiting = false;
  client.request.cseq = dialog.cseq = std::max(client.request.cseq, dialog.cseq + 1);
  apply(context, slot, client.machine.start(client.policy), nullptr);
}

// ---- our INVITEs -------------------------------------------------------------------------------

void TransactionLayer::want_invite(Context& context, std::uint32_t slot) {
  const std::uint64_t id = clients_[slot].request.dialog;
  clients_[slot].waiting = true;
  dialogs_[id].waiting.push_back(slot);
  feed(context, id, DialogInput::want);
}

/// Has the re-INVITE been turned away for a while? Then it is sent again as a new transaction.
bool TransactionLayer::sent_again_later(Context& context, std::uint32_t slot,
                                        const Response* response) {
  const bool for_a_while = response != nullptr && (response->status == kRequestPending ||
                                                   response->status == kServerInternalError);
  const Client refused = clients_[slot];
  const auto found = dialogs_.find(refused.request.dialog);
  if (!for_a_while || refused.abandoned || found == dialogs_.end()) return false;
  Dialog& dialog = found->second;
  if (dialog.invites.on(DialogInput::turned_away).forget) return false;  // a BYE has ended it
  const std::uint32_t again = take_client(context.now());
  Client& client = clients_[again];
  client.machine = ClientTransaction(ClientKind::invite, transport_);
  client.policy = refused.policy;
  client.request = refused.request;
  client.request.copy = 0;
  client.request.branch = branch_of(context, again);
  client.from = refused.from;
  client.to = refused.to;
  client.owner = refused.owner;
  client.timer = {};
  client.waiting = true;
  dialog.waiting.insert(dialog.waiting.begin(), again);
  Duration wait = std::chrono::seconds(response->retry_after_s);
  if (response->status == kRequestPending) {
    wait = glare_retry_after(refused.policy.owns_call_id,
                             draw(context, refused.request.dialog, refused.request.cseq));
  }
  dialog.retry = context.arm(wait, {dialog_timer, 0, refused.request.dialog});
  return true;
}

// ---- theirs ------------------------------------------------------------------------------------

/// Answers a re-INVITE that meets another one.
bool TransactionLayer::turned_away(Context& context, const Request& request, TransactionId id) {
  const std::uint16_t status = dialogs_[request.dialog].invites.on(DialogInput::invite).refuse;
  if (status == 0) return false;
  servers_[id.slot].reinvite = false;  // the open one is another
  Response response;
  response.status = status;
  response.path = request.path;
  if (status == kServerInternalError) {
    response.retry_after_s =
        second_invite_retry_after_s(draw(context, ~request.dialog, request.cseq));
  }
  respond(context, id, response);
  return true;
}

/// The first copy of a 2xx to an INVITE has been sent.
void TransactionLayer::await_ack(Context& context, std::uint32_t slot) {
  Dialog& dialog = dialogs_[servers_[slot].response.dialog];
  dialog.unacknowledged.push_back(slot);
  (void)dialog.invites.on(DialogInput::accepted);
  apply(context, slot, servers_[slot].responder.start(timers_));
}

/// An ACK belongs to the INVITE with its CSeq (RFC 3261 §13.2.2.4, §17.2.3).
bool TransactionLayer::acknowledged(Context& context, const Request& ack) {
  const auto found = dialogs_.find(ack.dialog);
  if (found == dialogs_.end()) return false;
  auto& slots = found->second.unacknowledged;
  const auto of = std::ranges::find_if(
      slots, [&](std::uint32_t slot) { return servers_[slot].response.cseq == ack.cseq; });
  if (of == slots.end()) return false;
  const std::uint32_t slot = *of;
  slots.erase(of);
  apply(context, slot, servers_[slot].responder.on(SuccessResponder::Input::ack, timers_));
  user_.on_ack(context, ack);
  feed(context, ack.dialog, DialogInput::ack);
  return true;
}

void TransactionLayer::apply(Context& context, std::uint32_t slot,
                             const SuccessResponder::Effects& effects) {
  Server& server = servers_[slot];
  change_timer(context, server.responder_timer, effects.timer,
               {responder_timer, slot, server.generation});
  if (effects.send_response) send_response(context, server);
  if (!effects.send_bye) return;
  const Response success = server.response;
  const auto dialog = dialogs_.find(success.dialog);
  assert(dialog != dialogs_.end());
  std::erase(dialog->second.unacknowledged, slot);
  // Nothing that waits may go now: the user ends the dialog.
  (void)dialog->second.invites.on(DialogInput::bye);
  drop_waiting(context, dialog->second);
  (void)dialog->second.invites.on(DialogInput::ack);
  forget_if_idle(success.dialog);
  user_.on_no_ack(context, success);
}

void TransactionLayer::stop_waiting_for_ack(Context& context, std::uint64_t id) {
  const auto found = dialogs_.find(id);
  if (found == dialogs_.end()) return;
  const std::vector<std::uint32_t> slots = std::move(found->second.unacknowledged);
  found->second.unacknowledged.clear();
  for (const std::uint32_t slot : slots) {
    apply(context, slot, servers_[slot].responder.on(SuccessResponder::Input::stop, timers_));
    (void)found->second.invites.on(DialogInput::ack);
  }
  forget_if_idle(id);
}

Request ack_of(const Response& success) {
  Request ack;
  ack.dialog = success.dialog;
  ack.cseq = success.cseq;
  ack.call = success.call;
  ack.dn = success.dn;
  ack.copy = success.copy;  // a packet of its own to the network: the last one may have been lost
  return ack;
}

// ---- the end -----------------------------------------------------------------------------------

void TransactionLayer::drop_waiting(Context& context, Dialog& dialog) {
  context.cancel(dialog.retry);
  dialog.retry = {};
  for (const std::uint32_t slot : dialog.waiting) drop_client(slot);
  dialog.waiting.clear();
}

/// A BYE: what waits is not sent any more, and theirs also ends the wait for ACKs.
void TransactionLayer::end_dialog(Context& context, std::uint64_t id, bool by_them) {
  const auto found = dialogs_.find(id);
  if (found == dialogs_.end()) return;
  (void)found->second.invites.on(DialogInput::bye);
  drop_waiting(context, found->second);
  if (by_them) {
    stop_waiting_for_ack(context, id);
  } else {
    forget_if_idle(id);
  }
}

void TransactionLayer::refuse(Context& context, AddressId from, AddressId to,
                              const Response& success) {
  acknowledge(context, from, to, ack_of(success));
  bool& refused = dialogs_[success.dialog].refused;
  if (refused) return;
  refused = true;
  Request goodbye = ack_of(success);
  goodbye.method = Method::bye;
  goodbye.in_dialog = true;
  goodbye.copy = 0;
  goodbye.expires_s = kRequestTerminated;
  ++goodbye.cseq;
  const TransactionId bye = request(context, from, to, goodbye, {.timers = timers_}, {});
  clients_[bye.slot].abandoned = clients_[bye.slot].refuses = true;
}

}  // namespace bcsim::models::sip
