#include "tools/results/replication_files.hpp"

#include <array>

#include "tools/results/csv_line.hpp"
#include "tools/results/timeline_columns.hpp"

namespace bcsim::tools {
namespace {

constexpr std::array<std::string_view, 4> kReplicationsColumns = {"replication", "metric", "value",
                                                                  "without_faults"};
constexpr std::array<std::string_view, 11> kBandsColumns = {
    "interval", "start_s", "length_s", "site", "quantity",      "value",
    "sd",       "n",       "low",      "high", "without_faults"};

template <std::size_t kSize>
void write_header(const std::array<std::string_view, kSize>& columns, std::string& out) {
  CsvLine header(out);
  for (const std::string_view column : columns) header.text(column);
  header.end();
}

}  // namespace

std::span<const std::string_view> replications_columns() {
  return kReplicationsColumns;
}
std::span<const std::string_view> bands_columns() {
  return kBandsColumns;
}

void write_replications_csv(std::span<const ReplicationRecord> records, OutputFile& out) {
  write_header(kReplicationsColumns, out.buffer());
  for (const ReplicationRecord& record : records) {
    for (std::size_t m = 0; m < record.metrics.size(); ++m) {
      CsvLine line(out.buffer());
      line.number(record.replication).text(record.metrics[m].id).exact(record.metrics[m].value);
      if (record.has_twin()) {
        line.exact(record.without_faults[m]);
      } else {
        line.text("");
      }
      line.end();
      out.flush_if_full();
    }
    const auto counts = record.attribution.values();
    for (std::size_t i = 0; record.has_twin() && i < counts.size(); ++i) {
      CsvLine line(out.buffer());
      const std::string id =
          std::string("attributed.") + std::string(attribution_definitions()[i].id);
      line.number(record.replication).text(id).exact(counts[i]).text("");
      line.end();
    }
  }
}

namespace {

/// Over the replications, of one cell of the timeline or of that of the twins.
Estimate estimate_cell(std::span<const ReplicationRecord> records,
                       const TimelineCells ReplicationRecord::*timeline, std::size_t cell,
                       bool ratio) {
  std::vector<double> values, weights;
  for (const ReplicationRecord& record : records) {
    const TimelineCells& cells = record.*timeline;
    if (cell >= cells.values.size()) continue;
    values.push_back(cells.values[cell]);
    weights.push_back(cells.weights[cell]);
  }
  return estimate(ratio ? Sample{values, weights} : Sample{values, {}});
}

}  // namespace

void write_bands_csv(std::span<const ReplicationRecord> records, const models::RunResult& first,
                     OutputFile& out) {
  write_header(kBandsColumns, out.buffer());
  const auto& columns = timeline_value_columns();
  for (std::size_t row = 0; row < first.timeline.size(); ++row) {
    const models::TimelineRow& of = first.timeline[row];
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const std::size_t cell = row * columns.size() + column;
      const bool ratio = columns[column].weight != nullptr;
      const Estimate e = estimate_cell(records, &ReplicationRecord::timeline, cell, ratio);
      const Estimate twin = estimate_cell(records, &ReplicationRecord::twin_timeline, cell, ratio);
      CsvLine line(out.buffer());
      line.number(row / models::kSites).time(of.start).duration(of.length).number(of.site + 1);
      line.text(columns[column].name).real(e.value).real(e.sd).number(e.n);
      line.real(e.low()).real(e.high()).real(twin.value);
      line.end();
      out.flush_if_full();
    }
  }
}

}  // namespace bcsim::tools
