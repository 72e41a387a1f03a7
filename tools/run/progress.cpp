#include "tools/run/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>

namespace bcsim::tools {

namespace {

constexpr int kBarWidth = 30;
constexpr auto kRedraw = std::chrono::milliseconds(100);

}  // namespace

Progress::Progress(Terminal& terminal, std::string what)
    : terminal_(terminal),
      what_(std::move(what)),
      on_(terminal.err_is_terminal && !terminal.quiet()),
      began_(Clock::now()),
      drawn_(began_ - kRedraw) {}

Progress::~Progress() {
  if (on_) terminal_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(double done, const std::string& words) {
  if (!on_) return;
  const auto now = Clock::now();
  if (now - drawn_ < kRedraw) return;
  drawn_ = now;
  const double spent = std::chrono::duration<double>(now - began_).count();
  const double left = done > 0 ? spent * (1 - done) / done : 0;
  const int filled = static_cast<int>(std::clamp(done, 0.0, 1.0) * kBarWidth);
  terminal_.err << fmt::format("\r{} [{}{}] {:3.0f} %  {}, {:.0f} s left\x1b[K", what_,
                               std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                               100 * done, words, left)
                << std::flush;
}

}  // namespace bcsim::tools
