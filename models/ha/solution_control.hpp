// What the Solution Control Server knows, decides and does about the two SIP Server processes of a
// site (R9, domain.md §2.4, §5.8, D15, D22).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace bcsim::models::ha {

/// A process and the machine it runs on, as they are.
enum class Life : std::uint8_t {
  alive,
  hung,          ///< neither hears nor says anything
  dead,          ///< the process; its machine runs
  machine_lost,  ///< and the process with it
};

/// What a process was told to be since it started.
enum class Office : std::uint8_t {
  backup,
  promoting,  ///< told to be primary; has not taken the address yet
  primary,
};

enum class ControlInput : std::uint8_t {
  died,              ///< the process, alone
  machine_lost,      ///< its machine, and the process with it
  machine_returned,  ///< it runs again, without the process
  hung,
  returned,        ///< the process has started; if it hung, in place of that one
  took_over,       ///< the process has the site's address
  contact_lost,    ///< the machine is out of the management layer's reach
  contact_healed,  ///< and in reach again
  loss_noticed,    ///< a ControlTimer
  heartbeat_missed,
  given_up,
  switch_over,  ///< by hand, from the primary to its backup; `process` does not matter
};

/// One of each for each process; arming one again replaces it.
enum class ControlTimer : std::uint8_t { loss_noticed, heartbeat_missed, given_up };
inline constexpr std::size_t kControlTimers = 3;

/// How long a timer runs, or a start is put off.
enum class ControlWait : std::uint8_t {
  process_death,   ///< until the death of a process is noticed
  machine_loss,    ///< until a machine counts as lost (D15)
  heartbeat,       ///< the heartbeat period; endless if no heartbeats are expected
  restart,         ///< a process begins again
  after_promotion  ///< likewise, when the other one has taken over
};

struct ControlEffect {
  enum class Kind : std::uint8_t {
    make_primary,
    end,          ///< the process, running or hung
    start_again,  ///< the process, after `wait`
    arm,          ///< `timer` of this process, for `wait`
    cancel,       ///< `timer` of this process
  };
  Kind kind{};
  int process = 0;
  ControlTimer timer{};
  ControlWait wait{};
  bool operator==(const ControlEffect&) const = default;
};
using ControlEffects = std::vector<ControlEffect>;

/// The pair of one site. A pure machine: inputs in, effects out; whoever runs it has the clock, by
/// which a promotion is over before a machine can be given up.
///
/// Whoever of the pair is primary is decided here alone, but for a process that starts and finds
/// that the other one is dead: it serves at once, whether the management layer can tell it or not
/// (ASSUMPTION). A primary that is dead, or out of reach for so long that its machine counts as
/// lost, loses its office; so does one that starts again, since it begins empty. The office goes to
/// the other process, or, if that one cannot be told, to this one; if nobody can be told, to
/// whoever can first. A hung process cannot be told: it does not acknowledge the order.
class SolutionControl {
 public:
  /// A steady start: process 0 is primary. `backup`: there is a process 1.
  SolutionControl() : SolutionControl(true) {}
  explicit SolutionControl(bool backup);

  /// What to do now, in this order. An input that does not fit the state (a death of who is dead, a
  /// timer not armed) changes nothing.
  [[nodiscard]] ControlEffects on(ControlInput input, int process);

  [[nodiscard]] Life life(int process) const { return at(process).life; }
  [[nodiscard]] Office office(int process) const { return at(process).office; }
  [[nodiscard]] bool in_contact(int process) const { return at(process).contact; }
  [[nodiscard]] bool armed(int process, ControlTimer timer) const {
    return at(process).armed[static_cast<std::size_t>(timer)];
  }
  /// Whom the management layer takes for the primary; kNobody: none.
  [[nodiscard]] int known_primary() const { return primary_; }
  /// Who took the site's address last, dead or alive.
  [[nodiscard]] int holder() const { return holder_; }
  /// Both are alive and primary.
  [[nodiscard]] bool split() const { return serves(0) && serves(1); }
  bool operator==(const SolutionControl&) const = default;

  static constexpr int kNobody = -1;

 private:
  struct Process {
    Life life = Life::alive;
    Office office = Office::backup;
    bool contact = true;
    std::array<bool, kControlTimers> armed{};
    bool operator==(const Process&) const = default;
  };
  static constexpr int other(int process) { return 1 - process; }

  [[nodiscard]] Process& at(int process) { return processes_[static_cast<std::size_t>(process)]; }
  [[nodiscard]] const Process& at(int process) const {
    return processes_[static_cast<std::size_t>(process)];
  }
  [[nodiscard]] bool runs(int process) const {
    return at(process).life == Life::alive || at(process).life == Life::hung;
  }
  [[nodiscard]] bool serves(int process) const {
    return at(process).life == Life::alive && at(process).office == Office::primary;
  }
  [[nodiscard]] bool can_be_told(int process) const {
    return at(process).life == Life::alive && at(process).contact;
  }
  [[nodiscard]] bool fires(int process, ControlTimer timer);
  void arm(int process, ControlTimer timer, ControlWait wait);
  void cancel(int process, ControlTimer timer);
  void lose(int process, Life life);
  void begin_again(int process, ControlWait wait);
  void start(int process);
  void hear_again(int process);
  [[nodiscard]] bool superseded(int process) const;
  void vacate(int process);
  void fill();
  void promote(int process);
  void switch_over();

  std::array<Process, 2> processes_;
  int primary_ = 0;
  int holder_ = 0;
  ControlEffects effects_;  // of the input at hand
};

}  // namespace bcsim::models::ha
