// The whole journal as a file: one JSON object per line, messages among them if asked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/world/observer.hpp"
#include "tools/journal/line_file.hpp"
#include "tools/journal/message_filter.hpp"
#include "tools/journal/names.hpp"

namespace bcsim::tools {

/// One message as one line of the journal. Its keys: results/README.md, "The journal".
[[nodiscard]] std::string message_line(const models::Transmission& t, const ThingNames& names);

/// Give it to the world before the start; call commit() at the end. The layout must outlive it.
class JournalFile final : public models::Observer {
 public:
  /// `messages`: which go in as well; nullopt: none.
  JournalFile(const std::filesystem::path& path, const models::Layout& layout,
              std::optional<MessageFilter> messages);

  void on_record(const models::JournalEntry& entry) override;
  void on_tick(models::SimTime, const models::TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return messages_.has_value(); }
  void on_message(const models::Transmission& t) override;

  void commit() { file_.commit(); }

 private:
  LineFile file_;
  const models::Layout& layout_;
  ThingNames names_;
  std::optional<MessageFilter> messages_;
  std::uint64_t written_ = 0;  ///< messages
};

}  // namespace bcsim::tools
