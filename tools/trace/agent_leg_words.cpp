// Why an agent who had been chosen for a call was not rung, or did not answer in time.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::AgentId;
using models::NodeKind;
using models::SimTime;
using models::sip::Method;
using models::sip::Request;
using models::sip::Response;

/// Calling one agent, from when he was chosen until some time later.
class AgentLeg {
 public:
  AgentLeg(AgentId agent, SimTime routed, SimTime by, const CallLife& life, const StoryContext& c)
      : phone_(c.layout.directory.agent(agent).phone),
        routed_(routed),
        by_(by),
        life_(life),
        c_(c),
        look_(life, c) {
    const std::uint32_t site = serving_site(agent);
    for (const LoggedMessage& m : life.messages) {
      const Request* r = request_in(m, Method::invite);
      // What is sent at that very instant is for whoever is chosen next.
      if (r == nullptr || r->in_dialog || m.sent < routed || m.sent >= by) continue;
      if (m.to == phone_) note_at_phone(m, *r);
      const bool to_his = is_trunk(m) && look_.site_of(m.to) == site;
      if (to_his && trunk_ == nullptr) trunk_ = &m;
    }
  }

  /// Has his phone answered with a status of these?
  [[nodiscard]] bool phone_sent(int least, int most) const {
    return look_.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      return r != nullptr && r->status >= least && r->status <= most && m.from == phone_ &&
             r->branch == at_phone_ && m.sent >= routed_ && m.sent <= by_;
    }) != nullptr;
  }
  [[nodiscard]] bool phone_invited() const { return copies_ > 0; }
  /// Has the server that chose him heard anything of him?
  [[nodiscard]] bool heard() const {
    return trunk_ != nullptr ? trunk_response(100, true) != nullptr
                             : answer_to(at_phone_, 100, true) != nullptr;
  }

  [[nodiscard]] std::string words() const {
    if (phone_sent(200, 299)) return "he answered, but that was not heard in time" + answer_lost();
    if (!phone_invited()) {
      return trunk_ != nullptr ? trunk_words() : "no INVITE had been sent to his phone";
    }
    const std::string fate = lost_ == nullptr ? "" : fmt::format(" ({})", look_.fate(*lost_));
    if (came_ == nullptr && lost_ != nullptr) {
      return fmt::format("his phone did not answer the INVITE, which it never got{}, sent {}", fate,
                         times(copies_));
    }
    if (came_ == nullptr) return "the INVITE had not come to his phone yet";
    if (!phone_sent(180, 299)) return "his phone did not answer the INVITE";
    const int before = std::get<Request>(came_->message).copy;
    if (before == 0) return heard() ? kRang : rang_unheard();
    return fmt::format(
        "the INVITE reached his phone late, at {}, after {} of it had been lost{}; it "
        "rang for {}, and he had not answered yet",
        instant_words(came_->at, c_.scenario),
        count_words(static_cast<std::uint64_t>(before), "copy", "copies"), fate,
        lapse_words(by_ - came_->at));
  }

 private:
  static std::string times(std::size_t n) { return n == 1 ? "once" : fmt::format("{} times", n); }

  /// Whose SIP Server was to ring him.
  [[nodiscard]] std::uint32_t serving_site(AgentId agent) const {
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::CallRouted>(&e.record);
      if (f != nullptr && f->agent == agent && e.at == routed_) return f->site;
    }
    return models::kNoSite;
  }
  [[nodiscard]] bool is_trunk(const LoggedMessage& m) const {
    return look_.is(m.from, NodeKind::sip_server) && look_.is(m.to, NodeKind::sip_server);
  }
  /// Of several INVITEs the first that has begun since he was chosen is the one meant.
  void note_at_phone(const LoggedMessage& m, const Request& invite) {
    if (copies_ == 0 && invite.copy != 0) return;
    if (copies_ == 0) at_phone_ = invite.branch;
    if (invite.branch != at_phone_) return;
    ++copies_;
    if (!m.arrived() && came_ == nullptr) lost_ = &m;
    if (m.arrived() && m.at <= by_ && (came_ == nullptr || m.at < came_->at)) came_ = &m;
  }
  /// The first response to the INVITE over the trunk from this status on that came in time; or else
  /// that was sent, and lost or late.
  [[nodiscard]] const LoggedMessage* trunk_response(int least, bool came) const {
    return answer_to(std::get<Request>(trunk_->message).branch, least, came);
  }
  [[nodiscard]] const LoggedMessage* answer_to(std::uint64_t branch, int least, bool came) const {
    return look_.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      const bool in_time = m.arrived() && m.at <= by_;
      return r != nullptr && r->branch == branch && r->status >= least && m.sent <= by_ &&
             in_time == came;
    });
  }
  /// His phone was not called, since his own SIP Server refused, or was not reached.
  [[nodiscard]] std::string trunk_words() const {
    if (const LoggedMessage* refused = trunk_response(300, true)) {
      return refusal_words(*refused);
    }
    const std::string server = look_.party(trunk_->to);
    if (const LoggedMessage* refused = trunk_response(300, false)) {
      return fmt::format("{}, but its answer did not come in time{}", refusal_words(*refused),
                         fate_of(*refused));
    }
    Silence silence{static_cast<std::size_t>(trunk_ - life_.messages.data()), {}, trunk_->dropped};
    const auto branch = std::get<Request>(trunk_->message).branch;
    bool through = false;
    for (const LoggedMessage& m : life_.messages) {
      const Request* r = request_in(m, Method::invite);
      if (r == nullptr || r->branch != branch || m.sent > by_) continue;
      silence.sent.push_back(m.sent);
      through = through || m.arrived();
    }
    if (!through) {
      return fmt::format("the INVITE to {}, sent {}, did not get through: {}", server,
                         times(silence.sent.size()), look_.fate(*trunk_));
    }
    return fmt::format("the INVITE to {} got no answer: {}", server,
                       silence_reason(silence, life_, c_, by_));
  }
  [[nodiscard]] std::string refusal_words(const LoggedMessage& answer) const {
    return look_.party(answer.from) + " refused the call" + refusal_reason(answer, life_, c_);
  }
  /// " (the link was cut)", what became of his answer on its way to who has chosen him.
  [[nodiscard]] std::string answer_lost() const {
    const LoggedMessage* lost = look_.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      const bool upward = m.from == phone_ || is_trunk(m);
      return r != nullptr && r->status == 200 && upward && !m.arrived() && m.sent >= routed_ &&
             m.sent <= by_;
    });
    return lost == nullptr ? "" : fate_of(*lost);
  }
  [[nodiscard]] std::string rang_unheard() const {
    const LoggedMessage* lost =
        trunk_ != nullptr ? trunk_response(100, false) : answer_to(at_phone_, 100, false);
    return fmt::format("his phone rang, but nothing that {} sent back came in time{}",
                       trunk_ != nullptr ? look_.party(trunk_->to) : "it",
                       lost == nullptr ? "" : fate_of(*lost));
  }
  [[nodiscard]] std::string fate_of(const LoggedMessage& m) const {
    return m.arrived() ? "" : fmt::format(" ({})", look_.fate(m));
  }

  models::NodeId phone_;
  SimTime routed_, by_;
  const CallLife& life_;
  const StoryContext& c_;
  Look look_;
  std::uint64_t at_phone_ = 0;                             ///< branch of the INVITE to his phone
  std::size_t copies_ = 0;                                 ///< of that
  const LoggedMessage *lost_ = nullptr, *came_ = nullptr;  ///< of these
  const LoggedMessage* trunk_ = nullptr;  ///< INVITE to his own SIP Server, if that is the other's
};

