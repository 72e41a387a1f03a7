#include "tools/scenario/keys/staffing.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/scenario/table/csv.hpp"

namespace bcsim::tools {
namespace {

using models::StaffingStep;
using Steps = std::vector<StaffingStep>;

struct Step {
  sim::SimTime at{};
  std::uint32_t count = 0;
};

std::shared_ptr<const Section> step_section() {
  static const auto keys = [] {
    SectionOf<Step> s("a step of staffing", "So many are at work from then on");
    s.key("at", &Step::at, instant(true), language(), "From when").require();
    s.key("count", &Step::count, count<std::uint32_t>({.min = 0, .max = 1'000'000}), language(),
          "How many")
        .require();
    return s.done();
  }();
  return keys;
}

// One of several groups that share the agents of a file: "1/2" is the first of two.
struct StaffingPart {
  std::uint32_t number = 1, of = 1;
  // Whole people: what is left over goes to the first parts.
  [[nodiscard]] std::uint32_t take(std::uint32_t all) const {
    return all / of + (number <= all % of ? 1 : 0);
  }
};

struct StaffingFile {
  Node file, start_column, count_column;
  double share = 1;
  StaffingPart part;
};

Codec<Node> raw_text() {
  Codec<Node> codec;
  codec.type.kind = Kind::text;
  codec.read = [](Reader& r, const Node& node, Node& value) {
    if (r.scalar(node, "text") != nullptr) value = node;
  };
  codec.write = [](const Writer&, const Node&) { return std::nullopt; };
  return codec;
}

Codec<StaffingPart> part() {
  Codec<StaffingPart> codec;
  codec.type.what = "fraction such as 1/2";
  codec.read = [](Reader& r, const Node& node, StaffingPart& value) {
    const std::string* text = r.scalar(node, "a part such as 1/2");
    if (text == nullptr) return;
    const std::size_t slash = text->find('/');
    if (slash != std::string::npos) {
      const auto number = parse_count(text->substr(0, slash));
      const auto of = parse_count(text->substr(slash + 1));
      const auto* n = std::get_if<std::uint64_t>(&number);
      const auto* d = std::get_if<std::uint64_t>(&of);
      if (n != nullptr && d != nullptr && *n >= 1 && *n <= *d && *d <= 1000) {
        value = {static_cast<std::uint32_t>(*n), static_cast<std::uint32_t>(*d)};
        return;
      }
    }
    r.error(node, "S-003", fmt::format("'{}' is not a part", *text),
            "1/2 is the first of two groups, 2/2 the second");
  };
  codec.write = [](const Writer&, const StaffingPart& value) {
    return Out::scalar(fmt::format("{}/{}", value.number, value.of));
  };
  return codec;
}

std::shared_ptr<const Section> staffing_file_section() {
  static const auto keys = [] {
    SectionOf<StaffingFile> s("a staffing file", "A CSV file of agents at work");
    s.key("file", &StaffingFile::file, raw_text(), language(), "The CSV file").require();
    s.key("start-column", &StaffingFile::start_column, raw_text(), language(),
          "Column of times of day, or of seconds since the start")
        .default_is("start");
    s.key("count-column", &StaffingFile::count_column, raw_text(), language(),
          "Column of agents at work from then on")
        .default_is("count");
    s.key("share", &StaffingFile::share, percent({.min = 0.0, .max = 1000.0}), language(),
          "Of each count; rounded to whole people");
    s.key("part", &StaffingFile::part, part(), language(),
          "Which of several equal groups this is: 1/2 is the first of two");
    return s.done();
  }();
  return keys;
}

void check_order(Reader& r, Location at, const Steps& steps) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].at > steps[i - 1].at) continue;
    r.diagnostics().error("S-006", at, "times must rise from one entry to the next");
  }
}

// Steps before the start matter only by their last: it says who is at work at the start.
Steps from_start_on(const Steps& steps) {
  Steps result;
  for (const StaffingStep& step : steps) {
    if (step.at <= sim::kStart && !result.empty()) result.clear();
    result.push_back({std::max(step.at, sim::kStart), step.count});
  }
  return result;
}

/// A day's file holds for every day of the run.
void repeat_daily(const CsvTimes& times, Steps& steps) {
  const std::size_t rows = steps.size();
  const std::int64_t days = times.days(steps.back().at);
  for (std::int64_t day = 1; day < days; ++day) {
    for (std::size_t i = 0; i < rows; ++i) {
      const sim::SimTime at = steps[i].at + day * 24h;
      if (at > steps.back().at) steps.push_back({at, steps[i].count});
    }
  }
}

