// Why a call ended in silence: who heard nothing any more, since when, and whose timer ran out.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tools/results/plain_words.hpp"
#include "tools/trace/failure_words.hpp"
#include "tools/trace/look.hpp"
#include "tools/trace/speech_way.hpp"

namespace bcsim::tools {

namespace {

/// Between the word of a change and what is heard of it.
constexpr sim::Duration kAtOnce = std::chrono::seconds(1);

class Silent {
 public:
  Silent(const CallLife& life, const StoryContext& c) : life_(life), row_(life.row), c_(c) {}

  [[nodiscard]] Decision decide() const {
    const auto agent = agent_in_silence();
    const auto stopped_for = [this](models::NodeKind kind) {
      return last_message([&](const LoggedMessage& m) {
        const auto* notice = std::get_if<models::notice::Message>(&m.message);
        return notice != nullptr && notice->kind == models::notice::Kind::rtp_stopped &&
               is(m.to, kind);
      });
    };
    auto stopped = stopped_for(agent ? models::NodeKind::phone : models::NodeKind::gateway);
    const bool gateway_waited =
        row_.gateway < c_.scenario.gateways.size() && stopped &&
        life_.messages[*stopped].at + gateway().rtp_loss_timeout <= row_.released;
    // Of an agent's call his own phone tells, unless it is dead.
    if (!agent && row_.from.valid() && !gateway_waited) {
      stopped = stopped_for(models::NodeKind::phone);
      if (!stopped) return {"The phone of the agent who had called died.", "", {}};
    }
    const bool by_gateway = !agent && row_.gateway < c_.scenario.gateways.size();
    const auto patience = agent        ? c_.layout.directory.group(*agent).phone.silence_patience
                          : by_gateway ? std::optional(gateway().rtp_loss_timeout)
                                       : std::nullopt;
    const std::string timeout = duration_words(sim::seconds(patience.value_or(sim::Duration{})));
    const std::string who =
        agent ? "agent " + ThingNames::of(c_.names.agents, agent->value) : "the gateway";
    std::string why = fmt::format("For {} nothing was heard by {}, who hung up.", timeout, who);
    std::string rule = fmt::format(
        "{}: {}", agent ? "the phone's silence-patience" : "the gateway's rtp-loss-timeout",
        timeout);
    // What ended it before that timer ran out.
    std::string end = fmt::format("after {} without any, {} hung up", timeout, who);
    if (!agent && !gateway_waited && stopped) {
      end = row_.from.valid() || by_caller() ? "the caller hung up when all should have been said"
                                             : "the call was ended before the gateway gave it up";
      rule = "who misses more than the last second of what was to be said has not been served";
    }
    if (!stopped) return {why, rule, stopped};
    const models::SimTime since = life_.messages[*stopped].sent;
    why = fmt::format("Speech no longer arrived from {} on", at(since));
    auto ended = session_ended_at(since);
    if (!ended) ended = let_go_before(since);
    if (ended) {
      return {fmt::format("{}: {} Word of that did not get through; {}.", why, ended->why, end),
              fmt::format("{}; then {}", ended->rule, rule), ended->message};
    }
    const std::vector<std::string> then = silencing_faults(life_, c_, since, agent);
    if (!then.empty()) {
      why +=
          fmt::format(" ({}{})", then.size() > 1 ? "at one instant: " : "", fmt::join(then, ", "));
    }
    why += fmt::format("; {}.", end);
    if (!agent) why += left_in_silence(since) + hung_up_then(since);
    return {why + not_joined(since), rule, stopped};
  }

