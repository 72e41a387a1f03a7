// Reads the small CSV files of published numbers that tests compare with.
#pragma once

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "source_tree.hpp"

namespace bcsim::testing {

/// Rows of a file named from the top of the source tree, without # comments and heading, split at
/// the first `fields` - 1 commas. No rows if there is no such file.
[[nodiscard]] inline std::vector<std::vector<std::string>> read_rows(const std::string& file,
                                                                     std::size_t fields) {
  std::ifstream in(std::string(BCSIM_SOURCE_DIR) + "/" + file);
  std::vector<std::vector<std::string>> rows;
  bool heading = true;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    if (std::exchange(heading, false)) continue;
    std::istringstream text(line);
    std::vector<std::string> row(fields);
    for (std::size_t i = 0; i + 1 < fields; ++i) std::getline(text, row[i], ',');
    std::getline(text, row.back());
    rows.push_back(row);
  }
  return rows;
}

/// The number in a cell; 0 for an empty one.
[[nodiscard]] inline double number(const std::string& cell) {
  return cell.empty() ? 0 : std::stod(cell);
}

}  // namespace bcsim::testing
