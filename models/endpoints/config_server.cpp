#include "models/endpoints/config_server.hpp"

#include <algorithm>

namespace bcsim::models {

void send(Context& context, ConnectionId to, config::Message message, config::Kind kind) {
  message.kind = kind;
  context.send(to, message, size_bytes(message));
}

void ConfigServerEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
    return;
  }
  const auto* message = std::get_if<config::Message>(&envelope.message);
  if (message == nullptr) return;
  if (!master_) {
    context.close(envelope.connection);
    return;
  }
  switch (message->kind) {
    case config::Kind::proxy_hello:
      if (std::find(proxies_.begin(), proxies_.end(), envelope.connection) == proxies_.end()) {
        proxies_.push_back(envelope.connection);
      }
      send(context, envelope.connection, *message, config::Kind::update);
      return;
    case config::Kind::write:
      write(context, message->object);
      send(context, envelope.connection, *message, config::Kind::write_done);
      for (const ConnectionId proxy : proxies_) {
        if (proxy != envelope.connection) send(context, proxy, *message, config::Kind::update);
      }
      return;
    case config::Kind::read:
      send(context, envelope.connection, *message, config::Kind::read_reply);
      return;
    case config::Kind::read_reply:
    case config::Kind::write_done:
    case config::Kind::write_refused:
    case config::Kind::update:
    case config::Kind::stat_open:
    case config::Kind::stat_opened:
      return;
  }
}

void ConfigServerEndpoint::on_notice(Context& context, const notice::Message& notice) {
  if (notice.kind == notice::Kind::activate_standby && !master_) {
    master_ = true;
    context.record(ConfigStandbyUp{site_});
  } else if (notice.kind == notice::Kind::stand_down && master_) {
    master_ = false;
    for (const ConnectionId proxy : proxies_) context.close(proxy);
    proxies_.clear();
  }
}

void ConfigServerEndpoint::write(Context& context, std::uint32_t change) {
  if (directory_.configuration == nullptr) return;
  const auto written = directory_.configuration->write(site_, change);
  context.record(ConfigWritten{change, site_, written.objects});
  for (const Drift& drift : written.drift) {
    context.record(
        ConfigDrift{static_cast<std::uint32_t>(drift.key.type), drift.key.index, drift.site});
  }
}

void ConfigServerEndpoint::on_connection(Context&, ConnectionId connection,
                                         sim::ConnectionEvent event) {
  if (event != sim::ConnectionEvent::accepted) std::erase(proxies_, connection);
}

}  // namespace bcsim::models
