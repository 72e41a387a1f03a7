// The forms of a distribution that are given by parameters alone.
#include "tools/scenario/keys/distribution_forms.hpp"

#include <cmath>

namespace bcsim::tools {

using models::Distribution;

namespace {

using ParameterRow = void (*)(SectionOf<DistributionParameters>&);
constexpr double kNone = 0;

void mean_row(SectionOf<DistributionParameters>& s) {
  s.key("mean", &DistributionParameters::mean_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "Mean");
}
void cv_row(SectionOf<DistributionParameters>& s) {
  s.key("cv", &DistributionParameters::cv,
        if_given(number({.min = kNone, .max = 100., .above = true})), language(),
        "Coefficient of variation: standard deviation / mean");
}
void mu_row(SectionOf<DistributionParameters>& s) {
  s.key("mu", &DistributionParameters::mu, if_given(number({.min = -50., .max = 50.})), language(),
        "Mean of the logarithm of the seconds");
}
void sigma_row(SectionOf<DistributionParameters>& s) {
  s.key("sigma", &DistributionParameters::sigma,
        if_given(number({.min = kNone, .max = 10., .above = true})), language(),
        "Standard deviation of the logarithm of the seconds");
}
void shape_row(SectionOf<DistributionParameters>& s) {
  s.key("shape", &DistributionParameters::shape,
        if_given(number({.min = kNone, .max = 1e6, .above = true})), language(), "Shape");
}
void scale_row(SectionOf<DistributionParameters>& s) {
  s.key("scale", &DistributionParameters::scale_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "Scale");
}
void p_row(SectionOf<DistributionParameters>& s) {
  s.key("p", &DistributionParameters::p, if_given(percent()), language(),
        "Chance of the first mean");
}
void mean1_row(SectionOf<DistributionParameters>& s) {
  s.key("mean1", &DistributionParameters::mean1_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "First mean");
}
void mean2_row(SectionOf<DistributionParameters>& s) {
  s.key("mean2", &DistributionParameters::mean2_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "Second mean");
}
void from_row(SectionOf<DistributionParameters>& s) {
  s.key("from", &DistributionParameters::from_s, if_given(seconds_value()), language(),
        "Least value");
}
void to_row(SectionOf<DistributionParameters>& s) {
  s.key("to", &DistributionParameters::to_s, if_given(seconds_value()), language(),
        "Greatest value");
}
void stages_row(SectionOf<DistributionParameters>& s) {
  s.key("stages", &DistributionParameters::stages, if_given(count<int>({.min = 1, .max = 10000})),
        language(), "Number of exponential stages");
}
std::shared_ptr<const Section> parameters(std::string name, std::vector<ParameterRow> rows) {
  SectionOf<DistributionParameters> s(std::move(name), "DistributionParameters of a distribution");
  for (const ParameterRow row : rows) row(s);
  return s.done();
}

// A form: how it is given, how it becomes a distribution, how it is written.

}  // namespace

std::optional<Distribution> missing_parameter(Reader& r, const Node& node,
                                              const std::string& what) {
  r.error(node, "S-008", fmt::format("{} needs {}", node.key, what));
  return std::nullopt;
}

Out parameters_out(std::vector<std::pair<std::string, std::string>> values) {
  Out out = Out::map(true);
  for (auto& [name, value] : values) out.children.emplace_back(name, Out::scalar(value));
  return out;
}

namespace {

DistributionForm exponential_form() {
  return {
      "exponential",
      "Memoryless; by its mean",
      parameters("exponential", {mean_row}),
      true,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (!p.mean_s) return missing_parameter(r, n, "a mean");
        if (!(*p.mean_s > 0)) {
          r.error(n, "S-006", "the mean must be more than 0s", "write deterministic: 0s");
          return std::nullopt;
        }
        return models::Exponential{*p.mean_s};
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Exponential>(&d);
        if (e == nullptr) return std::nullopt;
        return Out::scalar(format_seconds(e->mean_s));
      }};
}

DistributionForm deterministic_form() {
  return {
      "deterministic",
      "Always the same",
      parameters("deterministic", {mean_row}),
      true,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (!p.mean_s) return missing_parameter(r, n, "a value");
        return models::Deterministic{*p.mean_s};
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Deterministic>(&d);
        if (e == nullptr) return std::nullopt;
        return Out::scalar(format_seconds(e->value_s));
      }};
}

