#include "models/sip/phone_registration.hpp"

namespace bcsim::models::sip {
namespace {

using Effects = PhoneRegistrationEffects;
using Input = RegistrationInput;

void count_up(std::uint8_t& n) {
  if (n < 255) ++n;
}

Effects::Command start_at(SiteIndex site, SimTime at, SimTime now) {
  if (at <= now) return {site, Input::start, {}};
  return {site, Input::wait, at - now};
}

}  // namespace

Effects PhoneRegistration::boot(const PhoneRegistrationOptions& options) {
  Effects effects;
  effects.commands.push_back({options.preferred, Input::start, {}});
  if (options.mode == RegistrationMode::dual) {
    effects.commands.push_back({peer_of(options.preferred), Input::start, {}});
  }
  return effects;
}

Effects PhoneRegistration::on_registered(const PhoneRegistrationOptions& options, SiteIndex site) {
  assert(!moves(options.mode) || site == current_);
  live_[site] = true;
  failures_[site] = 0;
  dirty_until_[site] = SimTime{};
  failed_in_round_ = rounds_ = 0;
  Effects effects;
  if (away(options)) effects.poll_timer = TimerChange::arm(options.poll_primary);
  return effects;
}

Effects PhoneRegistration::on_failed(const PhoneRegistrationOptions& options, SiteIndex site,
                                     RegistrationFailure why, Duration retry_after, SimTime now,
                                     double uniform) {
  live_[site] = false;
  count_up(failures_[site]);
  if (why == RegistrationFailure::unavailable && retry_after > 0s) {
    shunned_until_[site] = now + retry_after;
  } else if (options.hold_down && why != RegistrationFailure::rejected) {
    shunned_until_[site] = now + *options.hold_down;
  }
  const bool refused = why == RegistrationFailure::rejected && site == options.preferred;
  if (!moves(options.mode) || refused) return retry_here(options, site, now, uniform);
  return site == current_ ? try_next(options, site, now, uniform) : Effects{};
}

Effects PhoneRegistration::retry_here(const PhoneRegistrationOptions& options, SiteIndex site,
                                      SimTime now, double uniform) {
  const bool some_alive = live_[peer_of(site)];
  const Duration delay = options.retry.delay(failures_[site], some_alive, uniform);
  Effects effects;
  effects.commands.push_back(start_at(site, std::max(now + delay, shunned_until_[site]), now));
  return effects;
}

Effects PhoneRegistration::try_next(const PhoneRegistrationOptions& options, SiteIndex failed,
                                    SimTime now, double uniform) {
  Effects effects;
  if (away(options)) effects.poll_timer = TimerChange::cancel();
  const bool both_failed = ++failed_in_round_ >= kSites;
  if (both_failed) {
    failed_in_round_ = 0;
    count_up(rounds_);
  }
  const Duration pause =
      options.retry.delay(std::max<int>(rounds_, 1), /*some_alive=*/false, uniform);
  const SiteIndex other = peer_of(failed);
  const SimTime other_at = std::max(both_failed ? now + pause : now, shunned_until_[other]);
  const SimTime same_at = std::max(now + pause, shunned_until_[failed]);
  const bool prefers_same =
      options.mode == RegistrationMode::active_backup && failed == options.preferred;
  const bool same = same_at < other_at || (same_at == other_at && prefers_same);
  current_ = same ? failed : other;
  effects.commands.push_back(start_at(current_, same ? same_at : other_at, now));
  return effects;
}

Effects PhoneRegistration::on_poll_timer(const PhoneRegistrationOptions& options, SimTime now) {
  Effects effects;
  if (!away(options) || !live_[current_]) return effects;
  if (shunned_until_[options.preferred] > now) {
    effects.poll_timer = TimerChange::arm(options.poll_primary);
  } else {
    effects.poll_primary = true;
  }
  return effects;
}

Effects PhoneRegistration::on_poll_result(const PhoneRegistrationOptions& options, bool answered) {
  Effects effects;
  if (!away(options) || !live_[current_]) return effects;
  if (!answered) {
    effects.poll_timer = TimerChange::arm(options.poll_primary);
    return effects;
  }
  effects.commands.push_back({current_, Input::leave, {}});
  effects.commands.push_back({options.preferred, Input::start, {}});
  live_[current_] = false;
  current_ = options.preferred;
  return effects;
}

namespace {

/// RFC 2782: the lowest priority; of equal ones by weight (all weights 0: evenly).
SiteIndex first_target(const PhoneRegistrationOptions& options, double uniform) {
  if (!options.srv) return options.preferred;
  const SrvRecord &a = (*options.srv)[0], &b = (*options.srv)[1];
  if (a.priority != b.priority) return a.priority < b.priority ? SiteIndex{0} : SiteIndex{1};
  const double sum = a.weight + b.weight;
  const double share = sum > 0 ? a.weight / sum : 0.5;
  return uniform < share ? SiteIndex{0} : SiteIndex{1};
}

}  // namespace

SiteIndex PhoneRegistration::outbound(const PhoneRegistrationOptions& options, SimTime now,
                                      double uniform) const {
  if (options.mode != RegistrationMode::dual) return current_;
  const SiteIndex first = first_target(options, uniform), other = peer_of(first);
  const auto good = [&](SiteIndex s) { return live_[s] && dirty_until_[s] <= now; };
  return !good(first) && good(other) ? other : first;
}

}  // namespace bcsim::models::sip
