#include "tools/run/interrupt.hpp"

#include <unistd.h>
#include <csignal>
#include <cstring>
#include <initializer_list>

#include "tools/base/atomic_file.hpp"
#include "tools/base/exit_code.hpp"

namespace bcsim::tools {

namespace {

constexpr std::initializer_list<int> kEnding = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t interrupts = 0, last_signal = SIGINT, guards = 0;
bool for_all = false;  // handle_signals() was called

// Only calls that are safe in a signal handler.
extern "C" void on_interrupt(int signal) {
  interrupts = interrupts + 1;
  last_signal = signal;
  if (guards > 0 && interrupts == 1) return;
  remove_scratch();
  _exit(128 + signal);
}

extern "C" void on_abort(int) {
  static const char kText[] =
      "bcsim: internal error: a check inside the simulator failed (the line above says which); "
      "nothing was written\n";
  const auto ignored = write(STDERR_FILENO, kText, std::strlen(kText));
  (void)ignored;
  remove_scratch();
  _exit(code(ExitCode::internal));
}

void install() {
  for (const int signal : kEnding) {
    if (std::signal(signal, on_interrupt) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

}  // namespace

void handle_signals() {
  for_all = true;
  install();
  std::signal(SIGXFSZ, SIG_IGN);  // write() says EFBIG then
}

SignalGuard::SignalGuard() {
  if (guards == 0) interrupts = 0;
  guards = guards + 1;
  install();
  std::signal(SIGABRT, on_abort);
}

SignalGuard::~SignalGuard() {
  guards = guards - 1;
  if (guards > 0) return;
  std::signal(SIGABRT, SIG_DFL);
  if (for_all) return;
  for (const int signal : kEnding) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

bool SignalGuard::interrupted() {
  return interrupts > 0;
}

int interrupted_code() {
  return 128 + last_signal;
}

}  // namespace bcsim::tools
