#include "tools/trace/capture_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

/// What was sent is known to have arrived or not at most so much later: latency, queueing, jitter.
constexpr sim::Duration kLongestTransit = std::chrono::seconds(10);

/// Time 0 of the capture is midnight of a day that nobody mistakes for a real one.
constexpr std::int64_t kDayZero_ns = 946'684'800'000'000'000;  // 2000-01-01 00:00:00 UTC

std::filesystem::path beside(const std::filesystem::path& path) {
  return path.string() + ".tlib.log";
}

}  // namespace

CaptureFile::CaptureFile(const std::filesystem::path& path, const models::Layout& layout,
                         const MessageFilter& filter)
    : layout_(layout),
      filter_(filter),
      names_(names_of(layout)),
      text_(layout),
      file_(path),
      tlib_(beside(path)) {
  if (filter_.most == UINT64_MAX) filter_.most = kMost;
  file_.write(pcapng_section("bcsim", "Simulated: nothing here was ever sent on a real network."));
  for (const auto& link : layout.topology.links) {
    file_.write(pcapng_interface(link.name,
                                 fmt::format("{} - {}", layout.topology.places[link.a.value].name,
                                             layout.topology.places[link.b.value].name)));
  }
}

void CaptureFile::on_record(const models::JournalEntry& entry) {
  const auto* fault = std::get_if<models::FaultInjected>(&entry.record);
  if (fault == nullptr) return;
  faults_.push_back({entry.at, fmt::format("fault {}: {}", fault->undone != 0 ? "over" : "begins",
                                           ThingNames::of(names_.faults, fault->fault))});
}

std::uint32_t CaptureFile::link_of(models::NodeId sender, models::NodeId receiver) const {
  const auto place = [this](models::NodeId node) {
    return layout_.topology.hosts[layout_.host_of(node).value].place;
  };
  if (!sender.valid() || !receiver.valid()) return 0;
  const sim::PlaceId from = place(sender), to = place(receiver);
  for (const sim::Route& route : layout_.topology.routes) {
    const bool there = route.from == from && route.to == to;
    const bool back = route.from == to && route.to == from;
    if ((there || back) && !route.links.empty()) {
      return (there ? route.links.front() : route.links.back()).value / 2;
    }
  }
  return 0;
}

void CaptureFile::on_message(const models::Transmission& t) {
  const auto* tlib = std::get_if<models::tlib::Message>(&t.envelope.message);
  const std::string_view protocol = protocol_name(t.envelope.message);
  if (tlib == nullptr && protocol != "sip") return;
  if (protocol == "sip" && waiting_.size() > 256) flush(t.at - kLongestTransit);
  if (!filter_.passes(t, layout_)) return;
  if (nth_ >= filter_.most) {
    ++left_out_;
    return;
  }
  ++nth_;
  if (tlib != nullptr) {
    write_tlib(t, *tlib);
    return;
  }
  const std::string text = text_.write(t.envelope);
  Waiting packet;
  packet.sent = t.envelope.sent;
  packet.nth = nth_;
  packet.link = link_of(t.from, t.to);
  const UdpDatagram datagram = {.from = text_.ip_of(t.envelope.from),
                                .to = text_.ip_of(t.envelope.to),
                                .id = static_cast<std::uint16_t>(nth_),
                                .payload = text};
  packet.frame = udp_frame(datagram);
  if (t.dropped == sim::DropReason::no_process &&
      layout_.directory.scenario->network.icmp_unreachable) {
    Waiting refusal;
    refusal.sent = t.at;
    refusal.nth = nth_;
    refusal.link = link_of(t.to, t.from);
    refusal.frame = port_unreachable_frame(datagram);
    waiting_.push(std::move(refusal));
  }
  if (t.dropped != sim::DropReason::none) {
    packet.comment = fmt::format("did not arrive: {}", fate_words(t.dropped));
  }
  waiting_.push(std::move(packet));
}

void CaptureFile::flush(models::SimTime until) {
  while (!waiting_.empty() && waiting_.top().sent <= until) {
    const Waiting& packet = waiting_.top();
    std::string comment;
    while (faults_told_ < faults_.size() && faults_[faults_told_].at <= packet.sent) {
      comment += (comment.empty() ? "" : "; ") + faults_[faults_told_++].text;
    }
    if (!packet.comment.empty()) comment += (comment.empty() ? "" : "; ") + packet.comment;
    const auto label = layout_.directory.scenario->run.start_label.value_or(sim::Duration{});
    const std::int64_t at = kDayZero_ns + (packet.sent.time_since_epoch() + label).count();
    file_.write(pcapng_packet(packet.link, at, packet.frame, comment));
    ++packets_;
    waiting_.pop();
  }
}

void CaptureFile::write_tlib(const models::Transmission& t, const models::tlib::Message& m) {
  const auto name = [this](models::NodeId node) {
    return node.valid() ? ThingNames::of(names_.nodes, node.value) : std::string("-");
  };
  std::string line = fmt::format("{:.6f} {} -> {} {}", sim::seconds(t.envelope.sent), name(t.from),
                                 name(t.to), message_name(t.envelope.message));
  if (m.agent.valid()) line += " agent " + ThingNames::of(names_.agents, m.agent.value);
  if (m.call.valid()) line += fmt::format(" call {}", m.call.value);
  if (t.dropped != sim::DropReason::none) {
    line += fmt::format(" (did not arrive: {})", fate_words(t.dropped));
  }
  tlib_.write(line + "\n");
}

void CaptureFile::commit() {
  flush(models::SimTime::max());
  file_.commit();
  tlib_.commit();
}

}  // namespace bcsim::tools
