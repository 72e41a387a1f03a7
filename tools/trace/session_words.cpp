// Who ended a session that was not confirmed or refreshed, by which timer, and what was lost.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "models/sip/timers.hpp"
#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"

namespace bcsim::tools {
namespace {

using models::NodeId;
using models::NodeKind;
using models::SimTime;
using models::sip::Method;
using models::sip::Request;
using models::sip::Response;

constexpr sim::Duration kLimit = 64 * std::chrono::milliseconds(500);  // 64·T1

/// Which of the timers of a party ended its dialog at an instant.
class Party {
 public:
  Party(NodeId node, SimTime at, const CallLife& life, const StoryContext& c)
      : node_(node), at_(at), life_(life), c_(c), look_(life, c), who_(look_.party(node)) {}

  [[nodiscard]] std::optional<GivenUp> reason() const {
    if (auto reason = no_ack()) return reason;
    if (auto reason = no_answer()) return reason;
    return not_refreshed();
  }

 private:
  [[nodiscard]] std::string instant(SimTime t) const { return instant_words(t, c_.scenario); }
  [[nodiscard]] std::optional<std::size_t> index(const LoggedMessage* m) const {
    if (m == nullptr) return std::nullopt;
    return static_cast<std::size_t>(m - life_.messages.data());
  }

