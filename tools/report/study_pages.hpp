// Pages of what several runs say together: a comparison as a forest plot, a sweep as lines or as
// heat maps, a plan as tables of capacity, a tuning as the picture of its Pareto points.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace bcsim::tools {

/// What `bcsim compare --json` has printed. Throws InputError if it is something else.
[[nodiscard]] std::string comparison_html(const nlohmann::ordered_json& comparison);

/// A directory of `bcsim sweep`: a line per metric over the values of one variable, heat maps over
/// those of two, else a table only. Throws InputError.
[[nodiscard]] std::string sweep_html(const std::filesystem::path& directory);

/// The plan.json of `bcsim plan`. Throws InputError if it is something else.
[[nodiscard]] std::string plan_html(const nlohmann::ordered_json& plan);

/// The tune.json of `bcsim tune`. Throws InputError if it is something else.
[[nodiscard]] std::string tune_html(const nlohmann::ordered_json& tuning);

}  // namespace bcsim::tools
