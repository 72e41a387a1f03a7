// Rows of a distribution: `60s`, `never`, `exponential: 60s`, `lognormal: {mean: 240s, cv: 1}` …
#include <algorithm>

#include "tools/scenario/keys/distribution_forms.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/table/csv.hpp"

namespace bcsim::tools {
namespace {

using models::Distribution;

// `{file: …}` instead of values one by one.
struct ValueFile {
  std::string column, start_column, rate_column;
  Node file;
};
using FileRow = void (*)(SectionOf<ValueFile>&);

void file_row(SectionOf<ValueFile>& s) {
  ValueType type;
  s.row(
       "file", type, language(), "A CSV file",
       [](Reader& r, const Node& node, ValueFile& p) {
         if (r.scalar(node, "the name of a CSV file") != nullptr) p.file = node;
       },
       [](const Writer&, const ValueFile&) { return std::optional<Out>(); })
      .require();
}
void column_row(SectionOf<ValueFile>& s) {
  s.key("column", &ValueFile::column, text(), language(), "Column of values in seconds")
      .default_is("the first");
}
void start_column_row(SectionOf<ValueFile>& s) {
  s.key("start-column", &ValueFile::start_column, text(), language(),
        "Column of the start of each piece, in seconds")
      .default_is("start_s");
}
void rate_column_row(SectionOf<ValueFile>& s) {
  s.key("rate-column", &ValueFile::rate_column, text(), language(),
        "Column of the hazard rate, per second")
      .default_is("rate_per_s");
}

std::shared_ptr<const Section> file_section(std::string name, std::vector<FileRow> rows) {
  SectionOf<ValueFile> s(std::move(name), "Values from a CSV file");
  for (const FileRow row : rows) row(s);
  return s.done();
}

std::shared_ptr<const Section> empirical_file() {
  static const auto keys = file_section("empirical", {file_row, column_row});
  return keys;
}

std::shared_ptr<const Section> hazard_file() {
  static const auto keys =
      file_section("piecewise-hazard", {file_row, start_column_row, rate_column_row});
  return keys;
}

std::optional<Distribution> empirical(Reader& r, const Node& node) {
  models::Empirical result;
  if (node.is_list()) {
    list(seconds_value(), "values").read(r, node, result.values_s);
  } else {
    ValueFile p;
    read_section(r, *empirical_file(), node, &p);
    if (!p.file.is_scalar()) return std::nullopt;
    const auto csv = read_csv(r, p.file);
    if (!csv) return std::nullopt;
    const auto column = p.column.empty() ? std::optional<std::size_t>(0)
                                         : find_column(r, *csv, p.column, p.file.at);
    if (!column) return std::nullopt;
    for (const auto& row : csv->rows) {
      if (const auto value = csv_seconds(r, row[*column])) result.values_s.push_back(*value);
    }
  }
  if (result.values_s.empty()) return missing_parameter(r, node, "at least one value");
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
    ValueFile p;
    read_section(r, *hazard_file(), node, &p);
    if (!p.file.is_scalar()) return std::nullopt;
    const auto csv = read_csv(r, p.file);
    if (!csv) return std::nullopt;
    const auto start =
        find_column(r, *csv, p.start_column.empty() ? "start_s" : p.start_column, p.file.at);
    const auto rate =
        find_column(r, *csv, p.rate_column.empty() ? "rate_per_s" : p.rate_column, p.file.at);
    if (!start || !rate) return std::nullopt;
    for (const auto& row : csv->rows) {
      const auto from = csv_seconds(r, row[*start]);
      const auto value = csv_number(r, row[*rate]);
      if (from && value) pieces.push_back({*from, *value});
    }
  }
  if (pieces.empty()) return missing_parameter(r, node, "at least one piece");
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
    for (const DistributionForm& form : distribution_forms()) {
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
             DistributionParameters p;
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
         "empirical", file_or_list(empirical_file(), list(seconds_value(), "values").type),
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
         file_or_list(hazard_file(), list(section<Piece>(piece_section()), "pieces").type),
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
