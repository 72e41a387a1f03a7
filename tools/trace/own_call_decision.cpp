// Why a call that an agent has placed ended before anybody had answered it.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tools/journal/message_words.hpp"
#include "tools/trace/call_story.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::Cause;
using models::pstn::Release;

/// No gateway brought it: what ended it was at his phone, at a SIP Server, or with whom he called.
class OwnCall {
 public:
  OwnCall(const CallLife& life, const StoryContext& c) : life_(life), row_(life.row), c_(c) {}

  [[nodiscard]] std::optional<Decision> decide() const {
    if (row_.release == Release::no_response && put_down()) return desktop_showed_none();
    switch (row_.cause) {
      case Cause::callee_busy:
      case Cause::no_answer:
        return row_.release == Release::caller_hung_up ? nobody_answered() : callee_did_not();
      case Cause::abandoned_in_setup:
      case Cause::lost_setup_hanging:
        return row_.release == Release::rejected ? left_hanging(life_, c_) : gave_up();
      case Cause::lost_setup_timeout:
        return row_.release == Release::media_lost ? media_lost(life_, c_) : no_server();
      default:
        break;
    }
    switch (row_.release) {
      case Release::speech_lost:
      case Release::session_expired:
      case Release::media_lost:
      case Release::gateway_failed:
        return std::nullopt;  // as any other call
      default:
        return not_set_up();
    }
  }

 private:
  [[nodiscard]] std::string lasted() const { return lapse_words(row_.released - row_.offered); }
  template <class Record>
  [[nodiscard]] bool has() const {
    return std::ranges::any_of(life_.records, [](const models::JournalEntry& e) {
      return std::holds_alternative<Record>(e.record);
    });
  }
  /// He has dialled with the phone (1pcc).
  [[nodiscard]] bool by_phone() const { return has<models::PhoneInvited>(); }

  /// Has his desktop made him put the phone down?
  [[nodiscard]] bool put_down() const {
    return std::ranges::any_of(life_.messages, [this](const LoggedMessage& m) {
      const auto* notice = std::get_if<models::notice::Message>(&m.message);
      return notice != nullptr && notice->kind == models::notice::Kind::hang_up &&
             m.sent <= row_.released;
    });
  }

  [[nodiscard]] Decision desktop_showed_none() const {
    std::string why = fmt::format(
        "His desktop had logged in again and showed no call, and nobody had answered: he put the "
        "phone down {} after dialling.",
        lasted());
    if (row_.has(models::CallRow::forgotten)) {
      return {why + " A switchover had lost the early dialog." + unheard_answer(life_, c_),
              "an early dialog does not survive a switchover",
              {}};
    }
    if (!by_phone() && !has<models::AgentCallTaken>()) {
      return {
          "His desktop lost its SIP Server, and with it the request (TMakeCall): where it "
          "logged in again nobody knew of the call.",
          "a request over a lost connection is not repeated",
          {}};
    }
    return {why + death_words(life_, c_) + unheard_answer(life_, c_),
            "what his desktop shows: a login that brings no call",
            {}};
  }

  /// He hung up, though no SIP Server that had his call has forgotten it.
  [[nodiscard]] Decision nobody_answered() const {
    const std::string unheard = unheard_answer(life_, c_);
    const std::string what = unheard.empty()
                                 ? "Nobody answered, and he gave up."
                                 : fmt::format("He gave up {} after dialling.", lasted());
    return {what + death_words(life_, c_) + unheard, "his patience (setup-patience)", {}};
  }

  [[nodiscard]] Decision callee_did_not() const {
    const bool busy = row_.cause == Cause::callee_busy;
    if (busy && !his_phone_was_free()) {
      return {"His own phone was busy, with a call or ringing: he has dialled in vain.",
              "one call at a time at a phone",
              {}};
    }
    const auto limit = busy ? std::nullopt : rang_too_long(life_, c_);
    return {busy ? "Whom he called was on another call."
                 : "Whom he called did not answer." + not_reached(life_, c_),
            limit              ? limit->rule
            : row_.status == 0 ? "the BYE of his SIP Server"
                               : fmt::format("{} {}", row_.status, reason_phrase(row_.status)),
            {}};
  }

