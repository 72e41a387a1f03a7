// What a scenario says of the configuration layer: where its servers are, what one switch has
// otherwise than its mirror, and who changes which objects when (R10–R15, R34, R45).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/sites.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

/// Kinds of configuration objects of a switch. The first six are synchronised (R10, R11), the
/// others are each site's own.
enum class ObjectType : std::uint8_t {
  extension,
  acd_queue,
  call_processing_port,
  place,
  agent_login,
  person,  ///< the User's reference to his Agent Login at this switch
  trunk,
  routing_point,
  voip_service,
};
inline constexpr std::size_t kObjectTypes = 9;
[[nodiscard]] constexpr bool is_synchronised(ObjectType type) {
  return type <= ObjectType::person;
}
/// What Genesys Administrator passes on by itself after the first manual run (R12, C2).
[[nodiscard]] constexpr bool is_propagated(ObjectType type) {
  return type == ObjectType::place || type == ObjectType::person;
}
[[nodiscard]] constexpr const char* name(ObjectType type) {
  constexpr std::array kNames = {"extension", "acd-queue",     "call-processing-port",
                                 "place",     "agent-login",   "person",
                                 "trunk",     "routing-point", "voip-service"};
  static_assert(kNames.size() == kObjectTypes);
  return kNames[static_cast<std::size_t>(type)];
}
/// One of each agent; else one of each queue, or one of the switch.
[[nodiscard]] constexpr bool is_of_agents(ObjectType type) {
  return type == ObjectType::extension || type == ObjectType::place ||
         type == ObjectType::agent_login || type == ObjectType::person;
}
[[nodiscard]] constexpr bool is_of_queues(ObjectType type) {
  return type == ObjectType::acd_queue || type == ObjectType::routing_point;
}

/// Agents, or one queue, by name: "team1", "team1.7", "team1.1-20", "sales".
struct ObjectSelection {
  std::string text;
  bool queue = false;
  std::uint32_t index = 0;               ///< agent group, or queue
  std::uint32_t first = 0, last = kAll;  ///< members of the group, 0-based, both inclusive
  static constexpr std::uint32_t kAll = 0xFFFF'FFFFu;
};

enum class DnType : std::uint8_t { extension, acd_position };

// What one switch has otherwise than the agent groups and queues say, and than its mirror.
struct DnOverride {
  ObjectSelection of;
  bool exists = true;
  DnType type = DnType::extension;          ///< of an agent's DN (R13)
  std::optional<std::string> place;         ///< that the DN is assigned to, if not the agent's own
  std::optional<std::string> hg_preferred;  ///< hg-preferred-site; of an ACD Queue only (R63)
};
struct PlaceOverride {
  ObjectSelection of;
  bool exists = true;
};
struct AgentLoginOverride {
  ObjectSelection of;
  bool exists = true;
  std::optional<ObjectSelection> person;  ///< whose login it is, if not his own: one agent
};
struct SwitchOverrides {
  std::vector<DnOverride> dns;
  std::vector<PlaceOverride> places;
  std::vector<AgentLoginOverride> logins;
};

/// Somebody changes objects of one switch, before the run (negative `at`) or in it.
struct ConfigurationEdit {
  enum class Verb : std::uint8_t { create, modify, remove };
  enum class Source : std::uint8_t { administrator, other };  ///< Genesys Administrator, or not
  sim::SimTime at;
  Verb verb = Verb::modify;
  std::vector<ObjectType> types;
  std::optional<ObjectSelection> of;  ///< objects of the whole switch have none
  SiteIndex site = 0;                 ///< the switch; the edit is made from this site
  Source source = Source::administrator;
};

/// C1: both DNs of an agent in one Place, or each in its own.
enum class PlaceModel : std::uint8_t { same, separate };

struct ConfigurationOptions {
  SiteIndex master_site = 0;
  /// After the master's death the standby is put in service; nullopt: never (V-W07).
  std::optional<sim::Duration> standby_activation = std::chrono::minutes(15);
  /// After the sites have parted; the master lives at the other side. nullopt: never.
  std::optional<sim::Duration> partition_activation;
  PlaceModel place_model = PlaceModel::same;
  std::array<SwitchOverrides, kSites> switches;
  std::vector<ConfigurationEdit> edits;
  /// When Genesys Administrator's synchronization is run by hand, in order; empty: never.
  std::vector<sim::SimTime> synchronizations = {sim::kStart - std::chrono::hours(30 * 24)};
};

/// What the changes are called, edits, then synchronizations: "create place of team1.1-20".
[[nodiscard]] std::vector<std::string> change_texts(const ConfigurationOptions& options);

}  // namespace bcsim::models
