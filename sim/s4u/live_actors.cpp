#include "sim/s4u/live_actors.hpp"

#include <cassert>
#include <utility>

namespace bcsim::sim {

void LiveActors::reach(SimTime at) {
  assert(!sg4::this_actor::is_maestro());
  // SimGrid's dates are doubles and wakes may come a nanosecond early; less than that is no wait.
  constexpr double kSlack_s = 0.5e-9;
  const double date = seconds(at);
  if (date - sg4::Engine::get_clock() > kSlack_s) sg4::this_actor::sleep_until(date);
}

void LiveActors::execute(NodeId node, const std::function<void()>& handler) {
  assert(!busy_);
  if (impl_.unborn[node.value]) impl_.settle();
  LiveCall& call = *impl_.body_of(node).call;
  call.handler = &handler;
  busy_ = true;
  call.wanted->release();
  done_->acquire();
  busy_ = false;
  call.handler = nullptr;
  if (call.thrown) std::rethrow_exception(std::exchange(call.thrown, nullptr));
}

std::function<void()> LiveActors::life_of(std::shared_ptr<LiveCall> call) const {
  return [call = std::move(call), done = done_] {
    while (true) {
      call->wanted->acquire();
      try {
        (*call->handler)();
      } catch (const simgrid::ForcefulKillException&) {
        throw;         // the engine ends this actor
      } catch (...) {  // must not leave the actor's body; no switch of stacks in here
        call->thrown = std::current_exception();
      }
      done->release();
    }
  };
}

}  // namespace bcsim::sim
