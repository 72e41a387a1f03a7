#include "models/checks/check.hpp"

#include <fmt/format.h>

namespace bcsim::models {

std::string Findings::at_time(SimTime at) {
  return fmt::format("at {:.6f} s: ", sim::seconds(at));
}

Verdict Findings::verdict(std::string id, std::string rules, bool applies, std::string good,
                          std::string absent) const {
  Verdict v;
  v.id = std::move(id);
  v.rules = std::move(rules);
  v.examined = examined_;
  v.violations = violations_;
  if (violations_ > 0) {
    v.status = VerdictStatus::violated;
    v.text = violations_ == 1 ? first_ : fmt::format("{} (and {} more)", first_, violations_ - 1);
  } else {
    v.status = applies ? VerdictStatus::good : VerdictStatus::not_applicable;
    v.text = applies ? std::move(good) : std::move(absent);
  }
  return v;
}

}  // namespace bcsim::models
