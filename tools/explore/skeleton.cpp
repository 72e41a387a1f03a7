#include "tools/explore/skeleton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tools/explore/tree.hpp"

namespace bcsim::tools {
namespace {

/// Draws the skeleton; its members are what later parts refer to.
class Skeleton {
 public:
  explicit Skeleton(Chance& chance) : chance_(chance) {
    branches_ = chance_.of(0.3);
    hunt_groups_ = chance_.of(0.2);
    transfers_ = chance_.of(0.25);
    direct_ = chance_.of(0.25);
    outgoing_ = chance_.of(0.2);
    single_calls_ = chance_.of(0.15);
    shifts_ = chance_.of(0.2);
  }

  Node build() {
    Node root = map_node();
    put(root, "bcsim", "1");
    put(root, "run", run());
    sites(root);
    agents(root);
    queues(root);
    calls(root);
    return root;
  }

 private:
  Node run() {
    Node run = map_node();
    horizon_s_ = 60.0 * static_cast<double>(10 + chance_.below(61));
    warm_up_s_ = chance_.pick({0., 60., 60., 300.});
    put(run, "start", "09:00");
    put(run, "horizon", fmt::format("{}s", horizon_s_));
    put(run, "warm-up", fmt::format("{}s", warm_up_s_));
    put(run, "interval", "5min");
    put(run, "seed", fmt::format("{}", chance_.below(1'000'000)));
    if (chance_.of(0.12)) put(run, "start-mode", "cold");
    if (chance_.of(0.25)) put(run, "media-survives", "true");
    return run;
  }

  void sites(Node& root) {
    Node& sites = put(root, "sites", map_node());
    const std::size_t branches = branches_ ? 1 + chance_.below(2) : 0;
    locations_ = {"site1", "site2"};
    for (std::size_t b = 1; b <= branches; ++b) locations_.push_back(fmt::format("branch{}", b));
    for (int s = 1; s <= 2; ++s) {
      Node& site = put(sites, fmt::format("site{}", s), map_node());
      Node& gateways = put(site, "gateways", map_node());
      const int n = chance_.of(0.15) ? 2 : 1;
      for (int g = 0; g < n; ++g) {
        Node& gateway = put(gateways, fmt::format("mg{}", s + 2 * g), map_node());
        put(gateway, "channels", chance_.pick({"200", "200", "50", "20", "5"}));
        if (chance_.of(0.1)) put(gateway, "location", chance_.pick(locations_));
      }
    }
    if (chance_.of(0.3)) {  // a server forgets nobody who hears it
      for (Node& site : sites.children) {
        if (chance_.of(0.2)) continue;
        Node& server = put(site, "sip-server", map_node());
        put(server, "announcement", chance_.pick({"2s", "10s", "30s", "90s"}));
      }
    }
    if (branches == 0) return;
    Node& list = put(root, "locations", list_node());
    for (std::size_t b = 2; b < locations_.size(); ++b) append(list, scalar_node(locations_[b]));
  }

  Node phone() {
    Node phone = map_node();
    if (chance_.of(0.7)) {
      put(phone, "registration", chance_.pick({"single", "dual", "dual", "active-backup"}));
    }
    if (chance_.of(0.6)) {
      put(phone, "answer-delay", chance_.pick({"0s", "1s", "2s", "5s", "12s", "40s"}));
    }
    return phone;
  }

  Node group(const std::string& location, std::size_t count) {
    Node group = map_node();
    put(group, "count", fmt::format("{}", count));
    put(group, "location", location);
    const bool branch = location.starts_with("branch");
    if (branch || chance_.of(0.1)) put(group, "preferred-site", chance_.pick({"site1", "site2"}));
    put(group, "phone", phone());
    if (shifts_ && chance_.of(0.6)) {
      Node& shifts = put(group, "shifts", list_node());
      Node shift = map_node();
      const double from = chance_.of(0.6) ? 0 : std::round(chance_.between(0, 0.5) * horizon_s_);
      put(shift, "from", fmt::format("{}s", from));
      put(shift, "to",
          fmt::format("{}s", from + std::round(chance_.between(0.1, 0.6) * horizon_s_)));
      put(shift, "count", fmt::format("{}", count));
      append(shifts, std::move(shift));
    }
    return group;
  }

  void agents(Node& root) {
    Node& agents = put(root, "agents", map_node());
    const std::size_t groups = 2 + chance_.below(3);
    const std::size_t most = chance_.pick<std::size_t>({2, 4, 4, 8});
    for (std::size_t i = 0; i < groups; ++i) {
      const std::string name = fmt::format("team{}", i + 1);
      const std::string location = i < 2 ? locations_[i] : chance_.pick(locations_);
      const std::size_t count = i >= 2 || chance_.of(0.95) ? 1 + chance_.below(most) : 0;
      put(agents, name, group(location, count));
      names_.push_back(name);
      agents_ += count;
    }
  }

