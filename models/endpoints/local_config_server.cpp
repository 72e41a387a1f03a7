#include "models/endpoints/local_config_server.hpp"

#include "models/endpoints/config_server.hpp"

namespace bcsim::models {

void LocalConfigServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  const auto* message = std::get_if<config::Message>(&envelope.message);
  if (message == nullptr || message->kind != config::Kind::read) return;
  send(context, envelope.connection, *message, config::Kind::read_reply);
}

}  // namespace bcsim::models
