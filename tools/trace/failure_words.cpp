#include "tools/trace/failure_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/units.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;
using models::sip::Method;
using models::sip::Request;
using models::sip::Response;

/// Of an INVITE that has come to a SIP Server, which had sent nothing back by then.
std::string unhandled(const LoggedMessage& m, bool answers_later, const Look& look, SimTime by) {
  const std::uint32_t site = look.site_of(m.to);
  if (look.mode(site, m.at) == models::ServerMode::stopped) {
    return "that SIP Server had been drained and stopped, and answers nothing";
  }
  if (answers_later) return "it still waited in the input queue of that SIP Server";
  const bool died = look.fact<models::NodeStateChanged>(by, [&](const auto& f, SimTime at) {
    return f.node == m.to && f.up == 0 && at >= m.at;
  }) != nullptr;
  return died ? "that SIP Server died before it had come to it"
              : "that SIP Server had it, and had sent nothing back";
}

}  // namespace

std::string silence_reason(const Silence& silence, const CallLife& life, const StoryContext& c,
                           SimTime by) {
  const Look look(life, c);
  const auto branch = std::get<Request>(life.messages[silence.first].message).branch;
  const auto answers = [&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->branch == branch;
  };
  const auto asks = [&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::invite);
    return r != nullptr && r->branch == branch && m.sent <= by;
  };
  if (const LoggedMessage* answer = look.first(answers); answer != nullptr && answer->sent <= by) {
    return answer->arrived()
               ? "its answer was still on the way"
               : fmt::format("what was sent back was lost ({})", fate_words(answer->dropped));
  }
  const LoggedMessage* taken = look.first([&](const LoggedMessage& m) {
    return asks(m) && m.arrived() && !m.queue_full && m.at <= by;
  });
  if (taken != nullptr) return unhandled(*taken, look.first(answers) != nullptr, look, by);
  const LoggedMessage* full =
      look.first([&](const LoggedMessage& m) { return asks(m) && m.queue_full && m.at <= by; });
  if (full != nullptr) {
    return fmt::format("the input queue of that SIP Server was full (input-queue-limit: {})",
                       look.server(look.site_of(full->to)).input_queue_limit);
  }
  if (look.first([&](const LoggedMessage& m) { return asks(m) && m.arrived(); }) != nullptr) {
    return "it was still on the way";
  }
  return std::string(fate_words(silence.fate));
}

PairDeath last_pair_death(const CallLife& life, const StoryContext& c) {
  const models::CallRow& row = life.row;
  PairDeath death;
  std::string fault;
  for (const models::JournalEntry& e : c.faults) {
    if (e.at > row.released) break;
    if (const auto* f = std::get_if<models::FaultInjected>(&e.record); f && f->undone == 0) {
      fault = ThingNames::of(c.names.faults, f->fault);
    }
    const auto* pair = std::get_if<models::PairStateChanged>(&e.record);
    if (pair == nullptr || pair->up != 0) continue;
    if (e.at < row.offered) continue;  // it has met none of that
    const bool ours = (row.path & models::path_of(static_cast<int>(pair->site))) != 0 ||
                      row.queue_site == pair->site || row.first_server == pair->site;
    if (ours) death = {e.at, pair->site, fault};
  }
  return death;
}

std::string death_words(const CallLife& life, const StoryContext& c) {
  const PairDeath death = last_pair_death(life, c);
  if (death.at == sim::kNever) return {};
  return fmt::format(" The SIP Server of {} died at {}{}.",
                     ThingNames::of(c.names.sites, death.site), instant_words(death.at, c.scenario),
                     death.fault.empty() ? "" : fmt::format(" (“{}”)", death.fault));
}

std::string unheard_answer(const CallLife& life, const StoryContext& c) {
  if (life.row.answered != sim::kNever) return {};
  const Look look(life, c);
  for (const models::JournalEntry& e : life.records) {
    const auto* f = std::get_if<models::CallAnswered>(&e.record);
    if (f == nullptr) continue;
    const LoggedMessage* lost = look.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      return r != nullptr && r->status == 200 && m.sent >= e.at && !m.arrived();
    });
    return fmt::format(" Agent {} answered at {}, but that did not get through{}.",
                       ThingNames::of(c.names.agents, f->agent.value),
                       instant_words(e.at, c.scenario),
                       lost == nullptr ? "" : fmt::format(" ({})", fate_words(lost->dropped)));
  }
  return {};
}

Decision left_hanging(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  Decision d = refusal(life, c);
  d.why += death_words(life, c) + unheard_answer(life, c);
  d.rule =
      "the server's own INVITE had no final response: timer B, or timer C (181 s after the last "
      "1xx) and 64·T1 after its CANCEL (RFC 3261 §16.8, §9.1)";
  return d;
}

Decision ended_by_goodbye(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  std::optional<std::size_t> bye;
  for (std::size_t i = 0; i < life.messages.size() && !bye; ++i) {
    if (request_in(life.messages[i], Method::bye) != nullptr) bye = i;
  }
  // Of the two agents' talk each has his own end: the one that counts is the caller's agent's.
  const bool consults = life.row.transfer == models::CallRow::Transfer::consulting;
  const models::AgentId first = life.row.transferred_by;
  if (consults && first.valid()) {
    const models::NodeId phone = c.layout.directory.agent(first).phone;
    const auto his = look.last([&](const LoggedMessage& m) {
      return request_in(m, Method::bye) != nullptr && m.from == phone &&
             m.sent <= life.row.released;
    });
    if (his) {
      return {fmt::format("Agent {}, who had put the caller on hold to ask a second one, could "
                          "neither give him away nor take him back, and hung up.",
                          ThingNames::of(c.names.agents, first.value)),
              "without his desktop he hangs up a minute after the consultation should have ended",
              his};
    }
  }
  const std::string by = bye ? look.node(life.messages[*bye].from) : "the SIP Server";
  return {fmt::format("{} ended the call with a BYE.", by), "RFC 3261 §15", bye};
}

