// bcsim watch: a run as it goes, at a chosen speed.
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <thread>
#include <variant>

#include "tools/base/exit_code.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/trace_options.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/scenario/home.hpp"
#include "tools/scenario/load_report.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/trace/replay.hpp"
#include "tools/trace/watch_view.hpp"

namespace bcsim::tools {
namespace {

using WallClock = std::chrono::steady_clock;
constexpr auto kFrame = std::chrono::milliseconds(100);
constexpr std::size_t kScreenWidth = 100;

struct WatchRequest {
  models::Scenario scenario;
  std::optional<double> speed;  ///< simulated seconds per second; nullopt: as fast as it goes
  models::SimTime from{}, until{};
  sim::Duration every = std::chrono::minutes(1);  ///< between two lines of text
};

/// Shows the run second by second and keeps its pace.
class Watcher {
 public:
  Watcher(const WatchRequest& request, WatchView& view, Terminal& terminal)
      : request_(request), view_(view), terminal_(terminal), next_line_(request.from) {}

  bool reached(models::SimTime now) {
    if (SignalGuard::interrupted()) return false;
    if (now < request_.from) {
      (void)view_.take_events();
      return true;
    }
    if (!began_) began_ = {WallClock::now(), now};
    if (terminal_.out_is_terminal) {
      draw(now);
    } else {
      print(now);
    }
    keep_pace(now);
    return true;
  }

 private:
  void draw(models::SimTime now) {
    const auto wall = WallClock::now();
    if (wall - drawn_ < kFrame && now < request_.until) return;
    drawn_ = wall;
    // From the top left; what is below the new screen goes.
    terminal_.out << "\033[H" << view_.screen(now, kScreenWidth) << "\033[J" << std::flush;
  }
  void print(models::SimTime now) {
    for (const std::string& event : view_.take_events()) terminal_.out << event << '\n';
    if (now < next_line_) return;
    next_line_ = now + request_.every;
    terminal_.out << view_.line(now) << '\n' << std::flush;
  }
  void keep_pace(models::SimTime now) const {
    if (!request_.speed) return;
    const double due = sim::seconds(now - began_->second) / *request_.speed;
    std::this_thread::sleep_until(began_->first + std::chrono::duration_cast<WallClock::duration>(
                                                      std::chrono::duration<double>(due)));
  }

  const WatchRequest& request_;
  WatchView& view_;
  Terminal& terminal_;
  models::SimTime next_line_;
  WallClock::time_point drawn_;
  std::optional<std::pair<WallClock::time_point, models::SimTime>> began_;
};

double speed_value(const std::string& text) {
  const auto parsed = parse_number(text);
  const auto* value = std::get_if<double>(&parsed);
  if (value == nullptr || !(*value > 0)) {
    throw UsageError{fmt::format("--speed cannot be '{}'", text),
                     "simulated seconds per second, such as 60, or max"};
  }
  return *value;
}

int watch(const Invocation& invocation, Terminal& terminal) {
  Loaded loaded =
      load_argument(invocation.arguments.front(), invocation.values("set"), terminal.in);
  if (loaded.has_errors() || !terminal.quiet()) print_diagnostics(loaded, terminal);
  if (loaded.has_errors()) return code(load_result(loaded));
  WatchRequest request;
  request.scenario = std::move(loaded.scenario);
  // Nobody waits for a pipe: only a terminal is paced by default.
  const std::string speed = invocation.value("speed", terminal.out_is_terminal ? "60" : "max");
  if (speed != "max") request.speed = speed_value(speed);
  request.until = sim::kStart + request.scenario.run.horizon;
  if (invocation.has("from")) {
    request.from = time_value("from", invocation.value("from"), request.scenario);
  }
  if (invocation.has("until")) {
    request.until = time_value("until", invocation.value("until"), request.scenario);
  }
  if (invocation.has("every")) {
    request.every =
        time_value("every", invocation.value("every"), request.scenario).time_since_epoch();
    if (request.every <= sim::Duration::zero()) {
      throw UsageError{"--every must be longer than nothing", "such as --every 10s"};
    }
  }
  const models::SimTime end = sim::kStart + request.scenario.run.horizon;
  if (request.from >= end || request.until > end) {
    throw UsageError{fmt::format("the run ends after {}", format_duration(end - sim::kStart)),
                     "--from and --until are within it"};
  }
  if (request.from >= request.until) throw UsageError{"--from is not before --until", ""};

  const SignalGuard signals;
  const models::Layout layout(request.scenario, {request.scenario.run.seed, 0});
  WatchView view(layout);
  Watcher watcher(request, view, terminal);
  if (terminal.out_is_terminal) terminal.out << "\033[2J";
  (void)replay_run(
      request.scenario, 0, [&view](models::TwoSiteWorld& world) { world.add_observer(view); },
      request.until, [&watcher](models::SimTime now) { return watcher.reached(now); });
  return SignalGuard::interrupted() ? interrupted_code() : code(ExitCode::good);
}

}  // namespace

Command watch_command() {
  return {
      .name = "watch",
      .summary = "Show a run as it goes",
      .arguments = "SCENARIO",
      .argument_kind = ValueKind::scenario,
      .min_arguments = 1,
      .max_arguments = 1,
      .description =
          "Simulates a scenario and shows it on the terminal as it goes: both sites, their "
          "agents,\n"
          "phones and waiting calls as bars, and what fails and who notices. Where the output is\n"
          "no terminal it is lines of text. Nothing is written; Ctrl-C ends it.",
      .options = {{.name = "speed",
                   .kind = ValueKind::text,
                   .value = "N",
                   .doc = "Simulated seconds per second (60), or max"},
                  {.name = "from",
                   .kind = ValueKind::text,
                   .value = "TIME",
                   .doc = "Begin there, at once: 1h29min, or 10:29"},
                  {.name = "until", .kind = ValueKind::text, .value = "TIME", .doc = "End there"},
                  {.name = "every",
                   .kind = ValueKind::text,
                   .value = "TIME",
                   .doc = "Without a terminal: a line every so often (1min)"},
                  set_option(),
                  {.name = "quiet", .letter = 'q', .doc = "No warnings"}},
      .examples = {{"bcsim watch site_failure --from 10:29 --speed 5",
                    "Site 1 dies before your eyes"},
                   {"bcsim watch partition --from 10:29 --until 10:35 --every 10s | less",
                    "The same as text"}},
      .run = watch};
}

}  // namespace bcsim::tools
