// Calls that come as they are listed: in the scenario, or in a CSV file.
#include <algorithm>

#include "tools/scenario/keys/arrivals.hpp"
#include "tools/scenario/table/csv.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {
namespace {

using models::ArrivalSpec;
using models::SingleCall;
using models::SingleCalls;

std::shared_ptr<const Section> single_call_section() {
  static const auto keys = [] {
    SectionOf<SingleCall> s("a call", "One call, pinned");
    s.key("at", &SingleCall::at, instant(), language(), "Arrival").require();
    s.key("talk", &SingleCall::talk, if_given(duration()), language(), "Talk time")
        .default_is("drawn");
    Codec<sim::Duration> forever = duration();
    forever.type.words = {"never"};
    forever.read = [](Reader& r, const Node& node, sim::Duration& value) {
      if (node.is_scalar() && node.text == "never") {
        value = sim::Duration::max();
      } else {
        duration().read(r, node, value);
      }
    };
    forever.write = [](const Writer&, const sim::Duration& value) {
      return Out::scalar(value == sim::Duration::max() ? "never" : format_duration(value));
    };
    s.key("patience", &SingleCall::patience, if_given(forever), language(), "Patience in the queue")
        .default_is("drawn");
    s.key("gateway", &SingleCall::gateway, if_given(gateway_reference()), language(),
          "Through this gateway")
        .default_is("drawn");
    return s.done();
  }();
  return keys;
}

/// Kept as it is: it may be as long as a file.
Codec<Node> file_text() {
  Codec<Node> codec = file_name();
  codec.read = [](Reader& r, const Node& node, Node& value) {
    if (r.scalar(node, "rows of a CSV file") != nullptr) value = node;
  };
  return codec;
}

struct CallFile {
  Node file;
  Node rows;
};

std::shared_ptr<const Section> call_file_section() {
  static const auto keys = [] {
    SectionOf<CallFile> s(
        "a file of calls",
        "A CSV file with columns arrival_s and, if wanted, talk_s, patience_s and "
        "gateway; empty cells are drawn");
    s.key("file", &CallFile::file, file_name(), language(), "The CSV file");
    s.key("rows", &CallFile::rows, file_text(), language(),
          "What would be in the file; the effective scenario has more than 1 000 calls so");
    return s.done();
  }();
  return keys;
}

std::optional<std::size_t> optional_column(const Csv& csv, std::string_view name) {
  for (std::size_t i = 0; i < csv.header.size(); ++i) {
    if (csv.header[i].text == name) return i;
  }
  return std::nullopt;
}

/// What a recording says besides and a scenario does not take from it.
void warn_of_other_columns(Reader& r, const Csv& csv) {
  static const std::vector<std::string> known = {"arrival_s", "talk_s", "patience_s", "gateway"};
  const CsvCell* first = nullptr;
  std::string names, hint;
  for (const CsvCell& cell : csv.header) {
    if (std::ranges::count(known, cell.text) > 0) continue;
    if (first == nullptr) first = &cell;
    names += (names.empty() ? "'" : ", '") + cell.text + "'";
    if (hint.empty()) hint = nearest(cell.text, known);
    if (cell.text.starts_with("acw") || cell.text.starts_with("after")) {
      hint = "after-call work is drawn from after-call-work of the stream";
    }
  }
  if (first == nullptr) return;
  const bool one = names.find(", '") == std::string::npos;
  if (std::ranges::count(known, hint) > 0) hint = fmt::format("did you mean '{}'?", hint);
  r.diagnostics().warning(
      "M-W09", first->at,
      fmt::format("column{} {} {} not read", one ? "" : "s", names, one ? "is" : "are"),
      hint.empty() ? "read are arrival_s, talk_s, patience_s and gateway" : hint);
}

std::vector<SingleCall> read_calls(Reader& r, const std::optional<Csv>& csv, const Location& at) {
  if (!csv) return {};
  const auto arrival = find_column(r, *csv, "arrival_s", at);
  if (!arrival) return {};
  const auto talk = optional_column(*csv, "talk_s"), patience = optional_column(*csv, "patience_s");
  const auto gateway = optional_column(*csv, "gateway");
  warn_of_other_columns(r, *csv);
  const auto time = [&](const CsvCell& cell, bool never) -> std::optional<sim::Duration> {
    if (cell.text.empty()) return std::nullopt;
    if (never && cell.text == "never") return sim::Duration::max();
    const auto s = csv_seconds(r, cell);
    return s ? std::optional(sim::from_seconds(*s)) : std::nullopt;
  };
  std::vector<SingleCall> calls;
  for (const auto& row : csv->rows) {
    auto when = csv_time(r, row[*arrival]);
    if (when && *when < sim::Duration::zero()) {
      when = r.since_start(*parse_clock(row[*arrival].text));
    }
    if (!when || *when < sim::Duration::zero()) continue;
    SingleCall call;
    call.at = sim::kStart + *when;
    if (talk) call.talk = time(row[*talk], false);
    if (patience) call.patience = time(row[*patience], true);
    if (gateway && !row[*gateway].text.empty()) {
      Node name;
      name.kind = Node::Kind::scalar;
      name.text = row[*gateway].text;
      name.at = row[*gateway].at;
      call.gateway = r.reference(name, "gateway", r.names.gateways);
    }
    calls.push_back(call);
  }
  return calls;
}

/// Lists are easier to read, rows to write and read again by the hundred thousand.
constexpr std::size_t kMostListed = 1000;

std::string csv_rows(const Writer& w, const std::vector<SingleCall>& calls) {
  std::string text = "arrival_s,talk_s,patience_s,gateway\n";
  for (const SingleCall& call : calls) {
    text += format_duration(call.at - sim::kStart) + ',';
    if (call.talk) text += format_duration(*call.talk);
    text += ',';
    if (call.patience) {
      text += *call.patience == sim::Duration::max() ? "never" : format_duration(*call.patience);
    }
    text += ',';
    if (call.gateway) text += w.scenario().gateways[*call.gateway].name;
    text += '\n';
  }
  return text;
}

}  // namespace

