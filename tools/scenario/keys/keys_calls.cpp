// Rows of `queues` and `calls`.
#include <cmath>

#include "tools/scenario/keys/arrivals.hpp"
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {

namespace {

// What both switches say, where the first has not an option of its own (configuration.switch1.dn).
const std::string& common_preferred_site(const models::Scenario& s,
                                         const models::HuntGroupOptions& group) {
  for (const models::DnOverride& dn : s.configuration.switches[0].dns) {
    if (!dn.of.queue || !dn.hg_preferred) continue;
    const auto& other = s.queues[dn.of.index].hunt_group;
    if (other && &*other == &group) return group.preferred_site[1];
  }
  return group.preferred_site[0];
}

std::shared_ptr<const Section> hunt_group_section() {
  static const auto keys = [] {
    using H = models::HuntGroupOptions;
    using models::HuntType;
    SectionOf<H> s("hunt-group", "Phones of which one takes the call (R48-R72)");
    s.key("type", &H::type,
          choice<HuntType>({{"linear", HuntType::linear},
                            {"circular", HuntType::circular},
                            {"parallel", HuntType::parallel}}),
          documented("source R48: parallel in business continuity"),
          "One phone after the other from the first, or from the last served; or all at once");
    s.key("hg-members", &H::members, references(agents_reference(), "agent groups"), language(),
          "Agent groups, in the order of being rung")
        .default_is("required");
    s.row(
         "hg-preferred-site", text().type, language(),
         "SIP Server application that distributes the calls in BC mode; unset or unknown: whoever "
         "receives them",
         [](Reader& r, const Node& node, H& group) {
           text().read(r, node, group.preferred_site[0]);
           group.preferred_site[1] = group.preferred_site[0];
         },
         [](const Writer& w, const H& group) -> std::optional<Out> {
           const std::string& site = common_preferred_site(w.scenario(), group);
           if (site.empty()) return std::nullopt;
           return text().write(w, site);
         })
        .changeable();
    s.key("hg-noanswer-timeout", &H::no_answer_timeout, duration({.min = 1s}), assumption(),
          "Then the next member, or the default destination")
        .changeable();
    s.key("hg-queue-limit", &H::queue_limit, count<std::uint32_t>(), assumption(),
          "Calls that wait while all members are busy, or have just refused one (for 5s)")
        .changeable();
    s.key("hg-queue-timeout", &H::queue_timeout, duration({.min = 1s}), assumption(),
          "For so long, then the default destination")
        .changeable();
    return s.done();
  }();
  return keys;
}

}  // namespace

std::shared_ptr<const Section> queue_section() {
  static const auto keys = [] {
    using Q = models::QueueOptions;
    using models::RoutingScope;
    SectionOf<Q> s("queue", "Where callers wait for an agent");
    s.key("limit", &Q::limit, optional(count<std::uint32_t>(), "none"), p0(),
          "Waiting calls per site; more are default-routed")
        .changeable();
    s.key("maximum-wait", &Q::maximum_wait, optional(duration(), "none"), assumption(),
          "After this a call is default-routed")
        .changeable();
    s.key("default-destination", &Q::default_destination, optional(text(), "none"), assumption(),
          "Where calls go that cannot be served; none: they are rejected, which R56 forbids (needs "
          "accept: [V-E16])");
    s.key("routing-scope", &Q::routing_scope,
          choice<RoutingScope>(
              {{"local", RoutingScope::local}, {"both-sites", RoutingScope::both_sites}}),
          assumption(), "Agents of the call's own site, or the longest idle of both");
    s.key("priority", &Q::priority, count<int>({.min = 0, .max = 1000}), assumption(),
          "Higher is served first; first come, first served inside")
        .changeable();
    s.row(
        "hunt-group", section<models::HuntGroupOptions>(hunt_group_section()).type, language(),
        "Its calls ring the phones of members instead of waiting for an agent",
        [](Reader& r, const Node& node, Q& queue) {
          read_section(r, *hunt_group_section(), node, &queue.hunt_group.emplace());
        },
        [](const Writer& w, const Q& queue) -> std::optional<Out> {
          if (!queue.hunt_group) return std::nullopt;
          return write_section(w, *hunt_group_section(), &*queue.hunt_group);
        });
    return s.done();
  }();
  return keys;
}

namespace {

using models::CallStream;

std::shared_ptr<const Section> redial_section() {
  static const auto keys = [] {
    using R = models::RedialOptions;
    SectionOf<R> s("redial", "Callers who try again");
    s.key("enabled", &R::enabled, boolean(), p0(), "false: nobody tries again");
    s.key("after-drop", &R::after_drop, percent(), p0(), "Share who redial after a dropped call");
    s.key("after-setup", &R::after_setup, percent(), p0(), "… after a failed set-up");
    s.key("after-abandon", &R::after_abandon, percent(), p0(), "… after giving up in the queue");
    s.key("drop-delay", &R::drop_delay, distribution(), p0(), "Until they redial after a drop");
    s.key("setup-delay", &R::setup_delay, distribution(), p0(), "… after a failed set-up");
    s.key("abandon-delay", &R::abandon_delay, distribution(), p0(), "… after giving up");
    s.key("max-attempts", &R::max_attempts, count<int>({.min = 1, .max = 100}), p0(),
          "In all, the first included");
    s.key("further-factor", &R::further_factor, number({.min = 0., .max = 1.}), p0(),
          "The shares shrink by this with each further attempt");
    return s.done();
  }();
  return keys;
}

std::shared_ptr<const Section> surge_step_section() {
  static const auto keys = [] {
    using S = models::SurgeStep;
    SectionOf<S> s("a step of the surge", "The factor from then on");
    s.key("at", &S::at, instant(), language(), "From when").require();
    s.key("factor", &S::factor, number({.min = 0., .max = 1000.}), language(),
          "All rates of the stream times this")
        .require();
    return s.done();
  }();
  return keys;
}

// What happens outside multiplies the calls: [{at: "19:00", factor: 1.9}, …]
Codec<std::vector<models::SurgeStep>> surge() {
  auto codec = list(section<models::SurgeStep>(surge_step_section()), "a surge");
  const auto read = codec.read;
  codec.read = [read](Reader& r, const Node& node, std::vector<models::SurgeStep>& steps) {
    read(r, node, steps);
    for (std::size_t i = 1; i < steps.size(); ++i) {
      if (steps[i].at <= steps[i - 1].at) {
        r.error(node.children[i], "S-006", "times must rise from one step to the next");
      }
    }
  };
  return codec;
}

struct Hold {
  double share = CallStream{}.hold_share;
  models::Distribution length = CallStream{}.hold;
};

std::shared_ptr<const Section> hold_section() {
  static const auto keys = [] {
    SectionOf<Hold> s("hold", "Calls put on hold");
    s.key("share", &Hold::share, percent(), assumption(), "Of the answered calls");
    s.key("length", &Hold::length, distribution(), assumption(), "Time on hold, beside the talk");
    return s.done();
  }();
  return keys;
}

// gateways: {mg1: 60%, mg2: 40%}
Codec<std::vector<double>> gateway_shares() {
  Codec<std::vector<double>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "gateway";
  codec.type.elements = {percent().type};
  codec.read = [](Reader& r, const Node& node, std::vector<double>& shares) {
    if (!r.expect_map(node, "gateways")) return;
    shares.assign(r.names.gateways.size(), 0);
    double sum = 0;
    bool complete = true;
    for (const Node& child : node.children) {
      const auto gateway = Names::index(r.names.gateways, child.key);
      if (!gateway) {
        r.diagnostics().error("S-007", child.key_at, fmt::format("unknown gateway '{}'", child.key),
                              did_you_mean(child.key, r.names.gateways));
        complete = false;
        continue;
      }
      const Reader::Scope scope(r, child.key, child.key_at);
      const std::size_t before = r.diagnostics().all().size();
      percent().read(r, child, shares[*gateway]);
      complete = complete && r.diagnostics().all().size() == before;
      sum += shares[*gateway];
    }
    if (complete && std::abs(sum - 1) > 1e-9) {
      r.error(node, "S-006",
              fmt::format("the shares of the gateways add up to {:.6g}%, not to 100%", sum * 100));
    }
  };
  codec.write = [](const Writer& w, const std::vector<double>& shares) -> std::optional<Out> {
    Out out = Out::map(true);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      out.children.emplace_back(w.scenario().gateways[i].name,
                                Out::scalar(format_percent(shares[i])));
    }
    return out;
  };
  return codec;
}

/// Absent where there are none.
Codec<std::vector<std::uint32_t>> agent_groups() {
  auto codec = references(agents_reference(), "agent groups");
  codec.write = [write = codec.write](const Writer& w, const std::vector<std::uint32_t>& groups) {
    return groups.empty() ? std::nullopt : write(w, groups);
  };
  return not_empty(std::move(codec), "a list of agent groups needs a group");
}

}  // namespace

