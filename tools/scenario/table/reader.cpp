#include "tools/scenario/table/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

std::optional<std::uint32_t> Names::index(const std::vector<std::string>& list,
                                          std::string_view name) {
  const auto found = std::find(list.begin(), list.end(), name);
  if (found == list.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - list.begin());
}

void Reader::error(const Node& at, const std::string& code, const std::string& message,
                   const std::string& hint) {
  refused_.insert(path_);
  diagnostics_.error(code, at.at, message, hint);
}

void Reader::error(const Node& at, const ValueError& problem) {
  refused_.insert(path_);
  diagnostics_.error(problem.code, at.at, problem.message, problem.hint);
}

namespace {

// An empty value has no place of its own worth showing: point at its key.
Node pointing_at_key(const Node& node) {
  Node at = node;
  if (!node.key.empty()) at.at = node.key_at;
  return at;
}

}  // namespace

const std::string* Reader::scalar(const Node& node, std::string_view wanted) {
  if (node.is_scalar()) return &node.text;
  error(pointing_at_key(node), "S-003",
        fmt::format("{}expected {}, found {}", node.key.empty() ? "" : node.key + ": ", wanted,
                    kind_name(node.kind)));
  return nullptr;
}

bool Reader::expect_map(const Node& node, std::string_view wanted) {
  if (node.is_map() || node.is_null()) return true;
  error(node, "S-003", fmt::format("{} is a map of keys, found {}", wanted, kind_name(node.kind)),
        node.is_scalar() ? "write 'key: value' lines below it, or {key: value, …}" : "");
  return false;
}

bool Reader::expect_list(const Node& node, std::string_view wanted) {
  if (node.is_list() || node.is_null()) return true;
  error(node, "S-003", fmt::format("{} is a list, found {}", wanted, kind_name(node.kind)),
        "write '- …' lines below it, or […]");
  return false;
}

std::optional<sim::Duration> Reader::since_start(sim::Duration clock) const {
  const models::RunOptions& run = scenario_.run;
  if (!run.start_label) return std::nullopt;
  const sim::Duration offset = clock - *run.start_label;
  if (offset >= sim::Duration::zero()) return offset;
  const sim::Duration tomorrow = offset + std::chrono::hours(24);
  return tomorrow <= run.horizon ? tomorrow : offset;
}

std::optional<sim::SimTime> Reader::instant(const Node& node, bool negative_allowed) {
  const std::string* text = scalar(node, "a time such as 1h30min or \"10:30\"");
  if (text == nullptr) return std::nullopt;
  sim::Duration offset{};
  if (const auto clock = parse_clock(*text)) {
    const auto since = since_start(*clock);
    if (!since) {
      error(node, "S-003", fmt::format("the time of day {} needs run.start", *text),
            "set run: {start: \"09:00\"} or write the time since the start, such as 1h30min");
      return std::nullopt;
    }
    offset = *since;
  } else {
    const auto parsed = parse_duration(*text);
    if (const auto* problem = std::get_if<ValueError>(&parsed)) {
      error(node, *problem);
      return std::nullopt;
    }
    offset = std::get<sim::Duration>(parsed);
  }
  if (offset < sim::Duration::zero() && !negative_allowed) {
    error(node, "S-006", fmt::format("{} is before the start of the run", *text));
    return std::nullopt;
  }
  return sim::kStart + offset;
}

std::optional<std::uint32_t> Reader::reference(const Node& node, std::string_view what,
                                               const std::vector<std::string>& list) {
  const std::string* text = scalar(node, fmt::format("the name of a {}", what));
  if (text == nullptr) return std::nullopt;
  const auto found = Names::index(list, *text);
  if (!found)
    error(node, "S-007", fmt::format("unknown {} '{}'", what, *text), did_you_mean(*text, list));
  return found;
}

bool Reader::check_name(const Node& member, std::string_view what) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  const std::string& name = member.key.empty() ? member.text : member.key;
  const Location at = member.key.empty() ? member.at : member.key_at;
  if (!name.empty() && std::all_of(name.begin(), name.end(), fits)) return true;
  diagnostics_.error("S-016", at, fmt::format("'{}' cannot name a {}", name, what),
                     "use letters, digits, '-' and '_'");
  return false;
}

namespace {

std::size_t extend(std::string& path, std::string_view segment) {
  const std::size_t length = path.size();
  if (!path.empty()) path += '.';
  path += segment;
  return length;
}

}  // namespace

Reader::Scope::Scope(Reader& reader, std::string_view segment, Location at)
    : reader_(reader), length_(extend(reader.path_, segment)) {
  reader_.given_.insert_or_assign(reader_.path_, at);
}

Writer::Scope::Scope(const Writer& writer, std::string_view segment)
    : writer_(writer), length_(extend(writer.path_, segment)) {}

std::string Writer::comment(const std::string& origin) const {
  if (given_ == nullptr || diagnostics_ == nullptr) return "";
  const auto found = given_->find(path_);
  if (found == given_->end()) return origin;
  const Source& source = diagnostics_->source(found->second.source);
  if (!source.is_file) return source.display;
  return fmt::format("{}:{}", source.display, found->second.line);
}

}  // namespace bcsim::tools
