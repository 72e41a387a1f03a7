#include "models/endpoints/stat_server.hpp"

namespace bcsim::models {

void StatServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  const auto* message = std::get_if<config::Message>(&envelope.message);
  if (message == nullptr || message->kind != config::Kind::stat_open) return;
  config::Message answer = *message;
  answer.kind = config::Kind::stat_opened;
  context.send(envelope.connection, answer, size_bytes(answer));
}

}  // namespace bcsim::models
