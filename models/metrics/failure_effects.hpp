// Which failure a detection belongs to, where several lie on a centre at once.
#pragma once

#include "models/records.hpp"
#include "models/scenario.hpp"

namespace bcsim::models {

/// Can this fault be why the record was written: a gateway or the PSTN that gives up a server or a
/// gateway, a site that enters single-site mode, a backup that takes over? False for other records.
[[nodiscard]] bool may_cause(const Fault& fault, const Record& record, const Scenario& scenario);

}  // namespace bcsim::models