DistributionForm lognormal_form() {
  return {
      "lognormal",
      "By mean and cv, or by mu and sigma of the logarithm of seconds",
      parameters("lognormal", {mean_row, cv_row, mu_row, sigma_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (p.mean_s && p.cv && !p.mu && !p.sigma) return models::Lognormal{*p.mean_s, *p.cv};
        if (p.mu && p.sigma && !p.mean_s && !p.cv) {
          const double variance = *p.sigma * *p.sigma;
          return models::Lognormal{std::exp(*p.mu + variance / 2), std::sqrt(std::expm1(variance))};
        }
        return missing_parameter(r, n, "mean and cv, or mu and sigma");
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Lognormal>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out({{"mean", format_seconds(e->mean_s)}, {"cv", format_number(e->cv)}});
      }};
}

DistributionForm gamma_form() {
  return {
      "gamma",
      "By mean and cv, or by shape and scale",
      parameters("gamma", {mean_row, cv_row, shape_row, scale_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (p.mean_s && p.cv && !p.shape && !p.scale_s) {
          return models::Gamma{*p.mean_s, *p.cv};
        }
        if (p.shape && p.scale_s && !p.mean_s && !p.cv) {
          return models::Gamma{*p.shape * *p.scale_s, 1 / std::sqrt(*p.shape)};
        }
        return missing_parameter(r, n, "mean and cv, or shape and scale");
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Gamma>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out({{"mean", format_seconds(e->mean_s)}, {"cv", format_number(e->cv)}});
      }};
}

DistributionForm weibull_form() {
  return {
      "weibull",
      "By mean and cv, or by shape and scale",
      parameters("weibull", {mean_row, cv_row, shape_row, scale_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (p.shape && p.scale_s && !p.mean_s && !p.cv) {
          return models::Weibull{*p.shape, *p.scale_s};
        }
        if (!p.mean_s || !p.cv || p.shape || p.scale_s) {
          return missing_parameter(r, n, "mean and cv, or shape and scale");
        }
        if (*p.cv < 0.01 || *p.cv > 20) {
          r.error(n, "S-006", "the cv of a weibull must be from 0.01 to 20");
          return std::nullopt;
        }
        return models::weibull_by_moments(*p.mean_s, *p.cv);
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Weibull>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out(
            {{"shape", format_number(e->shape)}, {"scale", format_seconds(e->scale_s)}});
      }};
}

DistributionForm hyperexponential_form() {
  return {
      "hyperexponential",
      "By mean and cv (at least 1, balanced means), or by p and two means",
      parameters("hyperexponential", {mean_row, cv_row, p_row, mean1_row, mean2_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (p.p && p.mean1_s && p.mean2_s && !p.mean_s && !p.cv) {
          return models::Hyperexponential{*p.p, *p.mean1_s, *p.mean2_s};
        }
        if (!p.mean_s || !p.cv || p.p || p.mean1_s || p.mean2_s) {
          return missing_parameter(r, n, "mean and cv, or p, mean1 and mean2");
        }
        if (*p.cv < 1) {
          r.error(n, "S-006", "the cv of a hyperexponential is at least 1",
                  "use erlang or gamma for less");
          return std::nullopt;
        }
        return models::hyperexponential_by_moments(*p.mean_s, *p.cv);
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Hyperexponential>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out({{"p", format_percent(e->p)},
                               {"mean1", format_seconds(e->mean1_s)},
                               {"mean2", format_seconds(e->mean2_s)}});
      }};
}

DistributionForm uniform_form() {
  return {
      "uniform",
      "Anything between two values",
      parameters("uniform", {from_row, to_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (!p.from_s || !p.to_s) return missing_parameter(r, n, "from and to");
        if (*p.to_s < *p.from_s) {
          r.error(n, "S-006", "'to' is less than 'from'");
          return std::nullopt;
        }
        return models::Uniform{*p.from_s, *p.to_s};
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Uniform>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out(
            {{"from", format_seconds(e->low_s)}, {"to", format_seconds(e->high_s)}});
      }};
}

DistributionForm erlang_form() {
  return {
      "erlang",
      "Sum of exponential stages; cv = 1/sqrt(stages)",
      parameters("erlang", {stages_row, mean_row}),
      false,
      [](Reader& r, const Node& n, const DistributionParameters& p) -> std::optional<Distribution> {
        if (!p.stages || !p.mean_s) return missing_parameter(r, n, "stages and mean");
        return models::Erlang{*p.stages, *p.mean_s};
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Erlang>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out(
            {{"stages", fmt::format("{}", e->stages)}, {"mean", format_seconds(e->mean_s)}});
      }};
}

}  // namespace

std::vector<DistributionForm> distribution_forms() {
  return {exponential_form(), lognormal_form(),        gamma_form(),   weibull_form(),
          erlang_form(),      hyperexponential_form(), uniform_form(), deterministic_form()};
}

}  // namespace bcsim::tools