Steps read_file(Reader& r, const Node& node) {
  StaffingFile options;
  read_section(r, *staffing_file_section(), node, &options);
  if (!options.file.is_scalar()) return {};
  const auto csv = read_csv(r, options.file);
  if (!csv) return {};
  const auto name = [](const Node& n, const char* fallback) {
    return n.is_scalar() ? n.text : std::string(fallback);
  };
  const auto where = [&](const Node& n) { return n.is_scalar() ? n.at : options.file.at; };
  const auto start =
      find_column(r, *csv, name(options.start_column, "start"), where(options.start_column));
  const auto count =
      find_column(r, *csv, name(options.count_column, "count"), where(options.count_column));
  if (!start || !count) return {};
  Steps steps;
  CsvTimes times(r);
  const CsvCell* rounded = nullptr;
  for (const auto& row : csv->rows) {
    const auto at = times.read(row[*start]);
    const auto people = csv_number(r, row[*count]);
    if (!at || !people) continue;
    constexpr double kMost = 1e6;
    if (*people * options.share > kMost) {
      r.diagnostics().error("S-015", row[*count].at, "that many agents cannot be simulated");
      continue;
    }
    const auto whole = static_cast<std::uint32_t>(std::lround(*people * options.share));
    if (rounded == nullptr && *people != std::floor(*people)) rounded = &row[*count];
    steps.push_back({*at, options.part.take(whole)});
  }
  // Who gives a share asks for rounding.
  if (rounded != nullptr && node.find("share") == nullptr) {
    r.diagnostics().warning(
        "M-W10", rounded->at,
        fmt::format("{} people cannot be at work: such counts are rounded", rounded->text),
        "whole people, or share: 100% to say that this is meant");
  }
  if (steps.empty()) return {};
  constexpr std::size_t kMostSteps = 5'000'000;
  const auto days = static_cast<std::size_t>(times.days(steps.back().at));
  if (days * steps.size() > kMostSteps) {
    r.error(options.file, "S-006",
            fmt::format("a file of {} steps a day cannot be simulated for {} days", steps.size(),
                        days));
    return {};
  }
  repeat_daily(times, steps);
  return from_start_on(steps);
}

Steps read_list(Reader& r, const Node& node) {
  std::vector<Step> given;
  list(section<Step>(step_section()), "staffing").read(r, node, given);
  take_as_a_day(node, given, r.scenario().run.start_label);
  Steps steps;
  for (const Step& step : given) steps.push_back({step.at, step.count});
  check_order(r, node.at, steps);
  return from_start_on(steps);
}

struct Shift {
  sim::SimTime from{}, to{};
  std::uint32_t count = 0;
};

std::shared_ptr<const Section> shift_section() {
  static const auto keys = [] {
    SectionOf<Shift> s("a shift", "So many work from then to then");
    s.key("from", &Shift::from, instant(true), language(), "Begin of work").require();
    s.key("to", &Shift::to, instant(), language(), "End of work").require();
    s.key("count", &Shift::count, count<std::uint32_t>({.min = 0, .max = 1'000'000}), language(),
          "How many")
        .require();
    return s.done();
  }();
  return keys;
}

}  // namespace

Codec<Steps> staffing_curve() {
  Codec<Steps> codec;
  codec.type.kind = Kind::any_of;
  codec.type.elements = {list(section<Step>(step_section()), "staffing").type,
                         section<StaffingFile>(staffing_file_section()).type};
  codec.read = [](Reader& r, const Node& node, Steps& value) {
    value = node.is_map() ? read_file(r, node) : read_list(r, node);
  };
  codec.write = [](const Writer&, const Steps& value) -> std::optional<Out> {
    if (value.empty()) return std::nullopt;
    Out out = Out::list();
    for (const StaffingStep& step : value) {
      Out entry = Out::map(true);
      entry.children.emplace_back("at", Out::scalar(format_duration(step.at.time_since_epoch())));
      entry.children.emplace_back("count", Out::scalar(fmt::format("{}", step.count)));
      out.children.emplace_back("", std::move(entry));
    }
    return out;
  };
  return not_empty(std::move(codec), "a staffing needs a step");
}

Codec<Steps> shifts() {
  Codec<Steps> codec;
  codec.type = list(section<Shift>(shift_section()), "shifts").type;
  codec.read = [](Reader& r, const Node& node, Steps& value) {
    std::vector<Shift> given;
    list(section<Shift>(shift_section()), "shifts").read(r, node, given);
    std::map<sim::SimTime, std::int64_t> change;
    change[sim::kStart] += 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i].to <= given[i].from) {
        r.error(node.children[i], "S-006", "this shift ends before it begins");
        continue;
      }
      change[std::max(given[i].from, sim::kStart)] += given[i].count;
      change[std::max(given[i].to, sim::kStart)] -= given[i].count;
    }
    value.clear();
    std::int64_t at_work = 0;
    for (const auto& [at, by] : change) {
      at_work += by;
      if (!value.empty() && value.back().count == at_work) continue;
      value.push_back({at, static_cast<std::uint32_t>(at_work)});
    }
  };
  codec.write = [](const Writer&, const Steps&) { return std::nullopt; };
  return not_empty(std::move(codec), "shifts need a shift");
}

}  // namespace bcsim::tools