 private:
  [[nodiscard]] std::string at(models::SimTime t) const { return instant_words(t, c_.scenario); }
  [[nodiscard]] bool by_caller() const {
    return std::ranges::any_of(life_.records, [](const models::JournalEntry& e) {
      const auto* f = std::get_if<models::CallReleased>(&e.record);
      return f != nullptr && f->by_caller != 0;
    });
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
  /// The agent who hung up because he heard nothing, if that is what ended the call: his BYE came
  /// where the caller is before the timer there had run out.
  [[nodiscard]] std::optional<models::AgentId> agent_in_silence() const {
    const bool told = last_message([this](const LoggedMessage& m) {
                        const auto* r = std::get_if<models::sip::Request>(&m.message);
                        return r != nullptr && r->method == models::sip::Method::bye &&
                               r->expires_s == models::sip::kNothingHeard && m.arrived() &&
                               m.at <= row_.released && !is(m.to, models::NodeKind::sip_server);
                      }).has_value();
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::HungUpInSilence>(&e.record);
      if (f != nullptr && e.at <= row_.released && (told || f->agent == row_.from)) return f->agent;
    }
    return std::nullopt;
  }
  /// " Agent a.1 had hung up then, and …", if an agent had said goodbye and that was lost.
  [[nodiscard]] std::string hung_up_then(models::SimTime since) const {
    const Look look(life_, c_);
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::PhoneLeft>(&e.record);
      if (f == nullptr || f->how != models::PhoneLeft::How::hung_up || e.at != since) continue;
      const auto lost = last_message([&](const LoggedMessage& m) {
        return request_in(m, models::sip::Method::bye) != nullptr && m.sent >= since &&
               !m.arrived();
      });
      return fmt::format(" Agent {} had hung up then, and his BYE had not got through{}.",
                         ThingNames::of(c_.names.agents, f->agent.value),
                         lost ? fmt::format(" ({})", look.fate(life_.messages[*lost])) : "");
    }
    return {};
  }
  /// Why a phone of the call ended its session at that time without a word of its server, if so.
  [[nodiscard]] std::optional<GivenUp> session_ended_at(models::SimTime since) const {
    for (const models::AgentId id : {row_.agent, row_.transferred_by, row_.from}) {
      if (!id.valid()) continue;
      const models::NodeId phone = c_.layout.directory.agent(id).phone;
      if (auto found = given_up(phone, since, life_, c_)) return found;
      // Or it had said so, and nobody has answered its BYE for 64·T1.
      const auto bye = last_message([&](const LoggedMessage& m) {
        const auto* r = request_in(m, models::sip::Method::bye);
        return r != nullptr && r->expires_s == models::sip::kNotConfirmed && r->copy == 0 &&
               m.from == phone && m.sent + 64 * std::chrono::milliseconds(500) == since;
      });
      if (!bye) continue;
      if (auto found = given_up(phone, life_.messages[*bye].sent, life_, c_)) return found;
    }
    return std::nullopt;
  }
  /// Why a SIP Server of the call has given its session up just before that time, if one has.
  [[nodiscard]] std::optional<GivenUp> let_go_before(models::SimTime since) const {
    using Why = models::CallLetGo::Why;
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::CallLetGo>(&e.record);
      if (f == nullptr || e.at > since || e.at + kAtOnce < since) continue;
      if (f->why != Why::no_ack && f->why != Why::not_renewed && f->why != Why::unknown) continue;
      for (const models::NodeId server : c_.layout.directory.sip_server_process[f->site]) {
        if (!server.valid()) continue;
        if (auto found = given_up(server, e.at, life_, c_)) return found;
      }
    }
    return std::nullopt;
  }
  /// " The re-INVITE of … did not get through …", which should have joined the two at that time.
  [[nodiscard]] std::string not_joined(models::SimTime since) const {
    const Look look(life_, c_);
    const LoggedMessage* lost = look.first([&](const LoggedMessage& m) {
      const auto* r = request_in(m, models::sip::Method::invite);
      return r != nullptr && r->in_dialog && r->copy == 0 && !m.arrived() && m.sent <= since &&
             m.sent + kAtOnce >= since;
    });
    if (lost == nullptr) return {};
    const auto branch = std::get<models::sip::Request>(lost->message).branch;
    const bool came =
        last_message([&](const LoggedMessage& m) {
          const auto* r = request_in(m, models::sip::Method::invite);
          return r != nullptr && r->branch == branch && m.arrived() && m.at <= row_.released;
        }).has_value();
    if (came) return {};
    return fmt::format(
        " The re-INVITE of {} from {} to {}, for who speaks with whom from then on, "
        "did not get through ({}).",
        at(lost->sent), look.node(lost->from), look.node(lost->to), look.fate(*lost));
  }
  /// " Agent a.1 had hung up then …", if speech stopped because he had heard nothing himself.
  [[nodiscard]] std::string left_in_silence(models::SimTime by) const {
    for (const models::JournalEntry& e : life_.records) {
      const auto* f = std::get_if<models::HungUpInSilence>(&e.record);
      if (f == nullptr || e.at > by || f->agent != row_.agent) continue;
      const models::NodeId phone = c_.layout.directory.agent(f->agent).phone;
      const bool told = last_message([&](const LoggedMessage& m) {
                          const auto* r = std::get_if<models::sip::Request>(&m.message);
                          return r != nullptr && r->method == models::sip::Method::bye &&
                                 m.from == phone && m.arrived() && m.at <= by;
                        }).has_value();
      if (told) continue;
      const auto patience = c_.layout.directory.group(f->agent).phone.silence_patience;
      return fmt::format(
          " Agent {} had hung up at {}: for {} he had heard nothing "
          "(silence-patience), and his BYE had not got through.",
          ThingNames::of(c_.names.agents, f->agent.value), at(e.at),
          duration_words(sim::seconds(patience.value_or(sim::Duration{}))));
    }
    return {};
  }
  [[nodiscard]] bool is(models::NodeId node, models::NodeKind kind) const {
    return node.valid() && c_.layout.roles[node.value].kind == kind;
  }

  const CallLife& life_;
  const models::CallRow& row_;
  const StoryContext& c_;
};

}  // namespace

Decision media_lost(const CallLife& life, const StoryContext& c) {
  return Silent(life, c).decide();
}

}  // namespace bcsim::tools
