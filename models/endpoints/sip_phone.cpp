#include "models/endpoints/sip_phone.hpp"

#include <algorithm>
#include <cassert>

#include "models/endpoints/failover_policy.hpp"

namespace bcsim::models {

namespace {

/// RFC 3261 §8.1.3.1: what the transaction layer reports counts as these responses.
constexpr std::uint32_t kNoAnswerStatus = 408, kUnreachableStatus = 503;

/// ASSUMPTION: an agent whose caller should have hung up, and whose BYE does not come, listens to
/// silence for so long and then hangs up; longer than the copies of a BYE need under heavy loss.
constexpr Duration kDeadAir = 10s;

}  // namespace

SipPhoneEndpoint::SipPhoneEndpoint(const Directory& directory, AgentId agent, bool first)
    : directory_(directory),
      agent_(agent),
      first_(first),
      steady_(first && directory.steady()),
      options_(directory.group(agent).phone),
      layer_(*this),
      phone_(phone_options()) {}

// ---- registration

sip::RegistrationOptions SipPhoneEndpoint::registration_options() const {
  return {.expires = options_.expires,
          .refresh_fraction = options_.refresh_fraction,
          .cached_nonce = options_.cached_nonce};
}

sip::PhoneRegistrationOptions SipPhoneEndpoint::phone_options() const {
  return {.mode = options_.registration,
          .preferred = directory_.agent(agent_).phone_site,
          .poll_primary = options_.poll_primary,
          .dirty = options_.dirty_host_cache,
          .srv = options_.srv,
          .hold_down = options_.registrar_hold_down};
}

void SipPhoneEndpoint::on_start(Context& context) {
  boot_ = static_cast<std::uint32_t>(context.now().time_since_epoch() / 1ms);
  if (!first_) tell_desktop(context, notice::PhoneState::free);
  if (!steady_) {
    apply(context, phone_.boot(phone_options()));
    return;
  }
  for (SiteIndex site = 0; site < kSites; ++site) {
    if (directory_.refused_at_start(agent_, site)) {
      sip::PhoneRegistrationEffects effects;
      effects.commands.push_back({site, sip::RegistrationInput::start, {}});
      apply(context, effects);
    }
    if (!directory_.registered_at_start(agent_, site)) continue;
    Line& line = lines_[site];
    // Registered before the run began: a state, not an event, so nothing is recorded.
    const auto effects = line.machine.assume_registered(directory_.first_refresh(agent_, site));
    set_timer(context, line.timer, effects.timer, {register_timer, site});
    apply(context, phone_.on_registered(phone_options(), site));
  }
}

void SipPhoneEndpoint::set_timer(Context& context, sim::TimerId& timer, const TimerChange& change,
                                 sim::TimerTag tag) {
  if (change.kind == TimerChange::Kind::keep) return;
  context.cancel(timer);
  timer = change.arms() ? context.arm(change.after, tag) : sim::TimerId{};
}

void SipPhoneEndpoint::apply(Context& context, const sip::PhoneRegistrationEffects& effects) {
  set_timer(context, poll_timer_, effects.poll_timer, {poll_timer});
  if (effects.poll_primary) send_poll(context);
  for (const auto& command : effects.commands) {
    apply(context, command.site,
          lines_[command.site].machine.on(command.input, registration_options(), command.after),
          {});
  }
}

void SipPhoneEndpoint::apply(Context& context, SiteIndex site,
                             const sip::RegistrationEffects& effects, const Outcome& outcome) {
  using Inform = sip::RegistrationEffects::Inform;
  Line& line = lines_[site];
  if (effects.abandon) layer_.abandon(line.transaction);
  set_timer(context, line.timer, effects.timer, {register_timer, site});
  if (effects.send != sip::RegistrationEffects::Send::nothing) {
    send_register(context, site, effects);
  }
  switch (effects.inform) {
    case Inform::nothing:
    case Inform::left:
      return;
    case Inform::registered:
      context.record(PhoneRegistered{agent_, site, 1});
      apply(context, phone_.on_registered(phone_options(), site));
      return;
    case Inform::refreshed:
      context.record(PhoneRegistered{agent_, site, 0});
      return;
    case Inform::failed: {
      context.record(PhoneRegistrationFailed{agent_, site, outcome.status});
      const HeldFailure failure{site, effects.why, outcome.retry_after};
      // Trying the same server again is no failover, which alone waits for the end of a call.
      if (may_move() || !moves(options_.registration)) {
        leave_server(context, failure);
      } else {
        held_failure_ = failure;
      }
      return;
    }
  }
}

/// What follows from a failed registration: another server, or the same again later.
void SipPhoneEndpoint::leave_server(Context& context, const HeldFailure& failure) {
  // Keyed by site and count, so that one site's failures do not shift the other's draws.
  const std::uint64_t entity = std::uint64_t{agent_.value} * kSites + failure.site;
  sim::RngStream stream =
      context.stream("phone.backoff", (entity << 32) | lines_[failure.site].failures++);
  sip::PhoneRegistrationOptions options = phone_options();
  if (options_.register_retry) options.retry.fixed = draw(*options_.register_retry, stream);
  apply(context, phone_.on_failed(options, failure.site, failure.why, failure.retry_after,
                                  context.now(), stream.uniform()));
}

void SipPhoneEndpoint::send_register(Context& context, SiteIndex site,
                                     const sip::RegistrationEffects& effects) {
  Line& line = lines_[site];
  sip::Request request;
  request.method = sip::Method::register_;
  request.has_credentials = effects.credentials != sip::Credentials::none;
  request.dialog =
      dialog_id(sip::Leg::registration, agent_.value, context.self(), boot_ * kSites + site);
  request.cseq = ++line.cseq;
  request.dn = Dn::extension(agent_);
  request.contact = context.address();
  if (effects.send == sip::RegistrationEffects::Send::register_) {
    const auto expires =
        std::chrono::ceil<std::chrono::seconds>(line.machine.expires(registration_options()));
    request.expires_s = static_cast<std::uint32_t>(expires.count());
  }
  line.transaction =
      layer_.request(context, context.address(), directory_.sip_server[site], request,
                     failover_policy(options_), {.kind = register_owner, .index = site});
}

void SipPhoneEndpoint::send_poll(Context& context) {
  const SiteIndex primary = phone_options().preferred;
  sip::Request request;
  request.method = sip::Method::options;
  request.dialog = dialog_id(sip::Leg::options, agent_.value, context.self(), polls_++);
  request.cseq = 1;
  request.dn = Dn::extension(agent_);
  request.contact = context.address();
  layer_.request(context, context.address(), directory_.sip_server[primary], request,
                 failover_policy(options_), {.kind = poll_owner, .index = primary});
}

void SipPhoneEndpoint::on_register_outcome(Context& context, sip::Inform inform,
                                           const sip::Response* response, SiteIndex site) {
  using Input = sip::RegistrationInput;
  if (inform == sip::Inform::provisional) return;
  Input input = Input::rejected;
  Duration value{};
  Outcome outcome;
  if (inform == sip::Inform::timeout) {
    input = Input::no_response;
    outcome.status = kNoAnswerStatus;
  } else if (inform == sip::Inform::transport_error) {
    input = Input::transport_error;
    outcome.status = kUnreachableStatus;
  } else {
    assert(response != nullptr);
    outcome = {response->status, std::chrono::seconds(response->retry_after_s)};
    value = std::chrono::seconds(response->expires_s);
    if (response->status < 300) {
      input = Input::ok;
    } else if (response->status == 401 || response->status == 407) {
      input = Input::challenge;
    } else if (response->status == 423) {
      input = Input::too_brief;
    } else if (response->status / 100 == 5) {  // §21.5: the server, not the request, is at fault
      input = Input::unavailable;
    }
  }
  apply(context, site, lines_[site].machine.on(input, registration_options(), value), outcome);
}

SiteIndex SipPhoneEndpoint::outbound_site(SimTime now, double uniform) const {
  return phone_.outbound(phone_options(), now, uniform);
}

// ---- what arrives

void SipPhoneEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* request = std::get_if<sip::Request>(&envelope.message)) {
    layer_.on_request(context, *request, envelope.from, envelope.to);
  } else if (const auto* response = std::get_if<sip::Response>(&envelope.message)) {
    if (!layer_.on_response(context, *response)) on_late_success(context, *response, envelope.from);
  } else if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  }
}

void SipPhoneEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  if (layer_.on_timer(context, tag)) return;
  switch (static_cast<TimerKind>(tag.kind)) {
    case register_timer: {
      const auto site = static_cast<SiteIndex>(tag.index);
      lines_[site].timer = {};
      apply(context, site,
            lines_[site].machine.on(sip::RegistrationInput::timer, registration_options()), {});
      return;
    }
    case poll_timer:
      poll_timer_ = {};
      apply(context, phone_.on_poll_timer(phone_options(), context.now()));
      return;
    case answer_timer:
      call_timer_ = {};
      answer_call(context);
      return;
    case ring_timer:
      call_timer_ = {};
      layer_.respond(context, invite_, answer(480, dialog_.path));
      free_line(context);
      return;
    case hold_timer:
      call_timer_ = {};
      hold_call(context);
      return;
    case retrieve_timer:
      call_timer_ = {};
      retrieve_call(context);
      return;
    case hang_up_timer:
      context.record(PhoneLeft{dialog_.call, agent_, PhoneLeft::How::hung_up});
      hang_up_call(context);
      return;
    case session_timer:  // the server has not refreshed the session: it is gone (RFC 4028 §10)
      context.record(PhoneLeft{dialog_.call, agent_, PhoneLeft::How::alone});
      hang_up_call(context, sip::kNotConfirmed);
      return;
    case silence_timer:
      silence_timer_ = {};
      nothing_heard(context);
      return;
  }
}

