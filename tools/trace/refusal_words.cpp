// Why somebody was turned away: which server said so, and what it had found.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/journal/message_words.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::SimTime;
using models::sip::Method;
using models::sip::Request;
using models::sip::Response;

constexpr const char* kFinal =
    "a final response other than 3xx or 5xx ends the attempt (RFC 3261 §21)";

/// The rule, if a SIP Server has refused an INVITE because its site was being drained; else empty.
std::string drain_rule(const LoggedMessage& answer, const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const std::uint32_t site = look.site_of(answer.from);
  const int code = look.server(site).shutdown_sip_reject_code;
  const bool drains = look.mode(site, answer.sent) == models::ServerMode::drain;
  if (!drains || std::get<Response>(answer.message).status != code) return {};
  return fmt::format("a draining server takes no new call: shutdown-sip-reject-code: {}", code);
}

/// The last INVITE by which the SIP Server of that site has sought somebody for the caller.
const LoggedMessage* last_leg(std::uint32_t site, SimTime by, const CallLife& life,
                              const StoryContext& c) {
  const Look look(life, c);
  const models::NodeId dialler =
      life.row.from.valid() ? c.layout.directory.agent(life.row.from).phone : models::NodeId{};
  const auto own = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::invite);
    return r != nullptr && !r->in_dialog && m.from.valid() && m.sent <= by &&
           look.is(m.from, models::NodeKind::sip_server) && look.site_of(m.from) == site &&
           m.to != dialler && !look.is(m.to, models::NodeKind::media_server);
  });
  return own ? &life.messages[*own] : nullptr;
}

/// What came of that INVITE, and the rule by which nobody was rung there; both may be empty.
Unavailable outcome_of(const LoggedMessage& own, SimTime by, const CallLife& life,
                       const StoryContext& c) {
  const Look look(life, c);
  const auto branch = std::get<Request>(own.message).branch;
  const bool to_server = look.is(own.to, models::NodeKind::sip_server);
  const auto answers = [&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->branch == branch;
  };
  const LoggedMessage* answer = look.first([&](const LoggedMessage& m) {
    return answers(m) && std::get<Response>(m.message).status >= 300 && m.arrived() && m.at <= by;
  });
  if (answer != nullptr) {
    const int status = std::get<Response>(answer->message).status;
    Unavailable out{fmt::format(" {} had answered its INVITE with {} {}{}.", look.node(own.to),
                                status, reason_phrase(status),
                                status == 486 && to_server ? refusal_reason(*answer, life, c) : ""),
                    to_server ? drain_rule(*answer, life, c) : ""};
    const auto nobody = status == 480 && to_server
                            ? nobody_to_ring(look.site_of(own.to), answer->sent, true, life, c)
                            : std::nullopt;
    return nobody ? Unavailable{out.why + " " + nobody->why, nobody->rule} : out;
  }
  if (!own.arrived()) {
    return {fmt::format(" Its own INVITE to {} had not got through ({}).", look.node(own.to),
                        look.fate(own)),
            ""};
  }
  if (look.first(answers) != nullptr) return {};
  const Silence silence{static_cast<std::size_t>(&own - life.messages.data()), {own.sent}};
  const bool stopped =
      to_server && look.mode(look.site_of(own.to), own.at) == models::ServerMode::stopped;
  return {fmt::format(" Its own INVITE to {} had got no answer: {}.", look.node(own.to),
                      silence_reason(silence, life, c, by)),
          stopped ? "the drain: a SIP Server that has been drained stops" : ""};
}

/// When this site's server sent the call on to its peer, the last time by then; kNever: it did not.
SimTime sent_on_at(std::uint32_t site, SimTime by, const CallLife& life) {
  SimTime at = models::kNever;
  for (const models::JournalEntry& e : life.records) {
    const auto* f = std::get_if<models::BcForward>(&e.record);
    if (f != nullptr && f->site == site && e.at <= by) at = e.at;
  }
  return at;
}

}  // namespace

