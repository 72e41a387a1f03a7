// The stubs around the SIP Servers under test: gateway, phone, media server and desktop.
#pragma once

#include "tests/models/sip_server_world_state.hpp"

namespace bcsim::models::testing {

/// Shared by all stubs: a SIP user agent that answers BYE, OPTIONS and re-INVITE.
class StubUser : public Endpoint, protected sip::TransactionUser {
 public:
  explicit StubUser(ServerWorld& world) : world_(world), layer_(*this) {}
  void on_start(Context&) override {}
  void on_message(Context& context, const Envelope& e) override {
    if (const auto* r = std::get_if<sip::Request>(&e.message)) {
      layer_.on_request(context, *r, e.from, e.to);
    } else if (const auto* s = std::get_if<sip::Response>(&e.message)) {
      layer_.on_response(context, *s);
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (!layer_.on_timer(context, tag)) on_own_timer(context, tag);
  }
  void on_unreachable(Context& context, const Envelope& e) override {
    // A BYE is insisted on: the server's backup will want to know.
    const auto* r = std::get_if<sip::Request>(&e.message);
    if (r == nullptr || !r->in_dialog) layer_.on_unreachable(context, e);
  }

 protected:
  virtual void on_own_timer(Context&, sim::TimerTag) {}
  void on_request(Context& context, const sip::Request& r, AddressId, sip::TransactionId id,
                  sip::TransactionId) override {
    sip::Response response;
    response.media = r.method == sip::Method::invite ? context.self() : NodeId{};
    response.contact = context.address();
    layer_.respond(context, id, response);
  }
  void on_response(Context&, sip::Inform, const sip::Response*, const sip::Request&, sip::Owner,
                   sip::TransactionId) override {}
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}
  void bye(Context& context, std::uint64_t dialog, std::uint32_t cseq, CallId call, AddressId to) {
    sip::Request r;
    r.method = sip::Method::bye;
    r.in_dialog = true;
    r.dialog = dialog;
    r.cseq = cseq;
    r.call = call;
    layer_.request(context, context.address(), to, r, {}, {});
  }

  ServerWorld& world_;
  sip::TransactionLayer layer_;
};

class StubGateway final : public StubUser {
 public:
  StubGateway(ServerWorld& world, SiteIndex location) : StubUser(world), location_(location) {}
  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < world_.calls.size(); ++i) {
      const CallPlan& plan = world_.calls[i];
      if (plan.site != location_) continue;
      context.arm(plan.at - context.now(), {.kind = 1, .index = i});
      if (plan.hang_up) context.arm(*plan.hang_up - context.now(), {.kind = 2, .index = i});
    }
    legs_.resize(world_.calls.size());
  }

 private:
  struct GatewayLeg {
    std::uint64_t dialog = 0;
    sip::TransactionId invite;
    bool answered = false, over = false, cancelled = false;
  };
  void on_own_timer(Context& context, sim::TimerTag tag) override {
    const CallPlan& plan = world_.calls[tag.index];
    GatewayLeg& leg = legs_[tag.index];
    const AddressId server = world_.directory.sip_server[plan.site];
    if (tag.kind == 1) {
      sip::Request r;
      r.method = sip::Method::invite;
      r.call = CallId{tag.index};
      r.dialog = leg.dialog = sip::dialog_id(sip::Leg::caller, tag.index, context.self());
      r.cseq = 1;
      r.dn = plan.dn;
      r.media = context.self();
      r.contact = context.address();
      r.priority = plan.priority;
      r.bc_hop = plan.bc_hop;
      r.conversation.after_call_work = plan.after_call_work;
      r.conversation.transfer = plan.transfer;
      r.conversation.kind = plan.dn.is_queue() ? CallKind::queue : CallKind::direct;
      leg.invite = layer_.request(context, context.address(), server, r, {}, {1, tag.index, 0});
    } else if (leg.answered && !leg.over) {
      leg.over = true;
      bye(context, leg.dialog, 2, CallId{tag.index}, server);
    } else if (!leg.answered) {
      leg.cancelled = true;
      layer_.cancel(context, leg.invite);
    }
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner, sip::TransactionId) override {
    if (owner.kind != 1) return;
    const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
    if (!success) return;
    legs_[owner.index].answered = true;
    if (!world_.calls[owner.index].acknowledges) return;
    sip::Request ack;
    ack.dialog = request.dialog;
    ack.copy = response->copy;
    ack.cseq = 1;
    ack.call = request.call;
    ack.dn = request.dn;
    layer_.acknowledge(context, context.address(), response->contact, ack);
    GatewayLeg& leg = legs_[owner.index];
    if (leg.cancelled && !leg.over) {  // the CANCEL came too late
      leg.over = true;
      bye(context, leg.dialog, 2, request.call, response->contact);
    }
  }
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (r.method == sip::Method::bye) legs_[r.call.value].over = true;
    StubUser::on_request(context, r, from, id, invite);
  }

  SiteIndex location_;
  std::deque<GatewayLeg> legs_;
};