std::shared_ptr<const Section> call_stream_section() {
  static const auto keys = [] {
    using C = CallStream;
    SectionOf<C> s("call stream", "Calls of one kind: how they arrive, what they want");
    s.row(
         "queue", queue_reference().type, derived("the first queue"), "Where they wait",
         [](Reader& r, const Node& node, C& stream) {
           queue_reference().read(r, node, stream.queue);
         },
         [](const Writer& w, const C& stream) -> std::optional<Out> {
           if (stream.kind() != models::CallKind::queue) return std::nullopt;
           return queue_reference().write(w, stream.queue);
         })
        .excludes("destination")
        .default_is("the first queue");
    s.key("to-agents", &C::to_agents, agent_groups(), language(),
          "Agent groups: each caller dials the number of one of their agents, no queue")
        .excludes("destination")
        .default_is("a queue; with from-agents, somebody outside");
    s.key("from-agents", &C::from_agents, agent_groups(), language(),
          "Agent groups: any one of their agents places the call, when he is free")
        .default_is("callers from outside");
    s.key(
        "3pcc-share", &C::by_desktop, percent(), assumption(),
        "from-agents: calls placed by the desktop (TMakeCall); the others the phone dials itself");
    s.key("answer-delay", &C::answer_delay, distribution(), assumption(),
          "from-agents: until somebody outside answers");
    s.key("rate", &C::arrivals, constant_rate(), language(), "Calls per time, always the same")
        .excludes("arrivals")
        .default_is("required, or profile, volumes or calls");
    s.key("profile", &C::arrivals, rate_profile(), language(),
          "Rates that hold from given times on; none before the first")
        .excludes("arrivals");
    s.key("volumes", &C::arrivals, interval_volumes(), language(),
          "Calls per interval, from a CSV file or a list")
        .excludes("arrivals");
    s.key("calls", &C::arrivals, single_calls(), language(), "Single calls, from a file or a list")
        .excludes("arrivals");
    s.key("busyness-cv", &C::busyness_cv, number({.min = 0., .max = 10.}), assumption(),
          "Busy and quiet days: cv of a gamma factor on all rates");
    s.key("surge", &C::surge, surge(), language(),
          "Factors on the rate while something happens outside; not counted as normal load");
    s.key("gateways", &C::gateway_share, gateway_shares(), derived("equal shares"),
          "Share of the calls that each gateway gets")
        .default_is("equal shares");
    s.key("talk", &C::talk, distribution(), p0(), "Talk time");
    s.key("after-call-work", &C::after_call_work, distribution(), p0(), "After-call work");
    s.row(
        "hold", section<Hold>(hold_section()).type, assumption(),
        "Calls that the agent puts on hold, with music, once at a uniform moment of the talk",
        [](Reader& r, const Node& node, C& stream) {
          Hold hold{stream.hold_share, stream.hold};
          read_section(r, *hold_section(), node, &hold);
          stream.hold_share = hold.share;
          stream.hold = hold.length;
        },
        [](const Writer& w, const C& stream) -> std::optional<Out> {
          const Hold hold{stream.hold_share, stream.hold};
          return write_section(w, *hold_section(), &hold);
        });
    s.key("transfer", &C::transfer, transfer(), language(),
          "Calls that the agent passes on to a second one")
        .default_is("none");
    s.key("patience", &C::patience, distribution(), p0(),
          "In the queue, until the caller abandons");
    s.key("setup-patience", &C::setup_patience, distribution(), p0(),
          "Before the call is answered by the queue");
    s.key("redial", &C::redial, section<models::RedialOptions>(redial_section()), p0(),
          "Callers who try again");
    s.key("releases", &C::agent_releases, choice<bool>({{"agent", true}, {"caller", false}}),
          assumption(), "Who hangs up first");
    return s.done();
  }();
  return keys;
}

}  // namespace bcsim::tools
