#include "tools/trace/call_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/trace/failure_words.hpp"

namespace bcsim::tools {
namespace {

constexpr std::size_t kNamedMembers = 3;

/// One sentence per record; what says nothing new is left out.
class Teller {
 public:
  Teller(const CallLife& life, const StoryContext& c) : life_(life), c_(c) {}

  /// The sentence about it; empty: it says nothing new.
  std::string tell(const models::JournalEntry& entry) {
    now_ = entry.at;
    std::string text = std::visit(*this, entry.record);
    if (text.empty()) return text;
    const models::AgentId agent = named_in(entry.record);
    if (agent.valid()) named_ = agent;
    return text;
  }

  std::string operator()(const models::CallOffered& f) const {
    if (f.gateway == models::kNoGateway) return "";  // an agent: see AgentDialled
    const std::string callee = dialled();
    const std::string whom = c_.scenario.calls[f.stream].kind() == models::CallKind::queue ? ""
                             : callee == "-" ? " the number of an agent"
                                             : " the number of agent " + callee;
    std::string text = f.attempt > 1
                           ? fmt::format("Caller {} dials{} again (attempt {}, after call {})",
                                         f.caller, whom, f.attempt, f.previous.value)
                           : fmt::format("Caller {} dials{}", f.caller, whom);
    return text + fmt::format(" and reaches gateway {}. He would speak for {}{}.",
                              gateway(f.gateway), duration_words(sim::seconds(f.talk)),
                              patience_words(f));
  }
  std::string operator()(const models::CallInvited& f) const {
    return fmt::format("{} sends {}INVITE to the SIP Server of {}.", gateway(f.gateway),
                       f.nth > 0 ? "another " : "", site(f.site));
  }
  std::string operator()(const models::AgentDialled& f) const {
    const bool outside = life_.row.kind == models::CallKind::outgoing;
    return fmt::format("Agent {} calls {}, {}.", agent(f.agent),
                       outside ? "somebody outside" : "agent " + dialled(),
                       f.by_desktop != 0 ? "with his desktop (3pcc)" : "with his phone (1pcc)");
  }
  std::string operator()(const models::PhoneInvited& f) const {
    return fmt::format("His phone sends {}INVITE to the SIP Server of {}.",
                       f.nth > 0 ? "another " : "", site(f.site));
  }
  std::string operator()(const models::AgentCallTaken& f) const {
    return fmt::format("The SIP Server of {} takes the call.", site(f.site));
  }
  std::string operator()(const models::CallSentOut& f) const {
    return fmt::format("The SIP Server of {} sends it out through gateway {}.", site(f.site),
                       gateway(f.gateway));
  }
  std::string operator()(const models::SetupFailed& f) const {
    if (f.gateway == models::kNoGateway) {
      return fmt::format("His phone gives {} up for this call: {}.", site(f.site),
                         f.status == 408 && !sent_final(f.status)
                             ? "it did not answer in time"
                             : fmt::format("{} {}", f.status, reason_phrase(f.status)));
    }
    // 408 is what a client takes its own timer for: nobody has sent it.
    std::string how = f.status == 408 && !sent_final(f.status)
                          ? "did not answer in time"
                          : fmt::format("answered {} {}", f.status, reason_phrase(f.status));
    for (const Silence& s : unanswered_invites(life_, c_.layout)) {
      const models::NodeId to = life_.messages[s.first].to;
      if (!to.valid() || c_.layout.roles[to.value].site != f.site) continue;
      how = f.status == 503
                ? fmt::format("refused the INVITE ({})", silence_reason(s, life_, c_, now_))
                : fmt::format("did not answer the INVITE, sent {} ({})",
                              s.sent.size() == 1 ? "once" : fmt::format("{} times", s.sent.size()),
                              silence_reason(s, life_, c_, now_));
    }
    return fmt::format("{} gives {} up for this call: it {}.", gateway(f.gateway), site(f.site),
                       how);
  }
  std::string operator()(const models::CallQueued& f) {
    waits_since_ = now_;
    returned_ = false;
    return fmt::format(
        "The SIP Server of {} takes the call for queue {}; {} there now.", site(f.site),
        ThingNames::of(c_.names.queues, f.queue),
        f.waiting == 1 ? "it is the only one" : count_words(f.waiting, "call waits", "calls wait"));
  }
  std::string operator()(const models::TreatmentStarted& f) const {
    const bool announces = c_.scenario.sites[f.site].sip_server.announcement > sim::Duration{};
    if (const std::string fate = unheard_success(now_, life_, c_); !fate.empty()) {
      return fmt::format("It is answered toward the caller; that does not get through ({}).", fate);
    }
    return fmt::format("It is answered toward the caller, who hears {} from {}.",
                       announces ? "the announcement, then music," : "music", site(f.site));
  }
  std::string operator()(const models::CallRouted& f) {
    rung_ = 0;
    std::erase(left_, f.agent);
    if (transferred_) {
      return fmt::format("Agent {} at {} is chosen to take it.", agent(f.agent), site(f.site));
    }
    if (life_.row.kind != models::CallKind::queue) {
      return fmt::format("The SIP Server of {} calls the phone of agent {}.", site(f.site),
                         agent(f.agent));
    }
    return fmt::format("Agent {} at {} is chosen, {} after the call was {}.", agent(f.agent),
                       site(f.site), lapse_words(now_ - waits_since_),
                       returned_ ? "put back" : "taken");
  }
  std::string operator()(const models::CallRinging& f) const {
    if (!f.agent.valid()) return "It rings there.";
    // Of several members of a hunt group each may be the one.
    const bool his = rung_ <= 1 && named_ == f.agent;
    return his ? "His phone rings." : fmt::format("The phone of agent {} rings.", agent(f.agent));
  }
  std::string operator()(const models::CallReturned& f) {
    waits_since_ = now_;
    returned_ = true;
    return returned_sentence(f, now_, life_, c_);
  }
  std::string operator()(const models::CallAnswered& f) const {
    if (!heard(f))
      return fmt::format("Agent {} answers; the caller does not hear it.", agent(f.agent));
    if (life_.row.kind == models::CallKind::outgoing) {
      return fmt::format("They speak, through the SIP Server of {}{}.", site(f.path - 1),
                         f.monitored != 0 ? "" : "; his desktop is not logged in there");
    }
    return fmt::format("Caller and agent {} speak, through the SIP Server{}{}.", agent(f.agent),
                       f.path == 3 ? "s of both sites" : " of " + site(f.path - 1),
                       f.monitored != 0 ? "" : "; his desktop is not logged in there");
  }
  std::string operator()(const models::CallHeld& f) const {
    if (reconnected_ == now_) return "";  // that has been told
    return fmt::format("Agent {} {}.", agent(f.agent),
                       f.held != 0 ? "puts the caller on hold" : "takes the caller back from hold");
  }
  std::string operator()(const models::Consultation& f) {
    using Step = models::Consultation::Step;
    if (f.step == Step::reconnected) reconnected_ = now_;
    switch (f.step) {
      case Step::initiated:
        return fmt::format("Agent {} consults {}; the caller hears music.", agent(f.agent),
                           line(f.line));
      case Step::answered:
        return fmt::format("Agent {} answers him, through the SIP Server{}.", agent(f.second),
                           f.path == 3 ? "s of both sites" : " of " + site(f.path - 1));
      case Step::reconnected:
        return fmt::format("Agent {} takes the caller back.", agent(f.agent));
    }
    return "";
  }
  std::string operator()(const models::CallTransferred& f) {
    transferred_ = true;
    if (f.joined != 0) {
      return fmt::format("Agent {} completes the transfer.", agent(f.agent));
    }
    return fmt::format(
        "Agent {} transfers the call to {}; the SIP Server{}{} in its path, and the caller hears "
        "music.",
        agent(f.agent), line(f.line), f.path == 3 ? "s of both sites" : " of " + site(f.path - 1),
        f.path == 3 ? " stay" : " stays");
  }
  std::string operator()(const models::HuntRedirect& f) const {
    return fmt::format("The SIP Server of {} redirects it: its hunt group prefers the other site.",
                       site(f.site));
  }
  std::string operator()(const models::HuntLeg& f) {
    ++rung_;
    std::erase(left_, f.agent);
    return fmt::format("The SIP Server of {} rings agent {}, a member of the hunt group.",
                       site(f.site), agent(f.agent));
  }
  std::string operator()(const models::CallDefaultRouted& f) const {
    return fmt::format("The SIP Server of {} sends it to the default destination.", site(f.site));
  }
  std::string operator()(const models::CallReleased& f) const {
    using models::pstn::Release;
    const bool agents = models::by_agent(life_.row.kind);
    if (f.by_caller != 0) return agents ? "He gives up." : "The caller hangs up.";
    switch (f.release) {
      case Release::normal:
        return "The call is over.";
      case Release::speech_lost:
        return "He hears nothing any more, and hangs up.";
      case Release::rejected:
        if (f.status == 0) return "It is not set up: the SIP Server hangs up.";
        return fmt::format("{} ({} {}).", agents ? "It is not set up" : "The caller is turned away",
                           f.status, reason_phrase(f.status));
      case Release::no_response:
        if (agents && f.phase >= static_cast<std::uint8_t>(models::CallPhase::ringback)) {
          return "He puts the phone down.";
        }
        return agents ? "His phone has nobody else to ask."
                      : "The gateway has nobody else to ask and turns the caller away.";
      case Release::ring_timeout:
        return "The gateway gives up waiting for an answer.";
      case Release::media_lost:
        return "The call is given up: nothing is heard any more.";
      case Release::session_expired:
        return session_end(life_, c_).told;
      case Release::default_routed:
        return "The call goes on elsewhere: default destination.";
      case Release::gateway_failed:
        return "The gateway dies, and the line goes dead.";
      case Release::no_channel:
        return "No trunk channel can take it: the caller hears the busy tone.";
      case Release::caller_hung_up:
        return "The caller hangs up.";
    }
    return "";
  }
  std::string operator()(const models::MediaDegraded&) const {
    return "Its speech shares a link that carries more than it can: it will not sound well.";
  }
  std::string operator()(const models::CallerLost&) const { return "He does not try again."; }
  std::string operator()(const models::RedialPlanned& f) const {
    return fmt::format("He will dial again in {}.", duration_words(sim::seconds(f.after)));
  }
  std::string operator()(const models::EarlyDialogLost& f) const {
    // That it takes over the switchover itself has said.
    return fmt::format("The SIP Server that is now primary at {} does not know the call.",
                       site(f.site));
  }
  std::string operator()(const models::CallStateLost& f) const {
    return fmt::format(
        "The SIP Server that is now primary at {} had not been told of the call yet: it is gone.",
        site(f.site));
  }
  std::string operator()(const models::HungUpInSilence& f) const {
    return fmt::format("Agent {} hears nothing any more, and hangs up.", agent(f.agent));
  }
  std::string operator()(const models::PhoneLeft& f) {
    using How = models::PhoneLeft::How;
    // Whose BYE gets no answer either leaves it for good then; that he had left it is told.
    if (std::ranges::find(left_, f.agent) != left_.end()) return "";
    left_.push_back(f.agent);
    if (f.how == How::hung_up) return fmt::format("Agent {} hangs up.", agent(f.agent));
    if (f.how == How::released) {
      return fmt::format("The phone of agent {} is told that the call is over.", agent(f.agent));
    }
    const models::NodeId phone = c_.layout.directory.agent(f.agent).phone;
    if (const auto ended = given_up(phone, now_, life_, c_)) {
      return fmt::format("The phone of agent {} ends its session: {}.", agent(f.agent),
                         ended->what);
    }
    return fmt::format("The phone of agent {} has left the call without a word of its server.",
                       agent(f.agent));
  }
  std::string operator()(const models::CallLetGo& f) const {
    using Why = models::CallLetGo::Why;
    if (f.why == Why::no_ack) {
      return fmt::format(
          "The SIP Server of {} gives the call up: nobody has acknowledged its 200 for 32 s.",
          site(f.site));
    }
    if (f.why == Why::not_renewed) {
      return fmt::format(
          "The SIP Server of {} gives the call up: nobody has refreshed the session.",
          site(f.site));
    }
    if (f.why == Why::unknown) {
      return fmt::format(
          "The SIP Server of {} gives the call up: the caller's side {}.", site(f.site),
          told_of_no_call(life_, now_) ? "has no such call" : "does not answer its re-INVITE");
    }
    return "";  // its BYE or response says so
  }
  std::string operator()(const models::RequestRejected& f) const {
    return fmt::format("The SIP Server of {} rejects a request with {} {}.", site(f.site), f.status,
                       reason_phrase(f.status));
  }
  std::string operator()(const models::BcForward& f) const {
    return fmt::format("The SIP Server of {} forwards it to its peer ({}).", site(f.site),
                       f.by_302 != 0
                           ? "302: it leaves the signalling path"
                           : "INVITE over the inter-site trunk: it stays in the signalling path");
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }

 private:
  /// Is this the answer that the caller has heard, or one of those after it? Else it came when he
  /// was gone, or has never reached his SIP Server.
  [[nodiscard]] bool heard(const models::CallAnswered& f) const {
    const models::CallRow& row = life_.row;
    const bool his = row.transferred != sim::kNever || f.agent == row.agent;
    return his && row.answered <= now_ && now_ <= row.released;
  }
  /// The agent whom the sentence about a record names, the last if several; invalid: none.
  static models::AgentId named_in(const models::Record& record) {
    return std::visit(
        [](const auto& fact) -> models::AgentId {
          if constexpr (requires { fact.second.valid(); }) {
            if (fact.second.valid()) return fact.second;
          }
          if constexpr (requires { fact.agent; }) return fact.agent;
          return {};
        },
        record);
  }
  /// " and wait 2 min for an agent": in a queue, where he hears music; who hears a ringing tone
  /// waits for an answer, and how long is known of whom that time has run out.
  [[nodiscard]] std::string patience_words(const models::CallOffered& f) const {
    const models::CallStream& stream = c_.scenario.calls[f.stream];
    const models::CallRow& row = life_.row;
    const bool rings =
        row.phase == models::CallPhase::setup || row.phase == models::CallPhase::ringback;
    if (row.release == models::pstn::Release::caller_hung_up && rings) {
      return fmt::format(" and wait {} for an answer (setup-patience)",
                         lapse_words(row.released - row.offered));
    }
    const bool music =
        stream.kind() == models::CallKind::queue && !c_.scenario.queues[stream.queue].hunt_group;
    return music
               ? fmt::format(" and wait {} for an agent", duration_words(sim::seconds(f.patience)))
               : fmt::format(" and wait for an answer (setup-patience: {})",
                             models::describe(stream.setup_patience));
  }
  /// Where a call is passed on to: a queue, or an agent group.
  [[nodiscard]] std::string line(std::uint32_t number) const {
    const std::size_t queues = c_.names.queues.size();
    return number < queues ? "queue " + ThingNames::of(c_.names.queues, number)
                           : "group " + c_.scenario.agents[number - queues].name;
  }
  /// The agent whose number was dialled, or "-".
  [[nodiscard]] std::string dialled() const {
    const models::AgentId callee = dialled_agent(life_.messages);
    return callee.valid() ? agent(callee) : "-";  // no message has named him
  }
  [[nodiscard]] std::string site(std::uint32_t s) const {
    return ThingNames::of(c_.names.sites, s);
  }
  [[nodiscard]] std::string gateway(std::uint32_t g) const {
    return ThingNames::of(c_.names.gateways, g);
  }
  [[nodiscard]] std::string agent(models::AgentId a) const {
    return ThingNames::of(c_.names.agents, a.value);
  }
  /// Has anybody sent a final response with this status about the call?
  [[nodiscard]] bool sent_final(int status) const {
    return std::ranges::any_of(life_.messages, [&](const LoggedMessage& m) {
      const auto* response = std::get_if<models::sip::Response>(&m.message);
      return response != nullptr && response->status == status && m.sent <= now_;
    });
  }

