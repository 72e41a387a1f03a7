// Random plans of faults: every verb of the table on every target it takes.
#pragma once

#include <string>
#include <vector>

#include "tools/explore/values.hpp"

namespace bcsim::tools {

/// Adds faults to `faults`, a list. Few targets, so that they meet; dates that touch; ends by
/// `lasting`, by a second fault, by a flap, or never.
void draft_faults(Chance& chance, Offer& offer, const Temper& temper, const Node& root,
                  Node& faults);

/// The verbs of the table of keys: "fail", "change" …
[[nodiscard]] std::vector<std::string> fault_verbs();
/// The verb of one fault as it is written, or "".
[[nodiscard]] std::string verb_of(const Node& fault);

}  // namespace bcsim::tools
