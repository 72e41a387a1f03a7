// What has to be known before a scenario is read, and what follows from it afterwards.
#pragma once

#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

/// Collects the names that references may use, gives sites and locations theirs, and sets the
/// defaults that depend on them. Reports names that clash.
void prepare(Reader& reader, const Node& root);
/// Fills in what was left out and follows from the rest: a gateway per site, a queue, where agents
/// sit, equal shares. `root` is what was read.
void complete(Reader& reader, const Node& root);
/// The path of a location to a data centre, if nothing is said of it: its own is near.
[[nodiscard]] models::LinkOptions default_access(std::size_t location, std::size_t site);

}  // namespace bcsim::tools
