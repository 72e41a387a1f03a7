#include "tools/results/json_files.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/hash.hpp"
#include "tools/journal/record_json.hpp"
#include "tools/results/result_writer.hpp"
#include "tools/results/target_words.hpp"
#include "tools/stats/estimate_json.hpp"

namespace bcsim::tools {
namespace {

using Json = nlohmann::ordered_json;
using models::RunResult;

constexpr int kIndent = 2;

std::string_view verdict_kind(models::Verdict::Kind kind) {
  return kind == models::Verdict::Kind::check ? "check" : "expectation";
}

}  // namespace

std::string_view status_word(const RunResult& result) {
  return result.violated() ? "violated" : "good";
}

void write_run_json(const RunResult& result, const ResultMeta& meta,
                    const std::map<std::string, WrittenFile>& files, OutputFile& out) {
  Json j;
  j["scenario"] = meta.scenario;
  j["title"] = meta.title;
  j["run_id"] = meta.run_id;
  j["status"] = status_word(result);
  j["version"] = meta.version;
  j["git_commit"] = meta.git_commit;
  j["simgrid_version"] = meta.simgrid_version;
  j["compiler"] = meta.compiler;
  j["actors"] = meta.actors;
  j["seed"] = meta.seed;
  j["replication"] = meta.replication;
  j["replications"] = meta.replications;
  j["twin"] = meta.twin;
  j["horizon_s"] = json_number(sim::seconds(result.horizon));
  j["warm_up_s"] = json_number(sim::seconds(result.warm_up_end));
  j["warm_up_check"] = nullptr;
  if (meta.warm_up) {
    j["warm_up_check"] = {{"verdict", meta.warm_up->too_short ? "too_short" : "long_enough"},
                          {"p", json_number(meta.warm_up->p)},
                          {"enough_s", json_number(meta.warm_up->enough_s)}};
  }
  j["calls"] = result.calls.size();
  j["messages_delivered"] = meta.messages_delivered;
  j["messages_sent"] = meta.messages_sent;
  j["journal_fingerprint"] = sim::to_hex(meta.journal_fingerprint);
  j["trajectory_fingerprint"] = sim::to_hex(meta.trajectory_fingerprint);
  j["accepted"] = meta.accepted;
  j["warnings"] = meta.warnings;
  Json phases = Json::array();
  for (const models::PhaseInterval& phase : result.phases) {
    phases.push_back({{"phase", models::name(phase.phase)},
                      {"start_s", json_number(sim::seconds(phase.start))},
                      {"end_s", json_number(sim::seconds(phase.end))}});
  }
  j["phases"] = std::move(phases);
  j["scenario_hash"] = meta.scenario_hash;
  j["effective_scenario"] = meta.effective_yaml;
  j["files"] = Json::object();
  for (const auto& [name, file] : files) {
    j["files"][name] = {{"bytes", file.bytes}, {"crc32", file.crc32}};
  }
  j["host"] = {
      {"wall_s", meta.host.wall_s}, {"scenario_path", meta.host.path}, {"cores", meta.host.cores}};
  out.write(j.dump(kIndent, ' ', false, Json::error_handler_t::replace));
  out.write("\n");
}

namespace {

std::string json_text(std::string_view s) {
  return Json(s).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// "[low, high]", or null.
std::string interval_text(const Estimate& e) {
  if (!e.has_interval()) return "null";
  return fmt::format("[{}, {}]", json_number(e.low()).dump(), json_number(e.high()).dump());
}

std::string metric_line(const MetricSummary& m, bool twin) {
  std::string out = fmt::format(
      "{{\"value\": {}, \"unit\": {}, \"interval\": {}, \"definition\": {}, "
      "\"sd\": {}, \"n\": {}",
      json_number(m.value.value).dump(), json_text(m.unit), interval_text(m.value),
      json_text(m.definition), json_number(m.value.sd).dump(), m.value.n);
  if (twin && exists_without_faults(m.id)) {
    const Estimate& difference = m.because_of_failure;
    out += fmt::format(
        ", \"without_faults\": {}, \"because_of_failure\": {{\"value\": {}, \"interval\": {}}}",
        json_number(m.without_faults.value).dump(), json_number(difference.value).dump(),
        interval_text(difference));
  }
  return out + "}";
}

std::string attribution_line(const Estimate& e, const AttributionDefinition& definition) {
  return fmt::format(
      "{{\"value\": {}, \"unit\": {}, \"interval\": {}, \"sd\": {}, \"n\": {}, "
      "\"definition\": {}}}",
      json_number(e.value).dump(), json_text(definition.unit), interval_text(e),
      json_number(e.sd).dump(), e.n, json_text(definition.formula));
}

}  // namespace

std::string summary_json(const RunResult& result, const Aggregate& aggregate,
                         const ResultMeta& meta) {
  std::string out = "{\n";
  const auto member = [&](std::string_view key, const std::string& value) {
    out += fmt::format("  \"{}\": {},\n", key, value);
  };
  member("scenario", json_text(meta.scenario));
  member("run_id", json_text(meta.run_id));
  member("replications", fmt::format("{}", meta.replications));
  member("confidence", json_number(kConfidence).dump());
  member("status", json_text(status_word(result)));
  member("service_level",
         fmt::format("{{\"definition\": \"F{}\", \"threshold_s\": {}}}",
                     static_cast<int>(result.service_level_definition) + 1,
                     json_number(sim::seconds(result.service_level_threshold)).dump()));
  if (!result.targets.empty()) {
    Json targets = Json::array();
    for (const TargetLine& line : target_lines(result)) {
      targets.push_back({{"queue", line.queue},
                         {"target", line.what},
                         {"limit", line.limit},
                         {"metric", line.metric}});
    }
    member("targets", targets.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (aggregate.twin) {
    out += "  \"because_of_failure\": {\n";
    for (std::size_t i = 0; i < Attribution::kCounts; ++i) {
      const AttributionDefinition& definition = attribution_definitions()[i];
      out += fmt::format("    {}: {}{}\n", json_text(definition.id),
                         attribution_line(aggregate.attribution[i], definition),
                         i + 1 < Attribution::kCounts ? "," : "");
    }
    out += "  },\n";
  }
  out += "  \"metrics\": {\n";
  for (std::size_t i = 0; i < aggregate.metrics.size(); ++i) {
    const MetricSummary& m = aggregate.metrics[i];
    out += fmt::format("    {}: {}{}\n", json_text(m.id), metric_line(m, aggregate.twin),
                       i + 1 < aggregate.metrics.size() ? "," : "");
  }
  out += "  }\n}\n";
  return out;
}

void write_verdicts_json(const RunResult& result, const ResultMeta& meta, OutputFile& out) {
  Json verdicts = Json::array();
  for (const models::Verdict& v : result.verdicts) {
    verdicts.push_back({{"kind", verdict_kind(v.kind)},
                        {"id", v.id},
                        {"rules", v.rules},
                        {"verdict", models::name(v.status)},
                        {"examined", v.examined},
                        {"violations", v.violations},
                        {"text", v.text}});
  }
  const Json j = {{"scenario", meta.scenario},
                  {"run_id", meta.run_id},
                  {"status", status_word(result)},
                  {"verdicts", std::move(verdicts)}};
  out.write(j.dump(kIndent, ' ', false, Json::error_handler_t::replace));
  out.write("\n");
}

void write_events(const RunResult& result, OutputFile& out) {
  const ThingNames names = names_of(result);
  for (const models::JournalEntry& entry : result.events) {
    out.write(record_json(entry, names).dump(-1, ' ', false, Json::error_handler_t::replace));
    out.write("\n");
  }
}

}  // namespace bcsim::tools