namespace {

/// Has his phone answered an INVITE with a status of these?
bool sent_by_phone(int least, int most, models::AgentId agent, SimTime from, SimTime by,
                   const CallLife& life, const StoryContext& c) {
  const models::NodeId phone = c.layout.directory.agent(agent).phone;
  return std::ranges::any_of(life.messages, [&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status >= least && r->status <= most && m.from == phone &&
           m.sent >= from && m.sent <= by;
  });
}

}  // namespace

bool refused_by_phone(const models::CallReturned& returned, SimTime at, SimTime routed,
                      const CallLife& life, const StoryContext& c) {
  const int status = static_cast<int>(returned.status);
  return sent_by_phone(status, status, returned.agent, routed, at, life, c);
}

std::string unanswered_words(models::AgentId agent, SimTime routed, SimTime by,
                             const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const models::NodeId phone = c.layout.directory.agent(agent).phone;
  if (sent_by_phone(200, 299, agent, routed, by, life, c)) {
    return "he answered, but that was not heard in time";
  }
  std::size_t copies = 0;
  const LoggedMessage *lost = nullptr, *came = nullptr;
  for (const LoggedMessage& m : life.messages) {
    const Request* r = request_in(m, Method::invite);
    if (r == nullptr || r->in_dialog || m.to != phone || m.sent < routed || m.sent > by) continue;
    ++copies;
    if (!m.arrived() && came == nullptr) lost = &m;
    if (m.arrived() && m.at <= by && (came == nullptr || m.at < came->at)) came = &m;
  }
  const std::string fate = lost == nullptr ? "" : fmt::format(" ({})", look.fate(*lost));
  if (came == nullptr && lost != nullptr) {
    return fmt::format("his phone did not answer the INVITE, which it never got{}, sent {}", fate,
                       copies == 1 ? "once" : fmt::format("{} times", copies));
  }
  if (!sent_by_phone(180, 299, agent, routed, by, life, c))
    return "his phone did not answer the INVITE";
  const int before = std::get<Request>(came->message).copy;
  if (before == 0) return kRang;
  return fmt::format(
      "the INVITE reached his phone late, at {}, after {} of it had been lost{}; it "
      "rang for {}, and he had not answered yet",
      instant_words(came->at, c.scenario),
      count_words(static_cast<std::uint64_t>(before), "copy", "copies"), fate,
      lapse_words(by - came->at));
}

std::string return_reason(const models::CallReturned& returned, SimTime at, SimTime routed,
                          const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const bool answered = sent_by_phone(200, 299, returned.agent, routed, at, life, c);
  const bool rang = sent_by_phone(180, 299, returned.agent, routed, at, life, c);
  const char* state = answered ? "he had answered" : rang ? "his phone rang" : "nothing rang yet";
  const std::uint32_t server = life.row.queue_site;
  // It waits at a server that is not the agent's if its site is another than the record's.
  const auto now_there = [&](const auto& f, SimTime t) { return t == at && f.site == server; };
  if (look.fact<models::Switchover>(at, now_there) != nullptr) {
    return fmt::format("the backup that takes over does not know that he was called; {}", state);
  }
  if (look.fact<models::ServerModeChanged>(at, now_there) != nullptr) {
    return fmt::format("{} has lost its peer, which had called him; {}",
                       ThingNames::of(c.names.sites, server), state);
  }
  std::string timeout = "after-routing-timeout";
  if (life.row.kind == models::CallKind::queue) {
    const auto& queue = c.scenario.queues[c.scenario.calls[life.row.stream].queue];
    if (queue.hunt_group) timeout = "hg-noanswer-timeout";
  }
  const std::string words = unanswered_words(returned.agent, routed, at, life, c);
  return answered || rang ? timeout + ": " + words : words;
}

sim::Duration time_on_hold(const CallLife& life) {
  sim::Duration sum{};
  std::optional<models::SimTime> since;
  for (const models::JournalEntry& e : life.records) {
    const auto* held = std::get_if<models::CallHeld>(&e.record);
    const auto* consults = std::get_if<models::Consultation>(&e.record);
    const auto* passed = std::get_if<models::CallTransferred>(&e.record);
    using Step = models::Consultation::Step;
    const bool begins = (held != nullptr && held->held != 0) ||
                        (consults != nullptr && consults->step == Step::initiated) ||
                        (passed != nullptr && passed->joined == 0);
    const bool ends = (held != nullptr && held->held == 0) ||
                      (consults != nullptr && consults->step == Step::reconnected) ||
                      (passed != nullptr && passed->joined != 0) ||
                      std::holds_alternative<models::CallAnswered>(e.record) ||
                      std::holds_alternative<models::CallReleased>(e.record);
    if (begins && !since && e.at >= life.row.answered) since = e.at;
    if (ends && since) {
      sum += std::min(e.at, life.row.released) - std::min(*since, life.row.released);
      since.reset();
    }
  }
  return sum;
}

}  // namespace bcsim::tools
