// A SIP Server as far as a phone and a desktop can see one: registrar, callers that ring phones,
// and the T-Library answers. Scripted: it does what a test says, when it says it.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "models/directory.hpp"
#include "models/sip/registrar.hpp"
#include "models/sip/transaction_layer.hpp"

namespace bcsim::testing {

using namespace bcsim::models;

class StubSipServer;

/// How one site's server behaves; survives its death.
struct ServerScript {
  bool digest = true;
  bool deaf = false;  ///< hears, and answers nothing
  std::uint16_t register_status = 200;
  std::uint32_t retry_after_s = 0;
  std::optional<Duration> max_expires;
  bool single_site_mode = false;
  bool refuse_logins = false;  ///< whatever the endpoint's status
  bool acknowledges = true;    ///< sends the ACK to a 200
  struct Action {
    SimTime at;
    std::function<void(StubSipServer&, Context&)> what;
  };
  std::vector<Action> actions;

  void at(Duration when, std::function<void(StubSipServer&, Context&)> what) {
    actions.push_back({sim::kStart + when, std::move(what)});
  }
};

class StubSipServer final : public Endpoint, private sip::TransactionUser {
 public:
  StubSipServer(const Directory& directory, SiteIndex site, ServerScript& script, bool first)
      : directory_(directory),
        site_(site),
        script_(script),
        first_(first),
        layer_(*this),
        registrar_(static_cast<std::uint32_t>(directory.agents.size())),
        desks_(directory.agents.size()) {}

  /// What the server knows of one agent.
  struct Desk {
    ConnectionId connection;
    bool logged_in = false;
    bool ready = false;
    CallId call;  ///< established or ringing
    Conversation conversation;
    bool answered = false;
    sip::TransactionId invite;
    AddressId phone;  ///< remote target of the dialog
    std::uint64_t dialog = 0;
    int acknowledged = 0;                  ///< ACKs sent
    std::vector<std::uint16_t> responses;  ///< to the last INVITE
  };
  Desk& desk(std::uint32_t agent) { return desks_[agent]; }
  [[nodiscard]] bool in_service(std::uint32_t agent, SimTime now) const {
    return registrar_.in_service(agent, now);
  }

