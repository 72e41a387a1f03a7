#include "tools/trace/watch_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/base/page.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

constexpr std::size_t kEventsShown = 10;

/// Turns records into lines; what happens all the time has none.
struct EventWords {
  const ThingNames& n;

  [[nodiscard]] std::string site(std::uint32_t s) const { return ThingNames::of(n.sites, s); }

  std::string operator()(const models::FaultInjected& f) const {
    return fmt::format("{}: {}", f.undone != 0 ? "over" : "FAULT",
                       ThingNames::of(n.faults, f.fault));
  }
  std::string operator()(const models::PairStateChanged& f) const {
    return fmt::format("{}: SIP Server pair {}", site(f.site), f.up != 0 ? "alive again" : "dead");
  }
  std::string operator()(const models::Switchover& f) const {
    return fmt::format("{}: the backup SIP Server has taken over", site(f.site));
  }
  std::string operator()(const models::BothPrimary& f) const {
    return fmt::format("{}: {}", site(f.site),
                       f.both != 0 ? "both SIP Servers are primary" : "one primary again");
  }
  std::string operator()(const models::ServerModeChanged& f) const {
    constexpr std::string_view kModes[] = {"starting", "business-continuity mode",
                                           "single-site mode", "draining", "stopped"};
    return fmt::format("{}: {}", site(f.site), kModes[static_cast<std::size_t>(f.mode)]);
  }
  std::string operator()(const models::PeerTrunk& f) const {
    return fmt::format("{}: the peer is {}", site(f.site),
                       f.in_service != 0 ? "in service" : "out of service");
  }
  std::string operator()(const models::ProxyState& f) const {
    return fmt::format("{} holds {} for {}", ThingNames::of(n.gateways, f.gateway), site(f.site),
                       f.online != 0 ? "alive" : "dead");
  }
  std::string operator()(const models::PstnReroute& f) const {
    return fmt::format("the PSTN holds {} for {}", ThingNames::of(n.gateways, f.gateway),
                       f.dead != 0 ? "dead" : "alive");
  }
  std::string operator()(const models::ConfigStandbyUp& f) const {
    return fmt::format("{}: the standby Configuration Server is in service", site(f.site));
  }
  std::string operator()(const models::ConfigWritten& f) const {
    return fmt::format("{}: configuration changed: {}", site(f.site),
                       ThingNames::of(n.changes, f.edit));
  }
  std::string operator()(const models::ConfigWriteRefused& f) const {
    return fmt::format("{}: a change of the configuration is refused", site(f.site));
  }
  std::string operator()(const models::ConfigReconciled& f) const {
    return fmt::format("the databases are one again: {} objects had been written at both sites",
                       f.both);
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";
  }
};

/// `n` of `most` as a bar of so many columns.
std::string bar_of(double n, double most, std::size_t columns, char mark) {
  const double share = most > 0 ? std::min(1.0, n / most) : 0;
  auto filled = static_cast<std::size_t>(share * static_cast<double>(columns) + 0.5);
  if (n > 0) filled = std::max<std::size_t>(filled, 1);
  return std::string(filled, mark) + std::string(columns - filled, '.');
}

}  // namespace

std::string event_words(const models::Record& record, const ThingNames& names) {
  return std::visit(EventWords{names}, record);
}

WatchView::WatchView(const models::Layout& layout)
    : layout_(layout),
      scenario_(*layout.directory.scenario),
      names_(names_of(layout)),
      ledger_(scenario_),
      situation_(layout) {}

std::string WatchView::clock(models::SimTime t) const {
  return clock_words(t, scenario_.run.start_label);
}

void WatchView::on_record(const models::JournalEntry& entry) {
  ledger_.on_record(entry);
  situation_.on_record(entry);
  if (const auto* f = std::get_if<models::CallReleased>(&entry.record)) {
    const models::Cause cause = ledger_.row(f->call).cause;
    totals_.lost += models::is_loss(cause);
    totals_.abandoned += cause == models::Cause::abandoned_in_queue;
    totals_.served += cause == models::Cause::completed;
  }
  const std::string words = event_words(entry.record, names_);
  if (words.empty() || entry.at == sim::kStart) return;
  recent_.push_back(fmt::format("{}  {}", clock(entry.at), words));
  news_.push_back(recent_.back());
  if (recent_.size() > kEventsShown) recent_.pop_front();
}

std::string WatchView::screen(models::SimTime now, std::size_t width) const {
  const Situation s = situation_.look(now, ledger_);
  const auto& in_system = ledger_.totals();
  const double agents = static_cast<double>(layout_.directory.agents.size());
  const std::size_t columns = std::max<std::size_t>(10, std::min<std::size_t>(50, width - 40));
  std::string out;
  const auto line = [&](const std::string& text) { out += shortened(text, width) + "\n"; };
  line(fmt::format("{}   {}   {:.0f} %", scenario_.name, clock(now),
                   100 * sim::seconds(now) / sim::seconds(scenario_.run.horizon)));
  line(fmt::format("calls  {} in talk, {} waiting or in treatment, {} in set-up", in_system.in_talk,
                   in_system.waiting, in_system.in_setup));
  line(fmt::format("so far {} served, {} gave up waiting, {} lost", count_words(totals_.served),
                   count_words(totals_.abandoned), count_words(totals_.lost)));
  for (std::uint32_t i = 0; i < models::kSites; ++i) {
    const SiteState& site = s.sites[i];
    line("");
    const std::string state = site.pair_alive
                                  ? EventWords{names_}(models::ServerModeChanged{i, site.mode})
                                  : ThingNames::of(names_.sites, i) + ": SIP SERVER PAIR DEAD";
    line(state + (site.sees_peer ? "" : ", peer out of service"));
    line(fmt::format("  logged in {} {}", bar_of(site.logged_in, agents, columns, '='),
                     site.logged_in));
    line(fmt::format("  busy      {} {}", bar_of(site.busy, agents, columns, '#'), site.busy));
    line(fmt::format("  phones    {} {}", bar_of(site.registered, agents, columns, '-'),
                     site.registered));
    line(fmt::format("  waiting   {} {}", bar_of(site.waiting, 100, columns, '!'), site.waiting));
  }
  line("");
  for (const std::string& event : recent_) line(event);
  return out;
}

std::string WatchView::line(models::SimTime now) const {
  const Situation s = situation_.look(now, ledger_);
  std::string out =
      fmt::format("{}  {} in talk, {} lost", clock(now), ledger_.totals().in_talk, totals_.lost);
  for (std::uint32_t i = 0; i < models::kSites; ++i) {
    const SiteState& site = s.sites[i];
    out +=
        fmt::format(" | {}{}: {} logged in, {} busy, {} waiting", ThingNames::of(names_.sites, i),
                    site.pair_alive ? "" : " (dead)", site.logged_in, site.busy, site.waiting);
  }
  return out;
}

std::vector<std::string> WatchView::take_events() {
  return std::exchange(news_, {});
}

}  // namespace bcsim::tools
