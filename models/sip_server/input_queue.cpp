#include "models/sip_server/input_queue.hpp"

#include <algorithm>
#include <variant>

namespace bcsim::models {

Duration InputQueue::service_time(const Message& message) const {
  const SipServerOptions& options = site_.options();
  if (const auto* request = std::get_if<sip::Request>(&message)) {
    if (request->method == sip::Method::register_) return options.register_service;
    if (request->method == sip::Method::invite) return options.invite_service;
  }
  return options.other_service;
}

void InputQueue::enqueue(Context& context, const Envelope& envelope) {
  if (queue_.empty() && service_time(envelope.message) == Duration{}) {
    ++load_.messages;
    user_.handle(context, envelope);
    return;
  }
  if (turned_away(context, envelope)) return;
  queue_.push_back({envelope, context.now()});
  load_.queue_peak = std::max(load_.queue_peak, static_cast<std::uint32_t>(queue_.size()));
  if (queue_.size() == 1) begin_job(context);
}

/// Datagrams only: what comes over TCP waits at the sender while the server does not read.
bool InputQueue::turned_away(Context& context, const Envelope& envelope) {
  const auto* request = std::get_if<sip::Request>(&envelope.message);
  const auto* response = std::get_if<sip::Response>(&envelope.message);
  if (request == nullptr && response == nullptr) return false;
  const std::uint32_t limit = site_.options().input_queue_limit;
  if (queue_.size() >= limit) {
    ++load_.dropped;
    const sip::Method method = request != nullptr ? request->method : response->method;
    context.record(RequestDropped{site_.index, static_cast<std::uint32_t>(method)});
    return true;
  }
  // Work already begun (a copy, a dialog) is carried through; only what is new is sent away.
  const bool is_new =
      request != nullptr && request->copy == 0 && !request->in_dialog &&
      (request->method == sip::Method::invite || request->method == sip::Method::register_);
  if (!is_new || !site_.options().retry_after || queue_.size() * 10 <= std::uint64_t{limit} * 9) {
    return false;
  }
  reject(context, envelope, *request);
  return true;
}

/// Without a transaction and without being queued: refusing must cost next to nothing.
void InputQueue::reject(Context& context, const Envelope& envelope, const sip::Request& request) {
  ++load_.rejected_503;
  sip::Response answer;
  answer.status = 503;
  answer.method = request.method;
  answer.branch = request.branch;
  answer.dialog = request.dialog;
  answer.cseq = request.cseq;
  answer.call = request.call;
  answer.dn = request.dn;
  answer.retry_after_s = static_cast<std::uint32_t>(*site_.options().retry_after / 1s);
  const Message message{answer};
  context.send_as(envelope.to, envelope.from, message, size_bytes(message));
  context.record(RequestRejected{request.call, site_.index, 503});
}

void InputQueue::begin_job(Context& context) {
  const Job& job = queue_.front();
  const Duration waited = context.now() - job.arrived;
  load_.delay_sum += waited;
  load_.delay_max = std::max(load_.delay_max, waited);
  context.arm(service_time(job.envelope.message), tag_of(ServerTimer::serve));
}

void InputQueue::finish_job(Context& context) {
  const Envelope envelope = queue_.front().envelope;
  queue_.pop_front();
  ++load_.messages;
  if (!queue_.empty()) begin_job(context);
  user_.handle(context, envelope);
}

}  // namespace bcsim::models
