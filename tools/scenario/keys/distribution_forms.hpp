// The forms of a distribution that are given by parameters alone: exponential, lognormal …
#pragma once

#include "tools/scenario/table/codecs.hpp"

namespace bcsim::tools {

/// What the forms may be given by; each form has a section with its own subset.
struct DistributionParameters {
  std::optional<double> mean_s, cv, mu, sigma, shape, scale_s, p, mean1_s, mean2_s, from_s, to_s;
  std::optional<int> stages;
};

/// A form: how it is given, how it becomes a distribution, how it is written.
struct DistributionForm {
  std::string name, doc;
  std::shared_ptr<const Section> keys;
  bool scalar = false;  ///< a single duration will do
  std::function<std::optional<models::Distribution>(Reader&, const Node&,
                                                    const DistributionParameters&)>
      make;
  /// nullopt if the distribution is not of this form.
  std::function<std::optional<Out>(const models::Distribution&)> write;
};
[[nodiscard]] std::vector<DistributionForm> distribution_forms();

/// Reports that something is missing.
std::optional<models::Distribution> missing_parameter(Reader& r, const Node& node,
                                                      const std::string& what);
/// A map of values on one line.
[[nodiscard]] Out parameters_out(std::vector<std::pair<std::string, std::string>> values);

}  // namespace bcsim::tools
