#include "tools/scenario/keys/metric_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bcsim::tools {

std::optional<std::string> resolve_metric(std::string_view name,
                                          const std::vector<std::string>& ids) {
  const auto known = [&](const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  std::string id(name);
  if (known(id)) return id;
  if (id.ends_with("_calls")) id.resize(id.size() - 6);
  if (known(id)) return id;
  constexpr std::array<std::string_view, 5> kPhaseNames = {"before", "detection", "relogin",
                                                           "degraded", "after"};
  for (const std::string_view phase : kPhaseNames) {
    const std::string prefix = fmt::format("{}.", phase), suffix = fmt::format(".{}", phase);
    if (id.starts_with(prefix))
      id = id.substr(prefix.size());
    else if (id.ends_with(suffix))
      id.resize(id.size() - suffix.size());
    else
      continue;
    if (id.ends_with("_calls")) id.resize(id.size() - 6);
    id = fmt::format("phase.{}.{}", phase, id);
    return known(id) ? std::optional(id) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace bcsim::tools
