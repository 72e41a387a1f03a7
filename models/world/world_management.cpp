// What the Solution Control Server does: it makes the backup SIP Server of a site primary when the
// primary is dead, or out of its reach, which it cannot tell apart (D15, D22).
#include "models/world/world.hpp"

namespace bcsim::models {

/// By hand: the primary is made backup and the backup primary (00-5151, 00-5150). The process that
/// was primary begins again, empty, when the other has taken over (ASSUMPTION). Without a live
/// backup, or without contact with both machines, nothing is done.
void TwoSiteWorld::switch_over(SiteIndex site) {
  const auto& processes = layout_.directory.sip_server_process[site];
  const NodeId old = processes[primary_[site]], next = processes[1 - primary_[site]];
  if (!next.valid() || !simulation_->is_up(next) || !simulation_->is_up(old)) return;
  if (!in_contact_[site][0] || !in_contact_[site][1]) return;
  primary_[site] = 1 - primary_[site];
  simulation_->notify(next, notice_of(notice::Kind::become_primary));
  const SimTime now = simulation_->now();
  simulation_->add_faults(
      {{now, sim::NodeCrash{old}},
       {now + scenario_.sites[site].sip_server.promotion + 1s, sim::NodeStart{old}}});
}

void TwoSiteWorld::set_ha_link(SiteIndex site, bool up) {
  pairs_[site]->set_ha_link(up);
  for (const NodeId node : layout_.directory.sip_server_process[site]) {
    if (node.valid() && simulation_->is_up(node)) {
      simulation_->notify(node, notice_of(notice::Kind::ha_link, up ? 1 : 0));
    }
  }
}

/// The management layer ends a SIP Server whose heartbeats are missing, and then sees it dead.
void TwoSiteWorld::end_hung_server(NodeId node) {
  if (!simulation_->is_hung(node)) return;
  const SiteIndex site = layout_.roles[node.value].site;
  simulation_->add_faults({{simulation_->now(), sim::NodeCrash{node}}});
  after(scenario_.sites[site].sip_server.process_death_detection, Change::become_primary, site);
}

// ---- the management layer's link to a machine is cut (split: both primary) ----

Duration TwoSiteWorld::host_loss_detection(SiteIndex site) {
  const SipServerOptions& options = scenario_.sites[site].sip_server;
  auto stream = layout_.directory.rng.stream("ha.detection", detections_++);
  return sim::from_seconds(stream.uniform(sim::seconds(options.host_loss_detection_min),
                                          sim::seconds(options.host_loss_detection_max)));
}

/// If the primary is dead or given up, and the backup can be told.
void TwoSiteWorld::promote_backup(SiteIndex site) {
  const auto& processes = layout_.directory.sip_server_process[site];
  const int old = primary_[site], next = 1 - old;
  const bool lives = simulation_->is_up(processes[old]);
  const bool given_up = !in_contact_[site][old] && given_up_at_[site][old] <= simulation_->now();
  if (lives && !given_up) return;
  if (!processes[next].valid() || !simulation_->is_up(processes[next])) return;
  promotion_owed_[site] = !in_contact_[site][next];
  if (promotion_owed_[site]) return;
  primary_[site] = next;
  left_behind_[site] = lives;
  simulation_->notify(processes[next], notice_of(notice::Kind::become_primary));
}

void TwoSiteWorld::set_management_link(NodeId node, bool up) {
  const NodeRole& role = layout_.roles[node.value];
  bool& in_contact = in_contact_[role.site][role.process];
  if (in_contact == up) return;
  in_contact = up;
  if (!up) {  // to the Solution Control Server that is the loss of the machine
    const Duration detection = host_loss_detection(role.site);
    given_up_at_[role.site][role.process] = simulation_->now() + detection;
    after(detection, Change::contact_lost, node.value);
  } else if (role.process != primary_[role.site] && left_behind_[role.site]) {
    step_down(role.site);
  } else if (promotion_owed_[role.site]) {
    promote_backup(role.site);
  }
}

/// The newer primary has taken the address; the older one lives, and does not know.
void TwoSiteWorld::begin_split(SiteIndex site) {
  if (!left_behind_[site]) return;
  both_primary_[site] = true;
  simulation_->record({}, BothPrimary{site, 1});
}

void TwoSiteWorld::end_split(SiteIndex site) {
  left_behind_[site] = false;
  if (!both_primary_[site]) return;
  both_primary_[site] = false;
  simulation_->record({}, BothPrimary{site, 0});
}

/// Two are primary: the older one is made backup, for what takes its address away could not be run
/// before (D22). As after a switchover by hand it begins again, and is told of the calls in bursts.
void TwoSiteWorld::step_down(SiteIndex site) {
  const NodeId old = layout_.directory.sip_server_process[site][1 - primary_[site]];
  const SimTime now = simulation_->now();
  simulation_->add_faults({{now, sim::NodeCrash{old}}, {now + 1s, sim::NodeStart{old}}});
}

}  // namespace bcsim::models