std::optional<Unavailable> nobody_to_ring(std::uint32_t site, SimTime at, bool hopped,
                                          const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const bool to_agent =
      life.row.kind == models::CallKind::direct || life.row.kind == models::CallKind::internal;
  const models::AgentId agent = to_agent ? look.dialled() : models::AgentId{};
  if (!agent.valid() || last_leg(site, at, life, c) != nullptr) return std::nullopt;
  const std::string here = ThingNames::of(c.names.sites, site);
  const std::string there = ThingNames::of(c.names.sites, 1 - site);
  Unavailable u{fmt::format("The number of agent {} was out of service there: no phone of his was "
                            "registered at {}",
                            ThingNames::of(c.names.agents, agent.value), here),
                ""};
  using models::DrForward;
  const models::ServerMode mode = look.mode(site, at);
  const DrForward forward =
      c.layout.directory.group(agent).dr_forward.value_or(look.server(site).dr_forward);
  if (hopped && sent_on_at(1 - site, at, life) == models::kNever) {
    u.why += fmt::format(
        ", and it had sent the call on to {} itself (302): the gateway, which does not reach {}, "
        "came back.",
        there, there);
    u.rule = "a call is forwarded between the sites once";
  } else if (hopped) {
    u.why += fmt::format(", and a call that {} has sent on is not sent back.", there);
    u.rule = "a call is forwarded between the sites once";
  } else if (mode == models::ServerMode::single) {
    u.why += fmt::format(", which was in single-site mode: it sent no call on to {}.", there);
    u.rule = "single-site mode: nothing is forwarded to a peer that is out of service (dr-forward)";
  } else if (mode != models::ServerMode::bc) {
    u.why += fmt::format(", which was not in business-continuity mode: it sent no call on to {}.",
                         there);
    u.rule = "calls are forwarded to the peer in business-continuity mode only (dr-forward)";
  } else if (forward == DrForward::off) {
    u.why += fmt::format(", and it sends no call on to {}.", there);
    u.rule = "dr-forward: off";
  } else {
    u.why += ", where he was logged in.";
    u.rule = "dr-forward: no-agent";
  }
  return u;
}

namespace {

/// When the SIP Server that had taken an agent's own call gave it up, or the call was over.
SimTime gave_up_at(const CallLife& life, const models::JournalEntry& taken) {
  const std::uint32_t site = std::get<models::AgentCallTaken>(taken.record).site;
  for (const models::JournalEntry& e : life.records) {
    const auto* f = std::get_if<models::CallLetGo>(&e.record);
    if (f != nullptr && f->site == site && e.at >= taken.at) return e.at;
  }
  return life.row.released;
}

/// TMakeCall has rung the agent's own phone in vain.
Decision own_phone_silent(const models::JournalEntry& taken, SimTime gave_up, std::string why,
                          const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const sim::Duration limit =
      look.server(std::get<models::AgentCallTaken>(taken.record).site).after_routing_timeout;
  const auto refused = look.last([&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status >= 300 && m.sent <= life.row.released;
  });
  why += fmt::format("his own phone had not answered in time ({}).",
                     unanswered_words(life.row.from, taken.at, gave_up, life, c));
  return {why,
          gave_up - taken.at == limit
              ? fmt::format("after-routing-timeout: {}, of the agent's own phone, which TMakeCall "
                            "rings first",
                            format_duration(limit))
              : "TMakeCall rings the agent's own phone first",
          refused};
}

}  // namespace

Decision own_call_refused(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const models::CallRow& row = life.row;
  const models::NodeId own = c.layout.directory.agent(row.from).phone;
  const models::JournalEntry* taken = nullptr;
  for (const models::JournalEntry& e : life.records) {
    if (std::holds_alternative<models::AgentCallTaken>(e.record)) taken = &e;
  }
  if (taken == nullptr) return {};
  const SimTime gave_up_then = gave_up_at(life, *taken);
  // What comes after that it has not waited for.
  const auto answered = look.last([&](const LoggedMessage& m) {
    const Response* r = response_in(m, Method::invite);
    return r != nullptr && r->status == 200 && m.from == own && m.arrived() && m.at <= gave_up_then;
  });
  const std::string gave_up = fmt::format(
      "The SIP Server gave the call up ({} {}) before it had rung anybody: ", row.status,
      reason_phrase(row.status));
  if (!answered) return own_phone_silent(*taken, gave_up_then, gave_up, life, c);
  const std::uint32_t site = look.site_of(life.messages[*answered].to);
  const auto ended = look.last([&](const LoggedMessage& m) {
    return request_in(m, Method::bye) != nullptr && m.to == own && m.sent <= row.released;
  });
  Decision d{gave_up + "his own phone had answered, but nobody could be rung.", kFinal,
             ended ? ended : answered};
  if (const auto rang = rang_too_long(life, c)) {
    d.why = fmt::format("The SIP Server gave the call up ({} {}). {}", row.status,
                        reason_phrase(row.status), rang->why);
    d.rule = rang->rule;
  } else if (const auto nobody = nobody_to_ring(site, row.released, false, life, c)) {
    d.why += " " + nobody->why;
    d.rule = nobody->rule;
  } else if (const LoggedMessage* leg = last_leg(site, row.released, life, c)) {
    const Unavailable outcome = outcome_of(*leg, row.released, life, c);
    d.why += outcome.why;
    if (!outcome.rule.empty()) d.rule = outcome.rule;
  }
  return d;
}

