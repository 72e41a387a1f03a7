// A test for each shipped scenario.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tools/scenario/home.hpp"

namespace bcsim::tools {

inline void PrintTo(const ShippedScenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

namespace test {

/// The last part of such a test's name.
inline std::string scenario_name(const testing::TestParamInfo<ShippedScenario>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

}  // namespace test
}  // namespace bcsim::tools
