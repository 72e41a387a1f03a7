#include "models/endpoints/sip_server.hpp"

#include <algorithm>
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
    : directory_(directory),
      pair_(pair),
      site_(site),
      process_(process),
      first_(first),
      layer_(*this),
      connections_(directory.agents.size()) {}

const SipServerOptions& SipServerEndpoint::options() const {
  return directory_.scenario->sites[site_].sip_server;
}
ha::RedundancyOptions SipServerEndpoint::redundancy_options() const {
  return {.promotion = options().promotion, .designated_primary = process_ == 0};
}
const QueueOptions& SipServerEndpoint::queue_options(std::uint32_t line) const {
  static const QueueOptions of_group;
  const auto& queues = directory_.scenario->queues;
  return line < queues.size() ? queues[line] : of_group;
}

// ---- input queue (domain.md §3.8) ----

void SipServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  } else if (primary() && !left_behind() && pair_.mode_ != ServerMode::stopped) {
    enqueue(context, envelope);
  }
}

Duration SipServerEndpoint::service_time(const Message& message) const {
  if (const auto* request = std::get_if<sip::Request>(&message)) {
    if (request->method == sip::Method::register_) return options().register_service;
    if (request->method == sip::Method::invite) return options().invite_service;
  }
  return options().other_service;
}

void SipServerEndpoint::enqueue(Context& context, const Envelope& envelope) {
  if (queue_.empty() && service_time(envelope.message) == Duration{}) {
    ++pair_.load_.messages;
    handle(context, envelope);
    return;
  }
  if (turned_away(context, envelope)) return;
  queue_.push_back({envelope, context.now()});
  pair_.load_.queue_peak =
      std::max(pair_.load_.queue_peak, static_cast<std::uint32_t>(queue_.size()));
  if (queue_.size() == 1) begin_job(context);
}

/// Datagrams only: what comes over TCP waits at the sender while the server does not read.
bool SipServerEndpoint::turned_away(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  const auto* response = std::get_if<sip::Response>(&envelope.message);
  if (request == nullptr && response == nullptr) return false;
  const std::uint32_t limit = options().input_queue_limit;
  if (queue_.size() >= limit) {
    ++pair_.load_.dropped;
    const sip::Method method = request != nullptr ? request->method : response->method;
    context.record(RequestDropped{site_, static_cast<std::uint32_t>(method)});
    return true;
  }
  // Work already begun (a copy, a dialog) is carried through; only what is new is sent away.
  const bool is_new =
      request != nullptr && request->copy == 0 && !request->in_dialog &&
      (request->method == sip::Method::invite || request->method == sip::Method::register_);
  if (!is_new || !options().retry_after || queue_.size() * 10 <= std::uint64_t{limit} * 9) {
    return false;
  }
  ++pair_.load_.rejected_503;
  // Without a transaction and without being queued: refusing must cost next to nothing.
  sip::Response answer;
  answer.status = 503;
  answer.method = request->method;
  answer.branch = request->branch;
  answer.dialog = request->dialog;
  answer.cseq = request->cseq;
  answer.call = request->call;
  answer.dn = request->dn;
  answer.retry_after_s = static_cast<std::uint32_t>(*options().retry_after / 1s);
  const Message message{answer};
  context.send_as(envelope.to, envelope.from, message, size_bytes(message));
  context.record(RequestRejected{request->call, site_, 503});
  return true;
}

void SipServerEndpoint::begin_job(Context& context) {
  const Job& job = queue_.front();
  const Duration waited = context.now() - job.arrived;
  pair_.load_.delay_sum += waited;
  pair_.load_.delay_max = std::max(pair_.load_.delay_max, waited);
  context.arm(service_time(job.envelope.message), {.kind = serve_timer});
}

void SipServerEndpoint::finish_job(Context& context) {
  const Envelope envelope = queue_.front().envelope;
  queue_.pop_front();
  ++pair_.load_.messages;
  if (!queue_.empty()) begin_job(context);
  handle(context, envelope);
}

void SipServerEndpoint::handle(Context& context, const Envelope& envelope) {
  expire_bindings(context);
  std::visit(
      Overloaded{
          [&](const sip::Request& m) { layer_.on_request(context, m, envelope.from, envelope.to); },
          [&](const sip::Response& m) { on_sip_response(context, m, envelope.from); },
          [&](const tlib::Message& m) { on_tlib(context, m, envelope.connection); },
          [&](const peer::Message& m) { on_peer(context, m); }, [](const config::Message&) {},
          [](const pstn::Message&) {}, [](const notice::Message&) {}},
      envelope.message);
}

