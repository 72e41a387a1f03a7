// Ctrl-C as a question that a run asks, and aborts as a sentence and an exit code.
#pragma once

namespace bcsim::tools {

/// While it lives, SIGINT and SIGTERM set a flag instead of ending the process (a second one ends
/// it at once), and a failed assertion, ours or SimGrid's, ends it with exit code 70 and a
/// sentence.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  [[nodiscard]] static bool interrupted();
};

}  // namespace bcsim::tools
