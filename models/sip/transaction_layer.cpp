#include "models/sip/transaction_layer.hpp"

#include <algorithm>
#include <cassert>

#include "sim/hash.hpp"

namespace bcsim::models::sip {

namespace {

/// An ACK to a non-2xx and a CANCEL carry the branch of the INVITE (RFC 3261 §17.1.1.3, §9.1); the
/// CANCEL is a transaction of its own (§17.2.3: matched by branch and method).
std::uint64_t server_key(std::uint64_t branch, Method method) {
  return branch ^ (method == Method::cancel ? 0x8000'0000'0000'0000ull : 0);
}

ClientInput input_of(const Response& response) {
  if (response.status < 200) return ClientInput::provisional;
  return response.status < 300 ? ClientInput::success : ClientInput::failure;
}

ServerInput input_of_answer(const Response& response) {
  if (response.status == 100) return ServerInput::send_trying;
  if (response.status < 200) return ServerInput::send_provisional;
  return response.status < 300 ? ServerInput::send_success : ServerInput::send_failure;
}

}  // namespace

// ---- tables ----------------------------------------------------------------------------------

std::uint32_t TransactionLayer::take_client(sim::SimTime now) {
  if (free_clients_.empty()) {
    clients_.emplace_back();
    // A process that starts again must not reuse the branches of its former life.
    clients_.back().generation = static_cast<std::uint32_t>(now.time_since_epoch() / 1ms);
    free_clients_.push_back(static_cast<std::uint32_t>(clients_.size() - 1));
  }
  const std::uint32_t slot = free_clients_.back();
  free_clients_.pop_back();
  Client& client = clients_[slot];
  client.live = true;
  client.abandoned = client.waiting = client.refuses = false;
  return slot;
}

std::uint32_t TransactionLayer::take_server() {
  if (free_servers_.empty()) {
    servers_.emplace_back();
    free_servers_.push_back(static_cast<std::uint32_t>(servers_.size() - 1));
  }
  const std::uint32_t slot = free_servers_.back();
  free_servers_.pop_back();
  servers_[slot].live = true;
  return slot;
}

void TransactionLayer::drop_client(std::uint32_t slot) {
  if (!clients_[slot].live) return;
  clients_[slot].live = false;
  ++clients_[slot].generation;
  free_clients_.push_back(slot);
  if (!clients_[slot].refuses) return;
  const std::uint64_t dialog = clients_[slot].request.dialog;
  const auto refused = dialogs_.find(dialog);
  if (refused == dialogs_.end()) return;
  refused->second.refused = false;
  forget_if_idle(dialog);
}

void TransactionLayer::drop_server(std::uint32_t slot) {
  if (!servers_[slot].live) return;
  server_by_key_.erase(servers_[slot].key);
  servers_[slot].live = false;
  ++servers_[slot].generation;
  free_servers_.push_back(slot);
}

TransactionLayer::LingerQueue& TransactionLayer::linger_queue(Duration wait) {
  for (LingerQueue& queue : lingering_) {
    if (queue.wait == wait) return queue;
    if (queue.wait == Duration{}) {
      queue.wait = wait;
      return queue;
    }
  }
  assert(false && "more different waits than timers D, I, J, K, L and M have values");
  return lingering_.front();
}

/// Waiting transactions have no timer: nothing happens when their wait ends but that they are
/// gone, so it is enough to drop them before the next message is looked up. A server transaction is
/// kept for the instant itself, at which the wait for the ACK to its 2xx ends, too.
void TransactionLayer::reap(sim::SimTime now) {
  for (LingerQueue& queue : lingering_) {
    while (!queue.clients.empty() && queue.clients.front().until <= now) {
      const Lingering& l = queue.clients.front();
      if (clients_[l.slot].generation == l.generation) drop_client(l.slot);
      queue.clients.pop_front();
    }
    while (!queue.servers.empty() && queue.servers.front().until < now) {
      const Lingering& l = queue.servers.front();
      if (servers_[l.slot].generation == l.generation) drop_server(l.slot);
      queue.servers.pop_front();
    }
  }
}

void TransactionLayer::change_timer(Context& context, sim::TimerId& timer,
                                    const TimerChange& change, sim::TimerTag tag) {
  if (change.kind == TimerChange::Kind::keep) return;
  context.cancel(timer);
  timer = {};
  if (change.arms()) timer = context.arm(change.after, tag);
}

// ---- client side -------------------------------------------------------------------------------

std::uint64_t TransactionLayer::branch_of(Context& context, std::uint32_t slot) const {
  return (std::uint64_t{context.self().value} << 44) |
         (std::uint64_t{clients_[slot].generation & 0xFFFFu} << 28) | slot;
}

TransactionId TransactionLayer::request(Context& context, AddressId from, AddressId to,
                                        Request request, const ClientPolicy& policy, Owner owner) {
  reap(context.now());
  const std::uint32_t slot = take_client(context.now());
  Client& client = clients_[slot];
  const ClientKind kind =
      request.method == Method::invite ? ClientKind::invite : ClientKind::non_invite;
  client.machine = ClientTransaction(kind, transport_);
  client.policy = policy;
  client.request = request;
  client.request.copy = 0;
  // A CANCEL keeps the branch of its INVITE; every other request gets one that finds its slot.
  if (request.method != Method::cancel) client.request.branch = branch_of(context, slot);
  client.from = from;
  client.to = to;
  client.owner = owner;
  client.timer = {};
  const TransactionId id{slot, client.generation};
  if (request.in_dialog && kind == ClientKind::invite) {
    want_invite(context, slot);
    return id;
  }
  if (request.method == Method::bye) {
    const auto dialog = dialogs_.find(request.dialog);
    if (dialog != dialogs_.end()) {  // after an INVITE that was sent again
      client.request.cseq = std::max(request.cseq, dialog->second.cseq + 1);
    }
    end_dialog(context, request.dialog, false);
  }
  apply(context, slot, clients_[slot].machine.start(policy), nullptr);
  return id;
}

void TransactionLayer::cancel(Context& context, TransactionId invite) {
  if (!invite.valid()) return;
  Client& client = clients_[invite.slot];
  if (!client.live || client.generation != invite.generation || client.waiting) return;
  apply(context, invite.slot, client.machine.on(ClientInput::cancel, client.policy), nullptr);
}

void TransactionLayer::abandon(TransactionId id) {
  if (id.valid() && clients_[id.slot].live && clients_[id.slot].generation == id.generation) {
    clients_[id.slot].abandoned = true;
  }
}

void TransactionLayer::send_copy(Context& context, Client& client) {
  const Message message{client.request};
  context.send_as(client.from, client.to, message, size_bytes(message));
  if (client.request.copy < 0xFF) ++client.request.copy;
}

void TransactionLayer::apply(Context& context, std::uint32_t slot, const ClientEffects& effects,
                             const Response* response) {
  Client& client = clients_[slot];
  if (effects.send_request) send_copy(context, client);
  if (effects.send_ack) {
    Request ack = client.request;
    ack.method = Method::ack;
    // Each copy of the response has an ACK of its own: the last one may have been lost.
    ack.copy = response != nullptr ? response->copy : std::uint8_t{0};
    ack.media = {};
    const Message message{ack};
    context.send_as(client.from, client.to, message, size_bytes(message));
  }
  change_timer(context, client.timer, effects.timer, {client_timer, slot, client.generation});
  if (effects.linger > Duration{}) {
    linger_queue(effects.linger)
        .clients.push_back({context.now() + effects.linger, slot, client.generation});
  }
  // The user may start transactions, which moves the table: nothing below refers to `client`.
  const bool abandoned = client.abandoned;
  const Owner owner = client.owner;
  const TransactionId id{slot, client.generation};
  const Request sent = client.request;
  if (effects.send_cancel) {
    Request cancel = sent;
    cancel.method = Method::cancel;
    cancel.media = {};
    const AddressId from = client.from, to = client.to;
    const TransactionId cancelling = request(context, from, to, cancel, {.timers = timers_}, {});
    abandon(cancelling);
  }
  const bool reinvite = sent.in_dialog && sent.method == Method::invite;
  const bool over = reinvite && effects.inform != Inform::nothing &&
                    effects.inform != Inform::provisional &&
                    effects.inform != Inform::success_again;
  const bool later = over && sent_again_later(context, slot, response);
  if (effects.terminated) drop_client(slot);
  if (later) return;
  if (effects.inform != Inform::nothing && !abandoned) {
    user_.on_response(context, effects.inform, response, sent, owner, id);
  }
  if (over) feed(context, sent.dialog, DialogInput::done);
}

bool TransactionLayer::on_response(Context& context, const Response& response) {
  reap(context.now());
  // A response to a CANCEL shares the INVITE's branch and is of no interest: the INVITE is
  // answered with 487, and an unanswered CANCEL is given up by its own timer.
  std::uint32_t slot = static_cast<std::uint32_t>(response.branch & 0x0FFF'FFFFu);
  if (response.method == Method::cancel) {
    for (slot = 0; slot < clients_.size(); ++slot) {
      if (clients_[slot].live && clients_[slot].request.branch == response.branch &&
          clients_[slot].request.method == Method::cancel) {
        break;
      }
    }
  }
  const bool known = slot < clients_.size() && clients_[slot].live &&
                     clients_[slot].request.branch == response.branch &&
                     clients_[slot].request.method == response.method;
  if (!known) return response.method != Method::invite || response.status / 100 != 2;
  Client& client = clients_[slot];
  apply(context, slot, client.machine.on(input_of(response), client.policy), &response);
  return true;
}

void TransactionLayer::on_unreachable(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<Request>(&envelope.message);
  if (request == nullptr || request->method == Method::ack) return;
  const auto slot = static_cast<std::uint32_t>(request->branch & 0x0FFF'FFFFu);
  if (slot >= clients_.size()) return;
  Client& client = clients_[slot];
  if (!client.live || client.request.branch != request->branch ||
      client.request.method != request->method) {
    return;
  }
  apply(context, slot, client.machine.on(ClientInput::transport_error, client.policy), nullptr);
}

// ---- server side -------------------------------------------------------------------------------

void TransactionLayer::on_request(Context& context, const Request& request, AddressId from,
                                  AddressId to) {
  reap(context.now());
  const std::uint64_t key = server_key(request.branch, request.method);
  const auto found = server_by_key_.find(key);
  if (request.method == Method::ack) {
    if (acknowledged(context, request)) return;  // the ACK to a 2xx has a branch of its own
    if (found != server_by_key_.end()) {
      const std::uint32_t slot = found->second;
      apply(context, slot, servers_[slot].machine.on(ServerInput::ack, timers_));
    }
    return;
  }
  if (found != server_by_key_.end()) {
    const std::uint32_t slot = found->second;
    apply(context, slot, servers_[slot].machine.on(ServerInput::request, timers_));
    return;
  }
  const std::uint32_t slot = take_server();
  Server& server = servers_[slot];
  const ServerKind kind =
      request.method == Method::invite ? ServerKind::invite : ServerKind::non_invite;
  server.machine = ServerTransaction(kind, transport_);
  server.responder = {};
  server.timer = server.responder_timer = {};
  server.from = from;
  server.to = to;
  server.key = key;
  server.response = {};
  server.response.method = request.method;
  server.response.branch = request.branch;
  server.response.dialog = request.dialog;
  server.response.cseq = request.cseq;
  server.response.call = request.call;
  server.response.dn = request.dn;
  server.reinvite = kind == ServerKind::invite && request.in_dialog;
  server_by_key_.emplace(key, slot);
  const TransactionId id{slot, server.generation};
  if (server.reinvite && turned_away(context, request, id)) return;
  if (request.method == Method::bye) end_dialog(context, request.dialog, true);
  TransactionId invite;
  if (request.method == Method::cancel) {
    const auto cancelled = server_by_key_.find(server_key(request.branch, Method::invite));
    if (cancelled != server_by_key_.end()) {
      invite = {cancelled->second, servers_[cancelled->second].generation};
    }
  }
  user_.on_request(context, request, from, id, invite);
}

void TransactionLayer::respond(Context& context, TransactionId id, Response response) {
  if (!id.valid()) return;
  Server& server = servers_[id.slot];
  if (!server.live || server.generation != id.generation) return;
  const ServerState state = server.machine.state();
  if (state != ServerState::trying && state != ServerState::proceeding) return;
  const Response& echo = server.response;
  response.method = echo.method;
  response.branch = echo.branch;
  response.dialog = echo.dialog;
  response.cseq = echo.cseq;
  response.call = echo.call;
  response.dn = echo.dn;
  response.copy = 0;
  server.response = response;
  apply(context, id.slot, server.machine.on(input_of_answer(response), timers_));
  if (response.method != Method::invite || response.status < 200) return;
  if (response.status < 300) {
    await_ack(context, id.slot);
  } else if (servers_[id.slot].reinvite) {
    feed(context, response.dialog, DialogInput::rejected);
  }
}

void TransactionLayer::send_response(Context& context, Server& server) {
  const Message message{server.response};
  context.send_as(server.to, server.from, message, size_bytes(message));
  if (server.response.copy < 0xFF) ++server.response.copy;
}

void TransactionLayer::apply(Context& context, std::uint32_t slot, const ServerEffects& effects) {
  Server& server = servers_[slot];
  if (effects.send_response) send_response(context, server);
  change_timer(context, server.timer, effects.timer, {server_timer, slot, server.generation});
  if (effects.linger > Duration{}) {
    linger_queue(effects.linger)
        .servers.push_back({context.now() + effects.linger, slot, server.generation});
  }
  if (effects.terminated) drop_server(slot);
}

void TransactionLayer::acknowledge(Context& context, AddressId from, AddressId to, Request ack) {
  ack.method = Method::ack;
  ack.in_dialog = true;
  // A new branch (§17.1.1.3), outside the space that finds client slots: nobody answers an ACK.
  ack.branch = sim::mix64(ack.dialog ^ ack.cseq) | (1ull << 63);
  const Message message{ack};
  context.send_as(from, to, message, size_bytes(message));
}

bool TransactionLayer::on_timer(Context& context, sim::TimerTag tag) {
  if (tag.kind < kTimerKinds) return false;
  if (tag.kind == dialog_timer) {
    const auto dialog = dialogs_.find(tag.data);
    if (dialog == dialogs_.end()) return true;
    dialog->second.retry = {};
    feed(context, tag.data, DialogInput::retry_due);
    return true;
  }
  if (tag.kind == client_timer) {
    Client& client = clients_[tag.index];
    if (client.live && client.generation == tag.data) {
      client.timer = {};
      apply(context, tag.index, client.machine.on(ClientInput::timer, client.policy), nullptr);
    }
    return true;
  }
  Server& server = servers_[tag.index];
  if (!server.live || server.generation != tag.data) return true;
  if (tag.kind == server_timer) {
    server.timer = {};
    apply(context, tag.index, server.machine.on(ServerInput::timer, timers_));
  } else {
    server.responder_timer = {};
    apply(context, tag.index, server.responder.on(SuccessResponder::Input::timer, timers_));
  }
  return true;
}

}  // namespace bcsim::models::sip
