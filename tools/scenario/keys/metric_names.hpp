// Which metric a user means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bcsim::tools {

/// The id that a user may have meant by a metric's name: `lost_calls` is `lost`, `before.asa` and
/// `asa.before` are `phase.before.asa`. nullopt if there is none.
[[nodiscard]] std::optional<std::string> resolve_metric(std::string_view name,
                                                        const std::vector<std::string>& ids);

}  // namespace bcsim::tools