namespace {

/// Which rule made a SIP Server send this final response, as far as its messages tell.
Decision refused_with(const LoggedMessage& answer, std::size_t index, const CallLife& life,
                      const StoryContext& c) {
  const Look look(life, c);
  const int status = life.row.status;
  const std::uint32_t site = look.site_of(answer.from);
  Decision d{fmt::format("{} answered the INVITE with {} {}.", look.node(answer.from), status,
                         reason_phrase(status)),
             "", index};
  const LoggedMessage* own = last_leg(site, answer.sent, life, c);
  if (const auto nowhere = sent_nowhere(site, answer.sent, life, c)) {
    return {d.why + " " + nowhere->why, nowhere->rule, index};
  }
  if (own != nullptr) {
    const Unavailable outcome = outcome_of(*own, answer.sent, life, c);
    d.why += outcome.why;
    d.rule = outcome.rule;
    if (const auto rang = status == 480 ? rang_too_long(life, c) : std::nullopt) {
      return {d.why + " " + rang->why, rang->rule, index};
    }
  } else if (status == 480) {
    const auto branch = std::get<Response>(answer.message).branch;
    const LoggedMessage* asked = look.first([&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::invite);
      return r != nullptr && r->branch == branch;
    });
    const bool hopped = asked != nullptr && (std::get<Request>(asked->message).bc_hop ||
                                             look.is(asked->from, models::NodeKind::sip_server));
    if (const auto nobody = nobody_to_ring(site, answer.sent, hopped, life, c)) {
      d.why += " " + nobody->why;
      d.rule = nobody->rule;
      const auto silences = unanswered_invites(life, c.layout);
      if (!hopped || silences.empty()) return d;
      const LoggedMessage& lost = life.messages[silences.back().first];
      const auto sent_on =
          std::min(sent_on_at(0, answer.sent, life), sent_on_at(1, answer.sent, life));
      if (lost.sent < sent_on) return d;  // before, and of no account here
      d.why += fmt::format(
          " It had been sent on to {}, where the gateway's INVITE got no answer: "
          "{}.",
          look.node(lost.to),
          lost.arrived() ? silence_reason(silences.back(), life, c, answer.sent) : look.fate(lost));
      d.rule = "the INVITE that got no answer there; " + d.rule;
      d.message = silences.back().first;
      return d;
    }
  }
  if (d.rule.empty()) d.rule = drain_rule(answer, life, c);
  if (!d.rule.empty()) return d;
  if (status / 100 == 5) {
    d.rule = "a 5xx sends the call to the next SIP Server (RFC 3261 §21.5): there was none left";
  } else if (status / 100 == 3) {
    d.rule = "a redirection is followed once, and to a SIP Server only";
  } else {
    d.rule = kFinal;
  }
  return d;
}

/// A SIP Server has ended a call with a BYE that it had answered for music.
Decision ended_before_an_agent(std::size_t bye, const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const int status = life.row.status;
  const LoggedMessage& said = life.messages[bye];
  Decision d{fmt::format("{} ended the call with a BYE{}.", look.node(said.from),
                         status == 0 ? "" : fmt::format(": {} {}", status, reason_phrase(status))),
             "an INVITE that has been answered is ended by a BYE (RFC 3261 §15)", bye};
  if (const auto given_up = given_up_before(said.sent, life, c)) {
    d.why += " " + given_up->why;
    d.rule = given_up->rule;
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
    return refused_with(life.messages[*answer], *answer, life, c);
  }
  if (answer) {
    return {
        fmt::format("{} answered the INVITE with {} {}.", look.node(life.messages[*answer].from),
                    row.status, reason_phrase(row.status)),
        kFinal, answer};
  }
  const auto bye = look.last([&](const LoggedMessage& m) {
    const Request* r = request_in(m, Method::bye);
    return r != nullptr && r->expires_s == row.status && m.sent <= row.released;
  });
  if (bye) return ended_before_an_agent(*bye, life, c);
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
      kFinal,
      {}};
}

}  // namespace bcsim::tools
