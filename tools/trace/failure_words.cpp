#include "tools/trace/failure_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/units.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;
using models::sip::Method;
using models::sip::Request;
using models::sip::Response;

/// Places in a call's messages, and what was known elsewhere at a time.
class Look {
 public:
  Look(const CallLife& life, const StoryContext& c) : life_(life), c_(c) {}

  template <class Wanted>
  [[nodiscard]] std::optional<std::size_t> last(const Wanted& wanted) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < life_.messages.size(); ++i) {
      if (wanted(life_.messages[i])) found = i;
    }
    return found;
  }
  template <class Wanted>
  [[nodiscard]] const LoggedMessage* first(const Wanted& wanted) const {
    const auto found = std::ranges::find_if(life_.messages, wanted);
    return found == life_.messages.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool is(models::NodeId node, models::NodeKind kind) const {
    return node.valid() && c_.layout.roles[node.value].kind == kind;
  }
  [[nodiscard]] std::string node(models::NodeId id) const {
    return id.valid() ? ThingNames::of(c_.names.nodes, id.value) : "nobody";
  }
  [[nodiscard]] std::uint32_t site_of(models::NodeId id) const {
    return c_.layout.roles[id.value].site;
  }
  [[nodiscard]] const models::SipServerOptions& server(std::uint32_t site) const {
    return c_.scenario.sites[site].sip_server;
  }
  /// The latest record of this kind that `wanted` accepts, up to then.
  template <class Fact, class Wanted>
  [[nodiscard]] const Fact* fact(SimTime by, const Wanted& wanted) const {
    const Fact* found = nullptr;
    for (const models::JournalEntry& e : c_.faults) {
      const auto* f = std::get_if<Fact>(&e.record);
      if (f != nullptr && e.at <= by && wanted(*f, e.at)) found = f;
    }
    return found;
  }
  [[nodiscard]] models::ServerMode mode(std::uint32_t site, SimTime at) const {
    const auto* changed =
        fact<models::ServerModeChanged>(at, [&](const auto& f, SimTime) { return f.site == site; });
    return changed != nullptr ? changed->mode : models::ServerMode::bc;
  }

 private:
  const CallLife& life_;
  const StoryContext& c_;
};

const Request* request_in(const LoggedMessage& m, Method method) {
  const auto* r = std::get_if<Request>(&m.message);
  return r != nullptr && r->method == method ? r : nullptr;
}
const Response* response_in(const LoggedMessage& m, Method method) {
  const auto* r = std::get_if<Response>(&m.message);
  return r != nullptr && r->method == method ? r : nullptr;
}

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

namespace {

/// Which rule made a SIP Server send this final response, as far as its messages tell.
Decision refused_with(const LoggedMessage& answer, std::size_t index, const CallLife& life,
                      const Look& look) {
  const int status = life.row.status;
  const std::uint32_t site = look.site_of(answer.from);
  Decision d{fmt::format("{} answered the INVITE with {} {}.", look.node(answer.from), status,
                         reason_phrase(status)),
             "", index};
  const bool drains = look.mode(site, answer.sent) == models::ServerMode::drain;
  const auto own = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::invite);
    return r != nullptr && !r->in_dialog && m.from == answer.from && m.sent <= answer.sent &&
           (look.is(m.to, models::NodeKind::sip_server) || look.is(m.to, models::NodeKind::phone));
  });
  if (own && !life.messages[*own].arrived()) {
    const LoggedMessage& m = life.messages[*own];
    d.why += fmt::format(" Its own INVITE to {} had not got through ({}).", look.node(m.to),
                         fate_words(m.dropped));
  }
  const int shutdown = look.server(site).shutdown_sip_reject_code;
  if (drains && status == shutdown) {
    d.rule =
        fmt::format("a draining server takes no new call: shutdown-sip-reject-code: {}", shutdown);
  } else if (status / 100 == 5) {
    d.rule = "a 5xx sends the call to the next SIP Server (RFC 3261 §21.5): there was none left";
  } else if (status / 100 == 3) {
    d.rule = "a redirection is followed once, and to a SIP Server only";
  } else {
    d.rule = "a final response other than 5xx ends the attempt (RFC 3261 §21)";
  }
  return d;
}

}  // namespace

