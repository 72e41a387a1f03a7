// The kinds of values: durations, rates, choices, references, lists, maps … each read, written and
// described in one place.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "tools/scenario/table/reader.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

/// Limits of a value in its own unit; both inclusive unless `above`.
template <class T>
struct Range {
  std::optional<T> min = std::nullopt, max = std::nullopt;
  bool above = false;  ///< min itself is not allowed
};

[[nodiscard]] Codec<bool> boolean();
[[nodiscard]] Codec<std::string> text();
/// Not negative unless the range says so.
[[nodiscard]] Codec<sim::Duration> duration(Range<sim::Duration> range = {});
[[nodiscard]] Codec<sim::SimTime> instant(bool negative_allowed = false);
/// Durations that are parameters of distributions: seconds as double.
[[nodiscard]] Codec<double> seconds_value(Range<double> range = {});
[[nodiscard]] Codec<double> rate(Range<double> per_s = {});
[[nodiscard]] Codec<double> percent(Range<double> fraction = {});
[[nodiscard]] Codec<double> bandwidth();
[[nodiscard]] Codec<double> number(Range<double> range = {});
[[nodiscard]] Codec<models::SiteIndex> site_reference();
[[nodiscard]] Codec<std::uint32_t> queue_reference();
[[nodiscard]] Codec<std::uint32_t> agents_reference();
[[nodiscard]] Codec<models::DrForward> dr_forward();
[[nodiscard]] Codec<std::uint32_t> gateway_reference();
[[nodiscard]] Codec<models::LocationIndex> location_reference();

template <class T>
void check_range(Reader& r, const Node& node, const T& value, const Range<T>& range,
                 const std::function<std::string(T)>& show, bool& ok) {
  ok = true;
  if (range.min && (range.above ? value <= *range.min : value < *range.min)) {
    ok = false;
    r.error(node, "S-006",
            range.above ? fmt::format("must be more than {}", show(*range.min))
                        : fmt::format("must not be less than {}", show(*range.min)));
  } else if (range.max && value > *range.max) {
    ok = false;
    r.error(node, "S-006", fmt::format("must not be more than {}", show(*range.max)));
  }
}

template <class T>
[[nodiscard]] std::string range_text(const Range<T>& range,
                                     const std::function<std::string(T)>& show) {
  if (range.min && range.max && !range.above) {
    return fmt::format("{} to {}", show(*range.min), show(*range.max));
  }
  std::string text;
  if (range.min) text = fmt::format("{} {}", range.above ? ">" : "≥", show(*range.min));
  if (range.max) text += fmt::format("{}≤ {}", text.empty() ? "" : ", ", show(*range.max));
  return text;
}

/// Whole numbers of any integer type.
template <class T>
[[nodiscard]] Codec<T> count(Range<T> range = {}) {
  static_assert(std::is_integral_v<T>);
  if (!range.min) range.min = T{0};
  const auto show = [](T v) { return fmt::format("{}", v); };
  Codec<T> codec;
  codec.type.kind = Kind::count;
  codec.type.minimum = static_cast<double>(*range.min);
  if (range.max) codec.type.maximum = static_cast<double>(*range.max);
  codec.type.range = range_text<T>(range, show);
  codec.read = [range, show](Reader& r, const Node& node, T& value) {
    const std::string* text = r.scalar(node, "a whole number");
    if (text == nullptr) return;
    const auto parsed = parse_count(*text);
    if (const auto* problem = std::get_if<ValueError>(&parsed)) return r.error(node, *problem);
    const std::uint64_t wide = std::get<std::uint64_t>(parsed);
    if (wide > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
      return r.error(node, "S-006", fmt::format("{} is too large", *text));
    }
    bool ok = false;
    check_range<T>(r, node, static_cast<T>(wide), range, show, ok);
    if (ok) value = static_cast<T>(wide);
  };
  codec.write = [](const Writer&, const T& value) { return Out::scalar(fmt::format("{}", value)); };
  return codec;
}

/// One word of a list.
template <class E>
[[nodiscard]] Codec<E> choice(std::vector<std::pair<std::string, E>> words) {
  Codec<E> codec;
  codec.type.kind = Kind::choice;
  for (const auto& [word, value] : words) codec.type.words.push_back(word);
  codec.read = [words, names = codec.type.words](Reader& r, const Node& node, E& value) {
    const std::string* text = r.scalar(node, "one word");
    if (text == nullptr) return;
    for (const auto& [word, meaning] : words) {
      if (*text != word) continue;
      value = meaning;
      return;
    }
    r.error(node, "S-003", fmt::format("'{}' is not a possible value", *text),
            did_you_mean(*text, names));
  };
  codec.write = [words](const Writer&, const E& value) -> std::optional<Out> {
    for (const auto& [word, meaning] : words) {
      if (meaning == value) return Out::scalar(word);
    }
    return std::nullopt;
  };
  return codec;
}

/// A value or a word that stands for its absence: "none", "never", "random".
template <class M>
[[nodiscard]] Codec<std::optional<M>> optional(Codec<M> inner, std::string none) {
  Codec<std::optional<M>> codec;
  codec.type = inner.type;
  codec.type.words.push_back(none);
  codec.read = [inner, none](Reader& r, const Node& node, std::optional<M>& value) {
    if (node.is_scalar() && node.text == none) {
      value.reset();
      return;
    }
    M given = value.value_or(M{});
    inner.read(r, node, given);
    value = given;
  };
  codec.write = [inner, none](const Writer& w, const std::optional<M>& value) {
    return value ? inner.write(w, *value) : std::optional<Out>(Out::scalar(none));
  };
  return codec;
}

