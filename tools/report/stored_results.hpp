// A results directory read back: what report and explain work from.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace bcsim::tools {

/// Results cannot be read, or are not what they should be: exit code 65.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The directory that an argument names: one with a run.json, or with a link `latest` to one.
/// Nullopt if it names none.
[[nodiscard]] std::optional<std::filesystem::path> results_directory(const std::string& argument);
/// The newest `latest` below results/; throws InputError if there is none.
[[nodiscard]] std::filesystem::path newest_results();

/// A JSON file of a results directory; throws InputError.
[[nodiscard]] nlohmann::ordered_json read_json(const std::filesystem::path& path);
/// Its text; throws InputError.
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

}  // namespace bcsim::tools
