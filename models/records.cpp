#include "models/records.hpp"

#include <cstring>

#include "sim/hash.hpp"

namespace bcsim::models {

std::uint64_t digest(const Record& record) {
  return std::visit(
      [&record](const auto& fields) {
        using Fields = std::decay_t<decltype(fields)>;
        static_assert(std::has_unique_object_representations_v<Fields>,
                      "a record with padding would hash garbage");
        std::uint64_t words[(sizeof(Fields) + 7) / 8] = {};
        std::memcpy(words, &fields, sizeof(Fields));
        sim::Hash64 hash;
        hash.add(record.index());
        for (const std::uint64_t word : words) hash.add(word);
        return hash.value();
      },
      record);
}

}  // namespace bcsim::models