  /// He hung up before anybody had answered his call, or word of that had come to him.
  [[nodiscard]] Decision gave_up() const {
    const std::string unheard = unheard_answer(life_, c_);
    std::string why = fmt::format("He gave up {} after dialling", lasted());
    if (row_.has(models::CallRow::forgotten)) {
      return {why + ": a switchover had lost the early dialog." + unheard,
              "an early dialog does not survive a switchover",
              {}};
    }
    const PairDeath death = last_pair_death(life_, c_);
    if (row_.cause == Cause::lost_setup_hanging && death.at != sim::kNever) {
      why += fmt::format(
          ". The SIP Server of {} that had his call had died at {}{}, {}: nobody would ever have "
          "come.",
          ThingNames::of(c_.names.sites, death.site), instant_words(death.at, c_.scenario),
          death.fault.empty() ? "" : fmt::format(" (“{}”)", death.fault),
          row_.ringing != sim::kNever ? "while the phone that he called rang"
                                      : "before it rang anybody");
      return {why + unheard,
              "R5: what a lost pair had taken is lost, though the caller may not know yet",
              {}};
    }
    return {fmt::format("{}: {}.{}", why,
                        row_.ringing != sim::kNever ? "the phone that he called rang"
                                                    : "no SIP Server had set up his call",
                        unheard),
            "his patience (setup-patience)",
            {}};
  }

  [[nodiscard]] Decision no_server() const {
    if (by_phone()) {
      return {"His phone found no SIP Server that answered.",
              "the phone's retransmissions, at each of its two targets (RFC 3263 §4.3)",
              {}};
    }
    return {"No SIP Server has set up his call.", "", {}};
  }

  [[nodiscard]] Decision not_set_up() const {
    if (row_.has(models::CallRow::forgotten)) {
      return {"A switchover lost the early dialog of his call.",
              "an early dialog does not survive a switchover", last_final()};
    }
    if (by_phone()) return refusal(life_, c_);
    if (has<models::AgentCallTaken>() && row_.ringing == sim::kNever) {
      return own_call_refused(life_, c_);
    }
    const std::string why = fmt::format("The call could not be set up ({} {}).", row_.status,
                                        reason_phrase(row_.status));
    const bool refused = row_.from.valid() && row_.queued == sim::kNever;
    if (const auto site = refused ? asked_in_its_drain() : std::nullopt) {
      return {fmt::format("{} {} was being drained when his desktop asked for it (TMakeCall).", why,
                          ThingNames::of(c_.names.sites, *site)),
              "the drain: a draining SIP Server takes no new call",
              {}};
    }
    return {why,
            refused ? "the SIP Server refused TMakeCall: his DN was in use, or out of service" : "",
            {}};
  }

  /// The site whose SIP Server has got his TMakeCall while it was being drained, or had been.
  [[nodiscard]] std::optional<std::uint32_t> asked_in_its_drain() const {
    const Look look(life_, c_);
    const auto asked = look.last([](const LoggedMessage& m) {
      const auto* request = std::get_if<models::tlib::Message>(&m.message);
      return request != nullptr && request->kind == models::tlib::Kind::make_call && m.arrived();
    });
    if (!asked) return std::nullopt;
    const std::uint32_t site = look.site_of(life_.messages[*asked].to);
    const models::ServerMode mode = look.mode(site, life_.messages[*asked].at);
    const bool drained = mode == models::ServerMode::drain || mode == models::ServerMode::stopped;
    return drained ? std::optional(site) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::size_t> last_final() const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < life_.messages.size(); ++i) {
      const auto* r = std::get_if<models::sip::Response>(&life_.messages[i].message);
      const bool final =
          r != nullptr && r->method == models::sip::Method::invite && r->status >= 300;
      if (final && life_.messages[i].sent <= row_.released) found = i;
    }
    return found;
  }

  /// Has his phone placed the call, or answered the server that was to place it for him?
  [[nodiscard]] bool his_phone_was_free() const {
    const models::NodeId own = c_.layout.directory.agent(row_.from).phone;
    return std::ranges::any_of(life_.messages, [&](const LoggedMessage& m) {
      const auto* r = std::get_if<models::sip::Response>(&m.message);
      const bool answered =
          r != nullptr && r->method == models::sip::Method::invite && r->status == 200;
      return m.from == own && m.sent <= row_.released &&
             (answered || request_in(m, models::sip::Method::invite) != nullptr);
    });
  }

  const CallLife& life_;
  const models::CallRow& row_;
  const StoryContext& c_;
};

}  // namespace

std::optional<Decision> own_call_decision(const CallLife& life, const StoryContext& context) {
  return OwnCall(life, context).decide();
}

}  // namespace bcsim::tools
