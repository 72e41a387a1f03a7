// Feeds what happens to the SIP Servers of a site to its solution control, and does what that one
// decides.
#include "models/world/world.hpp"

namespace bcsim::models {

using ha::ControlEffect;
using ha::ControlInput;
using ha::ControlTimer;
using ha::ControlWait;
using ha::Life;

namespace {

constexpr Duration kRestart = 1s;  // of a process that is to begin again (ASSUMPTION)

/// The subject of Change::control_timer.
std::uint32_t subject_of(SiteIndex site, const ControlEffect& effect, std::uint32_t armed) {
  return site | static_cast<std::uint32_t>(effect.process) << 1 |
         static_cast<std::uint32_t>(effect.timer) << 2 | armed << 4;
}

ControlInput input_of(ControlTimer timer) {
  switch (timer) {
    case ControlTimer::loss_noticed:
      return ControlInput::loss_noticed;
    case ControlTimer::heartbeat_missed:
      return ControlInput::heartbeat_missed;
    case ControlTimer::given_up:
      break;
  }
  return ControlInput::given_up;
}

/// What the solution control hears when a process and its machine have come from one life to the
/// other.
ControlInput input_of(Life before, Life now) {
  switch (now) {
    case Life::alive:
      return ControlInput::returned;
    case Life::hung:
      return ControlInput::hung;
    case Life::dead:
      return before == Life::machine_lost ? ControlInput::machine_returned : ControlInput::died;
    case Life::machine_lost:
      break;
  }
  return ControlInput::machine_lost;
}

}  // namespace

void TwoSiteWorld::control(SiteIndex site, ControlInput input, int process) {
  for (const ControlEffect& effect : control_[site].on(input, process)) carry_out(site, effect);
}

void TwoSiteWorld::carry_out(SiteIndex site, const ControlEffect& effect) {
  using Kind = ControlEffect::Kind;
  const NodeId node = layout_.directory.sip_server_process[site][effect.process];
  std::uint32_t& armed = armed_[site][effect.process][static_cast<std::size_t>(effect.timer)];
  switch (effect.kind) {
    case Kind::make_primary:
      simulation_->notify(node, notice_of(notice::Kind::become_primary));
      break;
    case Kind::end:
      simulation_->add_faults({{simulation_->now(), sim::NodeCrash{node}}});
      break;
    case Kind::start_again:
      if (const auto delay = wait_of(site, effect.wait)) start_again(node, *delay);
      break;
    case Kind::arm:
      ++armed;
      if (const auto delay = wait_of(site, effect.wait)) {
        after(*delay, Change::control_timer, subject_of(site, effect, armed));
      }
      break;
    case Kind::cancel:
      ++armed;
      break;
  }
}

void TwoSiteWorld::start_again(NodeId server, Duration delay) {
  start_orders_.push_back({server, simulation_->now()});
  after(delay, Change::start_process, static_cast<std::uint32_t>(start_orders_.size() - 1));
}

/// Unless the scenario has brought it down meanwhile: its faults say when it is back.
void TwoSiteWorld::start_process(std::uint32_t order) {
  const auto [server, given] = start_orders_[order];
  if (brought_down(scenario_, layout_, holds_, server, given, simulation_->now())) return;
  simulation_->start_node(server);
  after_change();
}

void TwoSiteWorld::on_control_timer(std::uint32_t subject) {
  const auto site = static_cast<SiteIndex>(subject & 1);
  const int process = static_cast<int>(subject >> 1 & 1);
  const std::uint32_t timer = subject >> 2 & 3;
  if (armed_[site][process][timer] != subject >> 4) return;  // armed anew, or cancelled
  control(site, input_of(static_cast<ControlTimer>(timer)), process);
}

/// nullopt: endless.
std::optional<Duration> TwoSiteWorld::wait_of(SiteIndex site, ControlWait wait) {
  const SipServerOptions& options = scenario_.sites[site].sip_server;
  switch (wait) {
    case ControlWait::process_death:
      return options.process_death_detection;
    case ControlWait::machine_loss: {
      auto stream = layout_.directory.rng.stream("ha.detection", detections_++);
      return sim::from_seconds(stream.uniform(sim::seconds(options.host_loss_detection_min),
                                              sim::seconds(options.host_loss_detection_max)));
    }
    case ControlWait::heartbeat:
      return options.heartbeat_period;
    case ControlWait::restart:
      return kRestart;
    case ControlWait::after_promotion:
      return options.promotion + kRestart;
  }
  return std::nullopt;
}

Life TwoSiteWorld::life_of(NodeId node) const {
  if (simulation_->is_up(node)) return Life::alive;
  if (simulation_->is_hung(node)) return Life::hung;
  return simulation_->host_up(node) ? Life::dead : Life::machine_lost;
}

void TwoSiteWorld::server_changed(NodeId node, Life before, Life now) {
  const NodeRole& role = layout_.roles[node.value];
  if (now != Life::alive) pairs_[role.site]->process_gone(role.process);
  control(role.site, input_of(before, now), role.process);
  note_split(role.site);
}

/// The newer primary has taken the address, and the older one lives and does not know; or no more.
void TwoSiteWorld::note_split(SiteIndex site) {
  const bool both = control_[site].split();
  if (both == both_primary_[site]) return;
  both_primary_[site] = both;
  simulation_->record({}, BothPrimary{site, both ? 1u : 0u});
}

void TwoSiteWorld::set_ha_link(SiteIndex site, bool up) {
  pairs_[site]->set_ha_link(up);
  for (const NodeId node : layout_.directory.sip_server_process[site]) {
    if (node.valid() && simulation_->is_up(node)) {
      simulation_->notify(node, notice_of(notice::Kind::ha_link, up ? 1 : 0));
    }
  }
}

void TwoSiteWorld::pair_died(SiteIndex site) {
  simulation_->record({}, PairStateChanged{site, 0});
  pairs_[site]->lose_everything();
  if (!scenario_.run.media_survives) media_->pair_lost(site);
}

/// A process starts in the place of one that hung, and the other is dead: what the hung one knew
/// dies with it.
void TwoSiteWorld::before_start(SiteIndex site, int process) {
  const NodeId other = layout_.directory.sip_server_process[site][1 - process];
  const bool alone = !other.valid() || (!simulation_->is_up(other) && !simulation_->is_hung(other));
  if (!alone || !pair_was_alive_[site]) return;
  pair_died(site);
  simulation_->record({}, PairStateChanged{site, 1});
}

}  // namespace bcsim::models
