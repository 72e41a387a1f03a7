#include "models/sip_server/sip_server.hpp"

#include <variant>

namespace bcsim::models {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang 14 does not see this by itself

}  // namespace

SipServerEndpoint::SipServerEndpoint(const Directory& directory, SipServerPair& pair,
                                     SiteIndex site, int process, bool first)
    : site_{directory, site},
      pair_(pair),
      primacy_(pair.primacy()),
      process_(process),
      first_(first),
      layer_(*this),
      sip_(site_, layer_),
      queue_(site_, pair.load(), *this),
      phones_(site_, pair.registrar(), sip_, *this),
      link_(site_, pair.peer(), sip_, *this),
      agents_(site_, pair.agents(), pair.calls(), phones_, link_, *this),
      hunts_(site_, pair.hunts(), pair.calls(), phones_, link_, agents_, sip_, *this),
      media_(site_, pair.calls(), agents_, sip_, *this),
      calls_(site_, pair.calls(), primacy_, phones_, link_, agents_, hunts_, media_, sip_, *this) {}

void SipServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  } else if (primary() && !left_behind() && !link_.stopped()) {
    queue_.enqueue(context, envelope);
  } else if (primary() && link_.stopped() && !envelope.connection.valid()) {
    context.refuse(envelope);  // nobody listens at its port any more
  }
}

void SipServerEndpoint::handle(Context& context, const Envelope& envelope) {
  phones_.expire(context);
  std::visit(
      Overloaded{
          [&](const sip::Request& m) { layer_.on_request(context, m, envelope.from, envelope.to); },
          [&](const sip::Response& m) { on_sip_response(context, m, envelope.from); },
          [&](const tlib::Message& m) { agents_.on_tlib(context, m, envelope.connection); },
          [&](const peer::Message& m) { agents_.on_peer(context, m); },
          [](const config::Message&) {}, [](const pstn::Message&) {},
          [](const notice::Message&) {}},
      envelope.message);
}

void SipServerEndpoint::on_sip_response(Context& context, const sip::Response& response,
                                        AddressId from) {
  response_known_ = false;
  sip_.set_response_from(from);
  layer_.on_response(context, response);
  if (response_known_ || response.method != sip::Method::invite || response.status / 100 != 2) {
    return;
  }
  calls_.on_old_success(context, response);
}

void SipServerEndpoint::on_request(Context& context, const sip::Request& request, AddressId from,
                                   sip::TransactionId id, sip::TransactionId) {
  switch (request.method) {
    case sip::Method::invite:
      if (request.in_dialog) {
        media_.on_reinvite(context, request, id);
      } else {
        calls_.on_invite(context, request, from, id);
      }
      break;
    case sip::Method::bye:
      calls_.on_bye(context, request, id);
      break;
    case sip::Method::cancel:
      calls_.on_cancel(context, request, id);
      break;
    case sip::Method::options:
      sip_.respond(context, id, 200);
      break;
    case sip::Method::register_:
      phones_.on_register(context, request, from, id);
      break;
    case sip::Method::ack:
      break;
  }
}

void SipServerEndpoint::on_response(Context& context, sip::Inform inform,
                                    const sip::Response* response, const sip::Request& request,
                                    sip::Owner owner, sip::TransactionId) {
  response_known_ = true;
  const auto kind = static_cast<LegOwner>(owner.kind);
  if (kind == LegOwner::probe) {
    link_.on_probe_result(context, owner.index, inform);
  } else if (kind != LegOwner::nobody) {
    calls_.on_response(context, inform, response, request, owner);
  }
}

void SipServerEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  if (left_behind()) return;
  if (primary()) phones_.expire(context);
  if (layer_.on_timer(context, tag)) return;
  const std::uint32_t slot = tag.index;
  switch (static_cast<ServerTimer>(tag.kind)) {
    case ServerTimer::serve:
      queue_.finish_job(context);
      break;
    case ServerTimer::ha:
      apply(context, redundancy_.on(ha::HaInput::timer, redundancy_options()));
      break;
    case ServerTimer::copy:
      copy_calls(context);
      break;
    case ServerTimer::expiry:
      phones_.on_expiry(context);
      break;
    case ServerTimer::probe:
      link_.on_probe_timer(context);
      break;
    case ServerTimer::announcement:
      media_.announcement_over(context, slot);
      break;
    case ServerTimer::routing:
      calls_.agent_did_not_answer(context, slot);
      break;
    case ServerTimer::wait:
      calls_.waited_too_long(context, slot);
      break;
    case ServerTimer::hold_back:
      agents_.update_routability(context, AgentId{slot});
      break;
    case ServerTimer::hunt:
      hunts_.members_did_not_answer(context, slot);
      break;
    case ServerTimer::hunt_wait:
      hunts_.waited_for_member_too_long(context, slot);
      break;
    case ServerTimer::caller_session:
      calls_.caller_lost(context, slot, CallLetGo::Why::not_renewed);
      break;
    case ServerTimer::agent_session:
      media_.refresh_agent_leg(context, slot);
      break;
  }
}

void SipServerEndpoint::on_connection(Context&, ConnectionId connection,
                                      sim::ConnectionEvent event) {
  if (event == sim::ConnectionEvent::accepted || event == sim::ConnectionEvent::established) return;
  agents_.on_closed(connection);
}

void SipServerEndpoint::on_unreachable(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  // A peer whose process has died is asked on, and what belongs to a dialog is sent on: a backup
  // may take over, and has the dialog (ASSUMPTION; domain.md §5.8 counts on the copies, too).
  const bool insists =
      request != nullptr && (request->in_dialog || request->method == sip::Method::options);
  if (!primary() || left_behind() || insists) return;
  phones_.expire(context);
  layer_.on_unreachable(context, envelope);
}

void SipServerEndpoint::mode_changed(Context& context, ServerMode before) {
  const bool single = link_.mode() == ServerMode::single;
  if (single != (before == ServerMode::single)) agents_.tell_mode(context, single);
  if (link_.bc()) agents_.enter_bc(context);
  if (before == ServerMode::bc) {
    agents_.leave_bc(context);
    calls_.leave_bc(context);
  }
  if (single) agents_.forget_forced_logouts();
}

}  // namespace bcsim::models
