#include "models/endpoints/config_server_proxy.hpp"

#include "models/endpoints/config_server.hpp"

namespace bcsim::models {

// ---- the master --------------------------------------------------------------------------------

void ConfigServerProxyEndpoint::look_for_master(Context& context) {
  master_ = context.open(directory_.config_server[master_site_]);
  timer_ = context.arm(kConnectTimeout, {connect_timer});
}

/// Refused, closed by a standby, silent or lost: the other site's next, then a pause.
void ConfigServerProxyEndpoint::master_gone(Context& context) {
  context.cancel(timer_);
  if (master_.valid()) context.close(master_);
  master_ = {};
  second_of_round_ = answered_ || !second_of_round_;
  if (answered_) {
    lost_ = true;
    context.record(ConfigMasterKnown{site_, 0});
  }
  answered_ = false;
  for (const Write& write : writes_) refuse(context, write);
  writes_.clear();
  master_site_ = peer_of(master_site_);
  if (second_of_round_) {
    look_for_master(context);
  } else {
    timer_ = context.arm(kRetry, {retry_timer});
  }
}

void ConfigServerProxyEndpoint::apply(Context& context, const tlib::AddpEffects& effects) {
  if (effects.lost) {
    master_gone(context);
    return;
  }
  if (effects.send_poll) send(context, master_, {}, config::Kind::proxy_hello);
  if (effects.timer.arms()) timer_ = context.arm(effects.timer.after, {addp_timer});
}

void ConfigServerProxyEndpoint::on_timer(Context& context, sim::TimerTag tag) {
  timer_ = {};
  switch (static_cast<TimerKind>(tag.kind)) {
    case connect_timer:
      master_gone(context);
      return;
    case retry_timer:
      look_for_master(context);
      return;
    case addp_timer:
      apply(context, addp_.on_timer(context.now(), kMasterAddp));
      return;
  }
}

void ConfigServerProxyEndpoint::on_connection(Context& context, ConnectionId connection,
                                              sim::ConnectionEvent event) {
  if (connection != master_) return;  // a client's: nothing is kept for it
  if (event == sim::ConnectionEvent::established) {
    send(context, master_, {}, config::Kind::proxy_hello);
  } else {
    master_gone(context);
  }
}

// ---- messages
// ------------------------------------------------------------------------------------

void ConfigServerProxyEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    if (notice->kind != notice::Kind::config_write) return;
    on_client(context, {.kind = config::Kind::write, .agent = {}, .object = notice->index}, {});
    return;
  }
  const auto* message = std::get_if<config::Message>(&envelope.message);
  if (message == nullptr) return;
  if (envelope.connection == master_) {
    on_master(context, *message);
  } else {
    on_client(context, *message, envelope.connection);
  }
}

void ConfigServerProxyEndpoint::on_master(Context& context, const config::Message& message) {
  if (!answered_) {  // the answer to our hello: it is a master
    answered_ = true;
    second_of_round_ = false;
    context.cancel(timer_);
    apply(context, addp_.start(context.now(), kMasterAddp));
    if (lost_) context.record(ConfigMasterKnown{site_, 1});
    lost_ = false;
    load();
  }
  addp_.on_received(context.now());
  if (message.kind == config::Kind::update) load();
  if (message.kind != config::Kind::write_done || writes_.empty()) return;
  load();
  const Write done = writes_.front();  // the connection keeps the order
  writes_.pop_front();
  if (done.client.valid()) send(context, done.client, done.message, config::Kind::write_done);
}

/// The servers of the site know at once what their Proxy knows (ASSUMPTION).
void ConfigServerProxyEndpoint::load() {
  if (directory_.configuration != nullptr) directory_.configuration->load(site_, master_site_);
}

void ConfigServerProxyEndpoint::on_client(Context& context, const config::Message& message,
                                          ConnectionId client) {
  if (message.kind == config::Kind::read) {
    send(context, client, message, config::Kind::read_reply);
  } else if (message.kind == config::Kind::write) {
    if (!answered_) {
      refuse(context, {client, message});
      return;
    }
    writes_.push_back({client, message});
    send(context, master_, message, config::Kind::write);
  }
}

void ConfigServerProxyEndpoint::refuse(Context& context, const Write& write) {
  const bool by_client = write.client.valid();
  context.record(
      ConfigWriteRefused{site_, by_client ? ConfigWriteRefused::kNoEdit : write.message.object});
  if (by_client) send(context, write.client, write.message, config::Kind::write_refused);
}

}  // namespace bcsim::models