  /// Its 200 to an INVITE was repeated for 64·T1 in vain (RFC 3261 §13.3.1.4).
  [[nodiscard]] std::optional<GivenUp> no_ack() const {
    const LoggedMessage* answer = look_.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      return r != nullptr && r->status == 200 && r->copy == 0 && m.from == node_ &&
             m.sent + kLimit == at_;
    });
    if (answer == nullptr) return std::nullopt;
    const Response& success = std::get<Response>(answer->message);
    const bool within = look_.first([&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::invite);
      return r != nullptr && r->branch == success.branch && r->in_dialog;
    }) != nullptr;
    std::size_t copies = 0, lost_copies = 0, lost_acks = 0;
    const LoggedMessage *copy = nullptr, *ack = nullptr;
    for (const LoggedMessage& m : life_.messages) {
      if (m.sent > at_) break;
      const Response* r = response_in(m, Method::invite);
      if (r != nullptr && r->status == 200 && r->branch == success.branch && m.from == node_) {
        ++copies;
        if (!m.arrived()) ++lost_copies, copy = &m;
      }
      const Request* a = request_in(m, Method::ack);
      if (a != nullptr && a->dialog == success.dialog && a->cseq == success.cseq && m.to == node_ &&
          !m.arrived()) {
        ++lost_acks, ack = &m;
      }
    }
    std::string fate;
    if (copy != nullptr) {
      fate = fmt::format(" Of its {} {} did not get through ({})",
                         count_words(copies, "copy", "copies"), lost_copies, look_.fate(*copy));
    }
    if (ack != nullptr) {
      fate += fmt::format("{} {} ({})", copy == nullptr ? " Lost were" : ", nor did",
                          count_words(lost_acks, "ACK", "ACKs"), look_.fate(*ack));
    }
    if (!fate.empty()) fate += ".";
    return GivenUp{
        "its answer was not confirmed",
        fmt::format("the answer of {} to {} was not confirmed.{}{}", who_,
                    within ? "the re-INVITE of " + instant(answer->sent) : "the INVITE", fate,
                    death_words(life_, c_)),
        fmt::format("64·T1 = 32 s after the 200 of {} without ACK (RFC 3261 §13.3.1.4)", who_),
        index(ack != nullptr    ? ack
              : copy != nullptr ? copy
                                : answer)};
  }

  /// Its last INVITE within the dialog got no answer, or the wrong one.
  [[nodiscard]] std::optional<GivenUp> no_answer() const {
    const auto asks = [&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::invite);
      return r != nullptr && r->in_dialog && r->copy == 0 && m.sent <= at_ && m.from == node_;
    };
    // What was refused just then, or else the last.
    auto asked = look_.last([&](const LoggedMessage& m) {
      return asks(m) && look_.first([&](const LoggedMessage& a) {
        const Response* r = response_in(a, Method::invite);
        return r != nullptr && r->status >= 300 && a.arrived() && a.at == at_ &&
               r->branch == std::get<Request>(m.message).branch;
      }) != nullptr;
    });
    if (!asked) asked = look_.last(asks);
    if (!asked) return std::nullopt;
    const LoggedMessage& sent = life_.messages[*asked];
    const Request& request = std::get<Request>(sent.message);
    const bool refresh = request.expires_s != 0;
    const std::string what = refresh                             ? "refresh"
                             : !look_.is(node_, NodeKind::phone) ? "re-INVITE"
                             : request.held                      ? "re-INVITE (hold)"
                                                                 : "re-INVITE (retrieve)";
    const LoggedMessage* answer = look_.first([&](const LoggedMessage& m) {
      const Response* r = response_in(m, Method::invite);
      return r != nullptr && r->branch == request.branch && r->status >= 200 && m.arrived() &&
             m.at <= at_;
    });
    if (answer != nullptr) {
      const int status = std::get<Response>(answer->message).status;
      if (status < 300) return std::nullopt;
      return GivenUp{fmt::format("its {} got {} {}", what, status, reason_phrase(status)),
                     fmt::format("{}'s {} found nobody who knew it ({} {}).{}", who_, what, status,
                                 reason_phrase(status), death_words(life_, c_)),
                     refresh
                         ? "a refresh that gets 481 or no answer ends the session (RFC 4028 §10)"
                         : "481 to a request ends its dialog (RFC 3261 §12.2.1.2)",
                     asked};
    }
    const auto copy = look_.last([&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::invite);
      return r != nullptr && r->branch == request.branch && m.sent <= at_;
    });
    const LoggedMessage& last = life_.messages[*copy];
    const bool refused =
        last.dropped == sim::DropReason::no_process && c_.scenario.network.icmp_unreachable;
    if (!refused && sent.sent + kLimit > at_) return std::nullopt;
    return GivenUp{fmt::format("its {} got no answer", what),
                   fmt::format("{}'s {} of {} got no answer from {}{}.", who_, what,
                               instant(sent.sent), look_.node(last.to),
                               last.arrived() ? "" : fmt::format(" ({})", look_.fate(last))),
                   refused
                       ? "a re-INVITE that is refused ends the session (RFC 4028 §10)"
                       : fmt::format("timer B of {}'s {}: 64·T1 = 32 s (RFC 3261 §17.1.1.2; {})",
                                     who_, what, refresh ? "RFC 4028 §10" : "§12.2.1.2"),
                   asked};
  }

  /// The other side has not refreshed the session in time (RFC 4028 §10).
  [[nodiscard]] std::optional<GivenUp> not_refreshed() const {
    const auto asks = [&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::invite);
      return r != nullptr && r->expires_s != 0 && m.to == node_ && m.sent <= at_;
    };
    std::optional<std::size_t> last;
    SimTime since{};
    for (std::size_t i = 0; i < life_.messages.size(); ++i) {
      const Response* r = response_in(life_.messages[i], Method::invite);
      if (r == nullptr || r->status != 200 || r->copy != 0 || life_.messages[i].from != node_) {
        continue;
      }
      const auto request = look_.last([&](const LoggedMessage& m) {
        return asks(m) && m.arrived() && std::get<Request>(m.message).branch == r->branch;
      });
      if (!request) continue;
      const auto ends = models::sip::session_ends_after(
          std::chrono::seconds(std::get<Request>(life_.messages[*request].message).expires_s));
      if (life_.messages[i].sent + ends != at_) continue;
      last = request;
      since = life_.messages[i].sent;
    }
    if (!last) return std::nullopt;
    const LoggedMessage& refresh = life_.messages[*last];
    const std::uint32_t expires = std::get<Request>(refresh.message).expires_s;
    const sim::Duration ends = models::sip::session_ends_after(std::chrono::seconds(expires));
    const LoggedMessage* lost = nullptr;
    for (const LoggedMessage& m : life_.messages) {
      if (asks(m) && m.sent > since && !m.arrived()) lost = &m;
    }
    std::string why = fmt::format("{} had heard of no refresh since {}.", who_, instant(since));
    const SimTime death = look_.died(refresh.from, since, at_);
    if (lost != nullptr) {
      why += fmt::format(" That of {} was lost ({}).", instant(lost->sent), look_.fate(*lost));
    } else if (death != sim::kNever) {
      why += fmt::format(" It was for {} to refresh it, which had died at {}{}.",
                         look_.party(refresh.from), instant(death), look_.fault_at(death));
    }
    return GivenUp{"nobody refreshed it", why,
                   fmt::format("the session timer of {} (RFC 4028 §10): {} after the last refresh, "
                               "session-expires ({}) less {}",
                               who_, duration_words(sim::seconds(ends)), duration_words(expires),
                               duration_words(expires - sim::seconds(ends))),
                   lost != nullptr ? index(lost) : last};
  }

  NodeId node_;
  SimTime at_;
  const CallLife& life_;
  const StoryContext& c_;
  Look look_;
  std::string who_;
};