Decision refusal(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const models::CallRow& row = life.row;
  const auto answer = look.last([&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status == row.status && m.sent <= row.released;
  });
  if (answer && look.is(life.messages[*answer].from, models::NodeKind::sip_server)) {
    return refused_with(life.messages[*answer], *answer, life, look);
  }
  if (answer) {
    return {
        fmt::format("{} answered the INVITE with {} {}.", look.node(life.messages[*answer].from),
                    row.status, reason_phrase(row.status)),
        "a final response other than 5xx ends the attempt (RFC 3261 §21)", answer};
  }
  const auto bye = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::bye);
    return r != nullptr && r->expires_s == row.status && m.sent <= row.released;
  });
  if (bye) {  // it had been answered for music
    return {fmt::format("{} ended the call with a BYE: {} {}.", look.node(life.messages[*bye].from),
                        row.status, reason_phrase(row.status)),
            "an INVITE that has been answered is ended by a BYE (RFC 3261 §15)", bye};
  }
  if (row.status == 408) {  // what a client takes its own timer for
    return {"The INVITE got no final answer in time.", "408: the timer of whoever sent it", {}};
  }
  if (row.status == 503) {
    return {"The gateway had no SIP Server to ask.",
            "503 with Retry-After: until then that SIP Server is left alone (RFC 3261 §21.5.4)",
            {}};
  }
  return {
      fmt::format("The call was turned away with {} {}.", row.status, reason_phrase(row.status)),
      "a final response other than 5xx ends the attempt (RFC 3261 §21)",
      {}};
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

namespace {

/// " The SIP Server of site2 died at 09:02:02 (“…”).", the last in the call's path; else empty.
std::string death_words(const CallLife& life, const StoryContext& c) {
  const PairDeath death = last_pair_death(life, c);
  if (death.at == sim::kNever) return {};
  return fmt::format(" The SIP Server of {} died at {}{}.",
                     ThingNames::of(c.names.sites, death.site), instant_words(death.at, c.scenario),
                     death.fault.empty() ? "" : fmt::format(" (“{}”)", death.fault));
}

}  // namespace

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

std::string return_reason(const models::CallReturned& returned, SimTime at, SimTime routed,
                          const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const models::NodeId phone = c.layout.directory.agent(returned.agent).phone;
  const auto sent_by_phone = [&](int least) {
    return [&, least](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      return r != nullptr && r->status >= least && m.from == phone && m.sent >= routed &&
             m.sent <= at;
    };
  };
  const bool answered = look.first(sent_by_phone(200)) != nullptr;
  const bool rang = look.first(sent_by_phone(180)) != nullptr;
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
  if (answered) return timeout + ": he answered, but that was not heard in time";
  return rang ? timeout + ": his phone rang, and he did not answer"
              : "his phone did not answer the INVITE";
}

namespace {

/// The refresh of the gateway, or the phone's hold or retrieve, that got no answer, or the wrong
/// one.
std::optional<SessionEnd> end_by_reinvite(const CallLife& life, const StoryContext& c,
                                          const Look& look, models::NodeKind whose) {
  const models::CallRow& row = life.row;
  const bool gateway = whose == models::NodeKind::gateway;
  const std::string who = gateway ? "The gateway" : "The agent's phone";
  const std::string what = gateway ? "refresh" : "re-INVITE (hold)";
  const auto refresh = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::invite);
    return r != nullptr && r->in_dialog && r->copy == 0 && m.sent <= row.released &&
           look.is(m.from, whose);
  });
  if (!refresh) return std::nullopt;
  const LoggedMessage& sent = life.messages[*refresh];
  const auto branch = std::get<Request>(sent.message).branch;
  const LoggedMessage* answer = look.first([&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->branch == branch && r->status >= 200 && m.arrived() &&
           m.at <= row.released;
  });
  if (answer != nullptr) {
    const int status = std::get<Response>(answer->message).status;
    if (status < 300) return std::nullopt;
    return SessionEnd{
        fmt::format("{} ends the session: its {} got {} {}.", who, what, status,
                    reason_phrase(status)),
        {fmt::format("The session was ended: its {} found nobody who knew it ({} {}).", what,
                     status, reason_phrase(status)),
         gateway ? "a refresh that gets 481 or no answer ends the session (RFC 4028 §10)"
                 : "481 to a request ends its dialog (RFC 3261 §12.2.1.2)",
         refresh}};
  }
  const auto copy = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::invite);
    return r != nullptr && r->branch == branch && m.sent <= row.released;
  });
  const LoggedMessage& last = life.messages[*copy];
  const bool refused =
      last.dropped == sim::DropReason::no_process && c.scenario.network.icmp_unreachable;
  const std::string fate =
      last.arrived() ? std::string() : fmt::format(" ({})", fate_words(last.dropped));
  return SessionEnd{
      fmt::format("{} ends the session: its {} got no answer.", who, what),
      {fmt::format("The session was ended: {}'s {} of {} got no answer from {}{}.",
                   gateway ? "the gateway" : "the agent's phone", what,
                   instant_words(sent.sent, c.scenario), look.node(last.to), fate),
       refused ? "a re-INVITE that is refused ends the session (RFC 4028 §10)"
               : fmt::format("timer B of the {}: 64·T1 = 32 s (RFC 3261 §17.1.1.2; {})",
                             gateway ? "gateway's refresh" : "phone's re-INVITE",
                             gateway ? "RFC 4028 §10" : "§12.2.1.2"),
       refresh}};
}

