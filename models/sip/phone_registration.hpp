// Where a phone of two SIP Servers registers: single, active-backup, dual or fixed (R16–R19, §3.4).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "models/inline_list.hpp"
#include "models/scenario.hpp"
#include "models/sip/registration.hpp"

namespace bcsim::models::sip {

using sim::SimTime;

/// When to try a failed server again (RFC 5626 §4.5).
struct RetryPolicy {
  Duration base_all_failed = 30s;
  Duration base_some_alive = 90s;
  Duration max = 1800s;
  std::optional<Duration> fixed{};  ///< a vendor's constant delay instead, e.g. Panasonic 10 s

  /// Delay after `failures` (>= 1) in a row: uniform in [½W, W] with W = min(max, base·2^failures);
  /// `uniform` in [0, 1).
  [[nodiscard]] constexpr Duration delay(int failures, bool some_alive, double uniform) const {
    if (fixed) return std::min(*fixed, sim::kEndless);
    constexpr int kMaxDoublings = 20;  // beyond any max in use, and safe from overflow
    const Duration base = some_alive ? base_some_alive : base_all_failed;
    const Duration w =
        std::min(max, base * (std::int64_t{1} << std::clamp(failures, 0, kMaxDoublings)));
    return Duration(
        static_cast<std::int64_t>(static_cast<double>(w.count()) * (0.5 + 0.5 * uniform)));
  }
};

struct PhoneRegistrationOptions {
  RegistrationMode mode = RegistrationMode::active_backup;
  SiteIndex preferred = 0;      ///< the primary of single, active-backup and fixed
  Duration poll_primary = 60s;  ///< active-backup, while registered at the other site
  Duration dirty = 5min;        ///< a server that did not answer a call is not called first (§3.4)
  /// Dual: where its own calls go, by RFC 2782, instead of to `preferred` (R18).
  std::optional<std::array<SrvRecord, kSites>> srv{};
  /// A server that did not answer a REGISTER is left alone for so long (§3.4).
  std::optional<Duration> hold_down{};
  RetryPolicy retry{};
};

/// What to do now, in order; trivially copyable.
struct PhoneRegistrationEffects {
  struct Command {  ///< an input for the Registration at `site`: start, wait, leave or stop
    SiteIndex site = 0;
    RegistrationInput input = RegistrationInput::start;
    Duration after{};  ///< of wait
    constexpr bool operator==(const Command&) const = default;
  };
  InlineList<Command, 2> commands{};
  bool poll_primary = false;  ///< send an OPTIONS to the preferred server
  TimerChange poll_timer{};
  constexpr bool operator==(const PhoneRegistrationEffects&) const = default;
};

/// See the head comment. single: one binding, moves when its server fails, stays there until that
/// one fails; active-backup: the same, but polls the primary and returns to it; dual: one binding
/// at each, independent; fixed: never moves (R19). In single and active-backup never two live
/// registrations (R17). A refusal (403, 404) by the preferred server is no failure of it: the phone
/// stays and tries again there.
class PhoneRegistration {
 public:
  explicit constexpr PhoneRegistration(const PhoneRegistrationOptions& options)
      : current_(options.preferred) {}

  using Effects = PhoneRegistrationEffects;

  [[nodiscard]] Effects boot(const PhoneRegistrationOptions&);
  /// The Registration at `site` reported registered (also after assume_registered).
  [[nodiscard]] Effects on_registered(const PhoneRegistrationOptions&, SiteIndex site);
  /// The Registration at `site` reported failed. `retry_after`: of a 503, 0 if none (§21.5.4:
  /// nothing is sent there for that long). `uniform` in [0, 1) is used if a retry is scheduled.
  [[nodiscard]] Effects on_failed(const PhoneRegistrationOptions&, SiteIndex site,
                                  RegistrationFailure why, Duration retry_after, SimTime now,
                                  double uniform);
  [[nodiscard]] Effects on_poll_timer(const PhoneRegistrationOptions&, SimTime now);
  /// The OPTIONS sent for poll_primary was answered (by anything) or not.
  [[nodiscard]] Effects on_poll_result(const PhoneRegistrationOptions&, bool answered);

  /// A call placed at `site` found no answer (R18).
  void on_call_unanswered(const PhoneRegistrationOptions& options, SiteIndex site, SimTime now) {
    dirty_until_[site] = now + options.dirty;
  }
  /// The server to place the next call at; the other one is the second target (R18, R62).
  /// `uniform` in [0, 1) chooses among SRV records of one priority.
  [[nodiscard]] SiteIndex outbound(const PhoneRegistrationOptions&, SimTime now,
                                   double uniform = 0) const;

  /// The one server used in the modes other than dual.
  [[nodiscard]] constexpr SiteIndex current() const { return current_; }
  [[nodiscard]] constexpr bool live(SiteIndex site) const { return live_[site]; }

 private:
  [[nodiscard]] bool away(const PhoneRegistrationOptions& o) const {
    return o.mode == RegistrationMode::active_backup && current_ != o.preferred;
  }
  Effects retry_here(const PhoneRegistrationOptions&, SiteIndex, SimTime now, double uniform);
  Effects try_next(const PhoneRegistrationOptions&, SiteIndex failed, SimTime now, double uniform);

  std::array<SimTime, kSites> shunned_until_{};
  std::array<SimTime, kSites> dirty_until_{};
  std::array<std::uint8_t, kSites> failures_{};  // in a row, saturating
  std::array<bool, kSites> live_{};
  SiteIndex current_ = 0;
  std::uint8_t failed_in_round_ = 0;  // of the two servers, since one last worked or a pause
  std::uint8_t rounds_ = 0;           // in which both failed
};

}  // namespace bcsim::models::sip
