#include "tools/tune/tune_design.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "sim/rng.hpp"

namespace bcsim::tools {
namespace {

using models::Scenario;

std::vector<std::string> gateway_paths(const Scenario& s, const char* option) {
  std::vector<std::string> out;
  for (const models::GatewayOptions& g : s.gateways) {
    out.push_back(
        fmt::format("sites.{}.gateways.{}.{}", s.sites[g.home_site].name, g.name, option));
  }
  return out;
}
std::vector<std::string> site_paths(const Scenario& s, const char* pattern) {
  std::vector<std::string> out;
  for (const models::SiteOptions& site : s.sites) {
    out.push_back(fmt::format(fmt::runtime(pattern), site.name));
  }
  return out;
}
std::vector<std::string> phone_paths(const Scenario& s, const char* option) {
  std::vector<std::string> out;
  for (const models::AgentGroup& group : s.agents) {
    out.push_back(fmt::format("agents.{}.phone.{}", group.name, option));
  }
  return out;
}

std::string scalar_at(const YAML::Node& root, const std::string& path) {
  YAML::Node node = YAML::Clone(root);
  std::size_t from = 0;
  while (from <= path.size()) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string key = path.substr(from, dot - from);
    if (!node.IsMap() || !node[key]) {
      throw SweepProblem{fmt::format("nothing is called '{}'", path),
                         "bcsim check --effective shows all paths"};
    }
    node.reset(node[key]);
    from = dot + 1;
  }
  if (!node.IsScalar()) throw SweepProblem{fmt::format("'{}' is no single value", path), ""};
  return node.as<std::string>();
}

/// The same time, count or share in other words: 60s is 1min.
bool same_value(const std::string& a, const std::string& b) {
  const auto x = setting_magnitude(a), y = setting_magnitude(b);
  return x && y ? *x == *y : a == b;
}

}  // namespace

std::string_view name(TunePoint::Kind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"now", "one_at_a_time", "combination"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<TuneFactor> usual_factors(const Scenario& s) {
  const auto factor = [](const char* name, std::vector<std::string> paths,
                         std::vector<std::string> values) {
    return TuneFactor{name, {std::move(paths), std::move(values)}};
  };
  return {factor("options-period", gateway_paths(s, "options-period"), {"15s", "1min", "2min"}),
          factor("gateway retransmissions", gateway_paths(s, "retransmissions"), {"2", "3", "5"}),
          factor("oos-check", site_paths(s, "sites.{}.sip-server.oos-check"), {"5s", "10s", "30s"}),
          factor("oos-force", site_paths(s, "sites.{}.sip-server.oos-force"), {"2s", "5s", "15s"}),
          factor("addp-timeout", site_paths(s, "desktop.{}.addp-timeout"), {"20s", "30s"}),
          factor("site-timeout", site_paths(s, "desktop.{}.site-timeout"), {"5s", "30s", "1min"}),
          factor("site-sip-register-timeout", site_paths(s, "desktop.{}.site-sip-register-timeout"),
                 {"10s", "30s", "1min"}),
          factor("expires", phone_paths(s, "expires"), {"1min", "2min", "5min"}),
          factor("phone retransmissions", phone_paths(s, "retransmissions"), {"2", "3", "5"})};
}

TuneFactor factor_of(SweepVariable variable) {
  const std::string& path = variable.paths.front();
  const std::size_t dot = path.rfind('.');
  return {dot == std::string::npos ? path : path.substr(dot + 1), std::move(variable)};
}

std::vector<TuneFactor> with_present(std::vector<TuneFactor> factors,
                                     const std::string& effective_yaml) {
  const YAML::Node root = YAML::Load(effective_yaml);
  for (TuneFactor& factor : factors) {
    std::string present;
    bool mixed = false;
    for (const std::string& path : factor.variable.paths) {
      const std::string value = scalar_at(root, path);
      mixed = mixed || (!present.empty() && value != present);
      present = value;
    }
    auto& values = factor.variable.values;
    if (!mixed) {
      std::erase_if(values, [&](const std::string& v) { return same_value(v, present); });
    }
    values.insert(values.begin(), mixed ? "mixed" : present);
  }
  std::erase_if(factors, [](const TuneFactor& f) { return f.variable.values.size() < 2; });
  return factors;
}

std::vector<TunePoint> tune_design(const std::vector<TuneFactor>& factors, std::size_t combinations,
                                   std::uint64_t seed) {
  std::vector<TunePoint> points = {
      {TunePoint::Kind::now, std::vector<std::size_t>(factors.size())}};
  const auto add = [&](TunePoint point) {
    if (std::find(points.begin(), points.end(), point) == points.end()) {
      points.push_back(std::move(point));
    }
  };
  for (std::size_t f = 0; f < factors.size(); ++f) {
    for (std::size_t level = 1; level < factors[f].variable.values.size(); ++level) {
      TunePoint point{TunePoint::Kind::one_at_a_time, points.front().levels};
      point.levels[f] = level;
      add(std::move(point));
    }
  }
  std::vector<TunePoint> hypercube(
      combinations, {TunePoint::Kind::combination, std::vector<std::size_t>(factors.size())});
  for (std::size_t f = 0; f < factors.size(); ++f) {
    sim::RngStream random(seed, 0, "tune.design", f);
    std::vector<std::size_t> stratum(combinations);
    std::iota(stratum.begin(), stratum.end(), 0);
    for (std::size_t i = combinations; i > 1; --i)
      std::swap(stratum[i - 1], stratum[random.below(i)]);
    for (std::size_t i = 0; i < combinations; ++i) {
      hypercube[i].levels[f] = stratum[i] * factors[f].variable.values.size() / combinations;
    }
  }
  for (TunePoint& point : hypercube) add(std::move(point));
  return points;
}

std::vector<std::string> settings_of(const std::vector<TuneFactor>& factors,
                                     const TunePoint& point) {
  std::vector<std::string> out;
  for (std::size_t f = 0; f < factors.size(); ++f) {
    if (point.levels[f] == 0) continue;
    for (const std::string& path : factors[f].variable.paths) {
      out.push_back(fmt::format("{}={}", path, factors[f].variable.values[point.levels[f]]));
    }
  }
  return out;
}

std::string point_words(const std::vector<TuneFactor>& factors, const TunePoint& point) {
  std::vector<std::string> out;
  for (std::size_t f = 0; f < factors.size(); ++f) {
    if (point.levels[f] == 0) continue;
    out.push_back(
        fmt::format("{} {}", factors[f].name, factors[f].variable.values[point.levels[f]]));
  }
  return out.empty() ? "as it is" : fmt::format("{}", fmt::join(out, ", "));
}

}  // namespace bcsim::tools