class StubPhone final : public StubUser {
 public:
  StubPhone(ServerWorld& world, AgentId agent) : StubUser(world), agent_(agent) {}
  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < world_.registers.size(); ++i) {
      const RegisterPlan& plan = world_.registers[i];
      if (plan.agent != agent_.value || plan.at < context.now()) continue;
      context.arm(plan.at - context.now(), {.kind = 3, .index = i});
    }
  }
  void on_message(Context& context, const Envelope& e) override {
    if (!plan().silent) StubUser::on_message(context, e);
  }

 private:
  void send_register(Context& context, std::uint32_t index, bool credentials) {
    const RegisterPlan& plan = world_.registers[index];
    sip::Request r;
    r.method = sip::Method::register_;
    r.has_credentials = credentials;
    r.dn = Dn::extension(agent_);
    r.expires_s = plan.expires_s;
    r.dialog = sip::dialog_id(sip::Leg::registration, agent_.value, context.self());
    r.cseq = plan.cseq != 0 ? plan.cseq : ++cseq_;
    r.contact = context.address();
    layer_.request(context, context.address(), world_.directory.sip_server[plan.site], r, {},
                   {3, index, 0});
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request&, sip::Owner owner, sip::TransactionId) override {
    if (owner.kind == 3 && inform == sip::Inform::failure && response->status == 401) {
      send_register(context, owner.index, true);
    }
  }
  [[nodiscard]] const PhonePlan& plan() { return world_.phones[agent_.value]; }
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (r.method == sip::Method::cancel) {
      layer_.respond(context, id, {});
      sip::Response terminated;
      terminated.status = 487;
      if (invite != invite_) return;
      layer_.respond(context, invite_, terminated);
      context.cancel(answer_);
      busy_ = false;
      return;
    }
    if (r.method == sip::Method::bye && r.dialog == request_.dialog) {
      context.cancel(hang_up_);
      busy_ = false;
    }
    if (r.method != sip::Method::invite || r.in_dialog) {
      StubUser::on_request(context, r, from, id, invite);
      return;
    }
    sip::Response provisional;
    provisional.status = 100;
    layer_.respond(context, id, provisional);
    if (plan().refuse != 0 || busy_) {
      provisional.status = busy_ ? 486 : plan().refuse;
      layer_.respond(context, id, provisional);
      return;
    }
    provisional.status = 180;
    if (plan().rings) layer_.respond(context, id, provisional);
    invite_ = id;
    request_ = r;
    busy_ = true;
    answer_ = context.arm(plan().answer_after, {.kind = 1});
  }
  void on_own_timer(Context& context, sim::TimerTag tag) override {
    if (tag.kind == 3) {
      send_register(context, tag.index, false);
      return;
    }
    if (tag.kind == 2) {
      busy_ = false;
      bye(context, request_.dialog, 2, request_.call, request_.contact);
      return;
    }
    sip::Response answer;
    answer.media = context.self();
    answer.contact = context.address();
    layer_.respond(context, invite_, answer);
    std::optional<Duration> talk = plan().hang_up_after;
    if (!world_.talks.empty()) talk = world_.talks[request_.call.value];
    if (talk) hang_up_ = context.arm(*talk, {.kind = 2});
  }

  AgentId agent_;
  sip::TransactionId invite_;
  sip::Request request_;
  sim::TimerId answer_, hang_up_;
  bool busy_ = false;
  std::uint32_t cseq_ = 0;
};

class StubMedia final : public StubUser {
 public:
  using StubUser::StubUser;
  void on_message(Context& context, const Envelope& e) override {
    if (!world_.media.silent) StubUser::on_message(context, e);
  }

