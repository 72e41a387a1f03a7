// One record of the journal as one JSON object: a line of events.ndjson and of the journal.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "models/domain.hpp"
#include "tools/journal/names.hpp"

namespace bcsim::tools {

/// Its keys: results/README.md, "events.ndjson" and "The journal".
[[nodiscard]] nlohmann::ordered_json record_json(const models::JournalEntry& entry,
                                                 const ThingNames& names);

}  // namespace bcsim::tools
