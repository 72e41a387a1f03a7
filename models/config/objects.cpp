#include "models/config/objects.hpp"

#include <algorithm>
#include <string>

namespace bcsim::models {

std::vector<std::string> change_texts(const ConfigurationOptions& options) {
  constexpr std::array kVerbs = {"create", "modify", "delete"};
  std::vector<std::string> texts;
  for (const ConfigurationEdit& edit : options.edits) {
    std::string text = kVerbs[static_cast<std::size_t>(edit.verb)];
    for (std::size_t i = 0; i < edit.types.size(); ++i) {
      text += std::string(i == 0 ? " " : ", ") + name(edit.types[i]);
    }
    if (edit.of) text += " of " + edit.of->text;
    texts.push_back(std::move(text));
  }
  texts.resize(texts.size() + options.synchronizations.size(), "synchronization");
  return texts;
}

std::vector<std::uint32_t> selected_agents(const Scenario& scenario,
                                           const ObjectSelection& selection) {
  std::vector<std::uint32_t> agents;
  if (selection.queue) return agents;
  std::uint32_t first = 0;
  for (std::uint32_t g = 0; g < selection.index; ++g) first += scenario.agents[g].count;
  const std::uint32_t count = scenario.agents[selection.index].count;
  for (std::uint32_t member = selection.first; member < count && member <= selection.last;
       ++member) {
    agents.push_back(first + member);
  }
  return agents;
}

std::vector<ObjectKey> selected_objects(const Scenario& scenario, const ConfigurationEdit& edit) {
  std::vector<ObjectKey> keys;
  for (const ObjectType type : edit.types) {
    if (is_of_agents(type)) {
      if (!edit.of || edit.of->queue) continue;
      for (const std::uint32_t agent : selected_agents(scenario, *edit.of)) {
        keys.push_back({type, agent});
      }
    } else if (is_of_queues(type)) {
      if (edit.of && edit.of->queue) keys.push_back({type, edit.of->index});
    } else {
      keys.push_back({type, 0});
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

ConfigurationObjects::ConfigurationObjects(const Scenario& scenario) {
  std::uint32_t agents = 0;
  for (const AgentGroup& group : scenario.agents) agents += group.count;
  for (Switch& objects : switches_) {
    for (std::size_t t = 0; t < kObjectTypes; ++t) {
      const auto type = static_cast<ObjectType>(t);
      objects[t].resize(is_of_agents(type)   ? agents
                        : is_of_queues(type) ? scenario.queues.size()
                                             : 1);
    }
    auto& logins = objects[static_cast<std::size_t>(ObjectType::agent_login)];
    for (std::uint32_t agent = 0; agent < agents; ++agent) logins[agent].person = agent;
  }
  for (const ConfigurationEdit& edit : scenario.configuration.edits) {
    if (edit.verb != ConfigurationEdit::Verb::create) continue;
    for (const ObjectKey& key : selected_objects(scenario, edit)) {
      for (SiteIndex site = 0; site < kSites; ++site) at(key, site).exists = false;
    }
  }
}

void ConfigurationObjects::override_switch(const Scenario& scenario, SiteIndex site) {
  const SwitchOverrides& given = scenario.configuration.switches[site];
  const bool same = scenario.configuration.place_model == PlaceModel::same;
  for (const DnOverride& dn : given.dns) {
    if (dn.of.queue) {
      Object& queue = at({ObjectType::acd_queue, dn.of.index}, site);
      queue.exists = dn.exists;
      if (dn.hg_preferred) queue.stamp = ++newest_;
      continue;
    }
    for (const std::uint32_t agent : selected_agents(scenario, dn.of)) {
      Object& extension = at({ObjectType::extension, agent}, site);
      extension.exists = dn.exists;
      extension.extension = dn.type == DnType::extension;
      // With one Place for both sites, a DN that is elsewhere cannot be used from it (R14).
      extension.in_place = !(same && dn.place);
    }
  }
  for (const PlaceOverride& place : given.places) {
    for (const std::uint32_t agent : selected_agents(scenario, place.of)) {
      at({ObjectType::place, agent}, site).exists = place.exists;
    }
  }
  for (const AgentLoginOverride& login : given.logins) {
    for (const std::uint32_t agent : selected_agents(scenario, login.of)) {
      Object& object = at({ObjectType::agent_login, agent}, site);
      object.exists = login.exists;
      if (!login.person) continue;
      const auto person = selected_agents(scenario, *login.person);
      if (!person.empty()) object.person = person.front();
    }
  }
}

std::vector<ObjectKey> ConfigurationObjects::apply(const Scenario& scenario,
                                                   const ConfigurationEdit& edit,
                                                   bool first_run_done) {
  using Verb = ConfigurationEdit::Verb;
  std::vector<ObjectKey> keys = selected_objects(scenario, edit);
  const bool by_tool = edit.source == ConfigurationEdit::Source::administrator && first_run_done;
  ++newest_;
  for (const ObjectKey& key : keys) {
    Object& object = at(key, edit.site);
    object.stamp = newest_;
    if (edit.verb != Verb::modify) object.exists = edit.verb == Verb::create;
    if (by_tool && is_propagated(key.type)) at(key, peer_of(edit.site)) = object;
  }
  return keys;
}

std::vector<ObjectKey> ConfigurationObjects::synchronize() {
  std::vector<ObjectKey> keys;
  for (const Drift& drift : this->drift()) {
    const SiteIndex newer = peer_of(drift.site);
    at(drift.key, drift.site) = at(drift.key, newer);
    keys.push_back(drift.key);
  }
  return keys;
}

void ConfigurationObjects::take(const std::vector<ObjectKey>& keys,
                                const ConfigurationObjects& other) {
  for (const ObjectKey& key : keys) {
    for (SiteIndex site = 0; site < kSites; ++site) at(key, site) = other.at(key, site);
  }
  newest_ = std::max(newest_, other.newest_);
}

std::vector<Drift> ConfigurationObjects::drift() const {
  std::vector<Drift> list;
  for (std::size_t t = 0; t < kObjectTypes; ++t) {
    const auto type = static_cast<ObjectType>(t);
    if (!is_synchronised(type)) continue;
    for (std::uint32_t i = 0; i < switches_[0][t].size(); ++i) {
      const Object& a = switches_[0][t][i];
      const Object& b = switches_[1][t][i];
      if (!a.extension || !b.extension) continue;
      if (a.stamp == b.stamp && a.exists == b.exists && a.person == b.person) continue;
      const bool first_is_older = a.stamp != b.stamp ? a.stamp < b.stamp : !a.exists;
      list.push_back({{type, i}, static_cast<SiteIndex>(first_is_older ? 0 : 1)});
    }
  }
  return list;
}

bool ConfigurationObjects::can_log_in(std::uint32_t agent, SiteIndex site) const {
  const Object& dn = at({ObjectType::extension, agent}, site);
  const Object& login = at({ObjectType::agent_login, agent}, site);
  return dn.exists && dn.in_place && exists({ObjectType::place, agent}, site) && login.exists &&
         login.person == agent && exists({ObjectType::person, agent}, site);
}

ConfigurationObjects configuration_at_start(const Scenario& scenario) {
  ConfigurationObjects objects(scenario);
  const ConfigurationOptions& options = scenario.configuration;
  // Edits in order of time; of one instant in the order of the file, and before a synchronization.
  std::vector<const ConfigurationEdit*> edits;
  for (const ConfigurationEdit& edit : options.edits) {
    if (edit.at < sim::kStart) edits.push_back(&edit);
  }
  std::stable_sort(edits.begin(), edits.end(),
                   [](const auto* a, const auto* b) { return a->at < b->at; });
  std::vector<SimTime> runs = options.synchronizations;
  std::sort(runs.begin(), runs.end());
  std::erase_if(runs, [](SimTime at) { return at >= sim::kStart; });
  bool first_run_done = false;
  auto run = runs.begin();
  for (const ConfigurationEdit* edit : edits) {
    for (; run != runs.end() && *run < edit->at; ++run) {
      (void)objects.synchronize();
      first_run_done = true;
    }
    (void)objects.apply(scenario, *edit, first_run_done);
  }
  if (run != runs.end()) (void)objects.synchronize();
  for (SiteIndex site = 0; site < kSites; ++site) objects.override_switch(scenario, site);
  return objects;
}

bool configuration_differs(const Scenario& scenario) {
  const ConfigurationOptions& options = scenario.configuration;
  const auto any = [](const SwitchOverrides& o) {
    return !o.dns.empty() || !o.places.empty() || !o.logins.empty();
  };
  return !options.edits.empty() ||
         std::any_of(options.switches.begin(), options.switches.end(), any);
}

}  // namespace bcsim::models
