#include "tools/scenario/keys/fault_target.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

using models::Role;

constexpr const char* kAccess = "access";
constexpr const char* kDesktopAccess = "desktop-access";
constexpr const char* kManagementLink = ".management-link";

struct RoleName {
  const char* name;
  Role role;
};
constexpr std::array kRoles = {RoleName{"sip-server.primary", Role::sip_server_primary},
                               RoleName{"sip-server.backup", Role::sip_server_backup},
                               RoleName{"media-server", Role::media_server},
                               RoleName{"config-server", Role::config_server},
                               RoleName{"config-server-proxy", Role::config_server_proxy},
                               RoleName{"stat-server", Role::stat_server},
                               RoleName{"local-config-server", Role::local_config_server}};

constexpr bool is_sip_server(Role role) {
  return role == Role::sip_server_primary || role == Role::sip_server_backup;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Does the target begin with, or consist of, a name that has been refused for its dots (S-016)?
bool is_refused_name(const Reader& r, const std::string& target) {
  for (const auto* names :
       {&r.names.sites, &r.names.locations, &r.names.gateways, &r.names.agents}) {
    for (const std::string& name : *names) {
      const bool dotted = name.find('.') != std::string::npos;
      if (dotted && ("." + target + ".").find("." + name + ".") != std::string::npos) return true;
    }
  }
  return false;
}

void unknown(Reader& r, const Node& node, const std::vector<std::string>& candidates) {
  if (is_refused_name(r, node.text)) return;
  r.error(node, "S-007", fmt::format("nothing is called '{}'", node.text),
          did_you_mean(node.text, candidates));
}

std::optional<FaultTarget> access_target(Reader& r, const Node& node,
                                         const std::vector<std::string>& parts) {
  std::vector<std::string> all;
  for (const auto& location : r.names.locations) {
    for (const auto& site : r.names.sites) {
      all.push_back(fmt::format("{}.{}.{}", parts[0], location, site));
    }
  }
  if (parts.size() == 3) {
    const auto location = Names::index(r.names.locations, parts[1]);
    const auto site = Names::index(r.names.sites, parts[2]);
    if (location && site && *site < models::kSites) {
      models::LinkTarget link;
      link.dc_link = false;
      link.location = static_cast<models::LocationIndex>(*location);
      link.site = static_cast<models::SiteIndex>(*site);
      link.desktops = parts[0] == kDesktopAccess;
      return link;
    }
  }
  unknown(r, node, all);
  return std::nullopt;
}

std::optional<FaultTarget> process_target(Reader& r, const Node& node, models::SiteIndex site,
                                          std::string rest) {
  if (rest == "ha-link") return models::HaLinkTarget{site};
  const auto remove_suffix = [&rest](std::string_view suffix) {
    const bool has = rest.size() > suffix.size() && rest.ends_with(suffix);
    if (has) rest.resize(rest.size() - suffix.size());
    return has;
  };
  const bool host = remove_suffix(".host");
  const bool management = remove_suffix(kManagementLink);
  std::vector<std::string> all;
  for (const RoleName& role : kRoles) {
    if (rest == role.name) {
      if (host) return models::HostTarget{site, role.role};
      if (management && is_sip_server(role.role)) {
        return models::ManagementLinkTarget{site, role.role};
      }
      if (management) break;
      return models::ProcessTarget{site, role.role};
    }
    all.push_back(r.names.sites[site] + "." + role.name);
  }
  all.push_back(r.names.sites[site] + ".ha-link");
  for (const char* role : {".sip-server.primary", ".sip-server.backup"}) {
    all.push_back(r.names.sites[site] + role + kManagementLink);
  }
  unknown(r, node, all);
  return std::nullopt;
}

std::optional<FaultTarget> device_target(Reader& r, const Node& node, std::uint32_t group,
                                         const std::vector<std::string>& parts) {
  if (parts.size() == 3 && (parts[1] == "phone" || parts[1] == "desktop")) {
    const auto number = parse_count(parts[2]);
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto* n = std::get_if<std::uint64_t>(&number);
    if (n != nullptr && *n > 0 && *n <= kMost) {
      const auto member = static_cast<std::uint32_t>(*n - 1);
      if (parts[1] == "phone") return models::PhoneTarget{group, member};
      return models::DesktopTarget{group, member};
    }
  }
  r.error(node, "S-007", fmt::format("'{}' names no phone or desktop", node.text),
          fmt::format("write {0}.phone.1 or {0}.desktop.1", parts[0]));
  return std::nullopt;
}

}  // namespace

