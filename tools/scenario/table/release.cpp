#include "tools/scenario/table/release.hpp"

#include <charconv>

namespace bcsim::tools {

std::optional<std::vector<std::uint32_t>> parse_release(std::string_view text) {
  std::vector<std::uint32_t> parts;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    std::uint32_t part = 0;
    const auto [next, problem] = std::from_chars(at, end, part);
    if (problem != std::errc{} || next == at) return std::nullopt;
    parts.push_back(part);
    if (next == end) return parts;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
}

Codec<std::string> release() {
  Codec<std::string> codec = text();
  codec.read = [](Reader& r, const Node& node, std::string& value) {
    const std::string* given = r.scalar(node, "a release such as 8.1.2");
    if (given == nullptr) return;
    if (parse_release(*given)) {
      value = *given;
    } else {
      r.error(node, "S-003", fmt::format("'{}' is not a release", *given), "such as 8.1.2");
    }
  };
  return codec;
}

}  // namespace bcsim::tools