Codec<ArrivalSpec> single_calls() {
  const auto inline_calls = list(section<SingleCall>(single_call_section()), "calls");
  Codec<ArrivalSpec> codec;
  codec.type.kind = Kind::any_of;
  codec.type.elements = {inline_calls.type, section<CallFile>(call_file_section()).type};
  codec.read = [inline_calls](Reader& r, const Node& node, ArrivalSpec& value) {
    SingleCalls calls;
    if (node.is_map()) {
      CallFile given;
      read_section(r, *call_file_section(), node, &given);
      if (given.file.is_scalar() == given.rows.is_scalar()) {
        r.error(node, "S-008", "calls need a file, or rows", "calls: {file: calls.csv}");
      } else if (given.file.is_scalar()) {
        calls.calls = read_calls(r, read_csv(r, given.file), given.file.at);
      } else {
        calls.calls = read_calls(r, parse_csv(r, given.rows), given.rows.at);
      }
    } else {
      inline_calls.read(r, node, calls.calls);
    }
    std::stable_sort(calls.calls.begin(), calls.calls.end(),
                     [](const SingleCall& a, const SingleCall& b) { return a.at < b.at; });
    value = std::move(calls);
  };
  codec.write = [](const Writer& w, const ArrivalSpec& value) -> std::optional<Out> {
    const auto* calls = std::get_if<SingleCalls>(&value);
    if (calls == nullptr) return std::nullopt;
    if (calls->calls.size() <= kMostListed) {
      return flow_list(w, *single_call_section(), calls->calls);
    }
    Out out = Out::map();
    out.children.emplace_back("rows", Out::scalar(csv_rows(w, calls->calls), true));
    return out;
  };
  return codec;
}

}  // namespace bcsim::tools
