#include "tools/plan/questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "tools/plan/forecast.hpp"
#include "tools/plan/shift_plan.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {
namespace {

using models::kSites;
using models::Scenario;

/// Nobody plans with more than this times the first guess.
constexpr int kUpperBound = 4;

Aftermath aftermath_for(const Scenario& s, const Goal& goal) {
  return goal.stretch == Stretch::failure ? aftermath(s) : no_failure(s);
}

std::string load_words(const PeakLoad& load, const char* formula, double erlangs) {
  return fmt::format("{}, {:.4g} calls/s, {} erlangs", formula, load.calls_per_s,
                     amount_words(erlangs));
}

/// The smallest of low … high for which `good` holds, or high.
int smallest(int low, int high, const std::function<bool(int)>& good) {
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (good(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// ---- agents ----------------------------------------------------------------------------------

PlanQuestion agents_question(const Scenario& s, const PlanGoals& goals) {
  for (const models::AgentGroup& group : s.agents) {
    if (!group.staffing.empty()) {
      throw PlanProblem{
          fmt::format("the number of agents of '{}' changes with the time", group.name),
          "--find shifts plans staffing curves"};
    }
  }
  PlanQuestion q;
  q.wanted = Wanted::agents;
  q.unit = "agents";
  q.goal = goals.of_people();
  std::vector<double> weights;
  for (const models::AgentGroup& group : s.agents) weights.push_back(group.count);
  const auto split = [weights](int total) {
    return apportion(static_cast<std::uint32_t>(total), weights);
  };
  const PeakLoad load = peak_load(s);
  const Aftermath after = aftermath_for(s, q.goal);
  const int bound = std::max(20, static_cast<int>(std::ceil(load.erlangs() * 2 * kUpperBound)));
  const int guess = smallest(1, bound, [&](int total) {
    const auto parts = split(total);
    return forecast_service_level(s, load, {parts.begin(), parts.end()}, after) >=
           goals.service_level;
  });
  q.now = std::accumulate(weights.begin(), weights.end(), 0.0);
  q.range = {1, guess, std::max(kUpperBound * guess, guess + 10), std::max(1, guess / 16)};
  q.guess_by = load_words(load, "Erlang A", load.erlangs());
  q.value = [](int i) { return i; };
  q.settings = [&s, split](int i) {
    std::vector<std::string> out;
    const auto counts = split(i);
    for (std::size_t g = 0; g < counts.size(); ++g) {
      out.push_back(fmt::format("agents.{}.count={}", s.agents[g].name, counts[g]));
    }
    return out;
  };
  q.parts = [&s, split](int i) {
    std::vector<PlanPart> out;
    const auto counts = split(i);
    for (std::size_t g = 0; g < counts.size(); ++g) {
      out.push_back({fmt::format("{} ({})", s.agents[g].name, s.locations[s.agents[g].location]),
                     static_cast<double>(counts[g])});
    }
    return out;
  };
  q.details = {"asa", "abandonment", "occupancy", "recovery.agents_100"};
  return q;
}

// ---- trunks ----------------------------------------------------------------------------------

PlanQuestion trunks_question(const Scenario& s, const PlanGoals& goals) {
  if (s.gateways.empty())
    throw PlanProblem{"there is no gateway whose trunks could be planned", ""};
  PlanQuestion q;
  q.wanted = Wanted::trunks;
  q.unit = "channels per gateway";
  q.goal = goals.of(Measure::blocking);
  double largest = 0;
  for (const models::GatewayOptions& g : s.gateways) {
    largest = std::max(largest, static_cast<double>(g.channels));
  }
  // All gateways in the scenario's proportions; the value is the largest one's.
  const auto channels = [&s, largest](int i) {
    std::vector<double> out;
    for (const models::GatewayOptions& g : s.gateways) {
      out.push_back(largest > 0 ? std::ceil(i * g.channels / largest) : i);
    }
    return out;
  };
  const PeakLoad load = peak_load(s);
  const Aftermath after = aftermath_for(s, q.goal);
  const int bound = std::max(20, static_cast<int>(std::ceil(load.channel_erlangs() * kUpperBound)));
  const int guess = smallest(1, bound, [&](int i) {
    return forecast_blocking(s, load, channels(i), after) <= q.goal.limit;
  });
  q.now = largest;
  q.range = {1, guess, std::max(kUpperBound * guess, guess + 10), std::max(1, guess / 16)};
  q.guess_by = load_words(load, "Erlang B", load.channel_erlangs());
  q.value = [](int i) { return i; };
  q.settings = [&s, channels](int i) {
    std::vector<std::string> out;
    const auto counts = channels(i);
    for (std::size_t g = 0; g < counts.size(); ++g) {
      const models::GatewayOptions& gateway = s.gateways[g];
      out.push_back(fmt::format("sites.{}.gateways.{}.channels={}", s.sites[gateway.home_site].name,
                                gateway.name, counts[g]));
    }
    return out;
  };
  q.parts = [&s, channels](int i) {
    std::vector<PlanPart> out;
    const auto counts = channels(i);
    for (std::size_t g = 0; g < counts.size(); ++g) out.push_back({s.gateways[g].name, counts[g]});
    return out;
  };
  for (const models::GatewayOptions& g : s.gateways) {
    q.details.push_back(fmt::format("gateway.{}.channels.max", g.name));
  }
  return q;
}

// ---- SIP Server --------------------------------------------------------------------------------

/// Steps of a quantity without a natural unit: about 10 % apart, three digits.
constexpr int kStepsPerDecade = 24;
double grid_value(double lowest, int i) {
  const double x = lowest * std::pow(10, static_cast<double>(i) / kStepsPerDecade);
  const double scale = std::pow(10, 2 - std::floor(std::log10(x)));
  return std::round(x * scale) / scale;
}
int grid_steps(double lowest, double highest) {
  return static_cast<int>(std::lround(std::log10(highest / lowest) * kStepsPerDecade));
}

struct ServiceTimes {
  double register_s, invite_s, other_s;
};
/// The scenario's own proportions, REGISTER at so many per second.
ServiceTimes service_times(const Scenario& s, double registers_per_s) {
  const models::SipServerOptions& o = s.sites[0].sip_server;
  const double own = sim::seconds(o.register_service);
  const models::SipServerOptions usual;
  const bool scalable = own > 0;
  const models::SipServerOptions& base = scalable ? o : usual;
  const double factor = 1 / registers_per_s / sim::seconds(base.register_service);
  return {1 / registers_per_s, factor * sim::seconds(base.invite_service),
          factor * sim::seconds(base.other_service)};
}

PlanQuestion server_question(const Scenario& s, const PlanGoals& goals) {
  PlanQuestion q;
  q.wanted = Wanted::server;
  q.unit = "REGISTER/s";
  q.goal = goals.of(Measure::server_delay);
  constexpr double kLowest = 1, kHighest = 1e5;
  const PeakLoad load = peak_load(s);
  const ServerLoad messages = forecast_server_load(s, load, aftermath_for(s, q.goal));
  const double window = sim::seconds(s.run.horizon - s.run.warm_up);
  const int high = grid_steps(kLowest, kHighest);
  // The longest of many waits in M/G/1 in heavy traffic: P(wait > t) = exp(-2 (1 - r) t / (r s)).
  const int guess = smallest(0, high, [&](int i) {
    const ServiceTimes t = service_times(s, grid_value(kLowest, i));
    const double busy = messages.registers * t.register_s + messages.invites * t.invite_s +
                        messages.others * t.other_s;
    if (busy >= 1) return false;
    const double mean = busy / messages.all();
    const double over = std::exp(-2 * (1 - busy) * q.goal.limit / (busy * mean));
    return messages.all() * window * over <= 1 - q.goal.probability.value_or(0.5);
  });
  const double own = sim::seconds(s.sites[0].sip_server.register_service);
  if (own > 0) q.now = 1 / own;
  q.range = {0, guess, high, 4};
  q.guess_by = fmt::format("M/G/1 in heavy traffic, {:.4g} REGISTER/s of {:.4g} messages/s",
                           messages.registers, messages.all());
  q.value = [](int i) { return grid_value(kLowest, i); };
  q.settings = [&s](int i) {
    const ServiceTimes t = service_times(s, grid_value(kLowest, i));
    std::vector<std::string> out;
    for (const models::SiteOptions& site : s.sites) {
      for (const auto& [key, seconds] :
           {std::pair{"register-service", t.register_s}, std::pair{"invite-service", t.invite_s},
            std::pair{"other-service", t.other_s}}) {
        out.push_back(fmt::format("sites.{}.sip-server.{}={}us", site.name, key,
                                  std::lround(std::min(10.0, seconds) * 1e6)));
      }
    }
    return out;
  };
  q.parts = [&s](int i) {
    const ServiceTimes t = service_times(s, grid_value(kLowest, i));
    return std::vector<PlanPart>{{"ms per REGISTER", 1e3 * t.register_s},
                                 {"ms per INVITE", 1e3 * t.invite_s},
                                 {"ms per other message", 1e3 * t.other_s}};
  };
  q.details = {"server.messages_per_s", "server.delay.max", "requests_dropped"};
  return q;
}

// ---- WAN -------------------------------------------------------------------------------------

struct WanPath {
  std::string path, name;
};
/// The link between the data centres, and every path from a place to a data centre not its own.
std::vector<WanPath> wan_paths(const Scenario& s) {
  std::vector<WanPath> out = {{"network.dc-link", "dc-link"}};
  for (std::size_t l = 0; l < s.locations.size(); ++l) {
    for (std::size_t i = 0; i < kSites; ++i) {
      if (l == i) continue;
      out.push_back({fmt::format("network.access.{}.{}", s.locations[l], s.sites[i].name),
                     fmt::format("access.{}.{}", s.locations[l], s.sites[i].name)});
    }
  }
  return out;
}

PlanQuestion wan_question(const Scenario& s, const PlanGoals& goals) {
  PlanQuestion q;
  q.wanted = Wanted::wan;
  q.unit = "Mbit/s";
  q.goal = goals.of(Measure::media_degraded);
  constexpr double kLowest = 0.1, kHighest = 1e4, kCallMbps = 0.08;  // G.711 of the media plane
  const PeakLoad load = peak_load(s);
  const double calls = forecast_crossing_calls(s, load, aftermath_for(s, q.goal));
  const int high = grid_steps(kLowest, kHighest);
  // A Poisson number of calls exceeds its mean by three deviations about once in a thousand times.
  const double need = kCallMbps * (calls + 3 * std::sqrt(calls));
  const int guess = smallest(0, high, [&](int i) { return grid_value(kLowest, i) >= need; });
  q.now = s.network.dc_link.bandwidth_bps / 1e6;
  q.range = {0, guess, high, 4};
  q.guess_by = fmt::format("{:.4g} calls of 80 kbit/s cross on average, and 3 deviations", calls);
  q.value = [](int i) { return grid_value(kLowest, i); };
  q.settings = [&s](int i) {
    std::vector<std::string> out;
    for (const WanPath& path : wan_paths(s)) {
      out.push_back(fmt::format("{}.bandwidth={:.6g}Mbit/s", path.path, grid_value(kLowest, i)));
    }
    return out;
  };
  q.parts = [&s](int i) {
    std::vector<PlanPart> out;
    for (const WanPath& path : wan_paths(s)) out.push_back({path.name, grid_value(kLowest, i)});
    return out;
  };
  for (const WanPath& path : wan_paths(s)) {
    q.details.push_back(fmt::format("link.{}.media.max", path.name));
    q.details.push_back(fmt::format("link.{}.reverse.media.max", path.name));
  }
  return q;
}

}  // namespace

std::string_view name(Wanted wanted) {
  constexpr std::array<std::string_view, 5> kNames = {"agents", "shifts", "trunks", "server",
                                                      "wan"};
  return kNames[static_cast<std::size_t>(wanted)];
}

Goal PlanGoals::of(Measure measure) const {
  Goal goal;
  goal.measure = measure;
  goal.stretch = stretch;
  goal.probability = probability;
  goal.confidence = confidence;
  switch (measure) {
    case Measure::service_level:
      goal.limit = service_level;
      break;
    case Measure::blocking:
      goal.limit = blocking;
      break;
    case Measure::server_delay:
      goal.limit = server_delay_s;
      break;
    case Measure::media_degraded:
      goal.limit = media_degraded;
      break;
    case Measure::metric:
      goal.limit = people->limit;
      goal.metric = people;
      break;
  }
  return goal;
}

Goal PlanGoals::of_people() const {
  return of(people ? Measure::metric : Measure::service_level);
}

std::vector<std::uint32_t> apportion(std::uint32_t total, const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint32_t> out(weights.size(), 0);
  if (!(sum > 0)) return out;
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> left(weights.size());
  std::uint32_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double exact = total * weights[i] / sum;
    out[i] = static_cast<std::uint32_t>(exact + 1e-9);
    left[i] = exact - out[i];
    given += out[i];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return left[a] > left[b] + 1e-9; });
  for (std::size_t i = 0; given < total; ++i, ++given) ++out[order[i % order.size()]];
  return out;
}

bool varies_over_time(const Scenario& s) {
  const bool staffed = std::any_of(s.agents.begin(), s.agents.end(),
                                   [](const auto& group) { return !group.staffing.empty(); });
  const bool called = std::any_of(s.calls.begin(), s.calls.end(), [](const auto& stream) {
    return !std::holds_alternative<models::ConstantRate>(stream.arrivals);
  });
  return staffed || called;
}

std::vector<std::string> growth_settings(const Scenario& s, double factor) {
  std::vector<std::string> out;
  for (const models::CallStream& stream : s.calls) {
    if (const auto* rate = std::get_if<models::ConstantRate>(&stream.arrivals)) {
      out.push_back(fmt::format("calls.{}.rate={:.9g}/s", stream.name, factor * rate->per_s));
      continue;
    }
    std::string steps = fmt::format("{{at: 0s, factor: {:.9g}}}", factor);
    for (const models::SurgeStep& step : stream.surge) {
      if (step.at == sim::kStart) steps.clear();
      steps += fmt::format("{}{{at: {}, factor: {:.9g}}}", steps.empty() ? "" : ", ",
                           format_duration(step.at.time_since_epoch()), factor * step.factor);
    }
    out.push_back(fmt::format("calls.{}.surge=[{}]", stream.name, steps));
  }
  return out;
}

PlanQuestion make_question(Wanted wanted, const Scenario& s, const PlanGoals& goals) {
  if (s.calls.empty()) throw PlanProblem{"there are no calls to plan for", "add calls:"};
  for (const models::CallStream& stream : s.calls) {
    if (!std::holds_alternative<models::SingleCalls>(stream.arrivals)) continue;
    throw PlanProblem{fmt::format("'{}' is a list of single calls, which has no rate", stream.name),
                      "plan with rate, profile or volumes"};
  }
  switch (wanted) {
    case Wanted::agents:
      return agents_question(s, goals);
    case Wanted::shifts:
      return shifts_question(s, goals);
    case Wanted::trunks:
      return trunks_question(s, goals);
    case Wanted::server:
      return server_question(s, goals);
    case Wanted::wan:
      return wan_question(s, goals);
  }
  throw PlanProblem{"there is no such question", ""};
}

}  // namespace bcsim::tools