/// Why he could not be given a call, with which status.
std::string agent_words(const AgentThen& then, int status) {
  using Doing = AgentThen::Doing;
  using models::AgentState;
  const std::string call = then.call.valid() ? fmt::format("call {}", then.call.value) : "";
  if (status == 486) {
    switch (then.doing) {
      case Doing::no_call:
        return "he was on another call";
      case Doing::given:
        return "he had just been given to " + call;
      case Doing::rung:
        return "his phone rang for " + call;
      case Doing::talks:
        return "he was in " + call;
      case Doing::has_placed:
        return fmt::format("he was in {}, which he had placed himself", call);
    }
  }
  if (status != 480) return "";
  if (then.state == AgentState::logged_out) return "he was not logged in there";
  if (!then.in_service) return "his phone was not registered there";
  if (then.state == AgentState::not_ready) return "he was not ready";
  if (then.state == AgentState::after_call_work) return "he was at after-call work";
  return "he was not to be given calls then";
}

}  // namespace

std::string refusal_reason(const LoggedMessage& answer, const CallLife& life,
                           const StoryContext& c) {
  const Look look(life, c);
  if (look.mode(look.site_of(answer.from), answer.sent) == models::ServerMode::drain) {
    return ": it was being drained";
  }
  const auto found = std::ranges::find_if(
      life.refusals, [&](const AgentRefused& r) { return r.sent == answer.sent; });
  if (found == life.refusals.end()) return "";
  const std::string why = agent_words(found->agent, std::get<Response>(answer.message).status);
  return why.empty() ? "" : ": " + why;
}

