// Rows of a distribution: `60s`, `never`, `exponential: 60s`, `lognormal: {mean: 240s, cv: 1}` …
#include <algorithm>
#include <cmath>

#include "tools/scenario/csv.hpp"
#include "tools/scenario/keys.hpp"

namespace bcsim::tools {
namespace {

using models::Distribution;

// What the forms may be given by; each form has a section with its own subset.
struct Parameters {
  std::optional<double> mean_s, cv, mu, sigma, shape, scale_s, p, mean1_s, mean2_s, from_s, to_s;
  std::optional<int> stages;
  std::string file, column, start_column, rate_column;
  Node file_node;
};

using Row = void (*)(SectionOf<Parameters>&);
constexpr double kNone = 0;

void mean_row(SectionOf<Parameters>& s) {
  s.key("mean", &Parameters::mean_s, if_given(seconds_value({.min = 0., .max = {}, .above = true})),
        language(), "Mean");
}
void cv_row(SectionOf<Parameters>& s) {
  s.key("cv", &Parameters::cv, if_given(number({.min = kNone, .max = 100., .above = true})),
        language(), "Coefficient of variation: standard deviation / mean");
}
void mu_row(SectionOf<Parameters>& s) {
  s.key("mu", &Parameters::mu, if_given(number({.min = -50., .max = 50.})), language(),
        "Mean of the logarithm of the seconds");
}
void sigma_row(SectionOf<Parameters>& s) {
  s.key("sigma", &Parameters::sigma, if_given(number({.min = kNone, .max = 10., .above = true})),
        language(), "Standard deviation of the logarithm of the seconds");
}
void shape_row(SectionOf<Parameters>& s) {
  s.key("shape", &Parameters::shape, if_given(number({.min = kNone, .max = 1e6, .above = true})),
        language(), "Shape");
}
void scale_row(SectionOf<Parameters>& s) {
  s.key("scale", &Parameters::scale_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "Scale");
}
void p_row(SectionOf<Parameters>& s) {
  s.key("p", &Parameters::p, if_given(percent()), language(), "Chance of the first mean");
}
void mean1_row(SectionOf<Parameters>& s) {
  s.key("mean1", &Parameters::mean1_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "First mean");
}
void mean2_row(SectionOf<Parameters>& s) {
  s.key("mean2", &Parameters::mean2_s,
        if_given(seconds_value({.min = 0., .max = {}, .above = true})), language(), "Second mean");
}
void from_row(SectionOf<Parameters>& s) {
  s.key("from", &Parameters::from_s, if_given(seconds_value()), language(), "Least value");
}
void to_row(SectionOf<Parameters>& s) {
  s.key("to", &Parameters::to_s, if_given(seconds_value()), language(), "Greatest value");
}
void stages_row(SectionOf<Parameters>& s) {
  s.key("stages", &Parameters::stages, if_given(count<int>({.min = 1, .max = 10000})), language(),
        "Number of exponential stages");
}
void file_row(SectionOf<Parameters>& s) {
  ValueType type;
  s.row(
       "file", type, language(), "A CSV file",
       [](Reader& r, const Node& node, Parameters& p) {
         if (r.scalar(node, "the name of a CSV file") != nullptr) p.file_node = node;
       },
       [](const Writer&, const Parameters&) { return std::optional<Out>(); })
      .require();
}
void column_row(SectionOf<Parameters>& s) {
  s.key("column", &Parameters::column, text(), language(), "Column of values in seconds")
      .default_is("the first");
}
void start_column_row(SectionOf<Parameters>& s) {
  s.key("start-column", &Parameters::start_column, text(), language(),
        "Column of the start of each piece, in seconds")
      .default_is("start_s");
}
void rate_column_row(SectionOf<Parameters>& s) {
  s.key("rate-column", &Parameters::rate_column, text(), language(),
        "Column of the hazard rate, per second")
      .default_is("rate_per_s");
}

std::shared_ptr<const Section> parameters(std::string name, std::vector<Row> rows) {
  SectionOf<Parameters> s(std::move(name), "Parameters of a distribution");
  for (const Row row : rows) row(s);
  return s.done();
}

// A form: how it is given, how it becomes a distribution, how it is written.
struct Form {
  std::string name, doc;
  std::shared_ptr<const Section> keys;
  bool scalar = false;  ///< a single duration will do
  std::function<std::optional<Distribution>(Reader&, const Node&, const Parameters&)> make;
  std::function<std::optional<Out>(const Distribution&)> write;
};

std::optional<Distribution> missing(Reader& r, const Node& node, const std::string& what) {
  r.error(node, "S-008", fmt::format("{} needs {}", node.key, what));
  return std::nullopt;
}

Out parameters_out(std::vector<std::pair<std::string, std::string>> values) {
  Out out = Out::map(true);
  for (auto& [name, value] : values) out.children.emplace_back(name, Out::scalar(value));
  return out;
}

Form exponential_form() {
  return {"exponential",
          "Memoryless; by its mean",
          parameters("exponential", {mean_row}),
          true,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (!p.mean_s) return missing(r, n, "a mean");
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

Form deterministic_form() {
  return {"deterministic",
          "Always the same",
          parameters("deterministic", {mean_row}),
          true,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (!p.mean_s) return missing(r, n, "a value");
            return models::Deterministic{*p.mean_s};
          },
          [](const Distribution& d) -> std::optional<Out> {
            const auto* e = std::get_if<models::Deterministic>(&d);
            if (e == nullptr) return std::nullopt;
            return Out::scalar(format_seconds(e->value_s));
          }};
}

Form lognormal_form() {
  return {
      "lognormal",
      "By mean and cv, or by mu and sigma of the logarithm of seconds",
      parameters("lognormal", {mean_row, cv_row, mu_row, sigma_row}),
      false,
      [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
        if (p.mean_s && p.cv && !p.mu && !p.sigma) return models::Lognormal{*p.mean_s, *p.cv};
        if (p.mu && p.sigma && !p.mean_s && !p.cv) {
          const double variance = *p.sigma * *p.sigma;
          return models::Lognormal{std::exp(*p.mu + variance / 2), std::sqrt(std::expm1(variance))};
        }
        return missing(r, n, "mean and cv, or mu and sigma");
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Lognormal>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out({{"mean", format_seconds(e->mean_s)}, {"cv", format_number(e->cv)}});
      }};
}

Form gamma_form() {
  return {
      "gamma",
      "By mean and cv, or by shape and scale",
      parameters("gamma", {mean_row, cv_row, shape_row, scale_row}),
      false,
      [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
        if (p.mean_s && p.cv && !p.shape && !p.scale_s) {
          return models::Gamma{*p.mean_s, *p.cv};
        }
        if (p.shape && p.scale_s && !p.mean_s && !p.cv) {
          return models::Gamma{*p.shape * *p.scale_s, 1 / std::sqrt(*p.shape)};
        }
        return missing(r, n, "mean and cv, or shape and scale");
      },
      [](const Distribution& d) -> std::optional<Out> {
        const auto* e = std::get_if<models::Gamma>(&d);
        if (e == nullptr) return std::nullopt;
        return parameters_out({{"mean", format_seconds(e->mean_s)}, {"cv", format_number(e->cv)}});
      }};
}

Form weibull_form() {
  return {"weibull",
          "By mean and cv, or by shape and scale",
          parameters("weibull", {mean_row, cv_row, shape_row, scale_row}),
          false,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (p.shape && p.scale_s && !p.mean_s && !p.cv) {
              return models::Weibull{*p.shape, *p.scale_s};
            }
            if (!p.mean_s || !p.cv || p.shape || p.scale_s) {
              return missing(r, n, "mean and cv, or shape and scale");
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

Form hyperexponential_form() {
  return {"hyperexponential",
          "By mean and cv (at least 1, balanced means), or by p and two means",
          parameters("hyperexponential", {mean_row, cv_row, p_row, mean1_row, mean2_row}),
          false,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (p.p && p.mean1_s && p.mean2_s && !p.mean_s && !p.cv) {
              return models::Hyperexponential{*p.p, *p.mean1_s, *p.mean2_s};
            }
            if (!p.mean_s || !p.cv || p.p || p.mean1_s || p.mean2_s) {
              return missing(r, n, "mean and cv, or p, mean1 and mean2");
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

Form uniform_form() {
  return {"uniform",
          "Anything between two values",
          parameters("uniform", {from_row, to_row}),
          false,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (!p.from_s || !p.to_s) return missing(r, n, "from and to");
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

Form erlang_form() {
  return {"erlang",
          "Sum of exponential stages; cv = 1/sqrt(stages)",
          parameters("erlang", {stages_row, mean_row}),
          false,
          [](Reader& r, const Node& n, const Parameters& p) -> std::optional<Distribution> {
            if (!p.stages || !p.mean_s) return missing(r, n, "stages and mean");
            return models::Erlang{*p.stages, *p.mean_s};
          },
          [](const Distribution& d) -> std::optional<Out> {
            const auto* e = std::get_if<models::Erlang>(&d);
            if (e == nullptr) return std::nullopt;
            return parameters_out(
                {{"stages", fmt::format("{}", e->stages)}, {"mean", format_seconds(e->mean_s)}});
          }};
}

std::vector<Form> simple_forms() {
  return {exponential_form(), lognormal_form(),        gamma_form(),   weibull_form(),
          erlang_form(),      hyperexponential_form(), uniform_form(), deterministic_form()};
}

Row column_rows[] = {file_row, column_row};
Row hazard_rows[] = {file_row, start_column_row, rate_column_row};

std::optional<Distribution> empirical(Reader& r, const Node& node) {
  models::Empirical result;
  if (node.is_list()) {
    list(seconds_value(), "values").read(r, node, result.values_s);
  } else {
    Parameters p;
    read_section(r, *parameters("empirical", {column_rows[0], column_rows[1]}), node, &p);
    if (!p.file_node.is_scalar()) return std::nullopt;
    const auto csv = read_csv(r, p.file_node);
    if (!csv) return std::nullopt;
    const auto column = p.column.empty() ? std::optional<std::size_t>(0)
                                         : find_column(r, *csv, p.column, p.file_node.at);
    if (!column) return std::nullopt;
    for (const auto& row : csv->rows) {
      if (const auto value = csv_seconds(r, row[*column])) result.values_s.push_back(*value);
    }
  }
  if (result.values_s.empty()) return missing(r, node, "at least one value");
  std::sort(result.values_s.begin(), result.values_s.end());
  return result;
}

struct Piece {
  double from_s = 0, rate_per_s = 0;
};

std::shared_ptr<const Section> piece_section() {
  static const auto keys = [] {
    SectionOf<Piece> s("a piece of the hazard", "The hazard rate from then on");
    s.key("from", &Piece::from_s, seconds_value(), language(), "Start of the piece").require();
    s.key("rate", &Piece::rate_per_s, rate(), language(), "Hazard rate in it").require();
    return s.done();
  }();
  return keys;
}

std::optional<Distribution> hazard(Reader& r, const Node& node) {
  std::vector<Piece> pieces;
  if (node.is_list()) {
    list(section<Piece>(piece_section()), "pieces").read(r, node, pieces);
  } else {
    Parameters p;
    read_section(r,
                 *parameters("piecewise-hazard", {hazard_rows[0], hazard_rows[1], hazard_rows[2]}),
                 node, &p);
    if (!p.file_node.is_scalar()) return std::nullopt;
    const auto csv = read_csv(r, p.file_node);
    if (!csv) return std::nullopt;
    const auto start =
        find_column(r, *csv, p.start_column.empty() ? "start_s" : p.start_column, p.file_node.at);
    const auto rate =
        find_column(r, *csv, p.rate_column.empty() ? "rate_per_s" : p.rate_column, p.file_node.at);
    if (!start || !rate) return std::nullopt;
    for (const auto& row : csv->rows) {
      const auto from = csv_seconds(r, row[*start]);
      const auto value = csv_number(r, row[*rate]);
      if (from && value) pieces.push_back({*from, *value});
    }
  }
  if (pieces.empty()) return missing(r, node, "at least one piece");
  models::PiecewiseHazard result;
  for (const Piece& piece : pieces) {
    const bool first = result.start_s.empty();
    if (first ? piece.from_s != 0 : piece.from_s <= result.start_s.back()) {
      r.error(node, "S-006",
              first ? "the first piece must start at 0s" : "the pieces must follow one another");
      return std::nullopt;
    }
    result.start_s.push_back(piece.from_s);
    result.rate_per_s.push_back(piece.rate_per_s);
  }
  return result;
}

Out write_hazard(const models::PiecewiseHazard& h) {
  Out out = Out::list();
  for (std::size_t i = 0; i < h.start_s.size(); ++i) {
    out.children.emplace_back("", parameters_out({{"from", format_seconds(h.start_s[i])},
                                                  {"rate", format_rate(h.rate_per_s[i])}}));
  }
  return out;
}

ValueType file_or_list(std::shared_ptr<const Section> file, ValueType list) {
  ValueType type;
  type.kind = Kind::any_of;
  ValueType section;
  section.kind = Kind::section;
  section.section = std::move(file);
  type.elements = {std::move(list), std::move(section)};
  return type;
}

std::shared_ptr<const Section> distribution_section() {
  static const auto keys = [] {
    SectionOf<Distribution> s("distribution", "How a duration varies");
    for (const Form& form : simple_forms()) {
      ValueType map;
      map.kind = Kind::section;
      map.section = form.keys;
      ValueType type = map;
      if (form.scalar) {
        type = {};
        type.kind = Kind::any_of;
        type.elements = {seconds_value().type, map};
      }
      s.row(
           form.name, type, language(), form.doc,
           [form](Reader& r, const Node& node, Distribution& value) {
             Parameters p;
             if (form.scalar && node.is_scalar()) {
               p.mean_s = 0;
               const std::size_t before = r.diagnostics().all().size();
               seconds_value().read(r, node, *p.mean_s);
               if (r.diagnostics().all().size() != before) return;
             } else {
               read_section(r, *form.keys, node, &p);
             }
             if (const auto made = form.make(r, node, p)) value = *made;
           },
           [form](const Writer&, const Distribution& value) { return form.write(value); })
          .excludes("distribution");
    }
    s.row(
         "empirical",
         file_or_list(parameters("empirical", {column_rows[0], column_rows[1]}),
                      list(seconds_value(), "values").type),
         language(), "Measured values, drawn with equal chance",
         [](Reader& r, const Node& node, Distribution& value) {
           if (auto made = empirical(r, node)) value = std::move(*made);
         },
         [](const Writer& w, const Distribution& value) -> std::optional<Out> {
           const auto* e = std::get_if<models::Empirical>(&value);
           if (e == nullptr) return std::nullopt;
           return list(seconds_value(), "values", true).write(w, e->values_s);
         })
        .excludes("distribution");
    s.row(
         "piecewise-hazard",
         file_or_list(
             parameters("piecewise-hazard", {hazard_rows[0], hazard_rows[1], hazard_rows[2]}),
             list(section<Piece>(piece_section()), "pieces").type),
         language(), "Hazard rate constant in pieces; a last rate of 0/s never ends",
         [](Reader& r, const Node& node, Distribution& value) {
           if (auto made = hazard(r, node)) value = std::move(*made);
         },
         [](const Writer&, const Distribution& value) -> std::optional<Out> {
           const auto* e = std::get_if<models::PiecewiseHazard>(&value);
           if (e == nullptr) return std::nullopt;
           return write_hazard(*e);
         })
        .excludes("distribution");
    return s.done();
  }();
  return keys;
}

}  // namespace

Codec<Distribution> distribution() {
  Codec<Distribution> codec;
  codec.type.kind = Kind::any_of;
  codec.type.what = "distribution";
  codec.type.words = {"never"};
  ValueType map;
  map.kind = Kind::section;
  map.section = distribution_section();
  codec.type.elements = {seconds_value().type, map};
  codec.read = [](Reader& r, const Node& node, Distribution& value) {
    if (node.is_scalar() && node.text == "never") {
      value = models::Never{};
    } else if (node.is_scalar()) {
      double s = 0;
      const std::size_t before = r.diagnostics().all().size();
      seconds_value().read(r, node, s);
      if (r.diagnostics().all().size() == before) value = models::Deterministic{s};
    } else if (node.is_map() && node.children.empty()) {
      r.error(node, "S-008", "a distribution is missing", "such as {exponential: 60s}");
    } else if (!node.is_map()) {
      r.error(node, "S-003", fmt::format("expected a distribution, found {}", kind_name(node.kind)),
              "such as {exponential: 60s}");
    } else {
      read_section(r, *distribution_section(), node, &value);
    }
  };
  codec.write = [](const Writer& w, const Distribution& value) -> std::optional<Out> {
    if (std::holds_alternative<models::Never>(value)) return Out::scalar("never");
    Out out = write_section(w, *distribution_section(), &value);
    for (auto& [name, child] : out.children) child.comment.clear();
    out.flow = !std::holds_alternative<models::PiecewiseHazard>(value);
    return out;
  };
  return codec;
}

}  // namespace bcsim::tools
