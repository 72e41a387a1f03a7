// Active out-of-service detection on the inter-site Trunk DN (R40, R47, domain.md §5.4).
#pragma once

#include <cstdint>
#include <utility>

#include "models/sip/transaction.hpp"
#include "models/timer_change.hpp"

namespace bcsim::models::ha {

using sim::Duration;
using namespace std::chrono_literals;

struct PeerTrunkOptions {
  Duration oos_check = 10s;  ///< c: an OPTIONS is sent this often
  Duration oos_force = 5s;   ///< f: not answered within → out of service
  int misses = 1;            ///< unanswered probes in a row that it takes
  /// Either of them 0: active detection is off, and the trunk is in service whatever the peer does.
  [[nodiscard]] constexpr bool watched() const { return oos_check > 0s && oos_force > 0s; }
  /// How to send a probe: retransmitted as any request, but given up after oos-force.
  [[nodiscard]] constexpr sip::ClientPolicy probe_policy(const sip::Timers& timers = {}) const {
    return {.timers = timers, .max_retransmissions = std::nullopt, .max_silence = oos_force};
  }
};

/// What to do now; trivially copyable.
struct PeerTrunkEffects {
  enum class Change : std::uint8_t { none, out_of_service, in_service };
  bool send_options = false;
  std::uint32_t probe = 0;  ///< its number, to come back with the result
  Change change = Change::none;
  TimerChange timer{};
  constexpr bool operator==(const PeerTrunkEffects&) const = default;
};

/// One peer's view of its Trunk DN to the other. A silent peer is noticed after U(0,c) + (k−1)·c +
/// f with k misses; it is back at the first 200.
class PeerTrunk {
 public:
  using Effects = PeerTrunkEffects;
  enum class Result : std::uint8_t {
    ok,         ///< 200
    other,      ///< another final response: proof of life, but not of service
    no_answer,  ///< none within oos-force, or a transport error
  };

  explicit constexpr PeerTrunk(bool in_service) : in_service_(in_service) {}

  /// `first_probe_after`: the phase, to be drawn from U(0, oos-check).
  [[nodiscard]] static constexpr Effects start(Duration first_probe_after) {
    return {.timer = TimerChange::arm(first_probe_after)};
  }
  /// From one look at the peer, or at the options, to the next; never 0.
  [[nodiscard]] static constexpr Duration period(const PeerTrunkOptions& options) {
    return options.watched() ? options.oos_check : kUnwatched;
  }
  /// A probe is due. Probes may overlap if oos-force exceeds oos-check (V-W18). If none are to be
  /// sent the options are looked at again after kUnwatched: they can be changed (ASSUMPTION).
  [[nodiscard]] constexpr Effects on_timer(const PeerTrunkOptions& options) {
    if (!options.watched()) {
      misses_ = 0;
      const bool was = std::exchange(in_service_, true);
      return {.change = was ? Effects::Change::none : Effects::Change::in_service,
              .timer = TimerChange::arm(period(options))};
    }
    return {
        .send_options = true, .probe = ++last_probe_, .timer = TimerChange::arm(period(options))};
  }
  [[nodiscard]] constexpr Effects on_result(const PeerTrunkOptions& options, std::uint32_t probe,
                                            Result result) {
    if (!options.watched()) return {};
    if (result == Result::no_answer) {
      if (probe < last_answered_) return {};  // a later one was answered meanwhile
      ++misses_;
      if (!in_service_ || misses_ < options.misses) return {};
      in_service_ = false;
      return {.change = Effects::Change::out_of_service};
    }
    misses_ = 0;
    if (probe > last_answered_) last_answered_ = probe;
    if (in_service_ || result != Result::ok) return {};
    in_service_ = true;
    return {.change = Effects::Change::in_service};
  }

  [[nodiscard]] constexpr bool in_service() const { return in_service_; }

  static constexpr Duration kUnwatched = 10s;

 private:
  std::uint32_t last_probe_ = 0;
  std::uint32_t last_answered_ = 0;
  int misses_ = 0;  // in a row
  bool in_service_;
};

}  // namespace bcsim::models::ha
