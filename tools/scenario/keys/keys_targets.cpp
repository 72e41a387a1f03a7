// Rows of `targets`: what each queue is to keep to.
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

using models::AnsweredTarget;
using models::ServiceTarget;

// "80% in 20s"
Codec<AnsweredTarget> answered() {
  Codec<AnsweredTarget> codec;
  codec.type.what = "share in a time, such as 80% in 20s";
  codec.read = [](Reader& r, const Node& node, AnsweredTarget& value) {
    const std::string* text = r.scalar(node, "a share in a time, such as 80% in 20s");
    if (text == nullptr) return;
    constexpr std::string_view kIn = " in ";
    const std::size_t in = text->find(kIn);
    if (in == std::string::npos) {
      return r.error(node, "S-003", fmt::format("'{}' is no share in a time", *text),
                     "write it like 80% in 20s");
    }
    const auto share = parse_percent(std::string_view(*text).substr(0, in));
    const auto within = parse_duration(std::string_view(*text).substr(in + kIn.size()));
    if (const auto* problem = std::get_if<ValueError>(&share)) return r.error(node, *problem);
    if (const auto* problem = std::get_if<ValueError>(&within)) return r.error(node, *problem);
    value = {std::get<double>(share), std::get<sim::Duration>(within)};
    if (!(value.share > 0 && value.share <= 1)) {
      r.error(node, "S-006", "the share must be more than 0% and at most 100%");
    }
    if (value.within < sim::Duration(0)) r.error(node, "S-006", "the time must not be negative");
  };
  codec.write = [](const Writer&, const AnsweredTarget& value) {
    return Out::scalar(
        fmt::format("{} in {}", format_percent(value.share), format_duration(value.within)));
  };
  return codec;
}

std::shared_ptr<const Section> target_section() {
  static const auto keys = [] {
    using T = ServiceTarget;
    SectionOf<T> s("target", "What a queue is to keep to, also through a failure");
    s.key("answered", &T::answered, optional(answered(), "none"), language(),
          "Share of its calls that are answered in time, of all that end: lost ones too");
    s.key("below-for", &T::below_for, optional(duration(), "none"), language(),
          "So long, in all, fewer may be answered in time");
    s.key("worst-wait", &T::worst_wait, optional(duration(), "none"), language(),
          "Nobody is to wait longer");
    s.key("lost-callers", &T::lost_callers, optional(count<std::uint32_t>(), "none"), language(),
          "So many callers may go unserved and not try again");
    s.key("agents-back", &T::agents_back, optional(duration(), "none"), language(),
          "After a failure all who lost their place are at work again by then");
    return s.done();
  }();
  return keys;
}

bool asks(const ServiceTarget& target) {
  return target.answered || target.below_for || target.worst_wait || target.lost_callers ||
         target.agents_back;
}

}  // namespace

Codec<std::vector<ServiceTarget>> targets() {
  Codec<std::vector<ServiceTarget>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = "queue";
  codec.type.elements = {section<ServiceTarget>(target_section()).type};
  codec.read = [](Reader& r, const Node& node, std::vector<ServiceTarget>& value) {
    if (!r.expect_map(node, "targets")) return;
    value.clear();
    for (const Node& child : node.children) {
      const auto queue = Names::index(r.names.queues, child.key);
      if (!queue) {
        r.diagnostics().error("S-007", child.key_at, fmt::format("unknown queue '{}'", child.key),
                              did_you_mean(child.key, r.names.queues));
        continue;
      }
      const Reader::Scope scope(r, child.key, child.key_at);
      ServiceTarget target;
      target.queue = *queue;
      read_section(r, *target_section(), child, &target);
      if (!asks(target) && !r.diagnostics().has_errors()) {
        r.error(child, "S-008", fmt::format("nothing is asked of queue '{}'", child.key),
                "write answered: 80% in 20s, below-for, worst-wait, lost-callers or agents-back");
      } else if (target.below_for && !target.answered) {
        r.error(child, "S-008", "below-for needs answered: below what?",
                "write answered: 80% in 20s");
      }
      value.push_back(target);
    }
  };
  codec.write = [](const Writer& w, const std::vector<ServiceTarget>& value) {
    Out out = Out::map();
    for (const ServiceTarget& target : value) {
      const std::string& queue = w.scenario().queues[target.queue].name;
      const Writer::Scope scope(w, queue);
      out.children.emplace_back(queue, write_section(w, *target_section(), &target));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

}  // namespace bcsim::tools
