// Rows of `agents`: groups of people with phones, desktops and working hours.
#include "models/sip/phone_profiles.hpp"
#include "tools/scenario/keys/effective.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/staffing.hpp"
#include "tools/scenario/table/release.hpp"

namespace bcsim::tools {
namespace {

using models::AgentGroup;

std::shared_ptr<const Section> srv_section() {
  static const auto keys = [] {
    using S = models::SrvRecord;
    SectionOf<S> s("an SRV record", "DNS SRV record of a site's SIP Server (RFC 2782)");
    s.key("priority", &S::priority, count<std::uint16_t>(), language(), "Lowest first").require();
    s.key("weight", &S::weight, count<std::uint16_t>(), documented("RFC 2782"),
          "Share of the calls among records of one priority");
    return s.done();
  }();
  return keys;
}

/// Gives each value of a map by site to `read`; a name that is no site is a problem.
template <typename Read>
void read_by_site(Reader& r, const Node& map, const Read& read) {
  for (const Node& child : map.children) {
    const auto site = Names::index(r.names.sites, child.key);
    if (!site || *site >= models::kSites) {
      r.diagnostics().error("S-007", child.key_at, fmt::format("unknown site '{}'", child.key),
                            did_you_mean(child.key, r.names.sites));
      continue;
    }
    const Reader::Scope scope(r, child.key, child.key_at);
    read(static_cast<models::SiteIndex>(*site), child);
  }
}

// srv: {site1: {priority: 10}, site2: {priority: 20}}
using SrvRecords = std::optional<std::array<models::SrvRecord, models::kSites>>;
Codec<SrvRecords> srv_records() {
  Codec<SrvRecords> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "site";
  codec.type.elements = {section<models::SrvRecord>(srv_section()).type};
  codec.read = [](Reader& r, const Node& node, SrvRecords& records) {
    if (!r.expect_map(node, "srv")) return;
    records.emplace();
    read_by_site(r, node, [&](models::SiteIndex site, const Node& child) {
      read_section(r, *srv_section(), child, &(*records)[site]);
    });
  };
  codec.write = [](const Writer& w, const SrvRecords& records) -> std::optional<Out> {
    if (!records) return std::nullopt;
    Out out = Out::map();
    for (std::size_t i = 0; i < models::kSites; ++i) {
      out.children.emplace_back(w.scenario().sites[i].name,
                                write_section(w, *srv_section(), &(*records)[i]));
    }
    return out;
  };
  return codec;
}

std::shared_ptr<const Section> phone_section() {
  static const auto keys = [] {
    using P = models::PhoneOptions;
    using models::RegistrationMode;
    using models::PhoneProfile;
    SectionOf<P> s("phone", "The SIP phones of a group");
    const auto profile = choice<PhoneProfile>({{"none", PhoneProfile::none},
                                               {"polycom", PhoneProfile::polycom},
                                               {"yealink", PhoneProfile::yealink},
                                               {"snom", PhoneProfile::snom},
                                               {"avaya", PhoneProfile::avaya},
                                               {"panasonic", PhoneProfile::panasonic},
                                               {"grandstream", PhoneProfile::grandstream},
                                               {"audiocodes", PhoneProfile::audiocodes},
                                               {"alcatel-4000", PhoneProfile::alcatel_4000}});
    s.row(
        "profile", profile.type, language(),
        "A maker's phone: gives other values to the keys below, which may still be set",
        [profile](Reader& r, const Node& node, P& phone) {
          PhoneProfile chosen = PhoneProfile::none;
          profile.read(r, node, chosen);
          models::sip::apply_profile(chosen, phone);
        },
        [profile](const Writer& w, const P& phone) { return profile.write(w, phone.profile); });
    s.preset([profile](const P& phone) -> std::string {
      if (phone.profile == PhoneProfile::none) return "";
      return "profile " + one_line(*profile.write(Writer(models::Scenario{}), phone.profile));
    });
    s.key("registration", &P::registration,
          choice<RegistrationMode>({{"single", RegistrationMode::single},
                                    {"active-backup", RegistrationMode::active_backup},
                                    {"dual", RegistrationMode::dual},
                                    {"fixed", RegistrationMode::fixed}}),
          documented("source R19: recommended for most phones"),
          "Where the phone registers; fixed never moves (ablation only)");
    s.key("preferred-site", &P::preferred_site, if_given(site_reference()),
          derived("the agents' preferred site"), "Registers and calls there")
        .default_is("the agents' preferred site");
    s.key("srv", &P::srv, srv_records(), language(),
          "dual: its own calls go by DNS SRV priority and weight, not to its preferred site")
        .default_is("to its preferred site");
    s.key("dirty-host-cache", &P::dirty_host_cache, duration({.min = 0s}),
          documented("Gigaset, snom, VTech"),
          "dual: so long a server that did not answer a call is not called first");
    s.key("expires", &P::expires, duration({.min = 1s}), p0(), "Of a registration");
    s.key("refresh-fraction", &P::refresh_fraction, percent({.min = 0.01, .max = 1.0}), p0(),
          "Refreshed after this part of expires");
    s.key("retransmissions", &P::retransmissions, count<int>({.min = 0, .max = 30}), p0(),
          "Before the next server; 11 or more: the full timer F of 32 s");
    s.key("cached-nonce", &P::cached_nonce, boolean(), assumption(),
          "A refresh is not challenged again");
    s.key("heed-icmp", &P::heed_icmp, boolean(), assumption(),
          "An ICMP error counts as a failure at once");
    s.key("registrations-per-site", &P::registrations_per_site,
          count<std::uint32_t>({.min = 1, .max = 16}), documented("source R16: one"),
          "A phone has one registration at each site");
    s.key("poll-primary", &P::poll_primary, duration({.min = 1s}), assumption(),
          "Active-backup: period of trying the primary again");
    s.key("response-timeout", &P::response_timeout, optional(duration({.min = 100ms}), "none"),
          assumption(), "A server without any answer for so long has failed");
    s.key("register-retry", &P::register_retry, if_given(distribution()),
          documented("RFC 5626 §4.5"), "Until a registration is tried again at the same server")
        .default_is(
            "RFC 5626: from 30 s, or 90 s while the other server works, doubling to 30 min");
    s.key("registrar-hold-down", &P::registrar_hold_down, optional(duration({.min = 1s}), "none"),
          assumption(), "A server that did not answer a REGISTER is left alone for so long");
    s.key("failover-in-call", &P::failover_in_call, boolean(), assumption(),
          "false: the phone changes its server after the call only");
    s.key("answer-delay", &P::answer_delay, duration(), p0(), "Ring time before the agent answers");
    s.key("answer-spread", &P::answer_spread, duration(), assumption(),
          "A further uniform time up to this");
    s.key("silence-patience", &P::silence_patience, optional(duration({.min = 100ms}), "never"),
          assumption(),
          "An agent who hears nothing hangs up after this; never: waits for a BYE, or the end");
    s.key("first-refresh", &P::first_refresh, optional(duration(), "random"), language(),
          "Pinned phase of the first refresh, for tests");
    return s.done();
  }();
  return keys;
}

// local-data: {<site>: [groups of data]}
Codec<std::array<std::uint8_t, models::kSites>> local_data() {
  using Sites = std::array<std::uint8_t, models::kSites>;
  using models::LocalItem;
  const auto items = list(choice<LocalItem>({{"primary-proxy", LocalItem::primary_proxy},
                                             {"backup-proxy", LocalItem::backup_proxy},
                                             {"application", LocalItem::application},
                                             {"place", LocalItem::place}}),
                          "groups of data", true);
  Codec<Sites> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "site";
  codec.type.elements = {items.type};
  codec.read = [items](Reader& r, const Node& node, Sites& value) {
    if (!r.expect_map(node, "local-data")) return;
    read_by_site(r, node, [&](models::SiteIndex site, const Node& child) {
      std::vector<LocalItem> given;
      items.read(r, child, given);
      value[site] = 0;
      for (const LocalItem item : given) value[site] |= 1u << static_cast<unsigned>(item);
    });
  };
  codec.write = [items](const Writer& w, const Sites& value) {
    Out out = Out::map();
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::vector<LocalItem> given;
      for (unsigned bit = 0; bit < 4; ++bit) {
        if ((value[i] >> bit) % 2 != 0) given.push_back(static_cast<LocalItem>(bit));
      }
      const std::string& name = w.scenario().sites[i].name;
      const Writer::Scope scope(w, name);
      out.children.emplace_back(name, *items.write(w, given));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

std::shared_ptr<const Section> desktop_policy_section() {
  static const auto keys = [] {
    using D = models::DesktopPolicy;
    using models::BootstrapServer;
    using models::Failback;
    using models::LocalConfiguration;
    SectionOf<D> s("agent desktop", "How the desktops of a group behave");
    s.key("require-endpoint", &D::require_endpoint, boolean(), assumption(),
          "Waits for the phone at the other site before it logs in there (C7)");
    s.key("leave-without-endpoint", &D::leave_without_endpoint, boolean(), assumption(),
          "site-sip-register-timeout moves it even if the phone is nowhere else (R79 literally, "
          "C30)");
    s.key("relogin-work", &D::relogin_work, duration(), p0(), "Work of a login at the other site");
    s.key("reconnect-delay", &D::reconnect_delay, duration({.min = 100ms}),
          documented("Workspace Desktop warm-standby.retry-delay"),
          "Between attempts to connect again");
    s.key("login-retry", &D::login_retry, duration({.min = 100ms}), assumption(),
          "After a refused login");
    s.key("failback", &D::failback,
          choice<Failback>(
              {{"stay", Failback::stay}, {"return-after-call", Failback::return_after_call}}),
          assumption(), "When the preferred site is back (C8)");
    s.key("private-info-compliance", &D::private_info_compliance, if_given(percent()),
          derived("failback"), "Agents who heed the advice (EventPrivateInfo) to change the site")
        .default_is("100% with return-after-call, else 0%");
    s.key("private-info-delay", &D::private_info_delay, distribution(), assumption(),
          "Until they do; a call is finished first");
    s.key("product", &D::product, text(), documented("source R24"), "What the agents work with");
    s.key("release", &D::release, release(), documented("source R24: 8.5.x"), "Of that product");
    s.key("second-site", &D::second_site, if_given(site_reference()), derived("the other site"),
          "Person site-2: where the desktops log in if the preferred site fails")
        .default_is("the other site");
    s.key(
        "local-configuration", &D::local_configuration,
        choice<LocalConfiguration>(
            {{"desktop", LocalConfiguration::desktop}, {"server", LocalConfiguration::server}}),
        documented("source R81"),
        "A desktop that starts has its initial data itself, or gets them from the local server of "
        "its site");
    s.key("bootstrap-from", &D::bootstrap_from,
          choice<BootstrapServer>(
              {{"proxy", BootstrapServer::proxy}, {"master", BootstrapServer::master}}),
          documented("source R84"), "Which Configuration Server it reads first");
    s.key("cache-preferred-site", &D::cache_preferred_site, boolean(), assumption(),
          "It knows from last time where to ask first; false (hot seating): site 1");
    s.row(
        "local-data", local_data().type, documented("source R82"),
        "What the initial data say about each site; all four are needed to start there",
        [](Reader& r, const Node& node, D& desktop) {
          local_data().read(r, node, desktop.local_data);
        },
        [](const Writer& w, const D& desktop) {
          return local_data().write(w, desktop.local_data);
        });
    Codec<sim::SimTime> negative = instant(true);
    s.key("last-addp", &D::last_addp, optional(negative, "random"), language(),
          "Pinned date of the last ADDP message: 0s or negative, at most addp-timeout before the "
          "start; "
          "for tests");
    return s.done();
  }();
  return keys;
}

// The queues a group serves: `all` or a list of names.
Codec<std::optional<std::vector<std::uint32_t>>> served_queues() {
  Codec<std::optional<std::vector<std::uint32_t>>> codec;
  const auto names = references(queue_reference(), "queues");
  codec.type.kind = Kind::any_of;
  codec.type.words = {"all"};
  codec.type.elements = {names.type};
  codec.read = [names](Reader& r, const Node& node,
                       std::optional<std::vector<std::uint32_t>>& value) {
    if (node.is_scalar() && node.text == "all") {
      value.reset();
    } else {
      names.read(r, node, value.emplace());
    }
  };
  codec.write = [names](const Writer& w, const std::optional<std::vector<std::uint32_t>>& value) {
    return value ? names.write(w, *value) : std::optional<Out>(Out::scalar("all"));
  };
  return codec;
}

}  // namespace

std::shared_ptr<const Section> agent_group_section() {
  static const auto keys = [] {
    SectionOf<AgentGroup> s("agent group", "People who sit in one place and prefer one site");
    s.key("count", &AgentGroup::count, count<std::uint32_t>({.min = 0, .max = 1'000'000}),
          derived("the most that staffing needs"), "People, each with a phone and a desktop")
        .default_is("the most that staffing needs");
    s.key("location", &AgentGroup::location, location_reference(), derived("preferred-site"),
          "Where they sit: a site or a branch")
        .default_is("preferred-site");
    s.key("preferred-site", &AgentGroup::preferred_site, site_reference(), derived("location"),
          "Person site-1: where their desktops log in")
        .default_is("location, if that is a site");
    s.key("queues", &AgentGroup::queues, served_queues(), assumption(), "Queues they serve");
    s.key("dr-forward", &AgentGroup::dr_forward, if_given(dr_forward()),
          derived("the SIP Server's dr-forward"), "Option of their Extension DNs")
        .default_is("the SIP Server's dr-forward");
    s.key("phone", &AgentGroup::phone, section<models::PhoneOptions>(phone_section()), language(),
          "Their phones");
    s.key("desktop", &AgentGroup::desktop, section<models::DesktopPolicy>(desktop_policy_section()),
          language(), "Their desktops; timers are those of `desktop.<site>`");
    const auto curve = staffing_curve();
    s.key("staffing", &AgentGroup::staffing, curve, language(),
          "How many are at work from when on: a list, or a CSV file")
        .excludes("staffing")
        .default_is("all of them, all the time");
    s.input<std::vector<models::StaffingStep>>("shifts", shifts(),
                                               "Who works from when to when; shifts add up",
                                               [](Reader& r, const Node& node, AgentGroup& group) {
                                                 shifts().read(r, node, group.staffing);
                                               })
        .excludes("staffing");
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
