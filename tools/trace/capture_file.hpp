// A capture of the simulated network for Wireshark and sngrep, and a log of T-Library beside it.
#pragma once

#include <filesystem>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "models/world/observer.hpp"
#include "tools/journal/line_file.hpp"
#include "tools/journal/message_filter.hpp"
#include "tools/journal/names.hpp"
#include "tools/trace/sip_text.hpp"

namespace bcsim::tools {

/// Each SIP message is one packet, at the time of its sending, on the interface of the first link
/// of its way; what did not arrive has a comment that says why, and the packet that follows a fault
/// one that names the fault. What was refused is followed by its ICMP port unreachable. T-Library
/// messages go to `<file>.tlib.log` as lines of text. Give it to the world before the start and
/// call commit() at the end; the layout must outlive it.
class CaptureFile final : public models::Observer {
 public:
  CaptureFile(const std::filesystem::path& path, const models::Layout& layout,
              const MessageFilter& filter);

  void on_record(const models::JournalEntry& entry) override;
  void on_tick(models::SimTime, const models::TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return true; }
  void on_message(const models::Transmission& t) override;

  void commit();
  /// Messages that the filter let pass but for their number.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

  /// Without a limit of the user's: a whole day has millions.
  static constexpr std::uint64_t kMost = 300'000;

 private:
  /// A packet that waits until none that was sent before it can come any more.
  struct Waiting {
    models::SimTime sent;
    std::uint64_t nth = 0;
    std::uint32_t link = 0;
    std::string frame, comment;
    bool operator>(const Waiting& other) const {
      return sent != other.sent ? sent > other.sent : nth > other.nth;
    }
  };
  void flush(models::SimTime until);
  void write_tlib(const models::Transmission& t, const models::tlib::Message& m);
  /// The first link on the way between them.
  [[nodiscard]] std::uint32_t link_of(models::NodeId sender, models::NodeId receiver) const;

  const models::Layout& layout_;
  MessageFilter filter_;
  ThingNames names_;
  SipText text_;
  LineFile file_, tlib_;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting_;
  struct FaultNote {
    models::SimTime at;
    std::string text;
  };
  std::vector<FaultNote> faults_;
  std::size_t faults_told_ = 0;
  std::uint64_t nth_ = 0, packets_ = 0, left_out_ = 0;
};

}  // namespace bcsim::tools
