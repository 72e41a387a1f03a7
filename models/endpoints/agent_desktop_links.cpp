// The desktop's four connections: how they are opened, watched by ADDP, lost and opened again.
#include "models/endpoints/agent_desktop.hpp"

namespace bcsim::models {

void AgentDesktopEndpoint::start_steady_links(Context& context) {
  const AgentInfo& info = directory_.agent(agent_);
  for (SiteIndex site = 0; site < kSites; ++site) {
    ServerLink& link = servers_[site];
    if (!info.server_connection[site].valid()) continue;
    link.state = LinkState::up;
    link.connection = info.server_connection[site];
    link.dn_in_service = directory_.registered_at_start(agent_, site);
    apply(context, site,
          link.addp.start(context.now(), options_.ail[site].addp_timeout,
                          context.now() - directory_.addp_silence_at_start(agent_, site)));
  }
  for (SiteLink* link : {&proxy_, &stat_}) {
    link->connection = link == &proxy_ ? info.proxy_connection : info.stat_connection;
    if (!link->connection.valid()) continue;
    link->state = LinkState::up;
    link->site = info.preferred_site;
    if (link == &proxy_) link->server = proxy_of(info.preferred_site);
  }
}

void AgentDesktopEndpoint::drop(Context& context, Link& link) {
  context.cancel(link.timer);
  context.close(link.connection);
  link.timer = {};
  link.connection = {};
  link.state = LinkState::down;
}

// ---- SIP Servers
// ---------------------------------------------------------------------------------

void AgentDesktopEndpoint::connect_server(Context& context, SiteIndex site) {
  ServerLink& link = servers_[site];
  if (link.state == LinkState::up) {  // kept since the last shift
    feed(context, link.dn_in_service ? Input::dn_in_service : Input::dn_out_of_service, site);
    if (link.single_site_mode) feed(context, Input::single_mode_on, site);
    if (link.closing) feed(context, Input::closing_on, site);
    feed(context, Input::connected, site);
  } else if (link.state == LinkState::down && link.was_reset) {
    context.cancel(link.retry);
    link.retry = context.arm(options_.policy.reconnect_delay, {reconnect_timer, site});
  } else if (link.state == LinkState::down) {
    open_server(context, site);
  }
}

void AgentDesktopEndpoint::open_server(Context& context, SiteIndex site) {
  ServerLink& link = servers_[site];
  context.cancel(link.retry);
  link.retry = {};
  link.state = LinkState::opening;
  link.attempted_at = context.now();
  link.connection = context.open(directory_.sip_server[site]);
  link.timer = context.arm(kConnectTimeout, {attempt_timer, site});
}

/// EventRegistered: attached to the DN. Only now is the connection of use.
void AgentDesktopEndpoint::on_registered(Context& context, SiteIndex site, bool dn_in_service) {
  ServerLink& link = servers_[site];
  if (link.state != LinkState::attaching) return;
  context.cancel(link.timer);
  link.state = LinkState::up;
  apply(context, site, link.addp.start(context.now(), options_.ail[site].addp_timeout));
  link.dn_in_service = dn_in_service;
  release_left_call(context, site);
  // The endpoint's status first: whether it is there decides what the connection is good for.
  feed(context, dn_in_service ? Input::dn_in_service : Input::dn_out_of_service, site);
  feed(context, Input::connected, site);
}

void AgentDesktopEndpoint::server_attempt_failed(Context& context, SiteIndex site) {
  drop(context, servers_[site]);
  feed(context, Input::connection_failed, site);
}

void AgentDesktopEndpoint::lose_server(Context& context, SiteIndex site, Loss loss) {
  ServerLink& link = servers_[site];
  if (works_at(site)) {
    context.record(DesktopConnectionLost{agent_, site, loss == Loss::addp});
  }
  drop(context, link);
  link.dn_in_service = link.single_site_mode = link.closing = false;
  // A reset says that nobody is there; after silence there may well be.
  link.was_reset = loss == Loss::reset;
  feed(context, Input::connection_lost, site);
  link.was_reset = false;
}

void AgentDesktopEndpoint::apply(Context& context, SiteIndex site,
                                 const tlib::AddpEffects& effects) {
  if (effects.lost) {
    lose_server(context, site, Loss::addp);
    return;
  }
  if (effects.send_poll) send(context, site, tlib::Kind::addp_poll);
  if (effects.timer.arms()) {
    servers_[site].timer = context.arm(effects.timer.after, {addp_timer, site});
  }
}

void AgentDesktopEndpoint::send(Context& context, SiteIndex site, tlib::Kind kind) {
  if (servers_[site].state == LinkState::down) return;
  tlib::Message message;
  message.kind = kind;
  message.agent = agent_;
  context.send(servers_[site].connection, message, size_bytes(message));
}

// ---- Configuration Server Proxy and Stat Server
// ----------------------------------------------------

void AgentDesktopEndpoint::open_site_link(Context& context, SiteLink& link, SiteIndex site,
                                          AddressId server, TimerKind timer) {
  drop(context, link);
  link.site = site;
  link.server = server;
  link.state = LinkState::opening;
  link.attempted_at = context.now();
  link.connection = context.open(server);
  link.timer = context.arm(kConnectTimeout, {timer});
}

void AgentDesktopEndpoint::send_config(Context& context, const Link& link, config::Kind kind) {
  config::Message message;
  message.kind = kind;
  message.agent = agent_;
  context.send(link.connection, message, size_bytes(message));
}

/// The local server of the site where the desktop is; of the preferred site, if that is a branch.
void AgentDesktopEndpoint::want_local_data(Context& context) {
  const LocationIndex location = directory_.agent(agent_).location;
  const SiteIndex site = location < kSites ? static_cast<SiteIndex>(location) : options_.preferred;
  open_site_link(context, local_, site, directory_.local_config_server[site], local_timer);
}

/// The attempt has failed, or (when down) it is time to try again: there is nobody else to ask.
void AgentDesktopEndpoint::local_failed(Context& context) {
  if (local_.state == LinkState::down) {
    if (session_.state() == State::csp_connect) want_local_data(context);
    return;
  }
  drop(context, local_);
  local_.timer = context.arm(options_.policy.reconnect_delay, {local_timer});
}

/// Until the Person is read, the local data say where to ask; then the desktop application does
/// (R75, R84).
AddressId AgentDesktopEndpoint::proxy_of(SiteIndex site) const {
  const State state = session_.state();
  if (state != State::csp_connect && state != State::read_person) {
    return directory_.config_proxy[directory_.proxy_site(site)];
  }
  return options_.policy.bootstrap_from == BootstrapServer::master ? directory_.config_server[site]
                                                                   : directory_.config_proxy[site];
}

void AgentDesktopEndpoint::want_proxy(Context& context, SiteIndex site) {
  if (!has_local_data_) {
    if (local_.state == LinkState::down) want_local_data(context);
    return;
  }
  const AddressId server = proxy_of(site);
  if (proxy_.state == LinkState::down || proxy_.server != server) {
    open_site_link(context, proxy_, site, server, proxy_timer);
  } else if (proxy_.state == LinkState::up) {
    feed(context, Input::csp_connected, site);
  }
}

void AgentDesktopEndpoint::read_person(Context& context) {
  send_config(context, proxy_, config::Kind::read);
  context.cancel(proxy_.timer);
  proxy_.timer = context.arm(kConnectTimeout, {proxy_timer});
}

/// The attempt has failed, the connection is lost, or (when down) it is time to try again.
void AgentDesktopEndpoint::proxy_failed(Context& context) {
  const State state = session_.state();
  if (proxy_.state == LinkState::down) {
    if (state != State::off) want_proxy(context, proxy_.site);
    return;
  }
  drop(context, proxy_);
  if (state == State::csp_connect || state == State::read_person) {
    feed(context, Input::csp_failed, proxy_.site);
  } else {
    const Duration spent = context.now() - proxy_.attempted_at;
    const Duration delay = options_.policy.reconnect_delay;
    proxy_.timer = context.arm(spent < delay ? delay - spent : delay, {proxy_timer});
  }
}

void AgentDesktopEndpoint::want_stat(Context& context, SiteIndex site) {
  if (stat_.state == LinkState::down || stat_.site != site) {
    open_site_link(context, stat_, site, directory_.stat_server[directory_.stat_server_site(site)],
                   stat_timer);
  }
}

void AgentDesktopEndpoint::stat_failed(Context& context) {
  if (stat_.state == LinkState::down) {
    if (session_.state() != State::off) want_stat(context, stat_.site);
    return;
  }
  drop(context, stat_);
  const Duration spent = context.now() - stat_.attempted_at;
  const Duration delay = options_.policy.reconnect_delay;
  stat_.timer = context.arm(spent < delay ? delay - spent : delay, {stat_timer});
}

void AgentDesktopEndpoint::on_config(Context& context, const config::Message& message,
                                     ConnectionId connection) {
  if (message.kind == config::Kind::read_reply && connection == local_.connection) {
    drop(context, local_);
    has_local_data_ = true;
    feed(context, Input::timer_csp);
  } else if (message.kind == config::Kind::read_reply && connection == proxy_.connection) {
    context.cancel(proxy_.timer);
    proxy_.timer = {};
    context.record(ConfigRead{agent_, proxy_.site});
    feed(context, Input::person_read, proxy_.site);
  } else if (message.kind == config::Kind::stat_opened && connection == stat_.connection) {
    context.cancel(stat_.timer);
    stat_.timer = {};
    stat_.state = LinkState::up;
    context.record(StatServerConnected{agent_, stat_.site});
  }
}

// ---- what arrives
// --------------------------------------------------------------------------------

void AgentDesktopEndpoint::on_message(Context& context, const Envelope& envelope) {
  if (const auto* tlib = std::get_if<tlib::Message>(&envelope.message)) {
    for (SiteIndex site = 0; site < kSites; ++site) {
      if (envelope.connection != servers_[site].connection) continue;
      on_tlib(context, *tlib, site);
      return;
    }
  } else if (const auto* config = std::get_if<config::Message>(&envelope.message)) {
    on_config(context, *config, envelope.connection);
  } else if (const auto* notice = std::get_if<notice::Message>(&envelope.message)) {
    on_notice(context, *notice);
  }
}

void AgentDesktopEndpoint::on_connection(Context& context, ConnectionId connection,
                                         sim::ConnectionEvent event) {
  const bool established = event == sim::ConnectionEvent::established;
  for (SiteIndex site = 0; site < kSites; ++site) {
    ServerLink& link = servers_[site];
    if (connection != link.connection) continue;
    if (established) {
      link.state = LinkState::attaching;
      send(context, site, tlib::Kind::register_address);
    } else if (link.state == LinkState::up) {
      const bool silent = event == sim::ConnectionEvent::timed_out;
      lose_server(context, site, silent ? Loss::tcp : Loss::reset);
    } else {
      server_attempt_failed(context, site);
    }
    return;
  }
  if (connection == proxy_.connection) {
    if (!established) {
      proxy_failed(context);
      return;
    }
    proxy_.state = LinkState::up;
    if (session_.state() == State::csp_connect) {
      feed(context, Input::csp_connected, proxy_.site);
    } else {
      read_person(context);
    }
  } else if (connection == local_.connection) {
    if (established) {
      local_.state = LinkState::up;
      send_config(context, local_, config::Kind::read);
    } else {
      local_failed(context);
    }
  } else if (connection == stat_.connection) {
    if (established) {
      stat_.state = LinkState::attaching;
      send_config(context, stat_, config::Kind::stat_open);
    } else {
      stat_failed(context);
    }
  }
}

}  // namespace bcsim::models
