#include "tools/results/json_files.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/hash.hpp"
#include "tools/results/number_text.hpp"
#include "tools/results/result_writer.hpp"

namespace bcsim::tools {
namespace {

using Json = nlohmann::ordered_json;
using models::RunResult;

constexpr int kIndent = 2;

/// A number as JSON has it: NaN becomes null, a count has no fraction.
Json number(double value) {
  return std::isnan(value) ? Json(nullptr) : Json::parse(number_text(value));
}

std::string_view verdict_kind(models::Verdict::Kind kind) {
  return kind == models::Verdict::Kind::check ? "check" : "expectation";
}

}  // namespace

std::string_view status_word(const RunResult& result) {
  return result.violated() ? "violated" : "good";
}

void write_run_json(const RunResult& result, const ResultMeta& meta, OutputFile& out) {
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
  j["horizon_s"] = number(sim::seconds(result.horizon));
  j["warm_up_s"] = number(sim::seconds(result.warm_up_end));
  j["calls"] = result.calls.size();
  j["messages_delivered"] = meta.messages_delivered;
  j["messages_sent"] = meta.messages_sent;
  j["journal_fingerprint"] = sim::to_hex(meta.journal_fingerprint);
  j["trajectory_fingerprint"] = sim::to_hex(meta.trajectory_fingerprint);
  j["accepted"] = meta.accepted;
  Json phases = Json::array();
  for (const models::PhaseInterval& phase : result.phases) {
    phases.push_back({{"phase", models::name(phase.phase)},
                      {"start_s", number(sim::seconds(phase.start))},
                      {"end_s", number(sim::seconds(phase.end))}});
  }
  j["phases"] = std::move(phases);
  j["scenario_hash"] = meta.scenario_hash;
  j["effective_scenario"] = meta.effective_yaml;
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
  return fmt::format("[{}, {}]", number(e.low()).dump(), number(e.high()).dump());
}

std::string metric_line(const MetricSummary& m, bool twin) {
  std::string out = fmt::format(
      "{{\"value\": {}, \"unit\": {}, \"interval\": {}, \"definition\": {}, "
      "\"sd\": {}, \"n\": {}",
      number(m.value.value).dump(), json_text(m.unit), interval_text(m.value),
      json_text(m.definition), number(m.value.sd).dump(), m.value.n);
  if (twin && exists_without_faults(m.id)) {
    const Estimate& difference = m.because_of_failure;
    out += fmt::format(
        ", \"without_faults\": {}, \"because_of_failure\": {{\"value\": {}, \"interval\": {}}}",
        number(m.without_faults.value).dump(), number(difference.value).dump(),
        interval_text(difference));
  }
  return out + "}";
}

std::string attribution_line(const Estimate& e, const AttributionDefinition& definition) {
  return fmt::format(
      "{{\"value\": {}, \"unit\": {}, \"interval\": {}, \"sd\": {}, \"n\": {}, "
      "\"definition\": {}}}",
      number(e.value).dump(), json_text(definition.unit), interval_text(e), number(e.sd).dump(),
      e.n, json_text(definition.formula));
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
  member("confidence", number(kConfidence).dump());
  member("status", json_text(status_word(result)));
  member("service_level", fmt::format("{{\"definition\": \"F{}\", \"threshold_s\": {}}}",
                                      static_cast<int>(result.service_level_definition) + 1,
                                      number(sim::seconds(result.service_level_threshold)).dump()));
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

namespace {

/// Turns a record into the rest of its line. Names: domain.md §0.3.
class EventWriter {
 public:
  explicit EventWriter(const RunResult& result) : r_(result) {}

  [[nodiscard]] Json line(const models::JournalEntry& entry) const {
    Json j;
    j["t"] = sim::seconds(entry.at);
    std::visit([&](const auto& fact) { tell(j, fact); }, entry.record);
    return j;
  }

 private:
  [[nodiscard]] std::string named(const std::vector<std::string>& names, std::uint32_t i) const {
    return i < names.size() ? names[i] : fmt::format("{}", i);
  }
  void site(Json& j, std::uint32_t s) const { j["site"] = s + 1; }
  void agent(Json& j, models::AgentId a) const { j["agent"] = named(r_.agent_names, a.value); }
  void event(Json& j, std::string_view name) const { j["event"] = name; }

  void tell(Json& j, const models::ProxyState& f) const {
    event(j, f.online != 0 ? "mg.proxy_online" : "mg.proxy_offline");
    j["gateway"] = named(r_.gateway_names, f.gateway);
    site(j, f.site);
  }
  void tell(Json& j, const models::PstnReroute& f) const {
    event(j, "pstn.reroute");
    j["gateway"] = named(r_.gateway_names, f.gateway);
    j["dead"] = f.dead != 0;
  }
  void tell(Json& j, const models::PeerTrunk& f) const {
    event(j, f.in_service != 0 ? "peer.ins" : "peer.oos");
    site(j, f.site);
  }
  void tell(Json& j, const models::ServerModeChanged& f) const {
    constexpr std::string_view kModes[] = {"STARTUP", "BC", "SINGLE", "DRAIN", "STOPPED"};
    event(j, "ss.mode");
    site(j, f.site);
    j["mode"] = kModes[static_cast<std::size_t>(f.mode)];
  }
  void tell(Json& j, const models::Switchover& f) const {
    event(j, "ha.switchover");
    site(j, f.site);
    j["calls_before"] = f.calls_before;
    j["calls_kept"] = f.calls_kept;
  }
  void tell(Json& j, const models::PhoneRegistered& f) const {
    event(j, "reg.ok");
    agent(j, f.agent);
    site(j, f.site);
  }
  void tell(Json& j, const models::DnState& f) const {
    event(j, f.in_service != 0 ? "dn.ins" : "dn.oos");
    agent(j, f.agent);
    site(j, f.site);
  }
  void tell(Json& j, const models::DesktopConnectionLost& f) const {
    event(j, "desk.conn_lost");
    agent(j, f.agent);
    site(j, f.site);
    j["by_addp"] = f.by_addp != 0;
  }
  void tell(Json& j, const models::DesktopSwitch& f) const {
    event(j, "desk.dr_switch");
    agent(j, f.agent);
    site(j, f.to_site);
    j["by_registration"] = f.by_registration != 0;
  }
  void tell(Json& j, const models::AgentLogin& f) const {
    event(j, "desk.login");
    agent(j, f.agent);
    site(j, f.site);
    j["result"] = "ok";
  }
  void tell(Json& j, const models::AgentLoginRefused& f) const {
    event(j, "desk.login");
    agent(j, f.agent);
    site(j, f.site);
    j["result"] = "rejected";
  }
  void tell(Json& j, const models::AgentLogout& f) const {
    event(j, "desk.logout");
    agent(j, f.agent);
    site(j, f.site);
    j["forced"] = f.forced != 0;
  }
  void tell(Json& j, const models::AgentAtWork& f) const {
    event(j, "agent.at_work");
    agent(j, f.agent);
    site(j, f.site);
  }
  void tell(Json& j, const models::ShiftChanged& f) const {
    event(j, "agent.shift");
    agent(j, f.agent);
    j["working"] = f.working != 0;
  }
  void tell(Json& j, const models::PrivateInfo& f) const {
    event(j, "desk.private_info");
    agent(j, f.agent);
    site(j, f.site);
  }
  void tell(Json& j, const models::ConfigWriteRefused& f) const {
    event(j, "cfg.write_rejected");
    site(j, f.site);
  }
  void tell(Json& j, const models::ConfigStandbyUp& f) const {
    event(j, "cfg.standby_up");
    site(j, f.site);
  }
  void tell(Json& j, const models::FaultInjected& f) const {
    event(j, f.undone != 0 ? "fault.undone" : "fault.injected");
    j["fault"] = named(r_.fault_texts, f.fault);
  }
  void tell(Json& j, const models::NodeStateChanged& f) const {
    event(j, f.up != 0 ? "node.up" : "node.down");
    j["node"] = named(r_.node_names, f.node.value);
  }
  void tell(Json& j, const models::PairStateChanged& f) const {
    event(j, f.up != 0 ? "pair.up" : "pair.down");
    site(j, f.site);
  }
  /// What is_event() leaves out.
  template <class Other>
  void tell(Json& j, const Other&) const {
    event(j, "other");
  }

  const RunResult& r_;
};

}  // namespace

void write_events(const RunResult& result, OutputFile& out) {
  const EventWriter writer(result);
  for (const models::JournalEntry& entry : result.events) {
    out.write(writer.line(entry).dump(-1, ' ', false, Json::error_handler_t::replace));
    out.write("\n");
  }
}

}  // namespace bcsim::tools
