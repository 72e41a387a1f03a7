#include "tools/run/wire.hpp"

#include "models/metrics/definitions.hpp"

// Each list of fields is a structured binding: a member that is added does not compile until it is
// added here too. The functions are found by the namespace of their argument.

namespace bcsim::models {

// NOLINTBEGIN(readability-identifier-length)
template <class T, class Of>
concept Is = std::is_same_v<std::remove_const_t<T>, Of>;

template <Is<Slice> T>
auto fields(T& x) {
  auto& [a, b, c, d] = x;
  return std::tie(a, b, c, d);
}
template <Is<CallTally> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
template <Is<CallTallies> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f] = x;
  return std::tie(a, b, c, d, e, f);
}
template <Is<Recovery> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
template <Is<TimelineRow> T>
auto fields(T& x) {
  auto& [a, b, c, d, e] = x;
  return std::tie(a, b, c, d, e);
}
template <Is<Verdict> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g] = x;
  return std::tie(a, b, c, d, e, f, g);
}
// The unit points into the dictionary, and is looked up again.
template <Is<MetricValue> T>
auto fields(T& x) {
  auto& [id, value, unit, definition] = x;
  static_cast<void>(unit);
  return std::tie(id, value, definition);
}
template <Is<RunResult> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z);
}

}  // namespace bcsim::models

namespace bcsim::tools {

template <models::Is<Replication> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i] = x;
  return std::tie(a, b, c, d, e, f, g, h, i);
}
// NOLINTEND(readability-identifier-length)

}  // namespace bcsim::tools

#include "tools/run/archive.hpp"

namespace bcsim::tools {

std::string to_bytes(const Replication& replication) {
  ArchiveWriter out;
  out.put(replication);
  return out.take();
}

Replication replication_from_bytes(std::string_view bytes) {
  ArchiveReader in(bytes);
  Replication replication;
  in.get(replication);
  if (!in.at_end()) throw std::runtime_error("a worker's answer is too long");
  for (models::MetricValue& metric : replication.result.metrics) {
    const models::MetricDefinition* known = models::find_definition(metric.definition);
    assert(known != nullptr);
    metric.unit = known->unit;
  }
  return replication;
}

}  // namespace bcsim::tools
