// One replication of a scenario: builds the two-site world and carries out what no endpoint does.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/sip_server/pair.hpp"
#include "models/world/fault_compiler.hpp"
#include "models/world/layout.hpp"
#include "models/world/media_plane.hpp"
#include "models/world/observer.hpp"

namespace bcsim::models {

/// Owns everything of a run but the platform. Beside building endpoints it plays the parts of the
/// world that are nobody's endpoint: the Solution Control Server that notices a dead SIP Server
/// process and promotes the backup (D15, D22), the PSTN's alarm on a dead gateway, the operator who
/// activates the standby Configuration Server, the staffing curve, and speech.
class TwoSiteWorld final : public sim::World<Domain> {
 public:
  TwoSiteWorld(const Scenario& scenario, sim::RngFactory rng);
  ~TwoSiteWorld() override;

  /// The simulation on a platform built from layout().topology; call once, then start().
  [[nodiscard]] Simulation& simulate(sim::Platform& platform);
  /// Boots everything at time 0.
  void start();
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
  [[nodiscard]] std::vector<NodeId> absent_nodes() const;
  void sit_down(AgentId agent, NodeId device);
  void connect_steady();
  void carry_out(Change what, std::uint32_t subject);
  [[nodiscard]] static Message notice_of(notice::Kind kind, std::uint32_t index = 0) {
    return notice::Message{kind, index, {}};
  }
  // world_management.cpp
  void switch_over(SiteIndex site);
  void set_ha_link(SiteIndex site, bool up);
  void end_hung_server(NodeId node);
  [[nodiscard]] Duration host_loss_detection(SiteIndex site);
  void promote_backup(SiteIndex site);
  void set_management_link(NodeId node, bool up);
  void begin_split(SiteIndex site);
  void end_split(SiteIndex site);
  void step_down(SiteIndex site);
  // world.cpp
  void change_staffing(std::uint32_t group);
  /// Compares every node's life with what it was before the fault and acts on the differences.
  void notice_deaths_and_births(bool host_failed);
  void node_died(NodeId node, bool host_failed);
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

  Scenario scenario_;  ///< its own: options may be changed while it runs
  Layout layout_;
  ConfigurationDatabases databases_;
  bool agents_call_;  ///< a dead phone may have had a call of its agent's own
  std::array<std::unique_ptr<SipServerPair>, kSites> pairs_;
  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<MediaPlane> media_;
  std::vector<Observer*> observers_;
  std::vector<bool> was_up_;  ///< by NodeId, before the fault
  std::array<bool, kSites> pair_was_alive_ = {true, true};
  std::array<int, kSites> primary_ = {0, 0};  ///< process that was told to be primary last
  /// The management layer reaches the machine of a process; and when it gave up trying.
  std::array<std::array<bool, 2>, kSites> in_contact_ = {{{true, true}, {true, true}}};
  std::array<std::array<SimTime, 2>, kSites> given_up_at_{};
  std::array<bool, kSites> promotion_owed_{};  ///< once the backup can be told
  std::array<bool, kSites> left_behind_{};     ///< the other was made primary though this one lives
  std::array<bool, kSites> both_primary_{};    ///< and has taken the address
  std::vector<std::uint32_t> staffed_;         ///< by group, as of the last step
  std::uint32_t detections_ = 0;
  std::optional<SimTime> parted_since_;  ///< the dc-link is cut
};

}  // namespace bcsim::models
