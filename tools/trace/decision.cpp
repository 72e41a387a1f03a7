// Why a call ended: the cause of the ledger, and the fault, timer or rule behind it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/scenario/text/units.hpp"
#include "tools/trace/call_story.hpp"
#include "tools/trace/failure_words.hpp"

namespace bcsim::tools {

namespace {

using models::Cause;
using models::pstn::Release;

/// Everything that a sentence about the end of a call needs.
class Decider {
 public:
  Decider(const CallLife& life, const StoryContext& c) : life_(life), row_(life.row), c_(c) {}

  Decision decide() const {
    if (row_.cause == Cause::still_in_system) return {"The run ended before the call did.", "", {}};
    if (row_.cause == Cause::completed) return completed();
    // Its BYE may have come through another SIP Server, which knows of no destination.
    if (row_.cause == Cause::default_routed) return default_routed();
    if (models::by_agent(row_.kind)) {
      if (const auto decision = own_call_decision(life_, c_)) return *decision;
    }
    switch (row_.release) {
      case Release::speech_lost:
        return speech_lost();
      case Release::gateway_failed:
        return gateway_failed();
      case Release::caller_hung_up:
        return hung_up();
      case Release::no_response:
        return no_response();
      case Release::ring_timeout:
        return ring_timeout();
      case Release::rejected:
        return rejected();
      case Release::no_channel:
        return no_channel();
      case Release::media_lost:
        return media_lost(life_, c_);
      case Release::session_expired:
        return session_end(life_, c_).decision;
      case Release::default_routed:
        return default_routed();
      case Release::normal:
        return ended_by_goodbye(life_, c_);
    }
    return {};
  }

 private:
  [[nodiscard]] std::string at(models::SimTime t) const { return instant_words(t, c_.scenario); }
  [[nodiscard]] static std::string lasted(models::SimTime from, models::SimTime to) {
    return lapse_words(to - from);
  }
  [[nodiscard]] std::string site(std::uint32_t s) const {
    return ThingNames::of(c_.names.sites, s);
  }
  [[nodiscard]] const models::GatewayOptions& gateway() const {
    return c_.scenario.gateways[row_.gateway];
  }
  /// The last message about the call that `wanted` accepts, up to its release.
  template <class Wanted>
  [[nodiscard]] std::optional<std::size_t> last_message(const Wanted& wanted) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < life_.messages.size(); ++i) {
      if (life_.messages[i].sent <= row_.released && wanted(life_.messages[i])) found = i;
    }
    return found;
  }
  [[nodiscard]] std::optional<std::size_t> last_notice(models::notice::Kind kind) const {
    return last_message([kind](const LoggedMessage& m) {
      const auto* notice = std::get_if<models::notice::Message>(&m.message);
      return notice != nullptr && notice->kind == kind;
    });
  }
  /// The notice that ended the call: that of its gateway, where the caller is; else the last.
  [[nodiscard]] std::optional<std::size_t> notice_at_gateway(models::notice::Kind kind) const {
    const auto at_gateway = last_message([&](const LoggedMessage& m) {
      const auto* notice = std::get_if<models::notice::Message>(&m.message);
      return notice != nullptr && notice->kind == kind && m.to.valid() &&
             c_.layout.roles[m.to.value].kind == models::NodeKind::gateway;
    });
    return at_gateway ? at_gateway : last_notice(kind);
  }
  [[nodiscard]] PairDeath last_death() const { return last_pair_death(life_, c_); }

  // ---- one function per way to end ----

  [[nodiscard]] Decision completed() const {
    const sim::Duration held = time_on_hold(life_);
    const std::string length = lasted(row_.answered, row_.released);
    return {held == sim::Duration{}
                ? fmt::format("Caller and agent spoke to the end, for {}.", length)
                : fmt::format("Caller and agent spoke to the end: they were connected for {}, {} "
                              "of it on hold.",
                              length, lapse_words(held)),
            "", last_message([](const LoggedMessage& m) {
              const auto* r = std::get_if<models::sip::Request>(&m.message);
              return r != nullptr && r->method == models::sip::Method::bye;
            })};
  }

