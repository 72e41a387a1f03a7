#include "tools/scenario/rules/validator_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "tools/scenario/rules/offered_load.hpp"
#include "tools/scenario/rules/soonest_answer.hpp"
#include "tools/scenario/rules/validator_service.hpp"
#include "tools/scenario/rules/ways.hpp"

namespace bcsim::tools {
namespace {

using models::CallKind;
using models::CallStream;
using models::Distribution;
using models::kSites;
using models::Scenario;
using models::SiteIndex;
using models::sip::Method;
using sim::Duration;

/// So few are as good as nobody; and if fewer than so many can be answered, most are not.
constexpr double kNobody = 0.01, kFew = 0.5;
/// Of a stream's callers, so many are worth a word of their own.
constexpr double kSome = 0.05;

/// What the callers of a stream have of one kind of patience.
class Patience {
 public:
  Patience(const CallStream& stream, bool setup)
      : key_(setup ? "setup-patience" : "patience"),
        all_{setup ? stream.setup_patience : stream.patience} {
    const auto* single = std::get_if<models::SingleCalls>(&stream.arrivals);
    if (setup || single == nullptr || single->calls.empty()) return;
    all_.clear();
    for (const models::SingleCall& call : single->calls) {
      if (!call.patience) {
        all_.push_back(stream.patience);
      } else if (*call.patience == Duration::max()) {
        all_.emplace_back(models::Never{});
      } else {
        all_.emplace_back(models::Deterministic{sim::seconds(*call.patience)});
      }
    }
  }

  [[nodiscard]] const char* key() const { return key_; }
  /// Share of the callers who have more.
  [[nodiscard]] double over(Duration time) const {
    double sum = 0;
    for (const Distribution& d : all_) sum += models::survival(d, sim::seconds(time));
    return sum / static_cast<double>(all_.size());
  }
  /// "after 5s", "within 8s": when the last one has given up, if there is such a time.
  [[nodiscard]] std::optional<std::string> end() const {
    double last = 0, first = HUGE_VAL;
    for (const Distribution& d : all_) {
      const std::vector<double> points = models::breakpoints_s(d);
      if (points.empty() || models::survival(d, points.back()) > 0) return std::nullopt;
      last = std::max(last, points.back());
      first = std::min(first, points.front());
    }
    return fmt::format("{} {}", first == last ? "after" : "within", format_seconds(last));
  }

