#include "tools/scenario/keys/arrivals.hpp"

#include <algorithm>

#include "tools/scenario/table/csv.hpp"

namespace bcsim::tools {
namespace {

using models::ArrivalSpec;
using models::IntervalVolumes;
using models::RateStep;
using models::VolumeInterval;

// More is a slip of the keyboard and would only exhaust the machine.
constexpr double kMostCalls = 1e8;
constexpr Range<double> kRates{.min = 0., .max = 10'000.};
constexpr std::size_t kMostIntervals = 5'000'000;

std::shared_ptr<const Section> rate_step_section() {
  static const auto keys = [] {
    SectionOf<RateStep> s("a step of the profile", "The rate from then on");
    s.key("at", &RateStep::at, instant(true), language(), "From when").require();
    s.key("rate", &RateStep::per_s, rate(kRates), language(), "Calls per time").require();
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> interval_section() {
  static const auto keys = [] {
    SectionOf<VolumeInterval> s("an interval", "So many calls in this interval");
    s.key("at", &VolumeInterval::at, instant(), language(), "Start of the interval").require();
    s.key("length", &VolumeInterval::length, duration({.min = 0s, .max = {}, .above = true}),
          language(), "Its length")
        .require();
    s.key("count", &VolumeInterval::count, number({.min = 0., .max = kMostCalls}), language(),
          "Calls in it")
        .require();
    return s.done();
  }();
  return keys;
}

// `volumes:` as it may be written: intervals one by one, or a file.
struct Volumes {
  Node file;
  std::string start_column = "start", count_column = "count";
  double share = 1;
  Node from, until;
  std::optional<sim::Duration> length;
  bool exact = false;
  std::vector<VolumeInterval> intervals;
};

// An instant that means another one where a file goes on past midnight: kept as it was written.
Codec<Node> edge() {
  Codec<Node> codec;
  codec.type = instant(true).type;
  codec.read = [](Reader& r, const Node& node, Node& value) {
    if (r.instant(node, true)) value = node;
  };
  codec.write = [](const Writer&, const Node&) { return std::nullopt; };
  return codec;
}

std::shared_ptr<const Section> volumes_section() {
  static const auto keys = [] {
    SectionOf<Volumes> s("volumes", "Calls per interval");
    s.key("file", &Volumes::file, file_name(), language(), "A CSV file with a row per interval")
        .excludes("source");
    s.key("start-column", &Volumes::start_column, text(), language(),
          "Column of times of day, or of seconds since the start");
    s.key("count-column", &Volumes::count_column, text(), language(), "Column of calls");
    s.key("share", &Volumes::share, percent({.min = 0., .max = 1000.}), language(),
          "Part of each count that is offered; may exceed 100%");
    s.key("from", &Volumes::from, edge(), language(), "What starts earlier is left out");
    s.key("until", &Volumes::until, edge(), language(), "What starts then or later is left out");
    s.key("length", &Volumes::length, if_given(duration({.min = 1s})),
          derived("the gap to the next row"), "Of every interval of the file")
        .default_is("the gap to the next row");
    s.key("exact", &Volumes::exact, boolean(), assumption(),
          "Exactly so many calls, at uniform times; else Poisson with this mean");
    s.key("intervals", &Volumes::intervals,
          list(section<VolumeInterval>(interval_section()), "intervals"), language(),
          "The intervals one by one")
        .excludes("source");
    return s.done();
  }();
  return keys;
}

// What lies before the start of the run is cut off, in proportion.
void cut_at_start(std::vector<VolumeInterval>& intervals) {
  std::vector<VolumeInterval> kept;
  for (VolumeInterval i : intervals) {
    const sim::Duration before = sim::kStart - i.at;
    if (before > sim::Duration::zero()) {
      if (before >= i.length) continue;
      i.count *= 1 - sim::seconds(before) / sim::seconds(i.length);
      i.at = sim::kStart;
      i.length -= before;
    }
    kept.push_back(i);
  }
  intervals = std::move(kept);
}

// An interval lasts until the next row, the last one as long as the one before, or all as given.
void set_lengths(Reader& r, const Volumes& options, std::vector<VolumeInterval>& intervals) {
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (options.length) {
      intervals[i].length = *options.length;
    } else if (i + 1 < intervals.size()) {
      intervals[i].length = intervals[i + 1].at - intervals[i].at;
    } else if (i > 0) {
      intervals[i].length = intervals[i - 1].length;
    } else {
      r.error(options.file, "S-008", "a file of one interval needs 'length'");
      intervals[i].length = 1h;
    }
    if (i > 0 && intervals[i].at < intervals[i - 1].at + intervals[i - 1].length) {
      r.error(options.file, "S-006", "the intervals of this file overlap",
              "'length' is longer than the gap between rows");
      return;
    }
  }
}

/// Where `from` or `until` cuts intervals from `first` to `end`. A time of day is one of theirs:
/// the same label is their first instant as `from`, and may be their end as `until`.
std::optional<sim::SimTime> cut(Reader& r, const Node& edge, sim::SimTime first, sim::SimTime end,
                                bool is_end) {
  if (!edge.is_scalar()) return std::nullopt;
  const auto clock = parse_clock(edge.text);
  const auto& start = r.scenario().run.start_label;
  if (!clock || !start) return r.instant(edge, true);
  const sim::SimTime at = sim::kStart + (*clock - *start);
  const bool before = is_end ? at <= first : at < first;
  return before && at + 24h <= end ? at + 24h : at;
}

void leave_out(Reader& r, const Volumes& options, std::vector<VolumeInterval>& intervals) {
  if (intervals.empty()) return;
  const sim::SimTime first = intervals.front().at;
  const sim::SimTime end = intervals.back().at + intervals.back().length;
  const auto from = cut(r, options.from, first, end, false);
  const auto until = cut(r, options.until, first, end, true);
  std::erase_if(intervals, [&](const VolumeInterval& i) {
    return (from && i.at < *from) || (until && i.at >= *until);
  });
}

/// More calls in so short a time are a slip of a unit, and no queue of events would end.
bool too_dense(const VolumeInterval& interval) {
  return interval.count > *kRates.max &&
         interval.count > *kRates.max * sim::seconds(interval.length);
}

std::vector<VolumeInterval> read_volume_file(Reader& r, const Volumes& options) {
  const auto csv = read_csv(r, options.file);
  if (!csv) return {};
  const auto start = find_column(r, *csv, options.start_column, options.file.at);
  const auto count = find_column(r, *csv, options.count_column, options.file.at);
  if (!start || !count) return {};
  std::vector<VolumeInterval> intervals;
  CsvTimes times(r);
  for (const auto& row : csv->rows) {
    const auto at = times.read(row[*start]);
    const auto calls = csv_number(r, row[*count]);
    if (!at || !calls) continue;
    if (*calls * options.share > kMostCalls) {
      r.diagnostics().error("S-015", row[*count].at, "that many calls cannot be simulated");
      continue;
    }
    intervals.push_back({*at, {}, *calls * options.share});
  }
  if (intervals.size() < csv->rows.size()) return {};  // what is wrong has been said
  if (intervals.empty()) return {};
  set_lengths(r, options, intervals);
  if (std::ranges::any_of(intervals, too_dense)) {
    r.error(options.file, "S-006", "more than 10 000 calls per second come from this file");
    return {};
  }
  const std::int64_t days = times.days(intervals.back().at + intervals.back().length);
  leave_out(r, options, intervals);
  const std::size_t rows = intervals.size();
  if (static_cast<std::size_t>(days) * rows > kMostIntervals) {
    r.error(
        options.file, "S-006",
        fmt::format("a file of {} intervals a day cannot be simulated for {} days", rows, days));
    return {};
  }
  for (std::int64_t day = 1; day < days; ++day) {
    for (std::size_t i = 0; i < rows; ++i) {
      VolumeInterval again = intervals[i];
      again.at += day * 24h;
      intervals.push_back(again);
    }
  }
  cut_at_start(intervals);
  return intervals;
}

std::vector<VolumeInterval> read_volume_list(Reader& r, const Node& node, Volumes& options) {
  for (const char* key : {"start-column", "count-column", "length"}) {
    const Node* child = node.find(key);
    if (child == nullptr) continue;
    r.diagnostics().error("S-013", child->key_at,
                          fmt::format("'{}' is of a file, these intervals are listed", key),
                          "leave it out");
  }
  const Node& list = *node.find("intervals");
  std::vector<VolumeInterval> intervals = std::move(options.intervals);
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    VolumeInterval& interval = intervals[i];
    if (i > 0 && interval.at < intervals[i - 1].at + intervals[i - 1].length) {
      r.error(list, "S-006", "these intervals overlap or are out of order");
      break;
    }
    interval.count *= options.share;
    if (interval.count > kMostCalls || too_dense(interval)) {
      r.error(list.children[i], "S-006", "that many calls cannot be simulated");
      break;
    }
  }
  if (options.from.is_scalar() || options.until.is_scalar()) {
    const auto from = options.from.is_scalar() ? r.instant(options.from, true) : std::nullopt;
    const auto until = options.until.is_scalar() ? r.instant(options.until, true) : std::nullopt;
    std::erase_if(intervals, [&](const VolumeInterval& i) {
      return (from && i.at < *from) || (until && i.at >= *until);
    });
  }
  return intervals;
}

void read_volumes(Reader& r, const Node& node, ArrivalSpec& value) {
  Volumes given;
  read_section(r, *volumes_section(), node, &given);
  IntervalVolumes volumes;
  volumes.exact = given.exact;
  if (given.file.is_scalar()) {
    volumes.intervals = read_volume_file(r, given);
  } else if (node.find("intervals") != nullptr) {
    volumes.intervals = read_volume_list(r, node, given);
  } else if (node.is_map() || node.is_null()) {
    r.error(node, "S-008", "volumes need a file or intervals");
  }
  value = std::move(volumes);
}

}  // namespace

Codec<Node> file_name() {
  Codec<Node> codec;
  codec.type.kind = Kind::text;
  codec.read = [](Reader& r, const Node& node, Node& value) {
    if (r.scalar(node, "the name of a CSV file") != nullptr) value = node;
  };
  codec.write = [](const Writer&, const Node&) { return std::nullopt; };
  return codec;
}

Codec<ArrivalSpec> constant_rate() {
  Codec<ArrivalSpec> codec;
  codec.type = rate(kRates).type;
  codec.read = [](Reader& r, const Node& node, ArrivalSpec& value) {
    models::ConstantRate given;
    rate(kRates).read(r, node, given.per_s);
    value = given;
  };
  codec.write = [](const Writer& w, const ArrivalSpec& value) -> std::optional<Out> {
    const auto* constant = std::get_if<models::ConstantRate>(&value);
    if (constant == nullptr) return std::nullopt;
    return rate().write(w, constant->per_s);
  };
  return codec;
}

Codec<ArrivalSpec> rate_profile() {
  const auto steps = list(section<RateStep>(rate_step_section()), "a profile");
  Codec<ArrivalSpec> codec;
  codec.type = steps.type;
  codec.read = [steps](Reader& r, const Node& node, ArrivalSpec& value) {
    std::vector<RateStep> given;
    steps.read(r, node, given);
    take_as_a_day(node, given, r.scenario().run.start_label);
    models::RateProfile profile;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (i > 0 && given[i].at <= given[i - 1].at) {
        r.error(node.children[i], "S-006", "times must rise from one step to the next");
      }
      // Of the steps before the start only the last matters.
      if (given[i].at <= sim::kStart) profile.steps.clear();
      profile.steps.push_back({std::max(given[i].at, sim::kStart), given[i].per_s});
    }
    value = std::move(profile);
  };
  codec.write = [](const Writer& w, const ArrivalSpec& value) -> std::optional<Out> {
    const auto* profile = std::get_if<models::RateProfile>(&value);
    if (profile == nullptr) return std::nullopt;
    return flow_list(w, *rate_step_section(), profile->steps);
  };
  return not_empty(std::move(codec), "a profile needs a step");
}

Codec<ArrivalSpec> interval_volumes() {
  Codec<ArrivalSpec> codec;
  codec.type.kind = Kind::section;
  codec.type.section = volumes_section();
  codec.read = read_volumes;
  codec.write = [](const Writer& w, const ArrivalSpec& value) -> std::optional<Out> {
    const auto* volumes = std::get_if<IntervalVolumes>(&value);
    if (volumes == nullptr) return std::nullopt;
    Out out = Out::map();
    out.children.emplace_back("exact", Out::scalar(volumes->exact ? "true" : "false"));
    out.children.emplace_back("intervals", flow_list(w, *interval_section(), volumes->intervals));
    return out;
  };
  return codec;
}

}  // namespace bcsim::tools
