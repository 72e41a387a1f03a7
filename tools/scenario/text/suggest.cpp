#include "tools/scenario/text/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace bcsim::tools {
namespace {

std::string normalized(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '-' || c == '_' || c == ' ') continue;
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view a_raw, std::string_view b_raw) {
  const std::string a = normalized(a_raw), b = normalized(b_raw);
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

namespace {

std::string nearest_within(std::string_view word, const std::vector<std::string>& candidates,
                           std::size_t limit) {
  std::string best;
  for (const std::string& candidate : candidates) {
    if (candidate == word) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= limit && distance < candidate.size()) {
      best = candidate;
      limit = distance - std::min<std::size_t>(distance, 1);
      if (distance == 0) break;
    }
  }
  return best;
}

// A word that was cut short or has something in front: "timeout" for "site-timeout".
std::string containing(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string w = normalized(word);
  for (const std::string& candidate : candidates) {
    const std::string c = normalized(candidate);
    if (w.size() >= 4 && c.find(w) != std::string::npos) return candidate;
    if (c.size() >= 4 && w.find(c) != std::string::npos) return candidate;
  }
  return "";
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::size_t slips = std::min<std::size_t>(2, std::max<std::size_t>(1, word.size() / 3));
  if (std::string best = nearest_within(word, candidates, slips); !best.empty()) return best;
  if (std::string best = containing(word, candidates); !best.empty()) return best;
  return nearest_within(word, candidates, word.size() / 3);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  if (!best.empty()) return fmt::format("did you mean '{}'?", best);
  constexpr std::size_t kShortList = 12;
  if (candidates.empty() || candidates.size() > kShortList) return "";
  return fmt::format("one of: {}", fmt::join(candidates, ", "));
}

std::vector<std::string> our_words(std::string_view word) {
  struct Words {
    std::vector<std::string> theirs, ours;
  };
  // Written without hyphens, as they are compared.
  static const std::vector<Words> table = {
      {{"aht", "handletime", "handlingtime", "servicetime", "holdingtime", "talktime", "duration"},
       {"talk", "horizon", "lasting"}},
      {{"acw", "wrapup", "wrap", "wraptime", "wrapuptime", "aftercall", "postprocessing"},
       {"after-call-work"}},
      {{"ringtime", "ringdelay", "pickup", "pickuptime", "pickupdelay", "timetoanswer"},
       {"answer-delay"}},
      {{"abandonment", "abandon", "abandontime", "reneging", "maxwait"},
       {"patience", "maximum-wait"}},
      {{"retry", "retries", "retrial", "retrials", "callback", "recall"}, {"redial"}},
      {{"arrivals", "arrivalrate", "lambda", "intensity", "cps", "callspersecond"}, {"rate"}},
      {{"volume", "forecast", "demand", "offered"}, {"volumes"}},
      {{"size", "number", "headcount", "heads", "staff", "people", "seats"}, {"count"}},
      {{"schedule", "roster", "rota", "shift"}, {"shifts"}},
      {{"skill", "skills", "queue"}, {"queues"}},
      {{"trunks", "lines", "ports", "circuits", "capacity"}, {"channels"}},
      {{"site", "home", "place"}, {"location", "preferred-site"}},
      {{"delay", "rtt", "ping", "lag"}, {"latency"}},
      {{"packetloss", "drop", "drops"}, {"loss"}},
      {{"bw", "speed", "throughput"}, {"bandwidth"}},
      {{"length", "end", "stop", "simtime", "runtime"}, {"horizon"}},
      {{"rampup", "transient", "burnin"}, {"warm-up"}},
      {{"reps", "runs", "repetitions", "iterations"}, {"replications"}},
      {{"randomseed", "rngseed", "random"}, {"seed"}},
      {{"sla", "servicelevel", "awt", "target"}, {"service-level-threshold"}},
      {{"overflow", "fallback", "voicemail"}, {"default-destination"}},
      {{"expiry", "expire", "registrationinterval", "ttl"}, {"expires"}},
      {{"events", "failures", "incidents", "timeline"}, {"faults"}},
      {{"group", "groups", "teams", "staffgroups"}, {"agents"}},
      {{"slos", "asserts", "assertions", "goals"}, {"expectations"}},
  };
  const std::string plain = normalized(word);
  for (const Words& words : table) {
    if (std::find(words.theirs.begin(), words.theirs.end(), plain) != words.theirs.end()) {
      return words.ours;
    }
  }
  return {};
}

std::string our_word(std::string_view word, const std::vector<std::string>& candidates) {
  for (std::string& ours : our_words(word)) {
    if (std::find(candidates.begin(), candidates.end(), ours) != candidates.end()) return ours;
  }
  return "";
}

}  // namespace bcsim::tools
