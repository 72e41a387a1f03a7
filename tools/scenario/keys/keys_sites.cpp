// Rows of `sites` and `desktop`: options of a SIP Server pair, gateways, desktop timers.
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/table/release.hpp"

namespace bcsim::tools {
namespace {

using models::SipServerOptions;

/// RFC 4028 §5: what is shorter than 90 s is answered with 422.
Codec<std::optional<models::Duration>> session_expires() {
  return optional(duration({.min = 90s, .max = 24h}), "never");
}

Codec<models::AfterRoutingAction> no_answer_action() {
  using models::AfterRoutingAction;
  return choice<AfterRoutingAction>({{"none", AfterRoutingAction::none},
                                     {"notready", AfterRoutingAction::not_ready},
                                     {"logout", AfterRoutingAction::logout}});
}

/// The product's `recall` would return the call to the queue that it came from.
Codec<std::optional<std::string>> no_answer_overflow() {
  auto codec = optional(text(), "none");
  codec.type.words.emplace_back(SipServerOptions::kRelease);
  codec.read = [read = codec.read](Reader& r, const Node& node, std::optional<std::string>& value) {
    if (node.is_scalar() && node.text == "recall") {
      r.error(node, "S-003", "'recall' is not a possible value",
              "a call to an agent's own number has no queue to return to: none, release, or a "
              "destination");
      return;
    }
    read(r, node, value);
  };
  return codec;
}

std::shared_ptr<const Section> sip_server_section() {
  static const auto keys = [] {
    using models::Treatment;
    using S = SipServerOptions;
    SectionOf<S> s("sip-server", "The SIP Server pair of a site; Genesys option names");
    s.key("name", &S::name, text(), derived("site number"), "Application name")
        .default_is("SIP_Server_1, SIP_Server_2");
    s.key("backup", &S::backup, boolean(), documented("source R9: a pair at each site"),
          "Has a backup process");
    s.key("oos-check", &S::oos_check, duration({.min = 0s, .max = 300s}), p0(),
          "Period of OPTIONS to the peer on the inter-site trunk; 0s switches it off")
        .changeable();
    s.key("oos-force", &S::oos_force, duration({.min = 0s, .max = 30s}), p0(),
          "Wait for an answer before the trunk is out of service")
        .changeable();
    s.key("dr-peer-trunk", &S::dr_peer_trunk, boolean(), p0(),
          "The trunk to the peer is declared; false: traditional single mode");
    s.key("dr-forward", &S::dr_forward, dr_forward(), p0(),
          "When a direct call is forwarded to the peer")
        .changeable();
    s.key(
        "dr-oosp-transfer-enabled", &S::dr_oosp_transfer_enabled, boolean(), assumption(),
        "The peer's address goes to the gateway in a 302; false: the call over the trunk, in path");
    s.key("shutdown-sip-reject-code", &S::shutdown_sip_reject_code,
          count<int>({.min = 300, .max = 603}), documented("Genesys SIP Server"),
          "Answer to new INVITEs during graceful shutdown")
        .changeable();
    s.key("after-routing-timeout", &S::after_routing_timeout, duration({.min = 1s}), assumption(),
          "An agent, here or at the peer, who has not answered a call of its queues by then loses "
          "it")
        .changeable();
    s.key("after-routing-timeout-action", &S::after_routing_timeout_action, no_answer_action(),
          assumption(), "What becomes of that agent (Genesys default: none)")
        .changeable();
    s.key("agent-no-answer-timeout", &S::agent_no_answer_timeout,
          duration({.min = 0s, .max = 600s}), documented("Genesys T-Server"),
          "The same for a call to the agent's own number; 0s: not watched")
        .changeable();
    s.key("agent-no-answer-action", &S::agent_no_answer_action, no_answer_action(),
          documented("Genesys SIP Server"),
          "What becomes of that agent; with overflow none: if it ends without an answer")
        .changeable();
    s.key("agent-no-answer-overflow", &S::agent_no_answer_overflow, no_answer_overflow(),
          documented("Genesys SIP Server"),
          "What becomes of that call: none: it rings on; release: it ends; else its destination")
        .changeable();
    s.key("treatment", &S::treatment,
          choice<Treatment>(
              {{"always", Treatment::always}, {"when-waiting", Treatment::when_waiting}}),
          assumption(), "Whether a call that need not wait passes the media server too")
        .changeable();
    s.key("announcement", &S::announcement, duration({.min = 0s, .max = 1h}), p0(),
          "Played before a call can be routed")
        .changeable();
    s.key("register-service", &S::register_service, duration({.min = 0s, .max = 10s}), p0(),
          "Processing time of a REGISTER")
        .changeable();
    s.key("invite-service", &S::invite_service, duration({.min = 0s, .max = 10s}), p0(),
          "Processing time of an INVITE")
        .changeable();
    s.key("other-service", &S::other_service, duration({.min = 0s, .max = 10s}), p0(),
          "Processing time of any other message")
        .changeable();
    s.key("input-queue-limit", &S::input_queue_limit, count<std::uint32_t>({.min = 1}), p0(),
          "Messages that may wait; more are dropped")
        .changeable();
    s.key("retry-after", &S::retry_after, optional(duration({.min = 1s}), "none"), assumption(),
          "Of 503 answers when the input queue is nearly full")
        .changeable();
    s.key("session-expires", &S::session_expires, session_expires(), documented("RFC 4028 §4"),
          "Session-Expires of the legs it sets up, which it refreshes at half; never: no timers")
        .changeable();
    s.key("digest", &S::digest, boolean(), assumption(), "Every REGISTER is challenged")
        .changeable();
    s.key("process-death-detection", &S::process_death_detection, duration(), p0(),
          "Until the management layer notices a dead process")
        .changeable();
    s.key("host-loss-detection-min", &S::host_loss_detection_min, duration(), p0(),
          "Until it notices a dead host, at least")
        .changeable();
    s.key("host-loss-detection-max", &S::host_loss_detection_max, duration(), p0(),
          "Until it notices a dead host, at most")
        .changeable();
    s.key("promotion", &S::promotion, duration(), p0(), "Backup to primary, virtual address moved")
        .changeable();
    s.key("heartbeat-period", &S::heartbeat_period, optional(duration({.min = 1s}), "none"),
          assumption(), "A process silent for so long is ended as hung; none: nobody notices")
        .changeable();
    s.key("call-sync-burst", &S::call_sync_burst, count<std::uint32_t>({.min = 200, .max = 1000}),
          documented("SIP Server 8.1.102.58"),
          "Calls copied at once to a backup that has started; then 1 s pause")
        .changeable();
    s.row(
        "first-trunk-probe", optional(duration(), "random").type, language(),
        "Pinned phase of the first OPTIONS to the peer, for tests",
        [](Reader& r, const Node& node, S& options) {
          auto& sites = r.scenario().sites;
          for (std::size_t i = 0; i < sites.size(); ++i) {
            if (&sites[i].sip_server != &options) continue;
            optional(duration(), "random").read(r, node, r.scenario().first_trunk_probe[i]);
          }
        },
        [](const Writer& w, const S& options) -> std::optional<Out> {
          const auto& sites = w.scenario().sites;
          for (std::size_t i = 0; i < sites.size(); ++i) {
            if (&sites[i].sip_server != &options) continue;
            return optional(duration(), "random").write(w, w.scenario().first_trunk_probe[i]);
          }
          return Out::scalar("random");
        });
    return s.done();
  }();
  return keys;
}

/// What carries the channels of a gateway.
struct Trunks {
  std::uint32_t e1 = 0, t1 = 0, sip = 0;
};

std::shared_ptr<const Section> trunks_section() {
  static const auto keys = [] {
    SectionOf<Trunks> s("trunks", "Trunks of a gateway to the PSTN");
    const auto some = count<std::uint32_t>({.min = 0, .max = 30'000});
    s.key("e1", &Trunks::e1, some, language(), "E1 with ISDN PRI: 30 channels each (ITU-T G.703)");
    s.key("t1", &Trunks::t1, some, language(), "T1 with ISDN PRI: 23 channels each (ANSI T1.403)");
    s.key("sip", &Trunks::sip, some, language(), "Channels of SIP trunks");
    return s.done();
  }();
  return keys;
}

std::optional<models::SiteIndex> site_of(const models::Scenario& s, const models::SiteOptions& o) {
  for (models::SiteIndex i = 0; i < models::kSites; ++i) {
    if (&s.sites[i] == &o) return i;
  }
  return std::nullopt;
}

void read_gateways(Reader& r, const Node& node, models::SiteOptions& site) {
  if (!r.expect_map(node, "gateways")) return;
  const auto index = site_of(r.scenario(), site);
  for (const Node& child : node.children) {
    r.check_name(child, "gateway");
    const Reader::Scope scope(r, child.key, child.key_at);
    models::GatewayOptions gateway;
    gateway.name = child.key;
    gateway.home_site = index.value_or(0);
    gateway.location = gateway.home_site;
    read_section(r, *gateway_section(), child, &gateway);
    if (index) r.scenario().gateways.push_back(std::move(gateway));
  }
}

std::optional<Out> write_gateways(const Writer& w, const models::SiteOptions& site) {
  const auto index = site_of(w.scenario(), site);
  Out out = Out::map();
  for (const models::GatewayOptions& gateway : w.scenario().gateways) {
    if (!index || gateway.home_site != *index) continue;
    const Writer::Scope scope(w, gateway.name);
    out.children.emplace_back(gateway.name, write_section(w, *gateway_section(), &gateway));
  }
  return out;
}

}  // namespace

std::shared_ptr<const Section> gateway_section() {
  static const auto keys = [] {
    using G = models::GatewayOptions;
    using models::RedundancyMode;
    SectionOf<G> s("gateway", "A media gateway with its trunks; it belongs to the site it prefers");
    s.key("location", &G::location, location_reference(), derived("its site"), "Where it stands")
        .default_is("its site");
    s.key("channels", &G::channels, count<std::uint32_t>({.min = 0, .max = 1'000'000}),
          assumption(), "Trunk channels to the PSTN (480: 16 E1)")
        .excludes("trunk size");
    s.row(
         "trunks", section<Trunks>(trunks_section()).type, language(),
         "The same as so many E1, T1 or SIP trunks",
         [](Reader& r, const Node& node, G& gateway) {
           Trunks trunks;
           read_section(r, *trunks_section(), node, &trunks);
           gateway.channels = 30 * trunks.e1 + 23 * trunks.t1 + trunks.sip;
         },
         [](const Writer&, const G&) { return std::optional<Out>(); })
        .excludes("trunk size")
        .only_input();
    s.key("redundancy", &G::redundancy,
          choice<RedundancyMode>({{"homing", RedundancyMode::homing},
                                  {"parking", RedundancyMode::parking},
                                  {"load-balance", RedundancyMode::load_balance}}),
          p0(), "homing: back to its site when that answers again; parking: stay");
    s.key("second-target", &G::second_target, boolean(), assumption(),
          "false: knows the SIP Server of its own site only");
    s.key("via-dc-link", &G::via_dc_link, boolean(), assumption(),
          "true: reaches the other site across the dc-link, not by a path of its own");
    s.key("options-period", &G::options_period, duration({.min = 1s}), p0(),
          "Between two OPTIONS to a SIP Server");
    s.key("retransmissions", &G::retransmissions, count<int>({.min = 0, .max = 30}), p0(),
          "Hot swap after so many; 7 or more: the full timer B of 32 s");
    s.key("success-retries", &G::success_retries, count<int>({.min = 1, .max = 100}), p0(),
          "OPTIONS answered in a row before a server counts as online again");
    s.key("success-interval", &G::success_interval, duration({.min = 1s, .max = 200s}), p0(),
          "Between those");
    s.key("flush-on-offline", &G::flush_on_offline, boolean(), assumption(),
          "Pending INVITEs move at once when the server is marked offline");
    s.key("heed-icmp", &G::heed_icmp, boolean(), assumption(),
          "An ICMP error counts as a failure at once");
    s.key("ring-timeout", &G::ring_timeout, duration({.min = 1s}), assumption(),
          "Of an INVITE that was answered provisionally");
    s.key("rtp-loss-timeout", &G::rtp_loss_timeout, duration({.min = 100ms}), p0(),
          "A call of which no RTP arrives ends after this");
    s.key("session-expires", &G::session_expires, session_expires(), documented("RFC 4028 §4"),
          "Session-Expires of its calls, which it refreshes at half; never: no session timers");
    s.key("pstn-detection", &G::pstn_detection, duration(), assumption(),
          "Until the PSTN notices that this gateway is dead");
    s.key("first-options", &G::first_options, optional(duration(), "random"), language(),
          "Pinned phase of the first OPTIONS, for tests");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> site_section() {
  static const auto keys = [] {
    using models::SiteOptions;
    SectionOf<SiteOptions> s("site", "One of the two peer sites");
    s.key("sip-server", &SiteOptions::sip_server, section<SipServerOptions>(sip_server_section()),
          language(), "The SIP Server pair");
    ValueType gateways;
    gateways.kind = Kind::map;
    gateways.what = "gateway";
    gateways.elements = {section<models::GatewayOptions>(gateway_section()).type};
    s.row("gateways", gateways, derived("one per site"), "Media gateways that prefer this site",
          read_gateways, write_gateways)
        .default_is("one, mg1 or mg2");
    s.key("config-server-proxy", &SiteOptions::config_server_proxy, boolean(),
          documented("source R75"), "Has a Configuration Server Proxy");
    s.key("stat-server", &SiteOptions::stat_server, boolean(), documented("source R75"),
          "Has a Stat Server");
    s.key("stat-server-release", &SiteOptions::stat_server_release, release(),
          documented("source R15"), "Release of the Stat Server: 8.1.2 or later");
    return s.done();
  }();
  return keys;
}

namespace {

// agent-desktop: {<option>: <value>}: whatever else an installation has in this section (R73).
void other_options_row(SectionOf<models::DesktopOptions>& s) {
  ValueType type;
  type.kind = Kind::map;
  type.what = "option";
  type.elements = {text().type};
  s.row(
      "agent-desktop", type, language(),
      "Further options in section agent-desktop of the object; the desktops ignore them",
      [](Reader& r, const Node& node, models::DesktopOptions& desktop) {
        if (!r.expect_map(node, "options and their values")) return;
        desktop.other_options.clear();
        for (const Node& child : node.children) {
          const Reader::Scope scope(r, child.key, child.key_at);
          const std::string* value = r.scalar(child, "the value of an option");
          if (value != nullptr) desktop.other_options.emplace_back(child.key, *value);
        }
      },
      [](const Writer& w, const models::DesktopOptions& desktop) -> std::optional<Out> {
        Out out = Out::map();
        for (const auto& [name, value] : desktop.other_options) {
          const Writer::Scope scope(w, name);
          out.children.emplace_back(name, *text().write(w, value));
        }
        return out;
      });
}

}  // namespace

std::shared_ptr<const Section> desktop_timers_section() {
  static const auto keys = [] {
    using D = models::DesktopOptions;
    SectionOf<D> s("desktop application", "The desktop application (AIL) of one site (R73 to R79)");
    s.key("addp-timeout", &D::addp_timeout, duration({.min = 1s, .max = 1h}), p0(),
          "Of the connections to the SIP Server; 20 s to 30 s required");
    s.key("site-timeout", &D::site_timeout, duration(), p0(),
          "From losing the SIP Server pair to the switchover");
    s.key("site-sip-register-timeout", &D::site_sip_register_timeout, duration(), p0(),
          "How long the phone may be unregistered before the switchover");
    s.key("applications", &D::applications, list(text(), "application objects", true),
          derived("site number"),
          "Application objects of the desktops at this site: one; without, they cannot find the "
          "site")
        .default_is("[AIL_1], [AIL_2]");
    s.key("type", &D::third_party_type,
          choice<bool>({{"ThirdPartyApplication", true}, {"ThirdPartyServer", false}}),
          documented("source R74"), "Type of these objects");
    s.key("config-server-proxy", &D::proxy_site, if_given(site_reference()),
          derived("its own site"), "Site of the Proxy that the object is connected to")
        .default_is("its own site");
    s.key("stat-server", &D::stat_server_site, if_given(site_reference()), derived("its own site"),
          "Site of the Stat Server that the object is connected to")
        .default_is("its own site");
    other_options_row(s);
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