// ---- dispatch ----

void SipServerEndpoint::on_sip_response(Context& context, const sip::Response& response,
                                        AddressId from) {
  response_known_ = false;
  response_from_ = from;
  layer_.on_response(context, response);
  if (response_known_ || response.method != sip::Method::invite || response.status / 100 != 2) {
    return;
  }
  // A 2xx to an INVITE of the process that was primary before. The dialog of a call that was kept
  // is acknowledged again; one that nobody remembers is ended (RFC 3261 §13.2.2.4).
  if (find_call(response.dialog) != ServerAgent::kNoCall) {
    acknowledge(context, from, {response.dialog, response.cseq, response.call, response.dn},
                response);
  } else {
    refuse_success(context, response);
  }
}

void SipServerEndpoint::on_request(Context& context, const sip::Request& request, AddressId from,
                                   sip::TransactionId id, sip::TransactionId) {
  switch (request.method) {
    case sip::Method::invite:
      if (request.in_dialog) {
        on_reinvite(context, request, id);
      } else {
        on_invite(context, request, from, id);
      }
      break;
    case sip::Method::bye:
      on_bye(context, request, id);
      break;
    case sip::Method::cancel:
      on_cancel(context, request, id);
      break;
    case sip::Method::options:
      respond(context, id, 200);
      break;
    case sip::Method::register_:
      on_register(context, request, from, id);
      break;
    case sip::Method::ack:
      break;
  }
}

void SipServerEndpoint::on_response(Context& context, sip::Inform inform,
                                    const sip::Response* response, const sip::Request& request,
                                    sip::Owner owner, sip::TransactionId) {
  response_known_ = true;
  if (owner.kind == probe_owner) {
    on_probe_result(context, owner.index, inform);
    return;
  }
  if (owner.kind == nobody) return;
  const std::uint32_t slot = owner.index;
  const ServerCall& call = pair_.calls_[slot];
  const auto attempt = static_cast<std::uint32_t>(owner.data);
  const bool current = call.live && call.generation == owner.data >> 32;
  if (owner.kind == treatment_owner && current && call.treatment.attempt == attempt) {
    on_treatment(context, slot, inform, response);
  } else if (owner.kind == agent_owner && current && call.agent_leg.attempt == attempt) {
    on_agent_leg(context, slot, inform, response);
  } else if (owner.kind == dialler_owner && current) {
    on_dialler_leg(context, slot, inform, response);
  } else if (owner.kind == hunt_owner && current && rings_for(slot, attempt)) {
    on_member_leg(context, slot, attempt, inform, response);
  } else if (owner.kind == hunt_owner && inform == sip::Inform::success_again &&
             find_call(response->dialog) == slot) {
    acknowledge(context, call.agent_leg.remote, about(call, call.agent_leg), *response);
  } else if (owner.kind == reinvite_owner || owner.kind == refresh_owner) {
    if (inform == sip::Inform::success || inform == sip::Inform::success_again) {
      acknowledge(context, response_from_, {request.dialog, request.cseq, request.call, request.dn},
                  *response);
    }
    const bool of_caller = current && owner.kind == reinvite_owner;
    const bool of_agent =
        current && owner.kind == refresh_owner && call.agent_leg.attempt == attempt;
    if (!of_caller && !of_agent) return;
    std::uint32_t& cseq =
        of_caller ? pair_.calls_[slot].caller.cseq : pair_.calls_[slot].agent_leg.cseq;
    cseq = std::max(cseq, request.cseq);  // it may have been sent again
    if (of_caller) on_reinvite_result(context, slot, inform);
    if (of_agent) on_refresh_result(context, slot, inform);
  } else if (inform == sip::Inform::success || inform == sip::Inform::success_again) {
    refuse_success(context, *response);  // the CANCEL came too late
  }
}

void SipServerEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  if (left_behind()) return;
  if (primary()) expire_bindings(context);
  if (layer_.on_timer(context, tag)) return;
  const std::uint32_t slot = tag.index;
  switch (static_cast<TimerKind>(tag.kind)) {
    case serve_timer:
      finish_job(context);
      break;
    case ha_timer:
      apply(context, redundancy_.on(ha::HaInput::timer, redundancy_options()));
      break;
    case copy_timer:
      copy_calls(context);
      break;
    case expiry_timer:
      on_expiry(context);
      break;
    case probe_timer:
      on_probe_timer(context);
      break;
    case announcement_timer:
      announcement_over(context, slot);
      break;
    case routing_timer:
      agent_did_not_answer(context, slot);
      break;
    case wait_timer:
      waited_too_long(context, slot);
      break;
    case hold_back_timer:
      update_routability(context, AgentId{slot});
      break;
    case hunt_timer:
      members_did_not_answer(context, slot);
      break;
    case hunt_wait_timer:
      waited_for_member_too_long(context, slot);
      break;
    case caller_session_timer:
      end_call(context, slot, {CallerEnd::Kind::bye, 408, {}});
      break;
    case agent_session_timer:
      refresh_agent_leg(context, slot);
      break;
  }
}

void SipServerEndpoint::on_unreachable(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  // A peer whose process has died is asked on, and what belongs to a dialog is sent on: a backup
  // may take over, and has the dialog (ASSUMPTION; domain.md §5.8 counts on the copies, too).
  const bool insists =
      request != nullptr && (request->in_dialog || request->method == sip::Method::options);
  if (!primary() || left_behind() || insists) return;
  expire_bindings(context);
  layer_.on_unreachable(context, envelope);
}

// ---- registrar ----

void SipServerEndpoint::on_register(Context& context, const sip::Request& request, AddressId from,
                                    sip::TransactionId id) {
  using Answer = sip::Registrar::Answer;
  using Challenge = sip::RegistrarOptions::Challenge;
  sip::RegistrarOptions registrar_options;
  registrar_options.challenge = options().digest ? Challenge::unknown_nonce : Challenge::never;
  // A request does not say whether its nonce is fresh; either way this registrar gave it out.
  const sip::Registrar::Request wish{
      .dn = request.dn.number,
      .contact = request.contact.valid() ? request.contact : from,
      .expires = std::chrono::seconds(request.expires_s),
      .credentials = request.has_credentials ? sip::Credentials::cached : sip::Credentials::none,
      .call_id = request.dialog,
      .cseq = request.cseq};
  // A DN that this switch does not have, or no longer has.
  const bool gone =
      request.dn.number < pair_.agents_.size() && !directory_.has_dn(request.dn.agent(), site_);
  sip::Registrar::Result result{.answer = Answer::not_found};
  if (gone) {
    result.event = pair_.registrar_.remove(request.dn.number);
  } else {
    result = pair_.registrar_.on_register(wish, registrar_options, context.now());
  }
  sip::Response response;
  response.expires_s = static_cast<std::uint32_t>(result.expires / 1s);
  switch (result.answer) {
    case Answer::ok:
      response.status = 200;
      break;
    case Answer::unauthorized:
      response.status = 401;
      break;
    case Answer::interval_too_brief:
      response.status = 423;
      break;
    case Answer::not_found:
      response.status = 404;
      break;
    case Answer::out_of_order:
      response.status = 500;
      break;
  }
  layer_.respond(context, id, response);
  if (!gone && result.answer != Answer::ok) return;
  watch_expiry(context);
  if (result.event != sip::DnEvent::none) {
    dn_changed(context, request.dn.agent(), result.event == sip::DnEvent::in_service);
  }
}

void SipServerEndpoint::dn_changed(Context& context, AgentId agent, bool in_service) {
  context.record(DnState{agent, site_, in_service});
  tell(context, agent, in_service ? tlib::Kind::dn_in_service : tlib::Kind::dn_out_of_service);
  update_routability(context, agent);
}

/// Whatever is done, is done after what has run out until then has gone: a process that takes over
/// finds what ran out while nobody was primary, and a phone is never rung without a binding.
void SipServerEndpoint::expire_bindings(Context& context) {
  pair_.registrar_.expire(context.now(),
                          [&](std::uint32_t dn) { dn_changed(context, AgentId{dn}, false); });
}

/// One timer for all bindings, at an expiry that may have been moved meanwhile.
void SipServerEndpoint::watch_expiry(Context& context) {
  const sim::SimTime next = pair_.registrar_.next_expiry();
  if (next >= expiry_watched_) return;
  context.cancel(expiry_timer_);
  expiry_watched_ = next;
  const Duration left = std::max(next - context.now(), Duration{});
  expiry_timer_ = context.arm(left, {.kind = expiry_timer});
}

void SipServerEndpoint::on_expiry(Context& context) {
  expiry_watched_ = sim::kNever;
  expire_bindings(context);
  watch_expiry(context);
}

}  // namespace bcsim::models