std::string unanswered_words(AgentId agent, SimTime routed, SimTime by, const CallLife& life,
                             const StoryContext& c) {
  return AgentLeg(agent, routed, by, life, c).words();
}

std::string not_reached(const CallLife& life, const StoryContext& c) {
  const models::JournalEntry* called = nullptr;
  for (const models::JournalEntry& e : life.records) {
    if (std::holds_alternative<models::CallRouted>(e.record) && e.at <= life.row.released) {
      called = &e;
    }
  }
  if (called == nullptr) return {};
  const AgentId agent = std::get<models::CallRouted>(called->record).agent;
  const std::string words = unanswered_words(agent, called->at, life.row.released, life, c);
  if (words == kRang) return {};
  return fmt::format(" Agent {}: {}.", ThingNames::of(c.names.agents, agent.value), words);
}

namespace {

/// When the agent of this record of the call was chosen, whom it takes the call back from. He may
/// be chosen again at that very instant.
SimTime chosen_at(const models::CallReturned& returned, const CallLife& life) {
  SimTime found = sim::kStart;
  for (const models::JournalEntry& e : life.records) {
    if (std::get_if<models::CallReturned>(&e.record) == &returned) break;
    const auto* routed = std::get_if<models::CallRouted>(&e.record);
    const auto* hunted = std::get_if<models::HuntLeg>(&e.record);
    const bool his = (routed != nullptr && routed->agent == returned.agent) ||
                     (hunted != nullptr && hunted->agent == returned.agent);
    if (his) found = e.at;
  }
  return found;
}

/// Why nobody's refusal brought it back: "after-routing-timeout: his phone rang, and he did not
/// answer".
std::string return_reason(SimTime at, const AgentLeg& leg, const CallLife& life,
                          const StoryContext& c) {
  const Look look(life, c);
  const bool answered = leg.phone_sent(200, 299), rang = leg.phone_sent(180, 299);
  const char* state = answered ? "he had answered" : rang ? "his phone rang" : "nothing rang yet";
  const std::uint32_t server = life.row.queue_site;
  // It waits at a server that is not the agent's if its site is another than the record's.
  const auto now_there = [&](const auto& f, SimTime t) { return t == at && f.site == server; };
  if (look.fact<models::Switchover>(at, now_there) != nullptr) {
    return fmt::format("the backup that takes over does not know that he was called; {}", state);
  }
  if (look.fact<models::ServerModeChanged>(at, now_there) != nullptr) {
    const std::string site = ThingNames::of(c.names.sites, server);
    const models::ServerMode mode = look.mode(server, at);
    if (mode == models::ServerMode::drain || mode == models::ServerMode::stopped) {
      return fmt::format("{} is drained, and takes back what nobody has answered; {}", site, state);
    }
    return fmt::format("{} has lost its peer, which had called him; {}", site, state);
  }
  std::string timeout = "after-routing-timeout";
  if (life.row.kind == models::CallKind::queue) {
    const auto& queue = c.scenario.queues[c.scenario.calls[life.row.stream].queue];
    if (queue.hunt_group) timeout = "hg-noanswer-timeout";
  }
  return (answered || rang) && leg.heard() ? timeout + ": " + leg.words() : leg.words();
}

}  // namespace