  /// Rings the agent's phone at its own address, registered or not.
  void ring(Context& context, std::uint32_t agent, CallId call, const Conversation& conversation) {
    Desk& d = desks_[agent];
    d.call = call;
    d.conversation = conversation;
    d.answered = false;
    d.responses.clear();
    d.dialog = sip::dialog_id(sip::Leg::agent, call.value, context.self(), calls_++);
    sip::Request invite;
    invite.method = sip::Method::invite;
    invite.path = path_of(site_);
    invite.dialog = d.dialog;
    invite.cseq = 1;
    invite.call = call;
    invite.dn = Dn::extension(AgentId{agent});
    invite.media = context.self();
    invite.contact = own_address();
    invite.conversation = conversation;
    d.phone = AddressId{directory_.agents[agent].phone.value};
    d.invite = layer_.request(context, own_address(), d.phone, invite, {}, {.index = agent});
  }
  void cancel(Context& context, std::uint32_t agent) {
    layer_.cancel(context, desks_[agent].invite);
  }
  void bye(Context& context, std::uint32_t agent, std::optional<std::uint64_t> dialog = {}) {
    const Desk& d = desks_[agent];
    sip::Request bye;
    bye.method = sip::Method::bye;
    bye.in_dialog = true;
    bye.dialog = dialog.value_or(d.dialog);
    bye.cseq = 2;
    bye.call = d.call;
    bye.contact = own_address();
    layer_.request(context, own_address(), d.phone, bye, {}, {.kind = 1, .index = agent});
  }
  void reinvite(Context& context, std::uint32_t agent) {
    const Desk& d = desks_[agent];
    sip::Request invite;
    invite.method = sip::Method::invite;
    invite.in_dialog = true;
    invite.dialog = d.dialog;
    invite.cseq = 3;
    invite.call = d.call;
    invite.contact = own_address();
    layer_.request(context, own_address(), d.phone, invite, {}, {.index = agent});
  }
  void tell(Context& context, std::uint32_t agent, tlib::Kind kind, bool flag = false,
            CallId call = {}, Duration work = {}) {
    if (!desks_[agent].connection.valid()) return;
    tlib::Message m;
    m.kind = kind;
    m.flag = flag;
    m.agent = AgentId{agent};
    m.call = call;
    m.work = work;
    context.send(desks_[agent].connection, m, size_bytes(m));
  }
  void force_out(Context& context, std::uint32_t agent) {
    desks_[agent].logged_in = desks_[agent].ready = false;
    tell(context, agent, tlib::Kind::agent_logged_out, true);
  }
  /// Enters or leaves single-site mode and tells every desktop.
  void set_single_site_mode(Context& context, bool single) {
    script_.single_site_mode = single;
    for (std::uint32_t a = 0; a < desks_.size(); ++a) {
      tell(context, a, tlib::Kind::single_site_mode, single);
    }
  }

  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < script_.actions.size(); ++i) {
      if (script_.actions[i].at >= context.now()) {
        context.arm(script_.actions[i].at - context.now(), {action_timer, i});
      }
    }
    if (!first_ || !directory_.steady()) return;
    for (std::uint32_t a = 0; a < desks_.size(); ++a) {
      const AgentInfo& info = directory_.agents[a];
      desks_[a].connection = info.server_connection[site_];
      desks_[a].logged_in = desks_[a].ready =
          info.preferred_site == site_ && directory_.at_work(AgentId{a}, sim::kStart);
      if (!directory_.registered_at_start(AgentId{a}, site_)) continue;
      registrar_.bind(a, AddressId{info.phone.value},
                      directory_.binding_expiry_at_start(AgentId{a}, site_));
    }
    arm_expiry(context);
  }
  void on_message(Context& context, const Envelope& envelope) override {
    if (script_.deaf) return;
    if (const auto* request = std::get_if<sip::Request>(&envelope.message)) {
      layer_.on_request(context, *request, envelope.from, envelope.to);
    } else if (const auto* response = std::get_if<sip::Response>(&envelope.message)) {
      layer_.on_response(context, *response);
    } else if (const auto* tlib = std::get_if<tlib::Message>(&envelope.message)) {
      on_tlib(context, *tlib, envelope.connection);
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (layer_.on_timer(context, tag)) return;
    if (tag.kind == action_timer) {
      script_.actions[tag.index].what(*this, context);
    } else {
      registrar_.expire(context.now(), [&](std::uint32_t agent) {
        tell(context, agent, tlib::Kind::dn_out_of_service);
      });
      arm_expiry(context);
    }
  }
  void on_connection(Context&, ConnectionId id, sim::ConnectionEvent event) override {
    if (event == sim::ConnectionEvent::accepted) return;
    for (Desk& d : desks_) {
      if (d.connection == id) d.connection = {};
    }
  }

 private:
  enum Timer : std::uint32_t { action_timer, expiry_timer };

  [[nodiscard]] AddressId own_address() const { return directory_.sip_server[site_]; }

  void arm_expiry(Context& context) {
    context.cancel(expiry_);
    const SimTime next = registrar_.next_expiry();
    if (next != sim::kNever) expiry_ = context.arm(next - context.now(), {expiry_timer});
  }

  void on_request(Context& context, const sip::Request& request, AddressId, sip::TransactionId id,
                  sip::TransactionId) override {
    if (request.method != sip::Method::register_) {
      if (request.method == sip::Method::bye) release(context, request.dn.number);
      layer_.respond(context, id, {});
      return;
    }
    sip::Response response;
    if (script_.register_status != 200) {
      response.status = script_.register_status;
      response.retry_after_s = script_.retry_after_s;
      layer_.respond(context, id, response);
      return;
    }
    using Challenge = sip::RegistrarOptions::Challenge;
    const auto result = registrar_.on_register(
        {.dn = request.dn.number,
         .contact = request.contact,
         .expires = std::chrono::seconds(request.expires_s),
         .credentials = request.has_credentials ? sip::Credentials::fresh : sip::Credentials::none,
         .call_id = request.dialog,
         .cseq = request.cseq},
        {.challenge = script_.digest ? Challenge::always : Challenge::never,
         .max_expires = script_.max_expires},
        context.now());
    response.status = result.answer == sip::Registrar::Answer::ok ? 200 : 401;
    response.expires_s = static_cast<std::uint32_t>(result.expires / std::chrono::seconds(1));
    layer_.respond(context, id, response);
    if (result.event == sip::DnEvent::in_service) {
      tell(context, request.dn.number, tlib::Kind::dn_in_service);
    } else if (result.event == sip::DnEvent::out_of_service) {
      tell(context, request.dn.number, tlib::Kind::dn_out_of_service);
    }
    arm_expiry(context);
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner owner, sip::TransactionId) override {
    Desk& d = desks_[owner.index];
    if (response != nullptr) d.responses.push_back(response->status);
    if (request.method == sip::Method::bye && response != nullptr) release(context, owner.index);
    if (request.method != sip::Method::invite || response == nullptr) return;
    if (response->status == 180) tell(context, owner.index, tlib::Kind::ringing, false, d.call);
    if (inform == sip::Inform::failure) release(context, owner.index);
    if (inform == sip::Inform::success && !request.in_dialog) {
      d.answered = true;
      tell(context, owner.index, tlib::Kind::established, false, d.call);
    }
    const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
    if (!success || !script_.acknowledges) return;
    sip::Request ack;
    ack.dialog = request.dialog;
    ack.cseq = request.cseq;
    ack.call = request.call;
    ack.dn = request.dn;
    ++d.acknowledged;
    layer_.acknowledge(context, own_address(), d.phone, ack);
  }
  /// The call is over: EventReleased, with the after-call work if it had been answered.
  void release(Context& context, std::uint32_t agent) {
    Desk& d = desks_[agent];
    if (!d.call.valid()) return;
    const Duration work = d.answered ? d.conversation.after_call_work : Duration{};
    tell(context, agent, tlib::Kind::released, false, d.call, work);
    d.ready = d.ready && work == Duration{};
    d.call = {};
  }
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}

  void on_tlib(Context& context, const tlib::Message& m, ConnectionId connection) {
    using tlib::Kind;
    const std::uint32_t agent = m.agent.value;
    Desk& d = desks_[agent];
    const bool in_service = registrar_.in_service(agent, context.now());
    if (m.kind == Kind::register_address) d.connection = connection;
    switch (m.kind) {
      case Kind::register_address:
        tell(context, agent, Kind::registered, in_service);
        if (script_.single_site_mode) tell(context, agent, Kind::single_site_mode, true);
        return;
      case Kind::agent_login: {
        const bool refused =
            script_.refuse_logins || (!d.logged_in && !script_.single_site_mode && !in_service);
        if (refused) {
          context.record(AgentLoginRefused{m.agent, site_, {}});
          tell(context, agent, Kind::login_refused);
          return;
        }
        context.record(AgentLogin{m.agent, site_, in_service});
        tell(context, agent, Kind::agent_logged_in, d.logged_in, d.call);
        d.logged_in = true;
        return;
      }
      case Kind::agent_logout:
        d.logged_in = d.ready = false;
        context.record(AgentLogout{m.agent, site_, 0});
        tell(context, agent, Kind::agent_logged_out);
        return;
      case Kind::set_ready:
        d.ready = true;
        context.record(AgentStateChanged{m.agent, site_, AgentState::ready});
        tell(context, agent, Kind::ready);
        return;
      case Kind::set_not_ready:
        d.ready = false;
        tell(context, agent, Kind::not_ready);
        return;
      case Kind::addp_poll: {
        tlib::Message reply;
        reply.kind = Kind::addp_reply;
        reply.agent = m.agent;
        context.send(connection, reply, size_bytes(reply));
        return;
      }
      default:
        return;
    }
  }

  const Directory& directory_;
  SiteIndex site_;
  ServerScript& script_;
  bool first_;
  sip::TransactionLayer layer_;
  sip::Registrar registrar_;
  std::vector<Desk> desks_;
  sim::TimerId expiry_;
  std::uint32_t calls_ = 0;
};

}  // namespace bcsim::testing
