// Replications on their way: from the worker that simulated one, or from another machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/results/result_meta.hpp"
#include "tools/run/simulate.hpp"
#include "tools/stats/replication_record.hpp"

namespace bcsim::tools {

/// One replication of a run that several machines share.
struct SharedReplication {
  ResultMeta meta;  ///< of the run
  ReplicationRecord record;
  std::vector<Replication> full;  ///< replication 0, which results show in full, and its twin
};

[[nodiscard]] std::string to_bytes(const Replication& replication);
/// Throws std::runtime_error if the bytes are not whole.
[[nodiscard]] Replication replication_from_bytes(std::string_view bytes);

/// As the two above. Only for bytes that the same build of the program has written.
[[nodiscard]] std::string to_bytes(const ReplicationRecord& record);
[[nodiscard]] ReplicationRecord record_from_bytes(std::string_view bytes);

[[nodiscard]] std::string to_bytes(const SharedReplication& replication);
/// As replication_from_bytes. Only for bytes that the same build of the program has written.
[[nodiscard]] SharedReplication shared_from_bytes(std::string_view bytes);

}  // namespace bcsim::tools
