// What acted when: the events of a run, those alike told together, with their timer and rule.
#pragma once

#include <array>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "models/ledger/ledger.hpp"
#include "models/world/layout.hpp"
#include "models/world/world.hpp"
#include "tools/journal/names.hpp"
#include "tools/trace/event_reasons.hpp"

namespace bcsim::tools {

/// What happened alike to one or to many after the same fault: "250 phones registered at site2".
struct EventLine {
  std::vector<models::SimTime> at;  ///< of each time it happened, in order
  std::size_t subjects = 0;         ///< to how many: some may have done it several times
  std::string text;
  std::string decided_by;          ///< the timer or option, with its value; empty: none
  std::vector<std::string> rules;  ///< "R31", of models/README.md
};

/// From one fault, or the start, to the next.
struct EventChapter {
  models::SimTime at{};
  std::string title;             ///< "fail site1"
  std::vector<EventLine> lines;  ///< by the time of the first of each
};

/// Folds a run's journal into chapters. Give it to the world before the start; the layout must
/// outlive it.
class EventStory final : public models::Observer {
 public:
  explicit EventStory(const models::Layout& layout);

  void on_record(const models::JournalEntry& entry) override;
  void on_tick(models::SimTime, const models::TickSample&) override {}
  [[nodiscard]] bool wants_messages() const override { return true; }
  void on_message(const models::Transmission& t) override;

  [[nodiscard]] std::vector<EventChapter> chapters() const;
  /// Chapters beyond these are left out (a flapping link has hundreds).
  static constexpr std::size_t kMost = 30;
  [[nodiscard]] std::size_t left_out() const {
    return told_.size() > kMost ? told_.size() - kMost : 0;
  }

  /// What a record tells; `one` empty: nothing.
  struct Telling {
    std::string one;   ///< subject, if it is alone: "mg1"
    std::string many;  ///< its kind in the plural: "gateways"
    std::string did;   ///< in the past tense: "gave site1 up for dead"
    std::string decided_by;
    std::vector<std::string> rules;
    /// `many` are what happens, not to whom: one each time ("230 logins refused").
    bool happenings = false;
    std::string did_alone = {};  ///< `did` of a single subject, if that is worded differently
  };

 private:
  struct Kept {
    Telling telling;
    std::vector<models::SimTime> at;
    std::set<std::string> subjects;
  };
  static std::string sentence(const Kept&);
  void keep(const models::JournalEntry&);
  struct Chapter {
    models::SimTime at{};
    std::string title;
    std::map<std::string, Kept> kinds;
  };
  const models::Layout& layout_;
  ThingNames names_;
  models::CallLedger ledger_;
  std::array<models::ServerMode, models::kSites> mode_{};
  bool apart_ = false;  ///< the link between the sites is cut
  EventReasons reasons_;
  std::vector<Chapter> told_;
};

[[nodiscard]] std::string event_story_text(const EventStory& story,
                                           const models::Scenario& scenario, bool color, bool utf8);
[[nodiscard]] nlohmann::ordered_json event_story_json(const EventStory& story);

}  // namespace bcsim::tools
