// The checks that every run is put to.
#pragma once

#include <memory>
#include <vector>

#include "models/checks/check.hpp"
#include "models/directory.hpp"

namespace bcsim::models {

/// In the order of verdicts.json. The directory must outlive them.
[[nodiscard]] std::vector<std::unique_ptr<Check>> all_checks(const Directory& directory);

// One by one, for the tests.
[[nodiscard]] std::unique_ptr<Check> conservation_check();
[[nodiscard]] std::unique_ptr<Check> one_login_check(const Directory& directory);
[[nodiscard]] std::unique_ptr<Check> dropped_set_check(const Directory& directory);
[[nodiscard]] std::unique_ptr<Check> single_mode_check();
[[nodiscard]] std::unique_ptr<Check> unaffected_agents_check(const Directory& directory);
[[nodiscard]] std::unique_ptr<Check> arrival_site_check(const Directory& directory);
[[nodiscard]] std::unique_ptr<Check> own_agents_check(const Directory& directory);
[[nodiscard]] std::unique_ptr<Check> answered_once_check();
[[nodiscard]] std::unique_ptr<Check> liveness_check(const Directory& directory);

}  // namespace bcsim::models
