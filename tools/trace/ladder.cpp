#include "tools/trace/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "tools/journal/message_words.hpp"
#include "tools/results/plain_words.hpp"

namespace bcsim::tools {
namespace {

using models::NodeKind;

constexpr sim::Duration kLongSilence = std::chrono::seconds(5);
constexpr std::size_t kMostAgents = 3;  // with columns of their own
constexpr std::uint32_t kOthers = 0xFFFF'FFFFu;

/// Where an actor stands; what compares equal is one column.
struct ColumnKey {
  int rank = 0;
  std::uint32_t which = 0;
  auto operator<=>(const ColumnKey&) const = default;
};

class LadderBuilder {
 public:
  LadderBuilder(const CallLife& life, const CallStory& story, const StoryContext& c)
      : life_(life), story_(story), c_(c) {}

  Ladder build() {
    ladder_.title = story_.title;
    find_agents();
    find_actors();
    // In one instant: the fault, what it does, what was decided, what was said, the end.
    add_faults();
    add_decisions();
    for (std::size_t i = 0; i < life_.messages.size(); ++i) add_message(i);
    add_end();
    std::stable_sort(ladder_.rows.begin(), ladder_.rows.end(),
                     [](const LadderRow& a, const LadderRow& b) { return a.at < b.at; });
    name_silences();
    return std::move(ladder_);
  }

 private:
  [[nodiscard]] ColumnKey key_of(models::NodeId node) const {
    const models::NodeRole& role = c_.layout.roles[node.value];
    switch (role.kind) {
      case NodeKind::pstn:
        return {0, 0};
      case NodeKind::gateway:
        return {1, role.index};
      case NodeKind::sip_server:
        return {2 + 2 * role.site, 0};
      case NodeKind::media_server:
        return {3 + 2 * role.site, 0};
      case NodeKind::phone:
        return {6, crowd(role.index) ? kOthers : role.index};
      case NodeKind::desktop:
        return {7, crowd(role.index) ? kOthers : role.index};
      default:
        return {8, node.value};
    }
  }
  /// A hunt group rings many phones: those that did not get the call share a column.
  [[nodiscard]] bool crowd(std::uint32_t agent) const {
    return agents_.size() > kMostAgents && agent != life_.row.agent.value;
  }
  void find_agents() {
    for (const LoggedMessage& m : life_.messages) {
      for (const models::NodeId node : {m.from, m.to}) {
        if (!node.valid()) continue;
        const models::NodeRole& role = c_.layout.roles[node.value];
        if (role.kind == NodeKind::phone) agents_.insert(role.index);
      }
    }
  }
  [[nodiscard]] LadderActor actor_of(models::NodeId node) const {
    const models::NodeRole& role = c_.layout.roles[node.value];
    const bool person = role.kind == NodeKind::phone || role.kind == NodeKind::desktop;
    if (person && crowd(role.index)) {
      return {role.kind == NodeKind::phone ? "phones" : "desktops",
              fmt::format("{} others", agents_.size() - (life_.row.agent.valid() ? 1 : 0))};
    }
    switch (role.kind) {
      case NodeKind::pstn:
        return {"PSTN", "caller"};
      case NodeKind::gateway:
        return {"gateway", ThingNames::of(c_.names.gateways, role.index)};
      case NodeKind::sip_server:
        return {"SIP Srv", ThingNames::of(c_.names.sites, role.site)};
      case NodeKind::media_server:
        return {"media", ThingNames::of(c_.names.sites, role.site)};
      case NodeKind::phone:
        return {"phone", ThingNames::of(c_.names.agents, role.index)};
      case NodeKind::desktop:
        return {"desktop", ThingNames::of(c_.names.agents, role.index)};
      default:
        return {"", ThingNames::of(c_.names.nodes, node.value)};
    }
  }
  void find_actors() {
    std::map<ColumnKey, models::NodeId> found;
    for (const LoggedMessage& m : life_.messages) {
      if (!m.from.valid() || !m.to.valid()) continue;
      found.try_emplace(key_of(m.from), m.from);
      found.try_emplace(key_of(m.to), m.to);
    }
    for (const auto& [key, node] : found) {
      columns_[key] = ladder_.actors.size();
      ladder_.actors.push_back(actor_of(node));
    }
  }
  [[nodiscard]] std::string label_of(const models::Message& message) const {
    std::string text = message_name(message);
    if (const auto* response = std::get_if<models::sip::Response>(&message)) {
      // Those to the INVITE need no further word, but that all is well.
      const std::string_view word = response->method != models::sip::Method::invite
                                        ? method_name(response->method)
                                    : response->status == 200 ? "OK"
                                                              : "";
      text = word.empty() ? fmt::format("{}", response->status)
                          : fmt::format("{} {}", response->status, word);
    } else if (const auto* pstn = std::get_if<models::pstn::Message>(&message)) {
      if (pstn->kind == models::pstn::Kind::speech) text = pstn->flag ? "speech" : "music";
      if (pstn->kind == models::pstn::Kind::silence && !pstn->flag) text = "heard";
    }
    if (const unsigned copy = copy_of(message); copy > 0 && text != "ACK") {
      text += fmt::format(" #{}", copy + 1);
    }
    return text;
  }
  void add_message(std::size_t index) {
    const LoggedMessage& m = life_.messages[index];
    if (!m.to.valid()) return;
    const bool decisive = story_.decision.message == index;
    if (!m.from.valid()) {  // nobody sent it: it happened to the receiver
      ladder_.rows.push_back(
          {.kind = LadderRow::Kind::note,
           .at = m.sent,
           .text = fmt::format("{}: {}", ThingNames::of(c_.names.nodes, m.to.value),
                               message_name(m.message)),
           .decisive = decisive});
      return;
    }
    ladder_.rows.push_back({.at = m.sent,
                            .text = label_of(m.message),
                            .received = m.at,
                            .from = columns_.at(key_of(m.from)),
                            .to = columns_.at(key_of(m.to)),
                            .protocol = std::string(protocol_name(m.message)),
                            .lost = !m.arrived() || m.queue_full,
                            .why = m.queue_full  ? "the input queue was full"
                                   : m.arrived() ? ""
                                                 : std::string(fate_words(m.dropped)),
                            .repeated = copy_of(m.message) > 0,
                            .decisive = decisive});
  }
  void add_faults() {
    models::SimTime last = life_.records.back().at;
    if (!life_.messages.empty()) last = std::max(last, life_.messages.back().sent);
    for (const models::JournalEntry& e : c_.faults) {
      if (e.at < life_.records.front().at || e.at > last) continue;
      const std::string text = fault_sentence(e, life_, c_);
      if (text.empty()) continue;
      const bool fault = std::holds_alternative<models::FaultInjected>(e.record);
      ladder_.rows.push_back({.kind = fault ? LadderRow::Kind::fault : LadderRow::Kind::note,
                              .at = e.at,
                              .text = text});
    }
  }
  void add_decisions() {
    for (const models::JournalEntry& e : life_.records) {
      std::string text;
      if (const auto* f = std::get_if<models::CallRouted>(&e.record)) {
        text = fmt::format("agent {} is chosen", ThingNames::of(c_.names.agents, f->agent.value));
      } else if (std::holds_alternative<models::CallAnswered>(e.record)) {
        text = "caller and agent speak";
      } else if (const auto* passed = std::get_if<models::CallTransferred>(&e.record)) {
        text = fmt::format("agent {} transfers the call",
                           ThingNames::of(c_.names.agents, passed->agent.value));
      } else if (const auto* asks = std::get_if<models::Consultation>(&e.record)) {
        constexpr std::array<std::string_view, 3> kSteps = {
            "calls a second agent", "speaks with the second agent", "takes the caller back"};
        text = fmt::format("agent {} {}", ThingNames::of(c_.names.agents, asks->agent.value),
                           kSteps[static_cast<std::size_t>(asks->step)]);
      }
      if (!text.empty()) {
        ladder_.rows.push_back({.kind = LadderRow::Kind::note, .at = e.at, .text = text});
      }
    }
  }
  void add_end() {
    if (life_.row.released == sim::kNever) return;
    ladder_.rows.push_back({.kind = LadderRow::Kind::note,
                            .at = life_.row.released,
                            .text = fmt::format("over for the caller: {}", story_.outcome)});
  }
  void name_silences() {
    std::vector<LadderRow> rows;
    for (LadderRow& row : ladder_.rows) {
      if (!rows.empty() && row.at - rows.back().at >= kLongSilence) {
        rows.push_back({.kind = LadderRow::Kind::pause,
                        .at = rows.back().at,
                        .text = duration_words(sim::seconds(row.at - rows.back().at))});
        rows.back().at = row.at;
      }
      rows.push_back(std::move(row));
    }
    ladder_.rows = std::move(rows);
  }

