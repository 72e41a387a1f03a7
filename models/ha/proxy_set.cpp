#include "models/ha/proxy_set.hpp"

#include <algorithm>
#include <cassert>

namespace bcsim::models::ha {

using Event = ProxyEffects::Event;

ProxySet::ProxySet(int count) : count_(static_cast<ProxyIndex>(count)) {
  assert(count >= 1 && count <= kMaxProxies);
}

ProxyEffects ProxySet::on_timer(ProxyIndex proxy, const ProxySetOptions& options) {
  Proxy& p = proxies_.at(proxy);
  const bool send = !p.probing;  // one at a time, should the period be shorter than the give-up
  p.probing = true;
  return {.send_options = send, .timer = TimerChange::arm(options.options_period)};
}

ProxyEffects ProxySet::on_options_result(ProxyIndex proxy, const ProxySetOptions& options,
                                         const ProxyOutcome& outcome, SimTime now) {
  Proxy& p = proxies_.at(proxy);
  p.probing = false;
  heed_retry_after(p, outcome, now);
  if (!is_alive(options, outcome)) return {.event = set_offline(proxy, options, now)};
  if (p.online) return {};
  if (++p.successes < options.success_retries) {
    return {.timer = TimerChange::arm(options.success_interval)};
  }
  p.online = true;
  return {.event = Event::online};
}

ProxyEffects ProxySet::on_invite_result(ProxyIndex proxy, const ProxySetOptions& options,
                                        const ProxyOutcome& outcome, SimTime now) {
  Proxy& p = proxies_.at(proxy);
  heed_retry_after(p, outcome, now);
  if (is_alive(options, outcome)) return {};
  return {.event = set_offline(proxy, options, now)};
}

std::optional<ProxyIndex> ProxySet::choose(const ProxySetOptions& options, const Choice& choice) {
  assert(options.home < count_);
  ProxyMask candidates = 0;
  for (ProxyIndex i = 0; i < count_; ++i) {
    const auto bit = static_cast<ProxyMask>(1u << i);
    if (available(i, choice.now) && !(choice.tried & bit)) candidates |= bit;
  }
  if (candidates == 0) {
    const bool shunned = proxies_[options.home].shunned_until > choice.now;
    if (choice.tried != 0 || shunned) return std::nullopt;
    return options.home;
  }
  switch (options.mode) {
    case RedundancyMode::homing:
      return next_of(candidates, options.home);
    case RedundancyMode::parking:
      return next_of(candidates, parked_.value_or(options.home));
    case RedundancyMode::load_balance: {
      if (options.weights) return weighted(candidates, *options.weights, choice.uniform);
      const ProxyIndex chosen = next_of(candidates, turn_);
      turn_ = static_cast<ProxyIndex>((chosen + 1) % count_);
      return chosen;
    }
  }
  return std::nullopt;
}

bool ProxySet::is_alive(const ProxySetOptions& options, const ProxyOutcome& outcome) const {
  if (outcome.kind != ProxyOutcome::Kind::response) return false;
  const auto& codes = options.failure_codes;
  return std::find(codes.begin(), codes.end(), outcome.status) == codes.end();
}

void ProxySet::heed_retry_after(Proxy& p, const ProxyOutcome& outcome, SimTime now) {
  const bool asked = outcome.kind == ProxyOutcome::Kind::response && outcome.status == 503 &&
                     outcome.retry_after > 0s;
  if (asked) p.shunned_until = std::max(p.shunned_until, now + outcome.retry_after);
}

Event ProxySet::set_offline(ProxyIndex proxy, const ProxySetOptions& options, SimTime now) {
  Proxy& p = proxies_[proxy];
  p.successes = 0;
  if (!p.online) return Event::none;
  p.online = false;
  if (options.mode == RedundancyMode::parking && proxy == parked_.value_or(options.home)) {
    for (ProxyIndex i = 1; i < count_; ++i) {
      const auto other = static_cast<ProxyIndex>((proxy + i) % count_);
      if (!available(other, now)) continue;
      parked_ = other;
      break;
    }
  }
  return Event::offline;
}

ProxyIndex ProxySet::next_of(ProxyMask candidates, ProxyIndex from) const {
  for (ProxyIndex i = 0; i < count_; ++i) {
    const auto index = static_cast<ProxyIndex>((from + i) % count_);
    if (candidates & (1u << index)) return index;
  }
  assert(false && "no candidate");
  return from;
}

ProxyIndex ProxySet::weighted(ProxyMask candidates, const std::array<double, kMaxProxies>& weights,
                              double uniform) const {
  double total = 0;
  for (ProxyIndex i = 0; i < count_; ++i) {
    if (candidates & (1u << i)) total += weights[i];
  }
  double left = uniform * total;
  ProxyIndex last = next_of(candidates, 0);  // also if all candidates weigh nothing
  for (ProxyIndex i = 0; i < count_; ++i) {
    if (!(candidates & (1u << i)) || weights[i] <= 0) continue;
    last = i;
    if (left < weights[i]) break;
    left -= weights[i];
  }
  return last;
}

}  // namespace bcsim::models::ha
