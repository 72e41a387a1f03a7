// What the table's rows read with and write with: names, clock labels, problems, origins.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/scenario.hpp"
#include "tools/scenario/table/sweep_spec.hpp"
#include "tools/scenario/table/table.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools {

using namespace std::chrono_literals;

/// Names that other parts of the file refer to, collected before anything is read.
struct Names {
  std::vector<std::string> sites, locations, gateways, queues, agents;
  /// Index in `list`, or nullopt.
  [[nodiscard]] static std::optional<std::uint32_t> index(const std::vector<std::string>& list,
                                                          std::string_view name);
};

/// Where each value was given: "agents.team1.count" → place. Sections are in it too.
using Given = std::map<std::string, Location>;

/// Reads a tree into a scenario. Never throws: problems go to the diagnostics.
class Reader {
 public:
  Reader(Diagnostics& diagnostics, models::Scenario& scenario)
      : diagnostics_(diagnostics), scenario_(scenario) {}

  Names names;
  const Section* language = nullptr;  ///< the whole: where a misplaced key belongs; may be null
  SweepSpec sweep;  ///< of the scenario's `sweep`: it is no part of what one run is

  [[nodiscard]] Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] models::Scenario& scenario() { return scenario_; }
  [[nodiscard]] const Given& given() const { return given_; }
  /// Paths of values that were refused: what is there now is a default nobody asked for.
  [[nodiscard]] const std::set<std::string>& refused() const { return refused_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  void error(const Node& at, const std::string& code, const std::string& message,
             const std::string& hint = "");
  void error(const Node& at, const ValueError& problem);

  /// The text of a scalar, or nullptr after reporting that `wanted` was expected.
  const std::string* scalar(const Node& node, std::string_view wanted);
  /// True if the node is a map (or empty); else reports that.
  bool expect_map(const Node& node, std::string_view wanted);
  bool expect_list(const Node& node, std::string_view wanted);

  /// "1h30min" after the start, or "10:30" by the wall clock; reports problems.
  std::optional<sim::SimTime> instant(const Node& node, bool negative_allowed = false);
  /// Wall clock to time since the start: a label before the start is tomorrow's if the run gets
  /// there, else before the start. nullopt if run.start is not set.
  [[nodiscard]] std::optional<sim::Duration> since_start(sim::Duration clock) const;
  /// Index of a name in a list; reports an unknown name (S-007) with a suggestion.
  std::optional<std::uint32_t> reference(const Node& node, std::string_view what,
                                         const std::vector<std::string>& list);
  /// Reports names that a path could not be made of, or that are taken.
  bool check_name(const Node& member, std::string_view what);

  /// While it lives, problems and origins belong to path + segment.
  class Scope {
   public:
    Scope(Reader& reader, std::string_view segment, Location at);
    ~Scope() { reader_.path_.resize(length_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Reader& reader_;
    std::size_t length_;
  };

 private:
  friend class Scope;
  Diagnostics& diagnostics_;
  models::Scenario& scenario_;
  Given given_;
  std::set<std::string> refused_;
  std::string path_;
};

/// Turns a scenario back into text.
class Writer {
 public:
  /// With `given` and `diagnostics`, values get a comment that says where they come from.
  explicit Writer(const models::Scenario& scenario, const Given* given = nullptr,
                  const Diagnostics* diagnostics = nullptr)
      : scenario_(scenario), given_(given), diagnostics_(diagnostics) {}

  [[nodiscard]] const models::Scenario& scenario() const { return scenario_; }
  /// The comment of the value at the current path, which comes from `origin` if it is not given.
  [[nodiscard]] std::string comment(const std::string& origin) const;

  class Scope {
   public:
    Scope(const Writer& writer, std::string_view segment);
    ~Scope() { writer_.path_.resize(length_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Writer& writer_;
    std::size_t length_;
  };

 private:
  friend class Scope;
  const models::Scenario& scenario_;
  const Given* given_;
  const Diagnostics* diagnostics_;
  mutable std::string path_;
};

}  // namespace bcsim::tools
