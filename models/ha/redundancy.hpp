// The high-availability pair of a site, from the view of one SIP Server process (R9, §2.4, §5.8).
#pragma once

#include <cstdint>

#include "models/timer_change.hpp"

namespace bcsim::models::ha {

using sim::Duration;
using namespace std::chrono_literals;

enum class HaRole : std::uint8_t {
  starting,
  synchronizing,  ///< backup that does not know all calls and bindings yet
  backup,         ///< ready for switchover
  promoting,      ///< moving the virtual address to this host
  primary,
};

enum class HaInput : std::uint8_t {
  started_alone,           ///< initialised; the other process is not primary
  started_beside_primary,  ///< initialised; the other process is, or somebody is about to be
  synchronized,            ///< calls and bindings have been copied
  become_primary,          ///< the Solution Control Server's order (SolutionControl)
  timer,                   ///< the promotion is over
  ha_link_lost,            ///< the primary's calls are no longer copied here
};

struct RedundancyOptions {
  Duration promotion = 3s;         ///< promotion and move of the virtual address
  bool designated_primary = true;  ///< is primary when the world starts
};

/// What to do now; trivially copyable.
struct RedundancyEffects {
  bool take_address = false;  ///< the site's virtual address
  bool calls_lost = false;    ///< begin with empty tables: nobody has the calls' state any more
  TimerChange timer{};
  constexpr bool operator==(const RedundancyEffects&) const = default;
};

/// One process of the pair. It ceases to be primary only with its life: whoever is made backup, by
/// hand or because another has become primary behind its back, begins again (ASSUMPTION). What a
/// backup that was still synchronizing does not know is lost when it takes over (D21 "double
/// failure"): the calls know whether they have been copied.
class Redundancy {
 public:
  using Effects = RedundancyEffects;

  /// A steady start: the designated primary is primary, the other one its ready backup.
  [[nodiscard]] static constexpr Redundancy steady(const RedundancyOptions& options) {
    Redundancy r;
    r.role_ = options.designated_primary ? HaRole::primary : HaRole::backup;
    return r;
  }

  [[nodiscard]] constexpr Effects on(HaInput input, const RedundancyOptions& options);
  [[nodiscard]] constexpr HaRole role() const { return role_; }

  /// Pause between two bursts of calls that are copied to a backup (D21).
  static constexpr Duration kBurstPause = 1s;

 private:
  constexpr Effects promote(const RedundancyOptions& options) {
    role_ = HaRole::promoting;
    return {.timer = TimerChange::arm(options.promotion)};
  }

  HaRole role_ = HaRole::starting;
};

constexpr RedundancyEffects Redundancy::on(HaInput input, const RedundancyOptions& options) {
  switch (input) {
    case HaInput::started_alone:
      if (role_ != HaRole::starting) return {};
      role_ = HaRole::primary;
      return {.take_address = true, .calls_lost = true};
    case HaInput::started_beside_primary:
      if (role_ != HaRole::starting) return {};
      role_ = HaRole::synchronizing;
      return {};
    case HaInput::synchronized:
      if (role_ == HaRole::synchronizing) role_ = HaRole::backup;
      return {};
    case HaInput::become_primary:
      return role_ == HaRole::primary || role_ == HaRole::promoting ? Effects{} : promote(options);
    case HaInput::timer:
      if (role_ != HaRole::promoting) return {};
      role_ = HaRole::primary;
      return {.take_address = true};
    case HaInput::ha_link_lost:
      if (role_ == HaRole::backup) role_ = HaRole::synchronizing;
      return {};
  }
  return {};
}

}  // namespace bcsim::models::ha
