// Handlers in the bodies of their nodes' S4U actors; for sim/s4u only.
#pragma once

#include <cassert>
#include <exception>
#include <functional>
#include <memory>

#include "sim/s4u/platform_impl.hpp"

namespace bcsim::sim {

/// What the driver and one actor share.
struct LiveCall {
  sg4::SemaphorePtr wanted = sg4::Semaphore::create(0);
  const std::function<void()>* handler = nullptr;  ///< valid while it is wanted
  std::exception_ptr thrown{};                     ///< by the handler
};

/// The driver is an actor itself: it sleeps until the date of an item, wakes the actor of the node
/// that has something to do, and waits until that is done. So it is one order, the agenda's,
/// whatever SimGrid would wake first.
class LiveActors final : public Executor {
 public:
  explicit LiveActors(S4uPlatform::Impl& impl) : impl_(impl) {}

  void reach(SimTime at) override;
  void execute(NodeId node, const std::function<void()>& handler) override;

  /// What such an actor does all its life: waits for a call, does it, says so.
  [[nodiscard]] std::function<void()> life_of(std::shared_ptr<LiveCall> call) const;
  /// No node may die while somebody's handler is running: only a fault kills.
  void expect_idle() const { assert(!busy_); }

 private:
  S4uPlatform::Impl& impl_;
  sg4::SemaphorePtr done_ = sg4::Semaphore::create(0);
  bool busy_ = false;
};

}  // namespace bcsim::sim
