#include "tools/verify/verify_output.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace bcsim::tools {
namespace {

std::string hex(std::uint64_t fingerprint) {
  return fmt::format("{:016x}", fingerprint);
}

}  // namespace

std::string verify_text(const Verification& v) {
  std::string out =
      fmt::format("  {:<30}{:>12}  {:<16}{:>8}\n", "", "records", "fingerprint", "CPU");
  for (const WayRan& w : v.ways) {
    out += w.lost.empty() ? fmt::format("  {:<30}{:>12}  {}{:>6.1f} s\n", name(w.way), w.records,
                                        hex(w.fingerprint), w.cpu_s)
                          : fmt::format("  {:<30}{}\n", name(w.way), w.lost);
  }
  if (v.same()) return out + "\nThe same journal every way.\n";
  if (!v.parting) return out + "\nThe journals differ.\n";
  const auto line = [](const std::string& text) { return text.empty() ? "(the end)" : text; };
  return out + fmt::format("\nThe journals part at record {}\n  {}: {}\n  {}: {}\n",
                           v.parting->record, name(v.parting->one), line(v.parting->line_one),
                           name(v.parting->other), line(v.parting->line_other));
}

std::string verify_json(const Verification& v) {
  using Json = nlohmann::ordered_json;
  Json ways = Json::array();
  for (const WayRan& w : v.ways) {
    Json way = {{"way", name(w.way)}};
    if (w.lost.empty()) {
      way.update({{"fingerprint", hex(w.fingerprint)}, {"records", w.records}});
    } else {
      way["lost"] = w.lost;
    }
    ways.push_back(std::move(way));
  }
  Json all = {{"same", v.same()}, {"ways", ways}};
  if (v.parting) {
    all["parting"] = {{"record", v.parting->record},
                      {name(v.parting->one), v.parting->line_one},
                      {name(v.parting->other), v.parting->line_other}};
  }
  return all.dump(2) + "\n";
}

}  // namespace bcsim::tools
