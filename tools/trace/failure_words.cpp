#include "tools/trace/failure_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/text/units.hpp"
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

namespace {

/// "that did not get through (the link was cut)", what became of the 200s to an INVITE that `told`
/// accepts: the first that was lost, or that came when the call was over.
template <class Told>
std::string answer_fate(const CallLife& life, const StoryContext& c, const Told& told) {
  const Look look(life, c);
  const auto success = [&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status == 200 && told(m);
  };
  const LoggedMessage* lost =
      look.first([&](const LoggedMessage& m) { return success(m) && !m.arrived(); });
  if (lost != nullptr) return fmt::format("that did not get through ({})", look.fate(*lost));
  const bool late = look.first([&](const LoggedMessage& m) {
    return success(m) && m.at > life.row.released;
  }) != nullptr;
  return late ? "word of that came too late" : "that did not get through";
}

/// Of a call to somebody outside: he answered there, and the SIP Server was not told.
std::string unheard_outside(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const LoggedMessage* answer = look.first([&](const LoggedMessage& m) {
    const auto* told = std::get_if<models::pstn::Message>(&m.message);
    return told != nullptr && told->kind == models::pstn::Kind::connect &&
           look.is(m.to, models::NodeKind::gateway) && m.at <= life.row.released;
  });
  if (answer == nullptr) return {};
  return fmt::format(" Whom he called answered at {}, but {}.",
                     instant_words(answer->at, c.scenario),
                     answer_fate(life, c, [&](const LoggedMessage& m) {
                       return m.from == answer->to && m.sent >= answer->at;
                     }));
}

}  // namespace