  /// If the server that was replaced at that time was not dead: why it was.
  [[nodiscard]] std::string split_words(std::uint32_t at_site, models::SimTime when) const {
    const bool split = std::ranges::any_of(c_.faults, [&](const models::JournalEntry& e) {
      const auto* both = std::get_if<models::BothPrimary>(&e.record);
      return both != nullptr && both->both != 0 && both->site == at_site && e.at == when;
    });
    if (!split) return "";
    return fmt::format(
        " It was not dead: the management layer did not reach its machine, took it for dead, and "
        "from {} on both were primary.",
        at(when));
  }
  [[nodiscard]] std::string split_words_of_early_loss() const {
    for (const models::JournalEntry& e : life_.records) {
      const auto* lost = std::get_if<models::EarlyDialogLost>(&e.record);
      if (lost != nullptr) return split_words(lost->site, e.at);
    }
    return "";
  }

  [[nodiscard]] Decision speech_lost() const {
    const PairDeath death = last_death();
    const auto message = notice_at_gateway(models::notice::Kind::speech_lost);
    for (const models::JournalEntry& e : life_.records) {
      const auto* forgotten = std::get_if<models::CallStateLost>(&e.record);
      if (forgotten == nullptr) continue;
      return {fmt::format("At {} the primary SIP Server of {} was replaced by the other process, "
                          "which had not been told of this call: speech ended in that instant.{}",
                          at(e.at), site(forgotten->site), split_words(forgotten->site, e.at)),
              "a backup knows the calls that the HA link has brought: those it was cut for are not "
              "there, nor those that a backup just started has yet to get (call-sync-burst)",
              message};
    }
    if (death.at == sim::kNever) {
      return {"Speech stopped because a SIP Server of the call's signalling path was lost.", "R5",
              message};
    }
    std::string why = fmt::format(
        "At {} the whole SIP Server pair of {} was lost{}. The call's signalling ran through it, "
        "so {} in that instant.",
        at(death.at), site(death.site),
        death.fault.empty() ? "" : fmt::format(" (“{}”)", death.fault),
        row_.answered == sim::kNever ? "what the caller heard of it ended" : "speech ended");
    const bool agent_elsewhere =
        row_.agent_site != models::kNoSite && row_.agent_site != death.site;
    if (agent_elsewhere) {
      why += fmt::format(" Its agent was served by {}, which lived: what counts is the path.",
                         site(row_.agent_site));
    }
    return {why,
            fmt::format("{} of the source documents (media-survives: false). No timer decided, and "
                        "none could have saved it.",
                        agent_elsewhere || row_.path == 3 ? "R6" : "R5"),
            message};
  }

  [[nodiscard]] Decision gateway_failed() const {
    return {fmt::format("Gateway {} died at {} and took the call with it.", gateway().name,
                        at(row_.released)),
            "R29: a failed gateway loses its calls; only new ones are rerouted, after "
            "pstn-detection " +
                format_duration(gateway().pstn_detection),
            {}};
  }

  /// The caller gave up: in the queue, in set-up, or with a server that had forgotten him.
  [[nodiscard]] Decision hung_up() const {
    const auto silences = unanswered_invites(life_, c_.layout);
    std::optional<std::size_t> message;
    if (!silences.empty()) message = silences.back().first;
    if (row_.cause == Cause::abandoned_in_queue) return gave_up_waiting(message);
    if (row_.cause == Cause::abandoned_in_setup) {
      std::string why =
          fmt::format("He hung up {} after dialling, before any SIP Server had taken the call.",
                      lasted(row_.offered, row_.released));
      if (!silences.empty()) why += " " + silence_words(silences.back());
      return {why, "his patience while it is not answered (setup-patience)", message};
    }
    const PairDeath death = last_death();
    std::string why =
        fmt::format("He hung up {} after dialling.", lasted(row_.offered, row_.released));
    if (row_.has(models::CallRow::forgotten)) {
      why += fmt::format(
          " The SIP Server of {} that had taken the call was replaced by its backup, which does "
          "not "
          "know of calls that are not yet answered: nobody would ever have come.{}",
          site(row_.queue_site), split_words_of_early_loss());
      return {why, "an early dialog does not survive a switchover", message};
    }
    if (death.at != sim::kNever) {
      why += fmt::format(
          " The SIP Server of {} that had the call had died at {}: nobody would ever have come.",
          site(death.site), at(death.at));
    }
    if (row_.cause == Cause::dropped_on_hold && death.at == sim::kNever) {
      return {why + " He was on hold, and still heard music when all should have been said.",
              "who is not taken back from hold hangs up when the call was to be over", message};
    }
    return {why, "R5: what a lost pair had taken is lost, though the caller may not know yet",
            message};
  }

