// The configuration objects that two mirrored switches have, as one configuration database holds
// them, and what synchronization does to them (R10–R12, C2).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/scenario.hpp"

namespace bcsim::models {

/// Which object: `index` is an agent's, a queue's, or 0.
struct ObjectKey {
  ObjectType type = ObjectType::extension;
  std::uint32_t index = 0;
  auto operator<=>(const ObjectKey&) const = default;
};

/// An object that differs between the switches; `site` lacks it, or has the older one.
struct Drift {
  ObjectKey key;
  SiteIndex site = 0;
  bool operator==(const Drift&) const = default;
};

/// Which objects of a scenario an edit is about: every agent, queue or switch-wide object selected.
[[nodiscard]] std::vector<ObjectKey> selected_objects(const Scenario& scenario,
                                                      const ConfigurationEdit& edit);
/// Agents of a selection, as indices of AgentId.
[[nodiscard]] std::vector<std::uint32_t> selected_agents(const Scenario& scenario,
                                                         const ObjectSelection& selection);

/// A value; what is newer has the larger stamp. Deleted objects keep theirs.
class ConfigurationObjects {
 public:
  /// Both switches have everything that agent groups and queues need, but for what an edit is to
  /// create.
  explicit ConfigurationObjects(const Scenario& scenario);

  /// Makes an edit at its switch, and at the peer's too if Genesys Administrator passes it on
  /// (R12): its own change of a Place or a User, after the first manual run. Returns the objects
  /// written.
  std::vector<ObjectKey> apply(const Scenario& scenario, const ConfigurationEdit& edit,
                               bool first_run_done);
  /// The manual run: of every synchronised object the newer one is on both switches (ASSUMPTION; it
  /// has no direction). Returns the objects written.
  std::vector<ObjectKey> synchronize();
  /// Takes these objects of both switches from `other`.
  void take(const std::vector<ObjectKey>& keys, const ConfigurationObjects& other);

  /// What the scenario says that one switch has otherwise (configuration.switch1, switch2).
  void override_switch(const Scenario& scenario, SiteIndex site);

  /// Synchronised objects that are not the same on both switches, in order.
  [[nodiscard]] std::vector<Drift> drift() const;
  [[nodiscard]] bool exists(ObjectKey key, SiteIndex site) const { return at(key, site).exists; }
  [[nodiscard]] std::uint32_t stamp(ObjectKey key, SiteIndex site) const {
    return at(key, site).stamp;
  }
  /// Agent whose login the Agent Login of `agent` at this switch is.
  [[nodiscard]] std::uint32_t person_of_login(std::uint32_t agent, SiteIndex site) const {
    return at({ObjectType::agent_login, agent}, site).person;
  }
  /// The SIP Server of this switch knows the agent's DN.
  [[nodiscard]] bool has_dn(std::uint32_t agent, SiteIndex site) const {
    return exists({ObjectType::extension, agent}, site);
  }
  /// All that he needs to log in: his DN in his Place, and an Agent Login that is his.
  [[nodiscard]] bool can_log_in(std::uint32_t agent, SiteIndex site) const;

 private:
  struct Object {
    std::uint32_t stamp = 1;
    bool exists = true;
    bool extension = true;     ///< of an agent's DN: its type, which alone is synchronised (R11)
    bool in_place = true;      ///< of a DN: assigned to the agent's Place (C1)
    std::uint32_t person = 0;  ///< of an Agent Login
  };
  using Switch = std::array<std::vector<Object>, kObjectTypes>;

  [[nodiscard]] Object& at(ObjectKey key, SiteIndex site) {
    return switches_[site][static_cast<std::size_t>(key.type)][key.index];
  }
  [[nodiscard]] const Object& at(ObjectKey key, SiteIndex site) const {
    return switches_[site][static_cast<std::size_t>(key.type)][key.index];
  }

  std::array<Switch, kSites> switches_;
  std::uint32_t newest_ = 1;
};

/// What is in the database when time starts: edits and synchronizations before 0 have been made,
/// and the switches are as their overrides say.
[[nodiscard]] ConfigurationObjects configuration_at_start(const Scenario& scenario);
/// False: both switches have everything, and nobody changes anything.
[[nodiscard]] bool configuration_differs(const Scenario& scenario);

}  // namespace bcsim::models
