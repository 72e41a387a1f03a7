// The bounded input queue of a SIP Server process: a service time for each kind of message, 503
// when it is nearly full, drops when it is full (domain.md §3.8).
#pragma once

#include "models/domain.hpp"
#include "models/messages.hpp"
#include "models/sip_server/pair.hpp"
#include "models/sip_server/site.hpp"
#include "sim/fifo.hpp"

namespace bcsim::models {

/// Owns what has come and is not handled yet, which dies with the process.
class InputQueue {
 public:
  class User {
   public:
    virtual ~User() = default;
    /// Its service time is over.
    virtual void handle(Context& context, const Envelope& envelope) = 0;
  };
  InputQueue(const ServerSite& site, ServerLoad& load, User& user)
      : site_(site), load_(load), user_(user) {}

  /// Handled at once if it costs no time and nothing waits.
  void enqueue(Context& context, const Envelope& envelope);
  /// ServerTimer::serve: the first one is done.
  void finish_job(Context& context);
  /// The one in service included.
  [[nodiscard]] std::size_t size() const { return queue_.size(); }

 private:
  struct Job {
    Envelope envelope;
    SimTime arrived;
  };
  [[nodiscard]] Duration service_time(const Message& message) const;
  [[nodiscard]] bool turned_away(Context& context, const Envelope& envelope);
  void reject(Context& context, const Envelope& envelope, const sip::Request& request);
  void begin_job(Context& context);

  const ServerSite& site_;
  ServerLoad& load_;
  User& user_;
  sim::Fifo<Job> queue_;
};

}  // namespace bcsim::models