  /// What ran was the patience of whoever hears a ringing tone, or that of the queue.
  [[nodiscard]] Decision gave_up_waiting(std::optional<std::size_t> message) const {
    const bool rings =
        row_.phase == models::CallPhase::setup || row_.phase == models::CallPhase::ringback;
    if (row_.between_agents()) {
      return {fmt::format("He waited {} for a second agent, to whom he had been passed on, and "
                          "hung up.",
                          lasted(row_.transferred, row_.released)),
              "his own patience, drawn anew when he was passed on", message};
    }
    if (row_.kind != models::CallKind::queue) {
      const std::string unheard = unheard_answer(life_, c_);
      return {fmt::format("He hung up {} after dialling{}{}", lasted(row_.offered, row_.released),
                          !unheard.empty()              ? "."
                          : row_.ringing == sim::kNever ? ": nobody's phone rang yet."
                                                        : ": whom he had called did not answer.",
                          !unheard.empty() ? unheard : not_reached(life_, c_)),
              "his patience while it is not answered (setup-patience)", message};
    }
    const auto& stream = c_.scenario.calls[row_.stream];
    const bool group = c_.scenario.queues[stream.queue].hunt_group.has_value();
    return {
        fmt::format("He waited {} for an agent and hung up.", lasted(row_.queued, row_.released)) +
            time_before_agents(life_, c_) + (group ? "" : scarcity(life_, c_)),
        rings ? "his patience while it is not answered (setup-patience)"
              : fmt::format("his own patience: {}", patience()),
        message};
  }

  [[nodiscard]] Decision no_response() const {
    const auto silences = unanswered_invites(life_, c_.layout);
    std::string why = fmt::format("Gateway {} found no SIP Server that answered.", gateway().name);
    for (const Silence& s : silences) why += " " + silence_words(s);
    std::optional<std::size_t> message;
    if (!silences.empty()) message = silences.back().first;
    // A refusal tells at once what silence tells after the last copy.
    const bool refused = !silences.empty() && gateway().heed_icmp &&
                         c_.scenario.network.icmp_unreachable &&
                         silences.back().fate == sim::DropReason::no_process;
    if (refused) {
      return {
          why,
          "the refusal of its last INVITE (ICMP, heed-icmp): there was no further SIP Server to "
          "try",
          message};
    }
    return {why,
            fmt::format("the gateway's retransmissions: {} (RFC 3261 timer A doubles from T1 = "
                        "500 ms), then no further SIP Server to try",
                        gateway().retransmissions),
            message};
  }

  [[nodiscard]] Decision ring_timeout() const {
    const auto silent_since = last_message([this](const LoggedMessage& m) {
      return std::holds_alternative<models::sip::Response>(m.message) && m.arrived() &&
             m.to == c_.layout.directory.gateways[row_.gateway];
    });
    std::string why = "The gateway had a provisional answer, and then no final one";
    if (const PairDeath death = last_death(); death.at != sim::kNever) {
      why += fmt::format(": the SIP Server of {} died at {}", site(death.site), at(death.at));
    } else if (row_.has(models::CallRow::forgotten)) {
      why += ": a switchover lost the early dialog";
    } else if (row_.ringing != sim::kNever && unheard_answer(life_, c_).empty()) {
      why += ": the agent's phone rang, and nobody answered";
    }
    return {why + "." + unheard_answer(life_, c_),
            fmt::format("the gateway's ring-timeout: {} (after a 1xx timer B no longer runs, "
                        "RFC 3261 §17.1.1.2)",
                        format_duration(gateway().ring_timeout)),
            silent_since};
  }