/// Where and when a session was given up whose end reached the caller's side at the release.
class Origin {
 public:
  Origin(const CallLife& life, const StoryContext& c) : life_(life), c_(c), look_(life, c) {
    const auto release = look_.last([&](const LoggedMessage& m) {
      const auto* r = std::get_if<models::pstn::Message>(&m.message);
      return r != nullptr && r->kind == models::pstn::Kind::release && m.from.valid() &&
             m.sent == life.row.released;
    });
    at = life.row.released;
    const bool outgoing = life.row.kind == models::CallKind::outgoing;
    if (release) {
      by = life.messages[*release].from;
    } else if (outgoing && life.row.gateway < c.layout.directory.gateways.size()) {
      by = c.layout.directory.gateways[life.row.gateway];
    }
    told_ = by;
    if (!by.valid()) return;
    constexpr int kMostServers = 4;
    for (int hop = 0; hop <= kMostServers && !found; ++hop) {
      if (follow(true)) continue;
      for (const SimTime t : {at, left_at()}) {
        if (!found && t != sim::kNever) found = given_up(by, t, life, c);
      }
      if (!found && !follow(false)) break;
    }
  }

  NodeId by;     ///< invalid: nobody knows
  SimTime at{};  ///< when he ended it
  std::optional<GivenUp> found;
  [[nodiscard]] bool told() const { return by != told_; }

 private:
  /// Goes on to whoever has told `by` that the session is over: at that very instant, or earlier.
  bool follow(bool at_once) {
    const auto bye = look_.last([&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::bye);
      return r != nullptr && r->expires_s == models::sip::kNotConfirmed && m.to == by &&
             m.arrived() && (at_once ? m.at == at : m.at < at) && m.from.valid();
    });
    if (!bye) return false;
    const auto branch = std::get<Request>(life_.messages[*bye].message).branch;
    const LoggedMessage* first = look_.first([&](const LoggedMessage& m) {
      const Request* r = request_in(m, Method::bye);
      return r != nullptr && r->branch == branch;
    });
    by = first->from;
    at = first->sent;
    return true;
  }
  /// A phone whose answer is not acknowledged owes its BYE.
  [[nodiscard]] SimTime left_at() const {
    SimTime left = sim::kNever;
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::PhoneLeft>(&e.record);
      const bool his = f != nullptr && f->how == models::PhoneLeft::How::alone &&
                       c_.layout.directory.agent(f->agent).phone == by;
      if (his && e.at < at) left = e.at;
    }
    return left;
  }

  const CallLife& life_;
  const StoryContext& c_;
  Look look_;
  NodeId told_;
};

}  // namespace

std::optional<GivenUp> given_up(NodeId by, SimTime at, const CallLife& life,
                                const StoryContext& c) {
  return Party(by, at, life, c).reason();
}

SessionEnd session_end(const CallLife& life, const StoryContext& c) {
  const Look look(life, c);
  const Origin origin(life, c);
  const std::string who = !origin.told() && look.is(origin.by, NodeKind::gateway)
                              ? "The gateway ends the session: "
                              : "The session is ended: ";
  if (origin.found) {
    const GivenUp& found = *origin.found;
    const std::string first = found.why.substr(0, found.why.find(". "));
    const std::string what =
        origin.told() ? first.substr(0, first.find_last_not_of('.') + 1) : found.what;
    return {who + what + ".", {"The session was ended: " + found.why, found.rule, found.message}};
  }
  const auto lost = look.last(
      [&](const LoggedMessage& m) { return !m.arrived() && m.sent <= life.row.released; });
  constexpr auto kShortest = std::chrono::seconds(90);  // Min-SE (RFC 4028 §5)
  if (life.row.answered != sim::kNever &&
      life.row.released - life.row.answered < models::sip::session_ends_after(kShortest)) {
    return {who + "its dialog was known no more.",
            {"The session was ended: one of its parties knew the dialog no more." +
                 death_words(life, c),
             "481 to a request ends its dialog (RFC 3261 §12.2.1.2)", lost}};
  }
  return {who + "nobody refreshed it.",
          {"The session was ended: nobody refreshed it." + death_words(life, c),
           "the session timer (RFC 4028 §10; session-expires)", lost}};
}

}  // namespace bcsim::tools
