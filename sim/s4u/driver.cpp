#include "sim/s4u/driver.hpp"

#include <simgrid/kernel/Timer.hpp>

#include <algorithm>
#include <exception>

#include "sim/s4u/live_actors.hpp"
#include "sim/s4u/platform_impl.hpp"

namespace bcsim::sim {

namespace {

/// Slices of simulated time, one after the other; nothing thrown in them gets out.
class Slices {
 public:
  Slices(const Driven& driven, S4uPlatform::Impl& impl) : driven_(driven), impl_(impl) {}

  /// False if it was the last.
  [[nodiscard]] bool begin() {
    return guarded([this] {
      driven_.begin();
      impl_.settle();
      return true;
    });
  }
  [[nodiscard]] bool run(SimTime end) {
    return guarded([this, end] {
      driven_.run_until(end);
      impl_.settle();
      done_ = end;
      const bool go_on =
          (!driven_.after_slice || driven_.after_slice(end)) && end < driven_.horizon;
      ended_ = !go_on;
      return go_on;
    });
  }
  [[nodiscard]] SimTime next_end() const {
    return std::min({driven_.next_fault(), done_ + driven_.slice, driven_.horizon});
  }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  template <class Work>
  bool guarded(Work&& work) {
    try {
      return work();
    } catch (const simgrid::ForcefulKillException&) {
      throw;         // the engine ends the actor that drives
    } catch (...) {  // must not unwind through SimGrid
      failure_ = std::current_exception();
      return false;
    }
  }

  const Driven& driven_;
  S4uPlatform::Impl& impl_;
  SimTime done_ = kStart;
  std::exception_ptr failure_;
  bool ended_ = false;
};

/// Sets a kernel timer at the end of the next slice; when that is the last, calls `stop`.
void set_timer(Slices& slices, const std::function<void()>& stop) {
  const SimTime end = slices.next_end();
  simgrid::kernel::timer::Timer::set(seconds(end), [&slices, &stop, end] {
    if (slices.run(end)) {
      set_timer(slices, stop);
    } else {
      stop();
    }
  });
}

}  // namespace

void run_s4u(S4uPlatform& platform, const Driven& driven) {
  S4uPlatform::Impl& impl = platform.impl();
  bool deadlock = false;
  sg4::Engine::on_deadlock_cb([&deadlock] { deadlock = true; });
  Slices slices(driven, impl);
  // All actors of the model are daemons; the clock keeps the engine going until the run is over.
  sg4::ActorPtr clock;
  const std::function<void()> stop = [&clock] { clock->kill(); };
  if (impl.live) {
    clock = sg4::Actor::create("clock", impl.clock_host, [&slices] {
      bool go_on = slices.begin();
      while (go_on) go_on = slices.run(slices.next_end());
    });
    impl.engine->run();
  } else if (slices.begin()) {
    clock = sg4::Actor::create("clock", impl.clock_host, [] { sg4::this_actor::suspend(); });
    set_timer(slices, stop);
    impl.engine->run();
  }
  if (slices.failure()) std::rethrow_exception(slices.failure());
  if (deadlock) throw EngineError("SimGrid found a deadlock: nothing was left to happen");
  if (!slices.ended()) throw EngineError("SimGrid ended before the simulation did");
}

}  // namespace bcsim::sim
