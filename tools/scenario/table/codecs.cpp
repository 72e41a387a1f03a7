#include "tools/scenario/table/codecs.hpp"

namespace bcsim::tools {
namespace {

double in_base_unit(double value) {
  return value;
}
double in_base_unit(sim::Duration value) {
  return sim::seconds(value);
}

// Codecs of text that parses to a number in a base unit.
template <class T>
Codec<T> quantity(Kind kind, std::string wanted, Range<T> range,
                  std::function<Parsed<T>(std::string_view)> parse,
                  std::function<std::string(T)> show) {
  Codec<T> codec;
  codec.type.kind = kind;
  codec.type.range = range_text<T>(range, show);
  if (range.min) codec.type.minimum = in_base_unit(*range.min);
  if (range.max) codec.type.maximum = in_base_unit(*range.max);
  codec.read = [=](Reader& r, const Node& node, T& value) {
    const std::string* text = r.scalar(node, wanted);
    if (text == nullptr) return;
    const auto parsed = parse(*text);
    if (const auto* problem = std::get_if<ValueError>(&parsed)) return r.error(node, *problem);
    bool ok = false;
    check_range<T>(r, node, std::get<T>(parsed), range, show, ok);
    if (ok) value = std::get<T>(parsed);
  };
  codec.write = [show](const Writer&, const T& value) { return Out::scalar(show(value)); };
  return codec;
}

template <class T>
Codec<T> reference(std::string what, std::vector<std::string> Names::*list,
                   std::function<std::string(const models::Scenario&, T)> name) {
  Codec<T> codec;
  codec.type.kind = Kind::reference;
  codec.type.what = what;
  codec.read = [what, list](Reader& r, const Node& node, T& value) {
    if (const auto found = r.reference(node, what, r.names.*list)) value = static_cast<T>(*found);
  };
  codec.write = [name](const Writer& w, const T& value) {
    return Out::scalar(name(w.scenario(), value));
  };
  return codec;
}

}  // namespace

Codec<bool> boolean() {
  Codec<bool> codec;
  codec.type.kind = Kind::boolean;
  codec.read = [](Reader& r, const Node& node, bool& value) {
    const std::string* text = r.scalar(node, "true or false");
    if (text == nullptr) return;
    if (!node.quoted && *text == "true") {
      value = true;
    } else if (!node.quoted && *text == "false") {
      value = false;
    } else {
      const bool yes = *text == "yes" || *text == "on" || *text == "True" || *text == "TRUE";
      const bool no = *text == "no" || *text == "off" || *text == "False" || *text == "FALSE";
      r.error(node, "S-003", fmt::format("'{}' is neither true nor false", *text),
              yes || no ? fmt::format("write {}", yes ? "true" : "false") : "");
    }
  };
  codec.write = [](const Writer&, const bool& value) {
    return Out::scalar(value ? "true" : "false");
  };
  return codec;
}

Codec<std::string> text() {
  Codec<std::string> codec;
  codec.type.kind = Kind::text;
  codec.read = [](Reader& r, const Node& node, std::string& value) {
    const std::string* text = r.scalar(node, "text");
    if (text == nullptr) return;
    constexpr std::size_t kLongest = 2000;
    if (text->size() > kLongest) {
      r.error(node, "S-006",
              fmt::format("a text of {} characters: {} are the most", text->size(), kLongest));
    } else if (steers_terminal(*text)) {
      r.error(node, "S-003", "a text with control characters", "letters, digits and signs");
    } else {
      value = *text;
    }
  };
  codec.write = [](const Writer&, const std::string& value) {
    return Out::scalar(value, value.empty());
  };
  return codec;
}

Codec<sim::Duration> duration(Range<sim::Duration> range) {
  if (!range.min) range.min = sim::Duration::zero();
  // What may last a minute at most, such as a latency, is thought of in milliseconds.
  const char* usual = range.max && *range.max <= 60s ? "ms" : "s";
  return quantity<sim::Duration>(
      Kind::duration, "a duration such as 30s", range,
      [usual](std::string_view text) { return parse_duration(text, usual); }, format_duration);
}

Codec<sim::SimTime> instant(bool negative_allowed) {
  Codec<sim::SimTime> codec;
  codec.type.kind = Kind::instant;
  codec.read = [negative_allowed](Reader& r, const Node& node, sim::SimTime& value) {
    if (const auto at = r.instant(node, negative_allowed)) value = *at;
  };
  codec.write = [](const Writer&, const sim::SimTime& value) {
    return Out::scalar(format_duration(value.time_since_epoch()));
  };
  return codec;
}

Codec<double> seconds_value(Range<double> range) {
  if (!range.min) range.min = 0;
  return quantity<double>(Kind::duration, "a duration such as 30s", range, parse_seconds,
                          format_seconds);
}

Codec<double> rate(Range<double> range) {
  if (!range.min) range.min = 0;
  return quantity<double>(Kind::rate, "a rate such as 0.25/s", range, parse_rate, format_rate);
}

Codec<double> percent(Range<double> range) {
  if (!range.min) range.min = 0;
  if (!range.max) range.max = 1;
  return quantity<double>(Kind::percent, "a percentage such as 50%", range, parse_percent,
                          format_percent);
}

Codec<double> bandwidth() {
  return quantity<double>(Kind::bandwidth, "a bandwidth such as 100Mbit/s",
                          Range<double>{0.0, 1e15, true}, parse_bandwidth, format_bandwidth);
}

Codec<double> number(Range<double> range) {
  return quantity<double>(Kind::number, "a number", range, parse_number, format_number);
}

Codec<models::SiteIndex> site_reference() {
  return reference<models::SiteIndex>(
      "site", &Names::sites,
      [](const models::Scenario& s, models::SiteIndex i) { return s.sites[i].name; });
}

Codec<models::LocationIndex> location_reference() {
  return reference<models::LocationIndex>(
      "location", &Names::locations, [](const models::Scenario& s, models::LocationIndex i) {
        return i < s.locations.size() ? s.locations[i] : std::string();
      });
}

Codec<std::uint32_t> queue_reference() {
  return reference<std::uint32_t>("queue", &Names::queues,
                                  [](const models::Scenario& s, std::uint32_t i) {
                                    return i < s.queues.size() ? s.queues[i].name : std::string();
                                  });
}

Codec<models::DrForward> dr_forward() {
  using models::DrForward;
  return choice<DrForward>(
      {{"off", DrForward::off}, {"no-agent", DrForward::no_agent}, {"oos", DrForward::oos}});
}
Codec<std::uint32_t> agents_reference() {
  return reference<std::uint32_t>("agents", &Names::agents,
                                  [](const models::Scenario& s, std::uint32_t i) {
                                    return i < s.agents.size() ? s.agents[i].name : std::string();
                                  });
}

Codec<std::uint32_t> gateway_reference() {
  return reference<std::uint32_t>(
      "gateway", &Names::gateways, [](const models::Scenario& s, std::uint32_t i) {
        return i < s.gateways.size() ? s.gateways[i].name : std::string();
      });
}

}  // namespace bcsim::tools