std::string unheard_answer(const CallLife& life, const StoryContext& c) {
  if (life.row.answered != sim::kNever) return {};
  if (life.row.kind == models::CallKind::outgoing) return unheard_outside(life, c);
  for (const models::JournalEntry& e : life.records) {
    const auto* f = std::get_if<models::CallAnswered>(&e.record);
    if (f == nullptr) continue;
    if (e.at > life.row.released) break;  // it could help nobody
    return fmt::format(
        " Agent {} answered at {}, but {}.", ThingNames::of(c.names.agents, f->agent.value),
        instant_words(e.at, c.scenario),
        answer_fate(life, c, [&](const LoggedMessage& m) { return m.sent >= e.at; }));
  }
  for (const LostAnswer& lost : lost_answers(life, c)) {
    if (lost.fate.empty()) continue;
    return fmt::format(" Agent {} answered at {}, but that did not get through ({}).",
                       ThingNames::of(c.names.agents, lost.agent.value),
                       instant_words(lost.at, c.scenario), lost.fate);
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

std::string unheard_success(SimTime at, const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const auto answers = [&](const LoggedMessage& m) {
    const auto* r = std::get_if<models::sip::Response>(&m.message);
    const bool server = look.is(m.from, models::NodeKind::sip_server);
    return r != nullptr && r->method == Method::invite && r->status == 200 && server ? r : nullptr;
  };
  const auto* sent = look.first([&](const auto& m) { return m.sent == at && answers(m); });
  if (sent == nullptr) return {};
  SimTime given_up = life.row.released;  // what comes later nobody hears
  for (const models::JournalEntry& e : life.records) {
    const bool later = e.at > at && e.at < given_up;
    if (later && std::holds_alternative<models::SetupFailed>(e.record)) given_up = e.at;
  }
  const auto* heard = look.first([&](const LoggedMessage& m) {
    return answers(m) != nullptr && answers(m)->dialog == answers(*sent)->dialog && m.arrived() &&
           m.at <= given_up;
  });
  if (heard != nullptr) return "";
  return sent->arrived() ? "it came too late" : look.fate(*sent);
}

bool told_of_no_call(const CallLife& life, SimTime by) {
  return std::ranges::any_of(life.messages, [by](const LoggedMessage& m) {
    const auto* r = std::get_if<models::sip::Response>(&m.message);
    return r != nullptr && r->status == 481 && m.arrived() && m.at <= by;
  });
}

Decision ended_by_goodbye(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  // That where the caller is; what is ended for him only is not his call.
  const models::CallRow& row = life.row;
  const models::NodeId end = row.from.valid() ? c.layout.directory.agent(row.from).phone
                             : row.gateway < c.layout.directory.gateways.size()
                                 ? c.layout.directory.gateways[row.gateway]
                                 : models::NodeId{};
  auto bye = look.last([&](const LoggedMessage& m) {
    return request_in(m, Method::bye) != nullptr && m.to == end && m.arrived() &&
           m.at <= row.released;
  });
  if (!bye) {
    bye = look.last([&](const LoggedMessage& m) {
      return request_in(m, Method::bye) != nullptr && m.sent <= row.released &&
             !look.is(m.to, models::NodeKind::media_server);
    });
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
  for (const models::JournalEntry& e : life.records) {
    const auto* let_go = std::get_if<models::CallLetGo>(&e.record);
    const bool silent = let_go != nullptr && let_go->why == models::CallLetGo::Why::unknown &&
                        !told_of_no_call(life, e.at);
    if (!silent || e.at > life.row.released) continue;
    return {fmt::format("The SIP Server of {} had no answer from the caller's side to its request, "
                        "and gave the call up; its BYE came through.",
                        ThingNames::of(c.names.sites, let_go->site)),
            "64·T1 = 32 s without an answer to a re-INVITE (timer B, RFC 3261 §17.1.1.2)", bye};
  }
  const std::string by = bye ? look.node(life.messages[*bye].from) : "the SIP Server";
  const std::string why = fmt::format("{} ended the call with a BYE.", by);
  const SimTime said = bye ? life.messages[*bye].sent : row.released;
  if (const auto given_up = given_up_before(said, life, c)) {
    return {why + " " + given_up->why, given_up->rule, bye};
  }
  return {why, "RFC 3261 §15", bye};
}

namespace {

constexpr sim::Duration kWorthTelling = std::chrono::milliseconds(100);

/// For how long an agent had been chosen who did not answer.
struct CalledFor {
  models::AgentId agent;
  sim::Duration time{};
  bool rang = false, others = false;
};

/// The time in which one or more had been chosen, until the call came back from all, or was over.
CalledFor called_for(const CallLife& life) {
  CalledFor out;
  std::vector<models::AgentId> now;
  SimTime since = sim::kStart;
  const auto choose = [&](models::AgentId agent, SimTime at) {
    out.others = out.others || (out.agent.valid() && out.agent != agent);
    out.agent = agent;
    if (now.empty()) since = at;
    if (std::ranges::find(now, agent) == now.end()) now.push_back(agent);
  };
  for (const models::JournalEntry& e : life.records) {
    if (e.at > life.row.released) break;
    if (const auto* f = std::get_if<models::CallRouted>(&e.record)) {
      choose(f->agent, e.at);
    } else if (const auto* hunted = std::get_if<models::HuntLeg>(&e.record)) {
      choose(hunted->agent, e.at);
    } else if (const auto* rings = std::get_if<models::CallRinging>(&e.record)) {
      out.rang = out.rang || rings->agent == out.agent;
    } else if (const auto* back = std::get_if<models::CallReturned>(&e.record)) {
      if (std::erase(now, back->agent) > 0 && now.empty()) out.time += e.at - since;
    }
  }
  if (!now.empty()) out.time += life.row.released - since;
  return out;
}

}  // namespace

std::string time_before_agents(const CallLife& life, const StoryContext& c) {
  const models::CallRow& row = life.row;
  std::string words;
  const auto part = [&](sim::Duration time) {
    return time + kWorthTelling >= row.released - row.queued
               ? "All the time"
               : fmt::format("For {} of it", lapse_words(time));
  };
  if (row.treatment != sim::kNever && row.queue_site < models::kSites) {
    const sim::Duration announcement = c.scenario.sites[row.queue_site].sip_server.announcement;
    const sim::Duration heard = std::min(announcement, row.released - row.treatment);
    if (heard > sim::Duration{}) {
      words = fmt::format(" {} he heard the announcement: only after it is an agent sought.",
                          part(heard));
    }
  }
  const CalledFor called = called_for(life);
  if (called.time < kWorthTelling) return words;
  if (called.others) return words + " " + part(called.time) + " agents had been chosen in vain.";
  const bool unheard = std::ranges::any_of(
      lost_answers(life, c), [&](const LostAnswer& a) { return a.agent == called.agent; });
  return words + fmt::format(" {} agent {} had been chosen{}.", part(called.time),
                             ThingNames::of(c.names.agents, called.agent.value),
                             unheard       ? ", whose answer was not heard"
                             : called.rang ? ", whose phone rang"
                                           : "");
}

std::string scarcity(const CallLife& life, const StoryContext& c) {
  if (life.decisive.at == sim::kNever || life.row.queue_site >= models::kSites) return "";
  const QueueState& q = life.decisive.queue;
  const std::string agents =
      fmt::format("{} of queue {} {} logged in",
                  q.logged_in == 0 ? "no agent" : count_words(q.logged_in, "agent", "agents"),
                  ThingNames::of(c.names.queues, q.queue), q.logged_in > 1 ? "were" : "was");
  std::string busy;
  if (q.logged_in == 1) busy = q.busy == 1 ? ", who was busy" : ", who was not busy";
  if (q.logged_in > 1) busy = fmt::format(", {} of them busy", q.busy);
  const std::string waiting =
      q.waiting == 0 ? "no other call" : count_words(q.waiting, "other call", "other calls");
  return fmt::format(
      " At {}{} {}{}, and {} waited for one.",
      q.both_sites ? "both sites" : ThingNames::of(c.names.sites, life.row.queue_site),
      q.alone ? ", in single-site mode (R43)," : "", agents, busy, waiting);
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