std::string returned_sentence(const models::CallReturned& f, SimTime at, const CallLife& life,
                              const StoryContext& c) {
  const AgentLeg leg(f.agent, chosen_at(f, life), at, life, c);
  const std::string agent = ThingNames::of(c.names.agents, f.agent.value);
  const int status = static_cast<int>(f.status);
  const bool sent = Look(life, c).first([&](const LoggedMessage& m) {
    const auto* r = std::get_if<Response>(&m.message);
    return r != nullptr && r->status == status && m.sent <= at;
  }) != nullptr;
  if (status == 408 && !sent) {
    return fmt::format("The call is taken back from agent {} ({}); it waits again.", agent,
                       return_reason(at, leg, life, c));
  }
  const std::string words = !leg.phone_sent(status, status) ? ": " + leg.words()
                            : status == 486                 ? ": his phone was busy"
                                                            : "";
  return fmt::format("Agent {} {} ({} {}{}); the call waits again.", agent,
                     leg.phone_invited() ? "does not take it" : "is not rung", status,
                     reason_phrase(status), words);
}

namespace {

/// Is it a record that this agent's answer has brought about?
bool tells_answer(const models::Record& record, AgentId agent) {
  const auto* heard = std::get_if<models::CallAnswered>(&record);
  const auto* asked = std::get_if<models::Consultation>(&record);
  return (heard != nullptr && heard->agent == agent) ||
         (asked != nullptr && asked->step == models::Consultation::Step::answered &&
          asked->second == agent);
}

/// Has he left what he had answered, or is he called anew?
bool ends_answer(const models::Record& record, AgentId agent) {
  const auto* left = std::get_if<models::PhoneLeft>(&record);
  const auto* alone = std::get_if<models::HungUpInSilence>(&record);
  const auto* again = std::get_if<models::CallRouted>(&record);
  return (left != nullptr && left->agent == agent) || (alone != nullptr && alone->agent == agent) ||
         (again != nullptr && again->agent == agent);
}

/// Until when his answer of then could be told of; nullopt: it was.
std::optional<SimTime> untold_until(AgentId agent, SimTime answered, const CallLife& life) {
  for (const models::JournalEntry& e : life.records) {
    if (e.at >= answered && tells_answer(e.record, agent)) return std::nullopt;
    if (e.at > answered && ends_answer(e.record, agent)) return e.at;
  }
  return life.row.released;
}

}  // namespace

std::vector<LostAnswer> lost_answers(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  std::vector<LostAnswer> lost;
  for (const LoggedMessage& m : life.messages) {
    const Response* r = response_in(m, Method::invite);
    if (r == nullptr || r->status != 200 || r->copy != 0 || m.sent >= life.row.released) continue;
    if (!look.is(m.from, NodeKind::phone)) continue;
    const AgentId agent{c.layout.roles[m.from.value].index};
    const bool rung = look.first([&](const LoggedMessage& asked) {
      const Request* invite = request_in(asked, Method::invite);
      return invite != nullptr && invite->branch == r->branch && !invite->in_dialog;
    }) != nullptr;
    // A server rings the phone of who has placed the call first: that answers nobody.
    const auto until = untold_until(agent, m.sent, life);
    if (!rung || agent == life.row.from || !until) continue;
    const bool came = look.first([&](const LoggedMessage& copy) {
      const Response* answer = response_in(copy, Method::invite);
      return answer != nullptr && answer->status == 200 && answer->branch == r->branch &&
             copy.arrived() && copy.at <= *until;
    }) != nullptr;
    lost.push_back({m.sent, agent, came || m.arrived() ? "" : look.fate(m)});
  }
  return lost;
}

}  // namespace bcsim::tools