  const CallLife& life_;
  const StoryContext& c_;
  bool transferred_ = false;
  int rung_ = 0;  ///< members of a hunt group, since the first of them was chosen
  models::SimTime now_ = sim::kStart, waits_since_ = sim::kStart;
  models::SimTime reconnected_ = sim::kNever;  ///< when an agent took the caller back
  bool returned_ = false;                      ///< an agent has not answered it
  models::AgentId named_;                      ///< in the last sentence that has named one
  std::vector<models::AgentId> left_;          ///< whose phones have left the call
};

std::string outcome_words(const models::CallRow& row) {
  const std::string words(models::in_words(row.cause));
  return models::is_loss(row.cause) ? "lost, " + words : words;
}

}  // namespace

std::string fault_sentence(const models::JournalEntry& e, const CallLife& life,
                           const StoryContext& c) {
  if (const auto* f = std::get_if<models::FaultInjected>(&e.record)) {
    return fmt::format("Fault: “{}”{}.", ThingNames::of(c.names.faults, f->fault),
                       f->undone != 0 ? " is over" : "");
  }
  if (const auto* f = std::get_if<models::PairStateChanged>(&e.record)) {
    return fmt::format("The SIP Server pair of {} is {}.", ThingNames::of(c.names.sites, f->site),
                       f->up != 0 ? "alive again" : "dead");
  }
  if (const auto* f = std::get_if<models::Switchover>(&e.record)) {
    return fmt::format("The backup SIP Server of {} takes over.",
                       ThingNames::of(c.names.sites, f->site));
  }
  if (const auto* f = std::get_if<models::BothPrimary>(&e.record)) {
    return f->both != 0
               ? fmt::format(
                     "Both SIP Servers of {} are primary: the management layer does not "
                     "reach the old one, and has taken it for dead. The new one has the "
                     "address.",
                     ThingNames::of(c.names.sites, f->site))
               : fmt::format("Only one SIP Server of {} is primary again: the older one is backup.",
                             ThingNames::of(c.names.sites, f->site));
  }
  if (const auto* f = std::get_if<models::ProxyState>(&e.record)) {
    if (f->gateway != life.row.gateway) return "";
    return fmt::format("{} holds the SIP Server of {} {}.",
                       ThingNames::of(c.names.gateways, f->gateway),
                       ThingNames::of(c.names.sites, f->site),
                       f->online != 0 ? "for alive again" : "for dead from now on");
  }
  return "";
}

std::string lapse_words(sim::Duration lapse) {
  const double s = sim::seconds(lapse);
  return s < 0.0995 ? fmt::format("{:.0f} ms", 1000 * s) : duration_words(s);
}

std::string instant_words(models::SimTime t, const models::Scenario& scenario) {
  const auto label = scenario.run.start_label;
  const sim::Duration d = t.time_since_epoch() + label.value_or(sim::Duration{});
  auto ms = (d.count() + (d.count() < 0 ? -500'000 : 500'000)) / 1'000'000;
  const std::string sign = ms < 0 ? "-" : "";
  ms = ms < 0 ? -ms : ms;
  const auto s = ms / 1000;
  const auto hours = label ? s / 3600 % 24 : s / 3600;
  return label
             ? fmt::format("{}{:02}:{:02}:{:02}.{:03}", sign, hours, s / 60 % 60, s % 60, ms % 1000)
             : fmt::format("{}{}:{:02}:{:02}.{:03}", sign, hours, s / 60 % 60, s % 60, ms % 1000);
}

CallStory tell_story(const CallLife& life, const StoryContext& context) {
  CallStory story;
  story.title = fmt::format("Call {}: {}", life.id.value, outcome_words(life.row));
  story.outcome = models::name(life.row.cause);
  const models::SimTime first = life.records.front().at;
  const models::SimTime last =
      life.row.released == sim::kNever ? models::SimTime::max() : life.row.released;
  Teller teller(life, context);
  auto fault = context.faults.begin();
  const auto faults_until = [&](models::SimTime t, bool inclusive) {
    for (; fault != context.faults.end() && (fault->at < t || (inclusive && fault->at == t));
         ++fault) {
      if (fault->at < first || fault->at > last) continue;
      std::string text = fault_sentence(*fault, life, context);
      if (!text.empty()) story.lines.push_back({fault->at, std::move(text)});
    }
  };
  bool over = false;
  std::size_t rung = 0;  // phones of a hunt group, one after the other
  for (const models::JournalEntry& entry : life.records) {
    rung = std::holds_alternative<models::HuntLeg>(entry.record) ? rung + 1 : 0;
    if (rung > kNamedMembers) {  // a hunt group may have hundreds
      if (rung == kNamedMembers + 1) story.lines.push_back({entry.at, "… and other members."});
      continue;
    }
    // What is recorded at the instant of a fault is its consequence.
    faults_until(entry.at, true);
    // What crosses the end of the call is news to machines only.
    const bool sequel = std::holds_alternative<models::CallReleased>(entry.record) ||
                        std::holds_alternative<models::CallerLost>(entry.record) ||
                        std::holds_alternative<models::RedialPlanned>(entry.record);
    if (over && !sequel) continue;
    over = over || std::holds_alternative<models::CallReleased>(entry.record);
    std::string text = teller.tell(entry);
    if (!text.empty()) story.lines.push_back({entry.at, std::move(text)});
  }
  faults_until(last, false);
  for (const LostAnswer& answer : lost_answers(life, context)) {
    const std::string agent = ThingNames::of(context.names.agents, answer.agent.value);
    const std::string how =
        answer.fate.empty() ? "" : fmt::format(": it does not get through ({})", answer.fate);
    story.lines.push_back(
        {answer.at, fmt::format("Agent {} answers; the caller does not hear it{}.", agent, how)});
  }
  std::ranges::stable_sort(story.lines, {}, &StoryLine::at);
  story.decision = decide(life, context);
  if (life.decisive.at != sim::kNever) {
    story.decisive_at = instant_words(life.decisive.at, context.scenario);
  }
  story.both_sites = situation_words(life.decisive, context);
  return story;
}

}  // namespace bcsim::tools