std::optional<FaultTarget> parse_target(Reader& r, const Node& node) {
  const std::string* text = r.scalar(node, "what is hit: a site, a gateway, a link or a process");
  if (text == nullptr) return std::nullopt;
  if (*text == "dc-link") return models::LinkTarget{};
  const std::vector<std::string> parts = split(*text);
  if (parts[0] == kAccess || parts[0] == kDesktopAccess) return access_target(r, node, parts);
  if (const auto site = Names::index(r.names.sites, parts[0]); site && *site < models::kSites) {
    const auto index = static_cast<models::SiteIndex>(*site);
    if (parts.size() == 1) return models::SiteTarget{index, models::SiteScope::genesys};
    return process_target(r, node, index, text->substr(parts[0].size() + 1));
  }
  if (const auto gateway = Names::index(r.names.gateways, *text)) {
    return models::GatewayTarget{*gateway};
  }
  if (const auto group = Names::index(r.names.agents, parts[0])) {
    return device_target(r, node, *group, parts);
  }
  std::vector<std::string> all = r.names.sites;
  all.insert(all.end(), r.names.gateways.begin(), r.names.gateways.end());
  all.push_back("dc-link");
  unknown(r, node, all);
  return std::nullopt;
}

namespace {

std::string role_text(const models::Scenario& s, models::SiteIndex site, Role role) {
  for (const RoleName& r : kRoles) {
    if (r.role == role) return s.sites[site].name + "." + r.name;
  }
  return "";
}

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

std::string target_text(const models::Scenario& s, const FaultTarget& target) {
  return std::visit(
      Overloaded{
          [&](const models::SiteTarget& t) { return s.sites[t.site].name; },
          [&](const models::ProcessTarget& t) { return role_text(s, t.site, t.role); },
          [&](const models::HostTarget& t) { return role_text(s, t.site, t.role) + ".host"; },
          [&](const models::GatewayTarget& t) { return s.gateways[t.gateway].name; },
          [&](const models::PhoneTarget& t) {
            return fmt::format("{}.phone.{}", s.agents[t.group].name, t.member + 1);
          },
          [&](const models::DesktopTarget& t) {
            return fmt::format("{}.desktop.{}", s.agents[t.group].name, t.member + 1);
          },
          [&](const models::LinkTarget& t) {
            if (t.dc_link) return std::string("dc-link");
            return fmt::format("{}.{}.{}", t.desktops ? kDesktopAccess : kAccess,
                               s.locations[t.location], s.sites[t.site].name);
          },
          [&](const models::HaLinkTarget& t) { return s.sites[t.site].name + ".ha-link"; },
          [&](const models::ManagementLinkTarget& t) {
            return role_text(s, t.site, t.role) + kManagementLink;
          }},
      target);
}

std::string_view target_kind(const FaultTarget& target) {
  constexpr std::string_view kinds[] = {"site",    "process", "machine", "gateway",        "phone",
                                        "desktop", "link",    "HA link", "management link"};
  return kinds[target.index()];
}

std::optional<FaultTarget> target_of(const models::Fault& fault) {
  const auto any = [](const auto& target) {
    return std::visit([](const auto& t) { return FaultTarget(t); }, target);
  };
  using Found = std::optional<FaultTarget>;
  return std::visit(Overloaded{[&](const models::Fail& f) -> Found { return any(f.target); },
                               [&](const models::Restore& f) -> Found { return any(f.target); },
                               [](const models::Crash& f) -> Found { return f.process; },
                               [](const models::Hang& f) -> Found { return f.process; },
                               [&](const models::Cut& f) -> Found { return any(f.target); },
                               [&](const models::Heal& f) -> Found { return any(f.target); },
                               [](const models::Degrade& f) -> Found { return f.link; },
                               [](const models::Drain& f) -> Found {
                                 return models::SiteTarget{f.site, {}};
                               },
                               [](const models::SwitchOver& f) -> Found {
                                 return models::SiteTarget{f.site, {}};
                               },
                               [](const models::ChangeOption&) -> Found { return std::nullopt; }},
                    fault.deed);
}

}  // namespace bcsim::tools
