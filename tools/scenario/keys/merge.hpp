// Putting a scenario together from the file, what it extends, and --set overrides.
#pragma once

#include <string>
#include <vector>

#include "tools/scenario/table/table.hpp"
#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

/// Lays `over` over `base`: maps merge, lists and values replace; a key replaces the keys of `base`
/// that it excludes (a `profile` replaces a `rate`).
void merge_into(Node& base, Node over, const Section& section);

/// Applies "path=value", e.g. "sites.site1.sip-server.oos-check=5s" or "faults.0.at=2h". The value
/// is checked later like any other. Reports S-017 if it has not that form or leads nowhere.
void apply_override(Node& root, const std::string& text, Diagnostics& diagnostics);

/// Puts `value` at a path of maps, "queues.sales.hunt-group.hg-queue-limit", over what is there.
void set_value(Node& root, const std::string& path, Node value);

/// Parses the file's text and merges it over what it `extends`, and so on; reports S-014 for
/// circles and unreadable files.
[[nodiscard]] Node assemble(const std::string& text, std::uint32_t source, Diagnostics& diagnostics,
                            std::vector<std::filesystem::path> chain = {});

}  // namespace bcsim::tools
