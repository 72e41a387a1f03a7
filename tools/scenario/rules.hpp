// What the rules of the validator work with.
#pragma once

#include <string>

#include "models/scenario.hpp"
#include "tools/scenario/reader.hpp"

namespace bcsim::tools {

/// A scenario under examination; problems are shown where the value of a path was given, or else
/// where the nearest section around it was.
struct Rules {
  const models::Scenario& scenario;
  const Given& given;
  Diagnostics& diagnostics;

  [[nodiscard]] Location where(std::string path) const;
  void error(const std::string& code, const std::string& path, std::string message,
             std::string hint = "") const;
  void warning(const std::string& code, const std::string& path, std::string message,
               std::string hint = "") const;
};

}  // namespace bcsim::tools
