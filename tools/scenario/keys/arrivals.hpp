// How calls arrive: a rate, a profile of rates, volumes per interval, or single calls.
#pragma once

#include "tools/scenario/table/codecs.hpp"

namespace bcsim::tools {

// Four keys of a call stream that exclude each other; each reads and writes one alternative.
[[nodiscard]] Codec<models::ArrivalSpec> constant_rate();
[[nodiscard]] Codec<models::ArrivalSpec> rate_profile();
[[nodiscard]] Codec<models::ArrivalSpec> interval_volumes();
[[nodiscard]] Codec<models::ArrivalSpec> single_calls();  // recorded_calls.cpp

/// The name of a CSV file, kept as it was written.
[[nodiscard]] Codec<Node> file_name();

/// A piece of a larger list on one line.
template <class T>
[[nodiscard]] Out flow_section(const Writer& w, const Section& keys, const T& value) {
  Out out = write_section(w, keys, &value);
  for (auto& [name, child] : out.children) child.comment.clear();
  out.flow = true;
  return out;
}
template <class T>
[[nodiscard]] Out flow_list(const Writer& w, const Section& keys, const std::vector<T>& values) {
  Out out = Out::list();
  for (const T& value : values) out.children.emplace_back("", flow_section(w, keys, value));
  return out;
}

}  // namespace bcsim::tools
