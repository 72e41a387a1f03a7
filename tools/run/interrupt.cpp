#include "tools/run/interrupt.hpp"

#include <unistd.h>
#include <csignal>
#include <cstring>

#include "tools/cli/exit_code.hpp"

namespace bcsim::tools {

namespace {

volatile std::sig_atomic_t interrupts = 0;

extern "C" void on_interrupt(int) {
  interrupts = interrupts + 1;
  if (interrupts > 1) _exit(code(ExitCode::interrupted));
}

// Only calls that are safe in a signal handler.
extern "C" void on_abort(int) {
  static const char kText[] =
      "bcsim: internal error: a check inside the simulator failed (the line above says which); "
      "nothing was written\n";
  const auto ignored = write(STDERR_FILENO, kText, std::strlen(kText));
  (void)ignored;
  _exit(code(ExitCode::internal));
}

}  // namespace

SignalGuard::SignalGuard() {
  interrupts = 0;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGABRT, on_abort);
}

SignalGuard::~SignalGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGABRT, SIG_DFL);
}

bool SignalGuard::interrupted() {
  return interrupts > 0;
}

}  // namespace bcsim::tools
