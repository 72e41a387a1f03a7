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
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
}
template <Is<CallTallies> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j);
}
template <Is<Recovery> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
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
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z, aa, ab, ac, ad,
         ae, af] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z, aa, ab,
                  ac, ad, ae, af);
}

}  // namespace bcsim::models

namespace bcsim::tools {

template <models::Is<Replication> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j);
}
template <models::Is<TimelineCells> T>
auto fields(T& x) {
  auto& [a, b] = x;
  return std::tie(a, b);
}
template <models::Is<ReplicationRecord> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
template <models::Is<ResultMeta::Host> T>
auto fields(T& x) {
  auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
template <models::Is<ResultMeta> T>
auto fields(T& x) {
  auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = x;
  return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
}
template <models::Is<SharedReplication> T>
auto fields(T& x) {
  auto& [a, b, c] = x;
  return std::tie(a, b, c);
}
// NOLINTEND(readability-identifier-length)

}  // namespace bcsim::tools

#include "tools/run/archive.hpp"

namespace bcsim::tools {
namespace {

void look_up_units(std::vector<models::MetricValue>& metrics) {
  for (models::MetricValue& metric : metrics) {
    const models::MetricDefinition* known = models::find_definition(metric.definition);
    assert(known != nullptr);
    metric.unit = known->unit;
  }
}

template <class T>
std::string bytes_of(const T& x) {
  ArchiveWriter out;
  out.put(x);
  return out.take();
}

template <class T>
T from_bytes(std::string_view bytes) {
  ArchiveReader in(bytes);
  T x;
  in.get(x);
  if (!in.at_end()) throw std::runtime_error("the bytes of a replication are too many");
  return x;
}

}  // namespace

std::string to_bytes(const Replication& replication) {
  return bytes_of(replication);
}

Replication replication_from_bytes(std::string_view bytes) {
  auto replication = from_bytes<Replication>(bytes);
  look_up_units(replication.result.metrics);
  return replication;
}

std::string to_bytes(const ReplicationRecord& record) {
  return bytes_of(record);
}

ReplicationRecord record_from_bytes(std::string_view bytes) {
  auto record = from_bytes<ReplicationRecord>(bytes);
  look_up_units(record.metrics);
  return record;
}

std::string to_bytes(const SharedReplication& replication) {
  return bytes_of(replication);
}

SharedReplication shared_from_bytes(std::string_view bytes) {
  auto shared = from_bytes<SharedReplication>(bytes);
  look_up_units(shared.record.metrics);
  for (Replication& full : shared.full) look_up_units(full.result.metrics);
  return shared;
}

}  // namespace bcsim::tools
