#include "tools/run/progress.hpp"

#include <fmt/format.h>

#include <ostream>
#include <string>

#include "sim/time.hpp"

namespace bcsim::tools {

namespace {

constexpr int kBarWidth = 30;
constexpr auto kRedraw = std::chrono::milliseconds(100);

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace

Progress::Progress(Terminal& terminal, const models::Scenario& scenario)
    : terminal_(terminal),
      scenario_(scenario),
      on_(terminal.err_is_terminal && !terminal.quiet()),
      began_(Clock::now()),
      drawn_(began_ - kRedraw) {}

Progress::~Progress() {
  if (on_) terminal_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(models::SimTime reached) {
  if (!on_) return;
  const auto now = Clock::now();
  if (now - drawn_ < kRedraw) return;
  drawn_ = now;
  const double done = sim::seconds(reached) / sim::seconds(scenario_.run.horizon);
  const double spent = std::chrono::duration<double>(now - began_).count();
  const double left = done > 0 ? spent * (1 - done) / done : 0;
  const int filled = static_cast<int>(done * kBarWidth);
  terminal_.err << fmt::format("\r{} [{}{}] {:3.0f} %  {} simulated, {:.0f} s left\x1b[K",
                               scenario_.name, std::string(filled, '#'),
                               std::string(kBarWidth - filled, '.'), 100 * done,
                               clock_text(sim::seconds(reached)), left)
                << std::flush;
}

}  // namespace bcsim::tools