void SipPhoneEndpoint::on_unreachable(Context& context, const Envelope& envelope) {
  // A BYE is sent on: the backup may take over, and has the dialog (ASSUMPTION).
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  const bool insists = request != nullptr && request->in_dialog;
  if (options_.heed_icmp && !insists) layer_.on_unreachable(context, envelope);
}

void SipPhoneEndpoint::on_response(Context& context, sip::Inform inform,
                                   const sip::Response* response, const sip::Request& request,
                                   sip::Owner owner, sip::TransactionId) {
  switch (static_cast<OwnerKind>(owner.kind)) {
    case register_owner:
      on_register_outcome(context, inform, response, static_cast<SiteIndex>(owner.index));
      return;
    case poll_owner:
      if (inform == sip::Inform::provisional) return;
      apply(context, phone_.on_poll_result(phone_options(), response != nullptr && may_move()));
      return;
    case reinvite_owner:
      on_reinvite_response(context, inform, response, request);
      return;
    case invite_owner:
      on_invite_response(context, inform, response, request, static_cast<SiteIndex>(owner.index));
      return;
    case bye_owner:  // the dialog is over whatever the answer (§15.1.1)
      if (response == nullptr) {
        if (idle() || dialog_.call != request.call) {
          context.record(PhoneLeft{request.call, agent_, PhoneLeft::How::alone});
        }
        context.notify(directory_.agent(agent_).desktop,
                       notice::Message{.kind = notice::Kind::bye_unanswered, .call = request.call});
      }
      return;
  }
}

// ---- calls

sip::Response SipPhoneEndpoint::answer(std::uint16_t status, PathMask path) const {
  sip::Response response;
  response.status = status;
  response.path = path;
  response.contact = AddressId{directory_.agent(agent_).phone.value};
  return response;
}

void SipPhoneEndpoint::on_request(Context& context, const sip::Request& request, AddressId from,
                                  sip::TransactionId id, sip::TransactionId invite) {
  switch (request.method) {
    case sip::Method::invite:
      on_invite(context, request, from, id);
      return;
    case sip::Method::cancel:
      // §9.2: 481 if there is nothing to cancel; no effect on an INVITE already answered.
      layer_.respond(context, id, answer(invite.valid() ? 200 : 481, request.path));
      if (state_ == State::ringing && invite == invite_) {
        layer_.respond(context, invite_, answer(487, dialog_.path));
        free_line(context);
      }
      return;
    case sip::Method::bye: {
      const auto ending = std::find_if(ending_.begin(), ending_.end(),
                                       [&](const Dialog& d) { return d.id == request.dialog; });
      const bool known = in_call(request.dialog) || ending != ending_.end();
      layer_.respond(context, id, answer(known ? 200 : 481, request.path));
      if (ending != ending_.end()) ending_.erase(ending);
      if (in_call(request.dialog)) {
        // §15.1.2: an INVITE of the dialog still pending is answered with 487.
        if (state_ == State::ringing) layer_.respond(context, invite_, answer(487, dialog_.path));
        const bool spoke = state_ == State::talking;
        if (spoke) context.record(PhoneLeft{dialog_.call, agent_, PhoneLeft::How::released});
        using pstn::Release;
        const bool unheard = request.expires_s == sip::kNothingHeard;
        const bool unrefreshed = request.expires_s == sip::kNotConfirmed;
        end_own_call(context,
                     !spoke        ? Release::rejected
                     : unheard     ? Release::media_lost
                     : unrefreshed ? Release::session_expired
                                   : Release::normal,
                     static_cast<std::uint16_t>(spoke || unheard ? 0 : request.expires_s));
        free_line(context);
      }
      return;
    }
    case sip::Method::options:
    case sip::Method::register_:
    case sip::Method::ack:
      layer_.respond(context, id,
                     answer(request.method == sip::Method::options ? 200 : 405, request.path));
      return;
  }
}