 private:
  void on_request(Context& context, const sip::Request& r, AddressId from, sip::TransactionId id,
                  sip::TransactionId invite) override {
    if (world_.media.refuse == 0 || r.method != sip::Method::invite) {
      StubUser::on_request(context, r, from, id, invite);
      return;
    }
    sip::Response refusal;
    refusal.status = world_.media.refuse;
    layer_.respond(context, id, refusal);
  }
};

/// Says what the test tells it to, and after a call is ready again when its work is done.
class StubDesktop final : public Endpoint {
 public:
  StubDesktop(ServerWorld& world, AgentId agent) : world_(world), agent_(agent) {}
  void on_start(Context& context) override {
    if (context.now() == sim::kStart) {
      connections_ = world_.directory.agents[agent_.value].server_connection;
    }
    for (std::uint32_t i = 0; i < world_.desktops.size(); ++i) {
      const DesktopSays& says = world_.desktops[i];
      if (says.agent == agent_ && says.at >= context.now())
        context.arm(says.at - context.now(), {.kind = 1, .index = i});
    }
  }
  void on_message(Context& context, const Envelope& e) override {
    const auto* m = std::get_if<tlib::Message>(&e.message);
    if (m == nullptr) return;
    if (m->kind == tlib::Kind::established) {
      established_ = true;
      transfer_ = *m;
      const std::uint32_t site = e.connection == connections_[0] ? 0 : 1;
      const TransferPlan& plan = m->conversation.transfer;
      if (plan.kind != TransferKind::none) context.arm(plan.after, {.kind = 3, .index = site});
    }
    if (m->kind == tlib::Kind::consulted || m->kind == tlib::Kind::not_consulted) {
      const std::uint32_t site = e.connection == connections_[0] ? 0 : 1;
      const TransferPlan& plan = transfer_.conversation.transfer;
      const bool back = m->kind == tlib::Kind::not_consulted || plan.reconnects;
      context.arm(m->kind == tlib::Kind::consulted ? plan.consultation : Duration{},
                  {.kind = back ? 5u : 4u, .index = site});
    }
    if (m->kind != tlib::Kind::released || !world_.desktops_follow_calls || !established_) return;
    established_ = false;
    const std::uint32_t site = e.connection == connections_[0] ? 0 : 1;
    context.arm(m->work, {.kind = 2, .index = site});
  }
  void on_connection(Context&, ConnectionId c, sim::ConnectionEvent event) override {
    if (event == sim::ConnectionEvent::established) return;
    for (ConnectionId& mine : connections_) {
      if (mine == c) mine = {};
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (tag.kind == 2) {
      say(context, tag.index, tlib::Kind::set_ready);
    } else if (tag.kind == 3) {
      const bool blind = transfer_.conversation.transfer.kind == TransferKind::blind;
      say(context, tag.index,
          blind ? tlib::Kind::single_step_transfer : tlib::Kind::initiate_transfer);
    } else if (tag.kind >= 4) {
      say(context, tag.index,
          tag.kind == 4 ? tlib::Kind::complete_transfer : tlib::Kind::reconnect_call);
    } else {
      const DesktopSays& says = world_.desktops[tag.index];
      say(context, says.site, says.kind, says.call, says.dn);
    }
  }

 private:
  void say(Context& context, std::uint32_t site, tlib::Kind kind, CallId call = {}, Dn dn = {}) {
    if (!connections_[site].valid()) {
      connections_[site] = context.open(world_.directory.sip_server[site]);
    }
    tlib::Message m;
    m.kind = kind;
    m.agent = agent_;
    if (kind == tlib::Kind::make_call) {
      m.call = call;
      m.dn = dn;
      m.conversation.kind = dn.is_outside() ? CallKind::outgoing : CallKind::internal;
      m.conversation.from = agent_;
      m.conversation.after_call_work = 10s;
    } else if (kind >= tlib::Kind::single_step_transfer) {
      m.call = transfer_.call;
      m.conversation = transfer_.conversation;
    }
    const Message message{m};
    context.send(connections_[site], message, size_bytes(message));
  }

  ServerWorld& world_;
  AgentId agent_;
  std::array<ConnectionId, kSites> connections_;
  bool established_ = false;
  tlib::Message transfer_;  ///< the last EventEstablished
};

}  // namespace bcsim::models::testing
