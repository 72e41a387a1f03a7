// Why a SIP Server has given a call up that it could give to nobody: the site's drain, the limits
// of a queue without default destination, or of ringing an agent.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "tools/results/plain_words.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;
using RoutedAway = models::CallDefaultRouted::Cause;

/// The queue in which a call waits, and since when.
struct QueueWait {
  std::uint32_t queue = 0;
  SimTime since{};
};

/// Nullopt: it does not wait, or for an agent group.
std::optional<QueueWait> wait_at(std::uint32_t site, SimTime at, const CallLife& life,
                                 const StoryContext& c) {
  std::optional<QueueWait> found;
  for (const models::JournalEntry& e : life.records) {
    if (e.at > at) break;
    if (const auto* f = std::get_if<models::CallQueued>(&e.record)) {
      if (f->site == site) found = {f->queue, e.at};
    } else if (const auto* passed = std::get_if<models::CallTransferred>(&e.record)) {
      found.reset();
      const bool to_queue = passed->joined == 0 && passed->line < c.names.queues.size();
      if (to_queue && passed->site == site) found = {passed->line, e.at};
    }
  }
  return found;
}

/// What the SIP Server found when it would have sent the call to the default destination.
std::optional<RoutedAway> found_then(const QueueWait& wait, std::uint32_t site, SimTime at,
                                     const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const auto drained = [&](const models::ServerModeChanged& f, SimTime t) {
    return f.site == site && t == at && f.mode == models::ServerMode::drain;
  };
  if (look.fact<models::ServerModeChanged>(at, drained) != nullptr) return RoutedAway::draining;
  const models::QueueOptions& queue = c.scenario.queues[wait.queue];
  if (queue.hunt_group) {
    const bool failed = std::ranges::any_of(life.records, [at](const models::JournalEntry& e) {
      return std::holds_alternative<models::CallReturned>(e.record) && e.at == at;
    });
    const sim::Duration patience = queue.hunt_group->queue_timeout;
    if (failed) return RoutedAway::no_answer;
    if (at - wait.since >= patience && patience > sim::Duration{}) {
      return RoutedAway::waited_too_long;
    }
    if (life.decisive.at == sim::kNever) return std::nullopt;
    return life.decisive.queue.in_service > 0 ? RoutedAway::no_member_idle
                                              : RoutedAway::no_member_in_service;
  }
  if (queue.maximum_wait && at - wait.since >= *queue.maximum_wait) {
    const bool nobody = life.decisive.at != sim::kNever && life.decisive.queue.logged_in == 0;
    return nobody ? RoutedAway::no_agent_logged_in : RoutedAway::waited_too_long;
  }
  return queue.limit && at == wait.since ? std::optional(RoutedAway::queue_full) : std::nullopt;
}

}  // namespace

std::string longest_wait_rule(const models::QueueOptions& queue) {
  if (queue.hunt_group) {
    return "hg-queue-timeout: " + format_duration(queue.hunt_group->queue_timeout);
  }
  return queue.maximum_wait ? "the queue's maximum-wait: " + format_duration(*queue.maximum_wait)
                            : "the queue's maximum-wait";
}

std::optional<Unavailable> sent_nowhere(std::uint32_t site, SimTime at, const CallLife& life,
                                        const StoryContext& c) {
  const auto wait = wait_at(site, at, life, c);
  if (!wait || c.scenario.queues[wait->queue].default_destination) return std::nullopt;
  const auto cause = found_then(*wait, site, at, life, c);
  if (!cause) return std::nullopt;
  auto [why, rule] = default_routing_words(*cause, models::CallKind::queue);
  std::string what = why;
  what.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(what.front())));
  const bool waited =
      *cause == RoutedAway::waited_too_long || *cause == RoutedAway::no_agent_logged_in;
  std::string limit = waited ? longest_wait_rule(c.scenario.queues[wait->queue]) : rule;
  if (*cause == RoutedAway::no_member_in_service) limit.clear();  // R56 it is anyway
  return Unavailable{
      fmt::format("{}, and queue {} has no default destination.", what,
                  ThingNames::of(c.names.queues, wait->queue)),
      fmt::format("{}{}default-destination: none (R56)", limit, limit.empty() ? "" : "; ")};
}

std::optional<Unavailable> given_up_before(SimTime at, const CallLife& life,
                                           const StoryContext& c) {
  const bool forgotten = life.row.has(models::CallRow::forgotten);
  for (const models::JournalEntry& e : life.records) {
    if (e.at > at) break;
    const auto* let_go = std::get_if<models::CallLetGo>(&e.record);
    if (forgotten && std::holds_alternative<models::EarlyDialogLost>(e.record)) {
      return Unavailable{"The backup had just taken over, and did not know whom it called.",
                         "an early dialog does not survive a switchover"};
    }
    if (let_go == nullptr) continue;
    if (auto nowhere = sent_nowhere(let_go->site, e.at, life, c)) return nowhere;
  }
  return std::nullopt;
}

std::optional<Unavailable> rang_too_long(const CallLife& life, const StoryContext& c) {
  const bool own_number =
      life.row.kind == models::CallKind::direct || life.row.kind == models::CallKind::internal;
  const models::JournalEntry* called = nullptr;
  for (const models::JournalEntry& e : life.records) {
    if (std::holds_alternative<models::CallRouted>(e.record) && e.at <= life.row.released) {
      called = &e;
    }
  }
  if (!own_number || called == nullptr) return std::nullopt;
  const auto& routed = std::get<models::CallRouted>(called->record);
  const models::SipServerOptions& server = c.scenario.sites[routed.site].sip_server;
  const sim::Duration limit = server.agent_no_answer_timeout;
  if (!server.agent_no_answer_overflow || limit == sim::Duration{}) return std::nullopt;
  const bool over = std::ranges::any_of(life.records, [&](const models::JournalEntry& e) {
    const auto* f = std::get_if<models::CallLetGo>(&e.record);
    return f != nullptr && f->site == routed.site && e.at == called->at + limit;
  });
  if (!over) return std::nullopt;
  const std::string& overflow = *server.agent_no_answer_overflow;
  return Unavailable{
      fmt::format("Agent {} had been called for {}: {}.",
                  ThingNames::of(c.names.agents, routed.agent.value),
                  duration_words(sim::seconds(limit)),
                  unanswered_words(routed.agent, called->at, called->at + limit, life, c)),
      fmt::format("agent-no-answer-timeout: {}, and agent-no-answer-overflow: {}{}",
                  format_duration(limit), overflow,
                  overflow == models::SipServerOptions::kRelease
                      ? ""
                      : " (of a colleague who calls: released)")};
}

}  // namespace bcsim::tools
