// How both sites and the gateways stood at an instant, in words.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "tools/results/plain_words.hpp"
#include "tools/trace/call_story.hpp"

namespace bcsim::tools {
namespace {

std::string_view mode_words(models::ServerMode mode) {
  constexpr std::string_view kWords[] = {"starting", "in business-continuity mode",
                                         "in single-site mode", "draining", "stopped"};
  return kWords[static_cast<std::size_t>(mode)];
}

}  // namespace

std::vector<std::string> situation_words(const Situation& now, const StoryContext& c) {
  std::vector<std::string> lines;
  if (now.at == sim::kNever) return lines;
  for (std::uint32_t s = 0; s < models::kSites; ++s) {
    const SiteState& site = now.sites[s];
    std::string text = ThingNames::of(c.names.sites, s) + ": ";
    if (!site.pair_alive) {
      text += "SIP Server pair dead";
    } else {
      text += fmt::format("SIP Server {}{}", mode_words(site.mode),
                          site.sees_peer ? "" : ", peer out of service");
    }
    text += fmt::format("; {} logged in ({} ready, {} busy), {} registered, {} waiting",
                        count_words(site.logged_in, "agent", "agents"), site.ready, site.busy,
                        count_words(site.registered, "phone", "phones"),
                        count_words(site.waiting, "call", "calls"));
    lines.push_back(text);
  }
  for (std::size_t g = 0; g < now.gateways.size(); ++g) {
    std::string text = c.scenario.gateways[g].name + ": ";
    if (!now.gateways[g].alive) {
      text += now.gateways[g].rerouted ? "dead, and held for dead by the PSTN" : "dead";
    } else if (now.gateways[g].rerouted) {
      text += "held for dead by the PSTN";
    } else {
      std::string off;
      for (std::uint32_t s = 0; s < models::kSites; ++s) {
        if (!now.gateways[g].online[s]) off += " " + ThingNames::of(c.names.sites, s);
      }
      text += off.empty() ? "holds both SIP Servers for alive" : "holds for dead:" + off;
    }
    lines.push_back(text);
  }
  return lines;
}

}  // namespace bcsim::tools
