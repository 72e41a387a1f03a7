// What the rules of the validator work with.
#pragma once

#include <string>

#include "models/scenario.hpp"
#include "tools/scenario/table/reader.hpp"

namespace bcsim::tools {

/// A scenario under examination; problems are shown where the value of a path was given, or else
/// where the nearest section around it was.
struct Rules {
  const models::Scenario& scenario;
  const Given& given;
  const std::set<std::string>& refused;
  Diagnostics& diagnostics;

  /// True if the value at this path could not be read: rules about it would only confuse.
  [[nodiscard]] bool was_refused(const std::string& path) const { return refused.count(path) > 0; }
  /// True if anything at or below this path could not be read.
  [[nodiscard]] bool any_refused(const std::string& path) const;

  [[nodiscard]] Location where(std::string path) const;
  void error(const std::string& code, const std::string& path, std::string message,
             std::string hint = "") const;
  void warning(const std::string& code, const std::string& path, std::string message,
               std::string hint = "") const;
};

}  // namespace bcsim::tools
