// One replication of a scenario: builds the two-site world and carries out what no endpoint does.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/ha/solution_control.hpp"
#include "models/sip_server/pair.hpp"
#include "models/world/fault_compiler.hpp"
#include "models/world/layout.hpp"
#include "models/world/media_plane.hpp"
#include "models/world/observer.hpp"

namespace bcsim::models {

/// Owns everything of a run but the platform. Beside building endpoints it plays the parts of the
/// world that are nobody's endpoint: the Solution Control Server's hands (what it decides is
/// ha::SolutionControl), the PSTN's alarm on a dead gateway, the operator who
/// activates the standby Configuration Server, the staffing curve, and speech.
class TwoSiteWorld : public sim::World<Domain> {
 public:
  TwoSiteWorld(const Scenario& scenario, sim::RngFactory rng);
  ~TwoSiteWorld() override;

  /// The simulation on a platform built from layout().topology; call once, then start().
  [[nodiscard]] Simulation& simulate(sim::Platform& platform);
  /// Boots everything at time 0.
  void start();
  /// Gives the faults other times, those in `scenario`, which is otherwise the same. Also while it
  /// runs: what is due by now counts as done, and from then on the run is that of `scenario`, if
  /// the two plans have been the same until now.
  void replan(const Scenario& scenario);
  /// Not owned; called in the order of being added. Add all before simulate().
  void add_observer(Observer& observer) { observers_.push_back(&observer); }

  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const Scenario& scenario() const { return scenario_; }

  // sim::World
  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool first) override;
  void on_record(const JournalEntry& entry) override;
  void after_fault(const sim::FaultStep& step) override;
  void on_tick(SimTime now) override;
  void on_transmission(const Transmission& transmission) override;

 private:
  void sit_down(AgentId agent, NodeId device);
  void connect_steady();
  void carry_out(Change what, std::uint32_t subject);
  [[nodiscard]] static Message notice_of(notice::Kind kind, std::uint32_t index = 0) {
    return notice::Message{kind, index, {}};
  }
  // world_management.cpp
  void control(SiteIndex site, ha::ControlInput input, int process = 0);
  void carry_out(SiteIndex site, const ha::ControlEffect& effect);
  void start_again(NodeId server, Duration delay);
  void start_process(std::uint32_t order);
  void on_control_timer(std::uint32_t subject);
  [[nodiscard]] std::optional<Duration> wait_of(SiteIndex site, ha::ControlWait wait);
  [[nodiscard]] ha::Life life_of(NodeId node) const;
  void server_changed(NodeId node, ha::Life before, ha::Life now);
  void note_split(SiteIndex site);
  void set_ha_link(SiteIndex site, bool up);
  void pair_died(SiteIndex site);
  void before_start(SiteIndex site, int process);
  // world.cpp
  void after_change();
  void change_staffing(std::uint32_t group);
  /// Compares every node's life with what it was before the fault and acts on the differences.
  void notice_deaths_and_births();
  void node_died(NodeId node);
  void tell_of_dead_phone(NodeId phone, std::uint32_t agent);
  void node_returned(NodeId node);
  [[nodiscard]] bool pair_alive(SiteIndex site) const;
  // world_configuration.cpp
  void start_configuration();
  [[nodiscard]] bool dc_link_up() const;
  [[nodiscard]] bool databases_joined() const;
  void activate_standby(SiteIndex standby);
  void write_configuration(std::uint32_t change);
  void on_join_or_part();
  void after(Duration delay, Change what, std::uint32_t subject);
  /// Somebody who needs `delay` to notice that a process is gone has noticed this loss, and not an
  /// earlier one only.
  [[nodiscard]] bool down_for(NodeId node, Duration delay) const {
    return !simulation_->is_up(node) && simulation_->now() - down_since_[node.value] >= delay;
  }

  Scenario scenario_;  ///< its own: options may be changed while it runs
  Layout layout_;
  std::vector<Hold> holds_;  ///< of the scenario's faults
  ConfigurationDatabases databases_;
  bool agents_call_;  ///< a dead phone may have had a call of its agent's own
  std::array<std::unique_ptr<SipServerPair>, kSites> pairs_;
  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<MediaPlane> media_;
  std::vector<Observer*> observers_;
  std::vector<ha::Life> lives_;      ///< by NodeId, before the fault
  std::vector<SimTime> down_since_;  ///< by NodeId; of what is up, of no meaning
  std::array<bool, kSites> pair_was_alive_ = {true, true};
  std::array<ha::SolutionControl, kSites> control_;
  /// How often a timer of a process has been armed or cancelled: tells a stale one.
  std::array<std::array<std::array<std::uint32_t, ha::kControlTimers>, 2>, kSites> armed_{};
  std::array<bool, kSites> both_primary_{};  ///< as recorded last
  struct StartOrder {
    NodeId server;
    SimTime given;
  };
  std::vector<StartOrder> start_orders_;  ///< all that the solution control has given
  std::vector<std::uint32_t> staffed_;    ///< by group, as of the last step
  std::uint32_t detections_ = 0;
  std::optional<SimTime> parted_since_;  ///< the dc-link is cut
};

}  // namespace bcsim::models