void SipPhoneEndpoint::on_invite(Context& context, const sip::Request& request, AddressId from,
                                 sip::TransactionId id) {
  if (request.in_dialog) {  // a re-INVITE: the media may move, nothing else changes
    sip::Response response = answer(in_call(request.dialog) ? 200 : 481, request.path);
    if (response.status == 200) {
      response.media = context.self();
      watch_session(context);
    }
    layer_.respond(context, id, response);
    if (in_call(request.dialog)) consult(context, request);
    // 3pcc: the server has found whom we called, and joins us.
    if (in_call(request.dialog) && state_ == State::dialing) callee_answered(context);
    return;
  }
  if (request.conversation.from == agent_) {
    answer_own_server(context, request, from, id);
    return;
  }
  if (state_ != State::idle) {
    layer_.respond(context, id, answer(486, request.path));
    return;
  }
  take_line(context, State::ringing);
  acknowledged_ = speech_lost_ = own_call_ = false;
  dialog_ = {.id = request.dialog,
             .peer = request.contact.valid() ? request.contact : from,
             .call = request.call,
             .dn = request.dn,
             .path = request.path,
             .media = request.media,
             .session = std::chrono::seconds(request.expires_s)};
  conversation_ = request.conversation;
  invite_ = id;
  layer_.respond(context, id, answer(100, request.path));
  layer_.respond(context, id, answer(180, request.path));
  Duration ring = options_.answer_delay;
  if (options_.answer_spread > Duration{}) {
    const std::uint64_t entity = (std::uint64_t{agent_.value} << 32) | request.call.value;
    const double u = context.stream("phone.answer", entity).uniform();
    ring += sim::from_seconds(u * sim::seconds(options_.answer_spread));
  }
  // Whose shift it is not is not there to answer; his phone rings all the same (R53).
  const bool in_time =
      ring <= PhoneOptions::kRingLimit && directory_.at_work(agent_, context.now());
  call_timer_ = in_time ? context.arm(ring, {answer_timer})
                        : context.arm(PhoneOptions::kRingLimit, {ring_timer});
}

void SipPhoneEndpoint::answer_call(Context& context) {
  assert(state_ == State::ringing);
  state_ = State::talking;
  talks_since_ = context.now();
  sip::Response ok = answer(200, dialog_.path);
  ok.media = context.self();
  layer_.respond(context, invite_, ok);
  watch_session(context);
  listen(context);
  if (speech_lost_) {
    call_timer_ = context.arm(directory_.scenario->run.hang_up_delay, {hang_up_timer});
  } else if (conversation_.hold > Duration{}) {
    call_timer_ = context.arm(conversation_.hold_after, {hold_timer});
  } else {
    call_timer_ = context.arm(talk_after(Duration{}), {hang_up_timer});
  }
}

/// How long the agent still stays after so much talk.
Duration SipPhoneEndpoint::talk_after(Duration talked) const {
  return conversation_.talk - talked + (conversation_.agent_releases ? Duration{} : kDeadAir);
}

void SipPhoneEndpoint::watch_session(Context& context) {
  if (dialog_.session == Duration{}) return;
  context.cancel(session_timer_);
  session_timer_ = context.arm(sip::session_ends_after(dialog_.session), {session_timer});
}

void SipPhoneEndpoint::on_ack(Context& context, const sip::Request& ack) {
  if (talks_in(ack.dialog)) {
    acknowledged_ = true;
    listen(context);
  } else {
    send_owed_bye(context, ack.dialog);
  }
}

void SipPhoneEndpoint::on_no_ack(Context& context, const sip::Response& success) {
  if (talks_in(success.dialog)) {  // §13.3.1.4: end the session
    acknowledged_ = true;          // given up: the BYE may go
    hang_up_call(context, sip::kNotConfirmed);
  } else {
    send_owed_bye(context, success.dialog);
  }
}

/// Hung up before the ACK came, which now has, or never will (RFC 3261 §15).
void SipPhoneEndpoint::send_owed_bye(Context& context, std::uint64_t dialog) {
  const auto ending =
      std::find_if(ending_.begin(), ending_.end(), [&](const Dialog& d) { return d.id == dialog; });
  if (ending == ending_.end()) return;
  const Dialog ended = *ending;
  ending_.erase(ending);
  send_bye(context, ended);
}

}  // namespace bcsim::models
