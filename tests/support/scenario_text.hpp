// Small scenarios as text, for tests of the language.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tools/scenario/load.hpp"

namespace bcsim::tools {

/// The smallest scenario that is good, with more lines behind it.
inline std::string minimal(const std::string& more = "") {
  return "bcsim: 1\n"
         "sites: {site1: {}, site2: {}}\n"
         "agents: {team1: {count: 100, location: site1}, team2: {count: 100, location: site2}}\n"
         "calls: {main: {rate: 1900/h}}\n" +
         more;
}

inline Loaded load_text(const std::string& text, const std::vector<std::string>& overrides = {},
                        WrittenAs written = WrittenAs::effective) {
  return load_scenario_text({text, "test.yaml", "test", "."}, overrides, written);
}

/// "line:column CODE" of each problem, in order.
inline std::vector<std::string> problems(const Loaded& loaded) {
  std::vector<std::string> list;
  for (const Diagnostic& d : loaded.diagnostics) {
    list.push_back(std::to_string(d.line) + ":" + std::to_string(d.column) + " " + d.code);
  }
  return list;
}

/// The first problem with this code, or an empty one.
inline Diagnostic problem(const Loaded& loaded, const std::string& code) {
  const auto found = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [&](const Diagnostic& d) { return d.code == code; });
  return found == loaded.diagnostics.end() ? Diagnostic{} : *found;
}

}  // namespace bcsim::tools
