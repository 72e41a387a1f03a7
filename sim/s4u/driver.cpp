#include "sim/s4u/driver.hpp"

#include <simgrid/kernel/Timer.hpp>

#include <algorithm>
#include <exception>

#include "sim/s4u/platform_impl.hpp"

namespace bcsim::sim {

namespace {

/// Slices one after the other, each in a kernel timer of its own.
class Slices {
 public:
  Slices(SimTime horizon, Duration slice, const std::function<SimTime()>& next_fault,
         const std::function<void(SimTime)>& run_until, const SliceCallback& after_slice,
         std::function<void()> settle, std::function<void()> stop)
      : horizon_(horizon),
        slice_(slice),
        next_fault_(next_fault),
        run_until_(run_until),
        after_slice_(after_slice),
        settle_(std::move(settle)),
        stop_(std::move(stop)) {}

  void set_next() {
    const SimTime end = std::min({next_fault_(), done_ + slice_, horizon_});
    simgrid::kernel::timer::Timer::set(seconds(end), [this, end] { run(end); });
  }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void run(SimTime end) {
    try {
      run_until_(end);
      settle_();
      done_ = end;
      const bool go_on = !after_slice_ || after_slice_(end);
      if (go_on && end < horizon_) {
        set_next();
        return;
      }
      ended_ = true;
    } catch (...) {  // must not unwind through SimGrid
      failure_ = std::current_exception();
    }
    stop_();
  }

  SimTime horizon_, done_ = kStart;
  Duration slice_;
  const std::function<SimTime()>& next_fault_;
  const std::function<void(SimTime)>& run_until_;
  const SliceCallback& after_slice_;
  std::function<void()> settle_, stop_;
  std::exception_ptr failure_;
  bool ended_ = false;
};

}  // namespace

void run_s4u(S4uPlatform& platform, SimTime horizon, Duration slice,
             const std::function<SimTime()>& next_fault,
             const std::function<void(SimTime)>& run_until, const SliceCallback& after_slice) {
  S4uPlatform::Impl& impl = platform.impl();
  // All actors of the model are daemons; this one keeps the engine going until the run is over.
  bool deadlock = false;
  sg4::Engine::on_deadlock_cb([&deadlock] { deadlock = true; });
  const sg4::ActorPtr clock =
      sg4::Actor::create("clock", impl.clock_host, [] { sg4::this_actor::suspend(); });
  impl.settle();
  Slices slices(
      horizon, slice, next_fault, run_until, after_slice, [&impl] { impl.settle(); },
      [&clock] { clock->kill(); });
  slices.set_next();
  impl.engine->run();
  if (slices.failure()) std::rethrow_exception(slices.failure());
  if (deadlock) throw EngineError("SimGrid found a deadlock: nothing was left to happen");
  if (!slices.ended()) throw EngineError("SimGrid ended before the simulation did");
}

}  // namespace bcsim::sim