/// As optional(), but absence is written by leaving the key out.
template <class M>
[[nodiscard]] Codec<std::optional<M>> if_given(Codec<M> inner) {
  Codec<std::optional<M>> codec;
  codec.type = inner.type;
  codec.read = [inner](Reader& r, const Node& node, std::optional<M>& value) {
    M given{};
    inner.read(r, node, given);
    value = given;
  };
  codec.write = [inner](const Writer& w, const std::optional<M>& value) {
    return value ? inner.write(w, *value) : std::nullopt;
  };
  return codec;
}

template <class T>
[[nodiscard]] Codec<T> section(std::shared_ptr<const Section> keys) {
  Codec<T> codec;
  codec.type.kind = Kind::section;
  codec.type.section = keys;
  codec.read = [keys](Reader& r, const Node& node, T& value) {
    read_section(r, *keys, node, &value);
  };
  codec.write = [keys](const Writer& w, const T& value) { return write_section(w, *keys, &value); };
  return codec;
}

template <class M>
[[nodiscard]] Codec<std::vector<M>> list(Codec<M> inner, std::string what, bool flow = false) {
  Codec<std::vector<M>> codec;
  codec.type.kind = Kind::list;
  codec.type.what = what;
  codec.type.elements = {inner.type};
  codec.read = [inner, what](Reader& r, const Node& node, std::vector<M>& value) {
    if (!r.expect_list(node, what)) return;
    value.clear();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Reader::Scope scope(r, fmt::format("{}", i), node.children[i].at);
      M element{};
      inner.read(r, node.children[i], element);
      value.push_back(std::move(element));
    }
  };
  codec.write = [inner, flow](const Writer& w, const std::vector<M>& value) {
    Out out = Out::list(flow);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Writer::Scope scope(w, fmt::format("{}", i));
      if (auto element = inner.write(w, value[i])) {
        out.children.emplace_back("", std::move(*element));
      }
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

/// Times of day in a list (`at:` of its entries) that do not rise as instants of the run are those
/// of a day from its morning on: before the start first, and past midnight at the end.
template <class T>
void take_as_a_day(const Node& list, std::vector<T>& entries,
                   const std::optional<sim::Duration>& start) {
  const auto before = [](const T& a, const T& b) { return a.at < b.at; };
  if (!start || entries.size() != list.children.size() ||
      std::is_sorted(entries.begin(), entries.end(), before)) {
    return;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Node* label = list.children[i].find("at");
    const auto clock = label != nullptr ? parse_clock(label->text) : std::nullopt;
    if (!clock) continue;
    entries[i].at = sim::kStart + (*clock - *start);
    const bool night = i > 0 && entries[i - 1].at - entries[i].at > std::chrono::hours(12);
    if (night) entries[i].at += std::chrono::hours(24);
  }
}

/// A list of references, each at most once: a name that is unknown is not in it.
template <class T>
[[nodiscard]] Codec<std::vector<T>> references(Codec<T> inner, std::string what) {
  auto codec = list(inner, what, true);
  codec.read = [inner, what](Reader& r, const Node& node, std::vector<T>& value) {
    if (!r.expect_list(node, what)) return;
    value.clear();
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Node& child = node.children[i];
      const Reader::Scope scope(r, fmt::format("{}", i), child.at);
      T element{};
      inner.read(r, child, element);
      if (r.refused().count(r.path()) > 0) continue;
      if (std::find(value.begin(), value.end(), element) != value.end()) {
        r.error(child, "S-002", fmt::format("'{}' is given twice", child.text));
        continue;
      }
      value.push_back(element);
    }
  };
  return codec;
}

/// A list must have something in it: an empty one would say nothing, or the opposite of what it
/// seems to. `needs`: "a profile needs a step".
template <class T>
[[nodiscard]] Codec<T> not_empty(Codec<T> codec, std::string needs) {
  codec.read = [read = std::move(codec.read), needs = std::move(needs)](Reader& r, const Node& node,
                                                                        T& value) {
    read(r, node, value);
    if (node.is_list() && node.children.empty()) r.error(node, "S-008", needs);
  };
  return codec;
}

/// Of sites, gateways, groups, queues, streams; people are counted in groups.
inline constexpr std::size_t kMostNames = 5000;

/// A map with free names to a list of things that have one.
template <class T>
[[nodiscard]] Codec<std::vector<T>> by_name(std::shared_ptr<const Section> keys, std::string what,
                                            std::string T::*name) {
  Codec<std::vector<T>> codec;
  codec.type.kind = Kind::map;
  codec.type.what = what;
  codec.type.elements = {section<T>(keys).type};
  codec.read = [keys, what, name](Reader& r, const Node& node, std::vector<T>& value) {
    if (!r.expect_map(node, what + "s")) return;
    value.clear();
    if (node.children.size() > kMostNames) {  // read all the same: others refer to them
      r.error(node, "S-006",
              fmt::format("{} {}s: {} are the most", node.children.size(), what, kMostNames));
    }
    for (const Node& child : node.children) {
      r.check_name(child, what);
      const Reader::Scope scope(r, child.key, child.key_at);
      T element{};
      element.*name = child.key;
      read_section(r, *keys, child, &element);
      value.push_back(std::move(element));
    }
  };
  codec.write = [keys, name](const Writer& w, const std::vector<T>& value) {
    Out out = Out::map();
    for (const T& element : value) {
      const Writer::Scope scope(w, element.*name);
      out.children.emplace_back(element.*name, write_section(w, *keys, &element));
    }
    return std::optional<Out>(std::move(out));
  };
  return codec;
}

}  // namespace bcsim::tools