/// The gateway's answer to an INVITE or re-INVITE, sent this long before the end, that had no ACK.
const LoggedMessage* unacknowledged_answer(const CallLife& life, const Look& look) {
  const sim::Duration limit = 64 * std::chrono::milliseconds(500);
  return look.first([&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status == 200 && look.is(m.from, models::NodeKind::gateway) &&
           m.sent + limit == life.row.released;
  });
}

}  // namespace

SessionEnd session_end(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const models::CallRow& row = life.row;
  const auto told = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::bye);
    return r != nullptr && m.arrived() && m.at <= row.released &&
           !look.is(m.to, models::NodeKind::sip_server) &&
           !look.is(m.to, models::NodeKind::media_server);
  });
  const bool has_gateway = row.gateway < c.scenario.gateways.size();
  if (!told && has_gateway) {
    if (const LoggedMessage* answer = unacknowledged_answer(life, look)) {
      const auto branch = std::get<Response>(answer->message).branch;
      const bool within = look.first([&](const LoggedMessage& m) {
        const Request* r = request_in(m, Method::invite);
        return r != nullptr && r->branch == branch && r->in_dialog;
      }) != nullptr;
      return {
          "The gateway ends the session: its answer was not confirmed.",
          {fmt::format("The session was ended: the gateway's answer to {} was not confirmed.{}",
                       within ? "a re-INVITE" : "the INVITE", death_words(life, c)),
           "64·T1 = 32 s without ACK (RFC 3261 §13.3.1.4)", look.last([&](const LoggedMessage& m) {
             return !m.arrived() && m.sent <= row.released;
           })}};
    }
    if (auto end = end_by_reinvite(life, c, look, models::NodeKind::gateway)) return *end;
  }
  if (told) {
    if (auto end = end_by_reinvite(life, c, look, models::NodeKind::phone)) return *end;
  }
  const std::string who =
      told || !has_gateway ? "The session is ended" : "The gateway ends the session";
  const auto lost =
      look.last([&](const LoggedMessage& m) { return !m.arrived() && m.sent <= row.released; });
  const auto let_go = [&](models::CallLetGo::Why why) {
    return std::ranges::any_of(life.records, [&](const models::JournalEntry& e) {
      const auto* f = std::get_if<models::CallLetGo>(&e.record);
      if (f != nullptr && f->branch.depth() > 1) return false;  // no caller's side
      return f != nullptr && f->why == why && e.at <= row.released;
    });
  };
  using Why = models::CallLetGo::Why;
  if (let_go(Why::no_ack)) {
    return {who + ": it was not confirmed.",
            {"The session was ended: the answer to its INVITE was not confirmed.",
             "64·T1 = 32 s without ACK (RFC 3261 §13.3.1.4)", lost}};
  }
  if (let_go(Why::unknown)) {
    return {who + ": the other side does not know it.",
            {"The session was ended: a re-INVITE found nobody who knew it, or no answer.",
             "481, or no answer within 64·T1 = 32 s, ends the dialog (RFC 3261 §12.2.1.2)", lost}};
  }
  return {who + ": nobody refreshed it.",
          {"The session was ended: nobody refreshed it.",
           "the session timer (RFC 4028 §10; session-expires)", lost}};
}

}  // namespace bcsim::tools
