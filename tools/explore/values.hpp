// Values for keys of the scenario language, made from what the table of keys says of each: a key
// that is added to the table is explored from then on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/explore/chance.hpp"
#include "tools/scenario/table/table.hpp"
#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

/// What a scenario has that values may refer to.
struct Offer {
  struct Group {
    std::string name;
    std::size_t count = 1;
  };
  std::vector<std::string> sites, locations, gateways, queues;
  std::vector<Group> groups;
  double horizon_s = 3600;
  /// Dates on which something happens already: others that touch them are the interesting ones.
  std::vector<double> instants_s;
};
/// Of a scenario as it is written; what is left out there has its default name.
[[nodiscard]] Offer offer_of(const Node& root);

/// How values are drawn in one world.
struct Temper {
  double density = 0.02;  ///< chance of an optional key to be given
  double wildness = 0.3;  ///< chance of a value far from the usual one
};

class ValueMaker {
 public:
  ValueMaker(Chance& chance, Offer& offer, const Temper& temper)
      : chance_(chance), offer_(offer), temper_(temper) {}

  /// A value of this type; `usual` is the default's text, or empty. nullopt: none can be made up
  /// (files, free names).
  [[nodiscard]] std::optional<Node> value(const ValueType& type, const std::string& usual = "");
  /// A section with its required keys and, as likely as `density`, others.
  [[nodiscard]] std::optional<Node> section(const Section& section, double density);
  [[nodiscard]] double instant_s();
  [[nodiscard]] std::string name_of(const std::string& what);

 private:
  [[nodiscard]] double duration_s(const ValueType& type, const std::string& usual);
  [[nodiscard]] double quantity(const ValueType& type, std::optional<double> usual,
                                const std::vector<double>& notable, double low, double high);
  [[nodiscard]] std::optional<Node> map(const ValueType& type);
  [[nodiscard]] std::optional<Node> list(const ValueType& type);
  [[nodiscard]] std::string text(const std::string& what);

  Chance& chance_;
  Offer& offer_;
  const Temper& temper_;
};

/// "90s" for a number of seconds, as exact as the language is.
[[nodiscard]] std::string duration_text(double s);
/// Does reading such a section need a file?
[[nodiscard]] bool needs_file(const Section& section);
/// Is it a section of settings, all of which may be left out?
[[nodiscard]] bool all_optional(const Section& section);

}  // namespace bcsim::tools
