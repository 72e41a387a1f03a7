#include "tools/cli/trace_options.hpp"

#include <fmt/format.h>

#include <variant>

#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

std::vector<Option> trace_options() {
  return {{.name = "trace-call",
           .kind = ValueKind::number,
           .value = "N",
           .doc = "Only messages of this call (calls.csv); may be repeated",
           .repeated = true},
          {.name = "trace-site",
           .kind = ValueKind::text,
           .value = "SITE",
           .doc = "Only messages sent or received at this site"},
          {.name = "trace-from",
           .kind = ValueKind::text,
           .value = "TIME",
           .doc = "Only messages sent from then on: 1h29min, or 10:29"},
          {.name = "trace-until", .kind = ValueKind::text, .value = "TIME", .doc = "… until then"},
          {.name = "trace-count",
           .kind = ValueKind::number,
           .value = "N",
           .doc = "At most so many messages"}};
}

models::SimTime time_value(const std::string& option, const std::string& text,
                           const models::Scenario& scenario) {
  if (const auto clock = parse_clock(text)) {
    if (!scenario.run.start_label) {
      throw UsageError{fmt::format("--{}: this scenario has no time of day", option),
                       "give the time since its start, such as 1h30min"};
    }
    const sim::Duration since_start = *clock - *scenario.run.start_label;
    constexpr sim::Duration kDay = std::chrono::hours(24);
    return sim::kStart + (since_start < sim::Duration::zero() ? since_start + kDay : since_start);
  }
  const auto parsed = parse_duration(text);
  if (const auto* problem = std::get_if<ValueError>(&parsed)) {
    throw UsageError{fmt::format("--{}: {}", option, problem->message), problem->hint};
  }
  return sim::kStart + std::get<sim::Duration>(parsed);
}

MessageFilter trace_filter(const Invocation& invocation, const models::Scenario& scenario) {
  MessageFilter filter;
  for (const std::string& call : invocation.values("trace-call")) {
    filter.calls.push_back(narrow_value("trace-call", call));
  }
  if (const std::string site = invocation.value("trace-site"); !site.empty()) {
    std::vector<std::string> names;
    for (models::SiteIndex s = 0; s < models::kSites; ++s) {
      names.push_back(scenario.sites[s].name);
      if (scenario.sites[s].name == site || fmt::format("{}", s + 1) == site) filter.site = s;
    }
    if (!filter.site) {
      throw UsageError{fmt::format("--trace-site: there is no site '{}'", site),
                       did_you_mean(site, names)};
    }
  }
  if (invocation.has("trace-from")) {
    filter.from = time_value("trace-from", invocation.value("trace-from"), scenario);
  }
  if (invocation.has("trace-until")) {
    filter.until = time_value("trace-until", invocation.value("trace-until"), scenario);
  }
  if (filter.from > filter.until) {
    throw UsageError{"--trace-from is later than --trace-until: that is no time at all", ""};
  }
  if (invocation.has("trace-count")) {
    filter.most = number_value("trace-count", invocation.value("trace-count"));
  }
  return filter;
}

}  // namespace bcsim::tools
