// The registrar of one SIP Server: which contact a DN is bound to, and until when (RFC 3261 §10.3).
#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "models/sip/registration.hpp"
#include "sim/ids.hpp"
#include "sim/time.hpp"

namespace bcsim::models::sip {

using sim::AddressId;
using sim::SimTime;

struct RegistrarOptions {
  enum class Challenge : std::uint8_t {
    never,
    always,         ///< every REGISTER that does not answer a fresh challenge gets a 401
    unknown_nonce,  ///< a cached nonce is accepted if this registrar gave it out
  };
  Challenge challenge = Challenge::always;
  Duration min_expires{};                 ///< shorter wishes get a 423
  std::optional<Duration> max_expires{};  ///< longer wishes are cut to this
};

/// What happened to a DN (R71: a hunt group may ring it or not).
enum class DnEvent : std::uint8_t { none, in_service, out_of_service };

/// The bindings of DNs 0 … dn_count−1, one device per DN, last Contact wins (domain.md §2.8b).
/// Copyable: a primary's registrar is copied to its backup. The caller tells the time.
class Registrar {
 public:
  enum class Answer : std::uint8_t {
    ok,
    unauthorized,
    interval_too_brief,
    not_found,
    out_of_order,  ///< overtaken by a later REGISTER of the same Call-ID: nothing is changed
  };
  struct Request {
    std::uint32_t dn = 0;
    AddressId contact{};
    Duration expires{};  ///< 0 removes the binding
    Credentials credentials = Credentials::none;
    std::uint64_t call_id = 0;
    std::uint32_t cseq = 0;
  };
  struct Result {
    Answer answer = Answer::ok;
    Duration expires{};  ///< ok: granted; interval_too_brief: Min-Expires
    DnEvent event = DnEvent::none;
    constexpr bool operator==(const Result&) const = default;
  };

  explicit Registrar(std::uint32_t dn_count) : bindings_(dn_count) {}

  [[nodiscard]] Result on_register(const Request& request, const RegistrarOptions& options,
                                   SimTime now);
  /// Binds without any question, for a steady start or a copy from the peer process.
  DnEvent bind(std::uint32_t dn, AddressId contact, SimTime expires_at);
  DnEvent remove(std::uint32_t dn);

  /// The contact of a valid binding: it ends at, not after, its expiry.
  [[nodiscard]] std::optional<AddressId> lookup(std::uint32_t dn, SimTime now) const;
  [[nodiscard]] bool in_service(std::uint32_t dn, SimTime now) const {
    return lookup(dn, now).has_value();
  }
  /// When expire() has something to do next; kNever if nothing is bound. Amortised O(log n).
  [[nodiscard]] SimTime next_expiry();
  /// Removes what has expired by `now` and calls out_of_service(dn) for each, in order of expiry.
  template <class F>
  void expire(SimTime now, F&& out_of_service);

  [[nodiscard]] std::uint32_t dn_count() const {
    return static_cast<std::uint32_t>(bindings_.size());
  }
  /// Bindings not yet removed or expired by expire().
  [[nodiscard]] std::uint32_t bound_count() const { return bound_count_; }

 private:
  struct Binding {
    AddressId contact{};
    bool bound = false;
    bool nonce_given = false;
    std::uint32_t cseq = 0;  // of the last REGISTER heeded, also of one that has removed it
    std::uint64_t call_id = 0;
    SimTime expires_at{};
  };
  // Every refresh adds an entry; one that its binding no longer has is dropped when it comes to
  // the top. With one expiry for all, entries come in order and a push costs O(1).
  using Expiry = std::pair<SimTime, std::uint32_t>;

  [[nodiscard]] bool stale(const Expiry& e) const {
    return !bindings_[e.second].bound || bindings_[e.second].expires_at != e.first;
  }

  static void heed(Binding& binding, const Request& request);

  std::vector<Binding> bindings_;
  std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> expiries_;
  std::uint32_t bound_count_ = 0;
};

template <class F>
void Registrar::expire(SimTime now, F&& out_of_service) {
  while (next_expiry() <= now) {
    const std::uint32_t dn = expiries_.top().second;
    expiries_.pop();
    (void)remove(dn);
    out_of_service(dn);
  }
}

}  // namespace bcsim::models::sip