  [[nodiscard]] Decision rejected() const {
    if (row_.cause == Cause::callee_busy) {
      return {"The agent whose number was dialled was on another call.", "486 Busy Here", {}};
    }
    if (row_.cause == Cause::no_answer) {
      const auto limit = rang_too_long(life_, c_);
      return {"The agent whose number was dialled did not answer." + not_reached(life_, c_),
              limit ? limit->rule : "his phone did not answer the INVITE",
              {}};
    }
    return row_.cause == Cause::lost_setup_hanging ? left_hanging(life_, c_) : refusal(life_, c_);
  }

  [[nodiscard]] Decision no_channel() const {
    const auto& gateways = life_.decisive.gateways;
    if (!gateways.empty() && std::ranges::none_of(gateways, &GatewayState::alive)) {
      return {"No gateway was alive.", "R29: a failed gateway takes no calls", {}};
    }
    std::string why = fmt::format("Every trunk channel of gateway {} was busy.", gateway().name);
    for (std::size_t g = 0; g < gateways.size(); ++g) {
      if (gateways[g].rerouted && g != row_.gateway) {
        why += fmt::format(" The PSTN held {} for dead then, so its calls came here too.",
                           c_.scenario.gateways[g].name);
      }
    }
    return {why, fmt::format("the gateway's channels: {}", gateway().channels), {}};
  }

  [[nodiscard]] Decision default_routed() const {
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::CallDefaultRouted>(&e.record);
      if (f == nullptr) continue;
      const auto [why, rule] = default_routing_words(f->cause, row_.kind);
      using RoutedFor = models::CallDefaultRouted::Cause;
      const bool alone = f->cause == RoutedFor::no_answer && row_.kind == models::CallKind::direct;
      const bool waited =
          row_.kind == models::CallKind::queue && row_.answered == sim::kNever &&
          (f->cause == RoutedFor::waited_too_long || f->cause == RoutedFor::no_agent_logged_in);
      return {fmt::format("The SIP Server of {} sent it to the default destination: {}.{}",
                          site(f->site), why, alone ? not_reached(life_, c_) : ""),
              waited ? longest_wait_rule(c_.scenario.queues[c_.scenario.calls[row_.stream].queue])
                     : rule,
              {}};
    }
    return {"It was sent to the default destination.", "", {}};
  }

  // ---- words they share ----

  [[nodiscard]] std::string patience() const {
    for (const models::JournalEntry& e : life_.records) {
      if (const auto* f = std::get_if<models::CallOffered>(&e.record)) {
        return duration_words(sim::seconds(f->patience));
      }
    }
    return "-";
  }
  [[nodiscard]] std::string silence_words(const Silence& s) const {
    const LoggedMessage& first = life_.messages[s.first];
    const auto by_then = std::count_if(s.sent.begin(), s.sent.end(),
                                       [this](models::SimTime t) { return t <= row_.released; });
    const auto again = static_cast<std::size_t>(std::max<std::ptrdiff_t>(by_then, 1) - 1);
    std::string text =
        fmt::format("Its INVITE of {} to {}", at(first.sent),
                    first.to.valid() ? ThingNames::of(c_.names.nodes, first.to.value) : "nobody");
    if (again > 0) {
      text += fmt::format(" and {} of it (the last {} later)", count_words(again, "copy", "copies"),
                          lasted(s.sent.front(), s.sent[again]));
    }
    return text + fmt::format(" got no answer: {}.", silence_reason(s, life_, c_, row_.released));
  }

  const CallLife& life_;
  const models::CallRow& row_;
  const StoryContext& c_;
};

}  // namespace

Decision decide(const CallLife& life, const StoryContext& context) {
  return Decider(life, context).decide();
}

}  // namespace bcsim::tools
