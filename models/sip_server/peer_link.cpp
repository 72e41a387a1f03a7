#include "models/sip_server/peer_link.hpp"

namespace bcsim::models {

ha::PeerTrunkOptions PeerLink::trunk_options() const {
  return {.oos_check = site_.options().oos_check, .oos_force = site_.options().oos_force};
}

/// Uniform in (0, oos-check), or pinned for the first process of a run.
Duration PeerLink::first_probe_phase(Context& context) {
  const std::uint32_t nth = state_.probe_phases++;
  const std::optional<Duration>& pinned = site_.directory.scenario->first_trunk_probe[site_.index];
  if (nth == 0 && pinned) return *pinned;
  if (!trunk_options().watched()) return {};
  const double u = context.stream("peer.probe", site_.index + 2ull * nth).uniform();
  return sim::from_seconds(u * sim::seconds(site_.options().oos_check));
}

void PeerLink::start_steady(Context& context) {
  const bool paired = site_.options().dr_peer_trunk;
  state_.trunk = ha::PeerTrunk(paired);
  context.record(PeerTrunk{site_.index, paired});
  state_.mode = paired ? ServerMode::bc : ServerMode::single;
  context.record(ServerModeChanged{site_.index, state_.mode});
}

void PeerLink::begin(Context& context) {
  if (site_.options().dr_peer_trunk) {
    const ha::PeerTrunkEffects effects = ha::PeerTrunk::start(first_probe_phase(context));
    context.arm(effects.timer.after, tag_of(ServerTimer::probe));
  } else if (mode() == ServerMode::starting) {
    set_mode(context, ServerMode::single);
  }
}

void PeerLink::on_probe_timer(Context& context) {
  const ha::PeerTrunkOptions trunk = trunk_options();
  if (stopped()) {  // until it is started again
    context.arm(ha::PeerTrunk::period(trunk), tag_of(ServerTimer::probe));
    return;
  }
  const ha::PeerTrunkEffects effects = state_.trunk.on_timer(trunk);
  context.arm(effects.timer.after, tag_of(ServerTimer::probe));
  if (!effects.send_options) {
    follow_trunk(context, effects, true);
    return;
  }
  context.record(PeerProbe{site_.index});
  sip::Request options_request;
  options_request.dialog =
      sip::dialog_id(sip::Leg::options, site_.index, context.self(), effects.probe);
  options_request.cseq = 1;
  options_request.contact = site_.address();
  sip_.request(context, site_.peer_address(), options_request, trunk.probe_policy(),
               {.kind = static_cast<std::uint32_t>(LegOwner::probe), .index = effects.probe});
}

void PeerLink::on_probe_result(Context& context, std::uint32_t probe, sip::Inform inform) {
  using Result = ha::PeerTrunk::Result;
  if (inform == sip::Inform::provisional) return;
  const Result result = inform == sip::Inform::success   ? Result::ok
                        : inform == sip::Inform::failure ? Result::other
                                                         : Result::no_answer;
  follow_trunk(context, state_.trunk.on_result(trunk_options(), probe, result),
               result == Result::ok);
}

/// `fine`: there is no reason to doubt the peer.
void PeerLink::follow_trunk(Context& context, const ha::PeerTrunkEffects& effects, bool fine) {
  if (effects.change != ha::PeerTrunkEffects::Change::none) {
    context.record(PeerTrunk{site_.index, state_.trunk.in_service()});
  }
  if (closing()) return;
  take_mode_of_trunk(context);
  if (fine && bc()) user_.peer_answered(context);
}

void PeerLink::take_mode_of_trunk(Context& context) {
  set_mode(context, ha::mode_of({.dr_peer_trunk = site_.options().dr_peer_trunk,
                                 .peer_in_service = state_.trunk.in_service()}));
}

void PeerLink::serve_again(Context& context) {
  if (closing()) take_mode_of_trunk(context);
}

void PeerLink::set_mode(Context& context, ServerMode mode) {
  const ServerMode before = state_.mode;
  if (mode == before) return;
  state_.mode = mode;
  context.record(ServerModeChanged{site_.index, mode});
  user_.mode_changed(context, before);
}

void PeerLink::send(Context& context, const peer::Message& message) {
  const Message m{message};
  context.send_as(site_.address(), site_.peer_address(), m, size_bytes(m));
}

}  // namespace bcsim::models
