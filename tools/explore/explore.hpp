// Random worlds by the thousand, each with all checks: which fail, how, and the smallest of a kind.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/base/terminal.hpp"
#include "tools/explore/trial.hpp"
#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

struct ExploreRequest {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;                       ///< number of the first world
  std::optional<std::uint64_t> worlds;           ///< how many
  std::optional<std::chrono::nanoseconds> time;  ///< or how long
  unsigned jobs = 1;
  TrialLimits limits;
  std::size_t shrink_trials = 300;  ///< of each kind of failure; 0: not at all
  std::filesystem::path out;
  std::optional<Node> scenario;  ///< the one that is mutated, extends and all
  std::string directory = ".";   ///< that relative names of its files start from
  std::string base = "";         ///< its name, for the command that is written down
};

/// What became of one world.
struct WorldReport {
  bool refused = false, repeated = false;
  std::vector<std::string> verbs;  ///< of its faults, each once
  std::vector<std::pair<std::string, bool>> checks;
  std::vector<Failure> failures;
  std::string text;  ///< with failures
};

/// A kind of failure, with the first world that showed it.
struct FoundKind {
  std::string text;
  std::uint64_t worlds = 0, first_world = 0;
  std::string scenario;        ///< of the first world, then shrunk
  std::size_t leaves = 0;      ///< values in it as it was found
  std::size_t left = 0;        ///< and when shrunk
  std::size_t trials = 0;      ///< that took
  std::filesystem::path file;  ///< where it is kept
};

struct Coverage {
  std::uint64_t ran = 0, applied = 0;
};

struct Exploration {
  std::uint64_t worlds = 0, refused = 0, repeated = 0, faultless = 0;
  std::map<std::string, FoundKind> kinds;
  std::map<std::string, std::uint64_t> verbs;  ///< worlds with each; those that never occurred too
  std::map<std::string, Coverage> checks;
  double seconds = 0;
  bool interrupted = false;
};

/// World `world` of the request; depends on nothing else.
[[nodiscard]] WorldReport explore_world(const ExploreRequest& request, std::uint64_t world);

/// Runs worlds until the budget is spent; keeps the first of each kind in a file, then shrinks it.
[[nodiscard]] Exploration explore(const ExploreRequest& request, Terminal& terminal);

/// The table for people, and the same for programs.
[[nodiscard]] std::string exploration_text(const Exploration& found, const ExploreRequest& request);
[[nodiscard]] std::string exploration_json(const Exploration& found, const ExploreRequest& request);

}  // namespace bcsim::tools