 private:
  const char* key_;
  std::vector<Distribution> all_;
};

/// Who gives up, and that it is too soon.
std::string verdict_words(const CallStream& stream, const Patience& patience, double answered,
                          const std::string& nobody) {
  const bool outgoing = stream.kind() == CallKind::outgoing;
  const auto end = patience.end();
  if (answered <= 0 && end) {
    return fmt::format("every {} '{}' gives up {}, and {}",
                       outgoing ? "agent who calls by" : "caller of", stream.name, *end, nobody);
  }
  return fmt::format("{}, and {} of the {} '{}' give up sooner", nobody, share_words(1 - answered),
                     outgoing ? "agents who call by" : "callers of", stream.name);
}

/// "no phone is answered before 8s", with what of it is no ringing.
std::string answer_words(const Soonest& soonest, bool by_way) {
  if (soonest.meant() == 0s) {
    return fmt::format("no call is connected before {}", at_most(soonest.total()));
  }
  std::string words =
      fmt::format("no phone is answered before {}",
                  by_way ? at_most(soonest.total()) : format_duration(soonest.meant()));
  if (soonest.announcement > 0s) {
    words += fmt::format(", {} of it the announcement", format_duration(soonest.announcement));
  }
  if (by_way) words += fmt::format(", word of it is on the way for {}", at_least(soonest.way));
  return words;
}

/// Of a part of the calls, who can be answered, and which patience decides it.
struct Hope {
  double answered = 0;
  bool by_setup = false;
};
Hope hope_of(const AnswerPart& part, const Patience& setup, const Patience& queued, bool by_way) {
  const auto over = [&](const Patience& patience, const Soonest& soonest) {
    return patience.over(by_way ? soonest.total() : soonest.meant());
  };
  const double one = part.setup ? over(setup, *part.setup) : -1;
  if (!part.queued) return {one, true};
  const double other = over(queued, *part.queued);
  // Who has dialled in vain has no other chance; else that of a free agent is told of.
  if (part.both) return one < other ? Hope{one, true} : Hope{other, false};
  return {std::max(one, other), true};
}

/// M-W17: most callers of these parts, or all of one of them, give up before they can be answered.
void check_callers(const Rules& rules, const CallStream& stream,
                   const std::vector<AnswerPart>& parts) {
  const Patience setup(stream, true), queued(stream, false);
  for (const bool by_way : {false, true}) {
    double all = 0, answered = 0;
    const AnswerPart *best = nullptr, *hopeless = nullptr;
    Hope hope, none;
    double weight = 0;
    for (const AnswerPart& part : parts) weight += part.weight;
    for (const AnswerPart& part : parts) {
      const Hope mine = hope_of(part, setup, queued, by_way);
      const Soonest& soonest = mine.by_setup ? *part.setup : *part.queued;
      all += part.weight;
      answered += part.weight * mine.answered;
      if (mine.answered <= kNobody && part.weight >= kSome * weight) {
        hopeless = &part;
        none = mine;
      }
      if (best != nullptr) {
        const Soonest& other = hope.by_setup ? *best->setup : *best->queued;
        if (mine.answered < hope.answered ||
            (mine.answered == hope.answered && soonest.total() >= other.total())) {
          continue;
        }
      }
      best = &part;
      hope = mine;
    }
    if (best == nullptr || (answered >= kFew * all && hopeless == nullptr)) continue;
    if (answered >= kFew * all) {
      best = hopeless;
      hope = none;
    }
    const Soonest& soonest = hope.by_setup ? *best->setup : *best->queued;
    const Patience& patience = hope.by_setup ? setup : queued;
    rules.warning("M-W17", fmt::format("calls.{}.{}", stream.name, patience.key()),
                  verdict_words(stream, patience, answered / all, answer_words(soonest, by_way)),
                  "more than " + at_least(by_way ? soonest.total() : soonest.meant()));
    return;
  }
}

/// M-W17: no call can be answered within the threshold of the service level.
void check_level(const Rules& rules, const CallStream& stream,
                 const std::vector<AnswerPart>& parts) {
  std::optional<Soonest> soonest;
  for (const AnswerPart& part : parts) {
    if (!part.level) continue;
    if (!soonest || part.level->total() < soonest->total()) soonest = part.level;
  }
  const Duration threshold = rules.scenario.run.service_level_threshold;
  if (!soonest || threshold > soonest->total()) return;
  const bool by_way = threshold > soonest->meant();
  rules.warning(
      "M-W17", "run.service-level-threshold",
      fmt::format("no call of '{}' is answered within the {} of the service level: {}", stream.name,
                  format_duration(threshold), answer_words(*soonest, by_way)),
      "more than " + at_least(by_way ? soonest->total() : soonest->meant()));
}

/// M-W17 of calls that agents make to the public network: two distributions are to be compared. For
/// any time t, who is answered is so before t, or has patience for more than t.
void check_outgoing(const Rules& rules, const CallStream& stream) {
  const Scenario& s = rules.scenario;
  std::optional<Duration> gateway;
  for (const models::GatewayOptions& g : s.gateways) {
    const Duration way =
        way_of_gateway(s, g, g.home_site)
            .answered_after(request_of(Method::invite), {}, answer_to(Method::invite, 200));
    gateway = std::min(gateway.value_or(way), way);
  }
  const Duration way = dialling_way(s, stream) + gateway.value_or(Duration{});
  const Distribution& answer = stream.answer_delay;
  const Patience patience(stream, true);
  const auto before = [&](double t) {
    return 1 - models::survival(answer, std::nextafter(t, 0.0));
  };
  std::vector<double> times = models::breakpoints_s(answer);
  for (const double t : models::breakpoints_s(stream.setup_patience)) {
    times.push_back(std::max(0.0, t - sim::seconds(way)));
  }
  for (double t = 1e-3; t < 1e6; t *= 1.1) times.push_back(t);
  double answered = 1;
  for (const double t : times) {
    if (t > 1e8) continue;
    answered = std::min(answered, before(t) + patience.over(sim::from_seconds(t) + way));
  }
  if (answered > kNobody) return;
  const std::vector<double> points = models::breakpoints_s(answer);
  const bool least = !points.empty() && points.front() > 0 && before(points.front()) == 0;
  rules.warning("M-W17", fmt::format("calls.{}.setup-patience", stream.name),
                verdict_words(stream, patience, answered,
                              least ? fmt::format("nobody outside answers before {}",
                                                  format_seconds(points.front()))
                                    : "hardly anybody outside answers by then"),
                "more than the answer-delay of whom they call");
}

/// M-W21: who finds nobody free is passed on while he hears the announcement, and whoever finds
/// somebody free may be passed on at its end.
void check_longest_wait(const Rules& rules, const CallStream& stream) {
  const Scenario& s = rules.scenario;
  if (stream.kind() != CallKind::queue || stream.queue >= s.queues.size()) return;
  const models::QueueOptions& queue = s.queues[stream.queue];
  if (!queue.maximum_wait) return;
  for (SiteIndex site = 0; site < kSites; ++site) {
    const Duration announcement = s.sites[site].sip_server.announcement;
    const bool hears = hears_announcement(s, stream, site) && share_of_site(s, stream, site) > 0;
    if (!hears || announcement <= 0s || *queue.maximum_wait > announcement) continue;
    rules.warning(
        "M-W21", fmt::format("queues.{}.maximum-wait", queue.name),
        fmt::format("callers of '{}' hear the announcement of {} for {}, and may wait for "
                    "{} in all: nobody waits for an agent",
                    stream.name, s.sites[site].name, format_duration(announcement),
                    format_duration(*queue.maximum_wait)),
        fmt::format("more than {}", format_duration(announcement)));
    return;
  }
}

}  // namespace

void check_answers(const Rules& rules) {
  for (const CallStream& stream : rules.scenario.calls) {
    if (stream.kind() == CallKind::outgoing) {
      check_outgoing(rules, stream);
      continue;
    }
    const std::vector<AnswerPart> parts = answer_parts(rules, stream);
    check_callers(rules, stream, parts);
    check_level(rules, stream, parts);
    check_longest_wait(rules, stream);
  }
}

}  // namespace bcsim::tools