  const CallLife& life_;
  const CallStory& story_;
  const StoryContext& c_;
  std::map<ColumnKey, std::size_t> columns_;
  std::set<std::uint32_t> agents_;  ///< whose phones took part
  Ladder ladder_;
};

}  // namespace

std::vector<LadderRow> folded_rows(const Ladder& ladder) {
  constexpr int kShownCopies = 4;
  struct Copies {
    int first = 0, last = 0;
    std::size_t last_row = 0;
  };
  // "BYE #7" from one actor to another: which message, and the how manieth copy.
  const auto copy_of = [](const LadderRow& row) {
    const std::size_t mark = row.text.rfind(" #");
    const bool copy = row.kind == LadderRow::Kind::message && row.repeated && row.lost &&
                      !row.decisive && mark != std::string::npos;
    return copy ? std::atoi(row.text.c_str() + mark + 2) : 0;
  };
  using Key = std::tuple<std::size_t, std::size_t, std::string>;
  const auto key_of = [](const LadderRow& row) {
    return Key{row.from, row.to, row.text.substr(0, row.text.rfind(" #"))};
  };
  std::map<Key, Copies> late;
  for (std::size_t i = 0; i < ladder.rows.size(); ++i) {
    const int copy = copy_of(ladder.rows[i]);
    if (copy <= kShownCopies) continue;
    Copies& copies = late[key_of(ladder.rows[i])];
    if (copies.first == 0) copies.first = copy;
    copies.last = copy;
    copies.last_row = i;
  }
  std::vector<LadderRow> rows;
  for (std::size_t i = 0; i < ladder.rows.size(); ++i) {
    LadderRow row = ladder.rows[i];
    if (copy_of(row) > kShownCopies) {
      const Copies& copies = late.at(key_of(row));
      if (i != copies.last_row) continue;
      if (copies.last > copies.first) {
        row.text = fmt::format("{} #{}-{}", std::get<2>(key_of(row)), copies.first, copies.last);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Ladder make_ladder(const CallLife& life, const CallStory& story, const StoryContext& context) {
  return LadderBuilder(life, story, context).build();
}

}  // namespace bcsim::tools
