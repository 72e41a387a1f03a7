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
  started_beside_primary,  ///< initialised; `peer_term` is the primary's
  synchronized,            ///< calls and bindings have been copied
  become_primary,   ///< the Solution Control Server has seen the primary die (its detection time)
  timer,            ///< the promotion is over
  peer_is_primary,  ///< the other process is heard to be primary, in `peer_term`
  demote,           ///< manual switchover (00-5151)
  ha_link_lost,     ///< the primary's calls are no longer copied here
};

struct RedundancyOptions {
  Duration promotion = 3s;         ///< promotion and move of the virtual address
  bool designated_primary = true;  ///< keeps the role if both became primary in the same term
};

/// What to do now; trivially copyable.
struct RedundancyEffects {
  enum class Address : std::uint8_t { keep, take, release };
  Address address = Address::keep;  ///< the site's virtual address
  bool calls_lost = false;  ///< begin with empty tables: nobody has the calls' state any more
  TimerChange timer{};
  constexpr bool operator==(const RedundancyEffects&) const = default;
};

/// One process of the pair. Each primacy has a term, one higher than the last one known, so when
/// the halves of a split pair meet again, the one promoted later stays and the other yields. What a
/// backup that was still synchronizing does not know is lost when it takes over (D21 "double
/// failure"): the calls know whether they have been copied.
class Redundancy {
 public:
  using Effects = RedundancyEffects;
  using Address = RedundancyEffects::Address;

  /// A steady start: the designated primary is primary, the other one its ready backup.
  [[nodiscard]] static constexpr Redundancy steady(const RedundancyOptions& options) {
    Redundancy r;
    r.role_ = options.designated_primary ? HaRole::primary : HaRole::backup;
    r.term_ = 1;
    return r;
  }

  [[nodiscard]] constexpr Effects on(HaInput input, const RedundancyOptions& options,
                                     std::uint32_t peer_term = 0);
  [[nodiscard]] constexpr HaRole role() const { return role_; }
  [[nodiscard]] constexpr std::uint32_t term() const { return term_; }

  /// Pause between two bursts of calls that are copied to a backup (D21).
  static constexpr Duration kBurstPause = 1s;

 private:
  constexpr Effects promote(const RedundancyOptions& options) {
    role_ = HaRole::promoting;
    return {.timer = TimerChange::arm(options.promotion)};
  }
  constexpr Effects meet_primary(const RedundancyOptions&, std::uint32_t peer_term);

  std::uint32_t term_ = 0;  // own if primary, else the last one heard of
  HaRole role_ = HaRole::starting;
};

constexpr RedundancyEffects Redundancy::on(HaInput input, const RedundancyOptions& options,
                                           std::uint32_t peer_term) {
  switch (input) {
    case HaInput::started_alone:
      if (role_ != HaRole::starting) return {};
      role_ = HaRole::primary;
      ++term_;
      return {.address = Address::take, .calls_lost = true};
    case HaInput::started_beside_primary:
      if (role_ != HaRole::starting) return {};
      role_ = HaRole::synchronizing;
      term_ = peer_term;
      return {};
    case HaInput::synchronized:
      if (role_ == HaRole::synchronizing) role_ = HaRole::backup;
      return {};
    case HaInput::become_primary:
      return role_ == HaRole::primary || role_ == HaRole::promoting ? Effects{} : promote(options);
    case HaInput::timer:
      if (role_ != HaRole::promoting) return {};
      role_ = HaRole::primary;
      ++term_;
      return {.address = Address::take};
    case HaInput::peer_is_primary:
      return meet_primary(options, peer_term);
    case HaInput::demote:
      if (role_ != HaRole::primary) return {};
      role_ = HaRole::backup;  // synchronous until now, so ready at once
      return {.address = Address::release};
    case HaInput::ha_link_lost:
      if (role_ == HaRole::backup) role_ = HaRole::synchronizing;
      return {};
  }
  return {};
}

constexpr RedundancyEffects Redundancy::meet_primary(const RedundancyOptions& options,
                                                     std::uint32_t peer_term) {
  switch (role_) {
    case HaRole::primary: {
      const bool stays = peer_term < term_ || (peer_term == term_ && options.designated_primary);
      if (stays) return {.address = Address::take};  // the other one may still hold it (D22)
      role_ = HaRole::synchronizing;
      term_ = peer_term;
      return {.address = Address::release, .calls_lost = true};
    }
    case HaRole::promoting:  // the primary was only thought dead
      role_ = HaRole::synchronizing;
      term_ = peer_term;
      return {.timer = TimerChange::cancel()};
    case HaRole::synchronizing:
    case HaRole::backup:
      term_ = peer_term;
      return {};
    case HaRole::starting:
      return {};
  }
  return {};
}

}  // namespace bcsim::models::ha
