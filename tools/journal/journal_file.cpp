#include "tools/journal/journal_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tools/journal/message_words.hpp"
#include "tools/journal/record_json.hpp"

namespace bcsim::tools {
namespace {

using MessageJson = nlohmann::ordered_json;

/// What only some kinds of message have.
struct Details {
  MessageJson& j;

  void transaction(std::uint64_t dialog, std::uint64_t branch, std::uint32_t cseq,
                   unsigned copy) const {
    j["dialog"] = fmt::format("{:016x}", dialog);
    j["branch"] = fmt::format("{:x}", branch);
    j["cseq"] = cseq;
    j["copy"] = copy;
  }
  void operator()(const models::sip::Request& m) const {
    transaction(m.dialog, m.branch, m.cseq, m.copy);
  }
  void operator()(const models::sip::Response& m) const {
    j["method"] = method_name(m.method);
    transaction(m.dialog, m.branch, m.cseq, m.copy);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

std::string message_line(const models::Transmission& t, const ThingNames& names) {
  const models::Message& message = t.envelope.message;
  MessageJson j;
  j["t"] = sim::seconds(t.at);
  j["event"] = "message";
  j["sent"] = sim::seconds(t.envelope.sent);
  j["fate"] = fate_word(t.dropped);
  j["from"] = t.from.valid() ? ThingNames::of(names.nodes, t.from.value) : "world";
  j["to"] = t.to.valid() ? ThingNames::of(names.nodes, t.to.value) : "";
  j["protocol"] = protocol_name(message);
  j["message"] = message_name(message);
  if (const models::CallId call = call_of(message); call.valid()) j["call"] = call.value;
  j["bytes"] = t.envelope.size_bytes;
  std::visit(Details{j}, message);
  return j.dump(-1, ' ', false, MessageJson::error_handler_t::replace) + "\n";
}

JournalFile::JournalFile(const std::filesystem::path& path, const models::Layout& layout,
                         std::optional<MessageFilter> messages)
    : file_(path), layout_(layout), names_(names_of(layout)), messages_(std::move(messages)) {}

void JournalFile::on_record(const models::JournalEntry& entry) {
  MessageJson j = record_json(entry, names_);
  if (entry.by.valid()) j["by"] = ThingNames::of(names_.nodes, entry.by.value);
  file_.write(j.dump(-1, ' ', false, MessageJson::error_handler_t::replace) + "\n");
}

void JournalFile::on_message(const models::Transmission& t) {
  if (!messages_ || written_ >= messages_->most || !messages_->passes(t, layout_)) return;
  ++written_;
  file_.write(message_line(t, names_));
}

}  // namespace bcsim::tools