  void queues(Node& root) {
    Node& queues = put(root, "queues", map_node());
    const std::size_t n = 1 + chance_.below(2);
    for (std::size_t q = 1; q <= n; ++q) {
      Node& queue = put(queues, fmt::format("queue{}", q), map_node());
      queues_.push_back(queue.key);
      if (chance_.of(0.35)) put(queue, "routing-scope", "both-sites");
    }
    if (!hunt_groups_) return;
    Node& queue = put(queues, "hunt", map_node());
    queues_.push_back(queue.key);
    Node& hunt = put(queue, "hunt-group", map_node());
    put(hunt, "type", chance_.pick({"parallel", "parallel", "linear", "circular"}));
    Node& members = put(hunt, "hg-members", list_node());
    for (const std::string& name : names_) {
      if (members.children.empty() || chance_.of(0.4)) append(members, scalar_node(name));
    }
    put(hunt, "hg-preferred-site", chance_.pick({"SIP_Server_1", "SIP_Server_2", "nowhere"}));
  }

  Node one_group() {
    Node list = list_node();
    append(list, scalar_node(chance_.pick(names_)));
    return list;
  }

  /// Rates, or numbers of calls, that change at half time.
  void by_interval(Node& stream, double per_hour) {
    const bool rates = chance_.of(0.5);
    Node list = list_node();
    for (const double at : {0., std::round(horizon_s_ / 2)}) {
      const double part = chance_.pick({0.1, 0.5, 1.0});
      Node step = map_node();
      put(step, "at", fmt::format("{}s", at));
      if (rates) {
        put(step, "rate", fmt::format("{:.0f}/h", 1 + part * per_hour));
      } else {
        put(step, "length", fmt::format("{}s", std::floor(horizon_s_ / 2)));
        put(step, "count", fmt::format("{:.0f}", part * per_hour * horizon_s_ / 7200));
      }
      append(list, std::move(step));
    }
    if (rates) {
      put(stream, "profile", std::move(list));
    } else {
      put(put(stream, "volumes", map_node()), "intervals", std::move(list));
    }
  }

  void arrivals(Node& stream, double talk_s) {
    const double servers = std::max<double>(1, static_cast<double>(agents_));
    const double load = chance_.pick({0.1, 0.4, 0.7, 0.9, 1.2, 2.0});
    const double per_hour =
        std::min({load * servers * 3600 / talk_s, 700 * 3600 / horizon_s_, 900.0});
    if (chance_.of(0.15)) return by_interval(stream, per_hour);
    if (!single_calls_ || chance_.of(0.5)) {
      put(stream, "rate", fmt::format("{:.0f}/h", std::max(1.0, per_hour)));
      return;
    }
    Node& calls = put(stream, "calls", list_node());
    const std::size_t n = 1 + chance_.below(12);
    for (std::size_t i = 0; i < n; ++i) {
      Node call = map_node();
      const double at = chance_.between(0, 0.9) * horizon_s_;
      put(call, "at", fmt::format("{:.1f}s", at));
      if (chance_.of(0.7)) put(call, "talk", chance_.pick({"1s", "60s", "60s", "10min", "2h"}));
      if (chance_.of(0.5)) put(call, "patience", "never");
      append(calls, std::move(call));
    }
  }

  void transfer(Node& stream) {
    Node& transfer = put(stream, "transfer", map_node());
    put(transfer, "share", chance_.pick({"20%", "50%", "100%"}));
    put(transfer, "kind", chance_.pick({"blind", "consultation"}));
    put(transfer, "to", chance_.of(0.5) ? chance_.pick(queues_) : chance_.pick(names_));
    if (chance_.of(0.5)) put(transfer, "consultation", chance_.pick({"5s", "30s"}));
    if (chance_.of(0.5)) put(transfer, "reconnect", chance_.pick({"0%", "30%", "100%"}));
  }

  Node stream(const std::string& queue) {
    Node stream = map_node();
    if (outgoing_ && chance_.of(0.5)) {
      put(stream, "from-agents", one_group());
      if (chance_.of(0.3)) put(stream, "to-agents", one_group());
    } else if (direct_ && chance_.of(0.5)) {
      put(stream, "to-agents", one_group());
    } else {
      put(stream, "queue", queue);
    }
    const double talk_s = chance_.pick({5., 20., 60., 60., 180., 600.});
    arrivals(stream, talk_s);
    Node& talk = put(stream, "talk", map_node());
    put(talk, chance_.pick({"exponential", "exponential", "deterministic"}),
        fmt::format("{}s", talk_s));
    put(stream, "after-call-work", chance_.pick({"0s", "1s", "10s", "30s"}));
    if (chance_.of(0.4)) put(put(stream, "redial", map_node()), "enabled", "false");
    if (chance_.of(0.4)) put(stream, "releases", "caller");
    if (transfers_ && chance_.of(0.7)) transfer(stream);
    return stream;
  }

  void calls(Node& root) {
    Node& calls = put(root, "calls", map_node());
    std::size_t n = 0;
    for (const std::string& queue : queues_) {
      put(calls, fmt::format("stream{}", ++n), stream(queue));
    }
    if (chance_.of(0.2)) put(calls, "more", stream(queues_.front()));
  }

  Chance& chance_;
  bool branches_ = false, hunt_groups_ = false, transfers_ = false, direct_ = false,
       outgoing_ = false, single_calls_ = false, shifts_ = false;
  double horizon_s_ = 0, warm_up_s_ = 0;
  std::size_t agents_ = 0;
  std::vector<std::string> locations_, names_, queues_;
};

}  // namespace

Node skeleton(Chance& chance) {
  return Skeleton(chance).build();
}

}  // namespace bcsim::tools
