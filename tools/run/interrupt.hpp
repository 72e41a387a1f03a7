// Signals: Ctrl-C as a question that a run asks, aborts as a sentence and an exit code.
#pragma once

namespace bcsim::tools {

/// For the whole program: SIGINT, SIGTERM and SIGHUP end it with 128 + their number and leave
/// nothing half written (a SIGHUP that is ignored, as under nohup, stays so); a file that grows
/// beyond its limit is an error of writing, not the end.
void handle_signals();

/// While it lives, SIGINT, SIGTERM and SIGHUP set a flag instead of ending the process (a second
/// one ends it at once), and a failed assertion, ours or SimGrid's, ends it with exit code 70 and a
/// sentence.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  [[nodiscard]] static bool interrupted();
};

/// The exit code of what a signal has interrupted: 130 after Ctrl-C, 143 after SIGTERM, 129 after
/// SIGHUP.
[[nodiscard]] int interrupted_code();

}  // namespace bcsim::tools
