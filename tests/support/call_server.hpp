// A SIP Server as far as a gateway can see one. Scripted: it does what a test says, when it says
// it.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "models/directory.hpp"
#include "models/sip/transaction_layer.hpp"

namespace bcsim::testing {

using namespace bcsim::models;

class CallServer;

/// How one site's SIP Server behaves toward gateways; survives its death.
struct CallScript {
  bool deaf = false;  ///< hears, and answers nothing
  std::uint16_t options_status = 200;
  bool acknowledges = true;  ///< sends the ACK to a 200
  bool answers_cancel = true;
  /// What it does with an initial INVITE; treatment if none is given.
  std::function<void(CallServer&, Context&, const sip::Request&)> on_invite;
  struct Action {
    SimTime at;
    std::function<void(CallServer&, Context&)> what;
  };
  std::vector<Action> actions;

  void at(Duration when, std::function<void(CallServer&, Context&)> what) {
    actions.push_back({sim::kStart + when, std::move(what)});
  }
};

/// The caller's side of a SIP Server. Media of an answer: its media server, or the first phone.
class CallServer final : public Endpoint, private sip::TransactionUser {
 public:
  CallServer(const Directory& directory, SiteIndex site, CallScript& script)
      : directory_(directory), site_(site), script_(script), layer_(*this) {}

  struct Leg {
    std::uint64_t dialog = 0;
    AddressId remote;
    std::uint32_t cseq = 0;
    sip::TransactionId invite;
  };

  void respond(Context& context, CallId call, sip::Response response) {
    if (response.status / 100 == 2) response.contact = address();
    layer_.respond(context, legs_.at(call.value).invite, response);
  }
  void provisional(Context& context, CallId call, std::uint16_t status) {
    sip::Response response;
    response.status = status;
    respond(context, call, response);
  }
  void reject(Context& context, CallId call, std::uint16_t status,
              std::uint32_t retry_after_s = 0) {
    sip::Response response;
    response.status = status;
    response.retry_after_s = retry_after_s;
    respond(context, call, response);
  }
  void redirect(Context& context, CallId call, AddressId contact, std::uint16_t status = 302) {
    sip::Response response;
    response.status = status;
    response.contact = contact;
    respond(context, call, response);
  }
  void answer(Context& context, CallId call, NodeId media) {
    sip::Response response;
    response.media = media;
    respond(context, call, response);
  }
  void answer_treatment(Context& context, CallId call) {
    answer(context, call, NodeId{directory_.media_server[site_].value});
  }
  void answer_agent(Context& context, CallId call) {
    answer(context, call, directory_.agents[0].phone);
  }
  void reinvite(Context& context, CallId call, NodeId media) {
    sip::Request request = in_dialog(sip::Method::invite, call);
    request.media = media;
    layer_.request(context, address(), legs_.at(call.value).remote, request, {}, {});
  }
  void connect_agent(Context& context, CallId call) {
    reinvite(context, call, directory_.agents[0].phone);
  }
  /// `transferred`: to the default destination.
  void bye(Context& context, CallId call, bool transferred = false) {
    sip::Request request = in_dialog(sip::Method::bye, call);
    request.bc_hop = transferred;
    layer_.request(context, address(), legs_.at(call.value).remote, request, {}, {});
  }

  void on_start(Context& context) override {
    for (std::uint32_t i = 0; i < script_.actions.size(); ++i) {
      if (script_.actions[i].at < context.now()) continue;
      context.arm(script_.actions[i].at - context.now(), {0, i});
    }
  }
  void on_message(Context& context, const Envelope& envelope) override {
    if (script_.deaf) return;
    if (const auto* request = std::get_if<sip::Request>(&envelope.message)) {
      layer_.on_request(context, *request, envelope.from, envelope.to);
    } else if (const auto* response = std::get_if<sip::Response>(&envelope.message)) {
      layer_.on_response(context, *response);
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    if (!layer_.on_timer(context, tag)) script_.actions[tag.index].what(*this, context);
  }

 private:
  [[nodiscard]] AddressId address() const { return directory_.sip_server[site_]; }

  [[nodiscard]] sip::Request in_dialog(sip::Method method, CallId call) {
    Leg& leg = legs_.at(call.value);
    sip::Request request;
    request.method = method;
    request.in_dialog = true;
    request.dialog = leg.dialog;
    request.cseq = ++leg.cseq;
    request.call = call;
    request.contact = address();
    return request;
  }

  void on_request(Context& context, const sip::Request& request, AddressId from,
                  sip::TransactionId id, sip::TransactionId invite) override {
    sip::Response response;
    switch (request.method) {
      case sip::Method::invite: {
        legs_[request.call.value] = {request.dialog, from, 0, id};
        if (script_.on_invite) {
          script_.on_invite(*this, context, request);
        } else {
          answer_treatment(context, request.call);
        }
        return;
      }
      case sip::Method::cancel:
        if (!script_.answers_cancel) return;
        response.status = invite.valid() ? 200 : 481;
        layer_.respond(context, id, response);
        response.status = 487;
        layer_.respond(context, invite, response);
        return;
      case sip::Method::options:
        response.status = script_.options_status;
        break;
      case sip::Method::bye:
        layer_.stop_waiting_for_ack(context, request.dialog);
        break;
      default:
        break;
    }
    layer_.respond(context, id, response);
  }
  void on_response(Context& context, sip::Inform inform, const sip::Response* response,
                   const sip::Request& request, sip::Owner, sip::TransactionId) override {
    const bool success = inform == sip::Inform::success || inform == sip::Inform::success_again;
    if (request.method != sip::Method::invite || !success || !script_.acknowledges) return;
    sip::Request ack = request;
    ack.media = {};
    layer_.acknowledge(context, address(), response->contact, ack);
  }
  void on_ack(Context&, const sip::Request&) override {}
  void on_no_ack(Context&, const sip::Response&) override {}

  const Directory& directory_;
  SiteIndex site_;
  CallScript& script_;
  sip::TransactionLayer layer_;
  std::map<std::uint32_t, Leg> legs_;  ///< by call, the latest
};

}  // namespace bcsim::testing
