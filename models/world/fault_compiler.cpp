#include "models/world/fault_compiler.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <tuple>

#include "models/world/fault_parts.hpp"

namespace bcsim::models {

namespace {

/// Something of the fault list that happens at an instant. Ends come before starts, each in the
/// order of the list: who restores or heals is followed by what he ends.
struct FaultEvent {
  enum class Kind : std::uint8_t { mends, ends, begins, acts, sits_down };
  SimTime at;
  Kind kind = Kind::acts;
  std::uint32_t line = 0;     ///< of the list
  std::uint32_t subject = 0;  ///< index of the hold, or of the person

  [[nodiscard]] auto order() const {
    const bool starts = kind != Kind::mends && kind != Kind::ends;
    return std::tuple(at, starts, line, kind, subject);
  }
};

class Compiler {
 public:
  Compiler(const Scenario& scenario, const Layout& layout)
      : scenario_(scenario),
        layout_(layout),
        holds_(holds_of(scenario.faults, scenario.run.horizon)),
        seats_(sit_downs(scenario, layout, holds_)),
        state_(layout),
        open_(scenario.faults.size(), 0) {
    for (std::uint32_t i = 0; i < seats_.size(); ++i) seat_of_.emplace(seats_[i].agent.value, i);
  }

  sim::FaultPlan compile() {
    faults();
    for (std::uint32_t g = 0; g < scenario_.agents.size(); ++g) {
      for (const StaffingStep& step : scenario_.agents[g].staffing) {
        if (step.at > sim::kStart) push(step.at, change(Change::staffing, g));
      }
    }
    const ConfigurationOptions& configuration = scenario_.configuration;
    std::uint32_t written = 0;
    for (const ConfigurationEdit& edit : configuration.edits) write(edit.at, written++);
    for (const SimTime at : configuration.synchronizations) write(at, written++);
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  /// What was written before the run is in the databases from the start.
  void write(SimTime at, std::uint32_t index) {
    if (at >= sim::kStart) push(at, change(Change::config_write, index));
  }
  void push(SimTime at, sim::FaultAction action) { plan_.push_back({at, std::move(action)}); }

  void faults() {
    const std::vector<FaultEvent> events = in_order();
    [[maybe_unused]] const std::size_t at_start = state_.hold_count();
    for (std::size_t i = 0; i < events.size();) {
      std::size_t end = i;
      while (end < events.size() && events[end].at == events[i].at) ++end;
      for (std::size_t e = i; e < end; ++e) take(events[e]);
      for (; i < end; ++i) tell(events[i]);
    }
    assert(std::ranges::any_of(open_, [](const auto open) { return open != 0; }) ||
           state_.hold_count() == at_start);
  }

  [[nodiscard]] std::vector<FaultEvent> in_order() const {
    using Kind = FaultEvent::Kind;
    std::vector<FaultEvent> events;
    for (std::uint32_t f = 0; f < scenario_.faults.size(); ++f) {
      const Fault& fault = scenario_.faults[f];
      if (holds(fault)) continue;
      const bool mends =
          std::holds_alternative<Restore>(fault.deed) || std::holds_alternative<Heal>(fault.deed);
      events.push_back({fault.at, mends ? Kind::mends : Kind::acts, f, 0});
    }
    for (std::uint32_t h = 0; h < holds_.size(); ++h) {
      const Hold& hold = holds_[h];
      events.push_back({hold.begin, Kind::begins, hold.fault, h});
      events.push_back({hold.end, Kind::ends, hold.ended_by.value_or(hold.fault), h});
    }
    for (std::uint32_t s = 0; s < seats_.size(); ++s) {
      events.push_back({seats_[s].at, Kind::sits_down, seats_[s].fault, s});
    }
    const SimTime horizon = sim::kStart + scenario_.run.horizon;
    std::erase_if(events, [&](const FaultEvent& e) { return e.at > horizon; });
    std::sort(events.begin(), events.end(),
              [](const FaultEvent& a, const FaultEvent& b) { return a.order() < b.order(); });
    return events;
  }

  /// Changes the holds, nothing else yet.
  void take(const FaultEvent& event) {
    switch (event.kind) {
      case FaultEvent::Kind::begins:
      case FaultEvent::Kind::ends:
        for (const FaultPart& part : parts(event.subject)) {
          if (event.kind == FaultEvent::Kind::begins) {
            state_.begin(part, event.subject);
          } else {
            state_.end(part, event.subject);
          }
        }
        return;
      case FaultEvent::Kind::sits_down:
        state_.sit_down(seats_[event.subject].agent);
        return;
      case FaultEvent::Kind::mends:
      case FaultEvent::Kind::acts:
        return;
    }
  }

  /// What it comes to, each part when it is first spoken of.
  void tell(const FaultEvent& event) {
    const auto step = [&](sim::FaultAction action) { push(event.at, std::move(action)); };
    const auto settle = [&] {
      for (const FaultPart& part : parts(event.subject)) {
        state_.settle(part, step,
                      [this](std::uint32_t hold) -> const Degrade& { return degrade(hold); });
      }
    };
    switch (event.kind) {
      case FaultEvent::Kind::mends:
        step(change(Change::fault_begins, event.line));
        return;
      case FaultEvent::Kind::acts:
        act(event);
        return;
      case FaultEvent::Kind::ends: {
        const std::uint32_t fault = holds_[event.subject].fault;
        if (--open_[fault] == 0) step(change(Change::fault_ends, fault));
        settle();
        return;
      }
      case FaultEvent::Kind::begins:
        if (open_[event.line]++ == 0) step(change(Change::fault_begins, event.line));
        settle();
        return;
      case FaultEvent::Kind::sits_down: {
        const AgentInfo& info = layout_.directory.agent(seats_[event.subject].agent);
        for (const NodeId node : {info.spare_phone, info.spare_desktop, info.phone, info.desktop}) {
          state_.settle_node(node, step);
        }
        return;
      }
    }
  }

  void act(const FaultEvent& event) {
    push(event.at, change(Change::fault_begins, event.line));
    const Deed& deed = scenario_.faults[event.line].deed;
    if (const auto* by_hand = std::get_if<SwitchOver>(&deed)) {
      push(event.at, change(Change::switch_over, by_hand->site));
    } else {
      assert(std::holds_alternative<ChangeOption>(deed));
      push(event.at, change(Change::options, event.line));
    }
  }

  [[nodiscard]] const Degrade& degrade(std::uint32_t hold) const {
    return std::get<Degrade>(scenario_.faults[holds_[hold].fault].deed);
  }

  /// A phone or desktop is the one that the person has when the hold begins.
  [[nodiscard]] std::vector<FaultPart> parts(std::uint32_t hold) const {
    const Hold& h = holds_[hold];
    const auto moved = [&](AgentId agent) {
      const auto seat = seat_of_.find(agent.value);
      return seat != seat_of_.end() && seats_[seat->second].at <= h.begin;
    };
    return fault_parts(layout_, scenario_.faults[h.fault], h.backward, moved);
  }

  const Scenario& scenario_;
  const Layout& layout_;
  std::vector<Hold> holds_;
  std::vector<SitDown> seats_;
  std::map<std::uint32_t, std::uint32_t> seat_of_;  ///< by agent: index in seats_
  PartStates state_;
  std::vector<std::uint32_t> open_;  ///< by fault: holds that lie on something
  sim::FaultPlan plan_;
};

}  // namespace

std::vector<SitDown> sit_downs(const Scenario& scenario, const Layout& layout,
                               const std::vector<Hold>& holds) {
  struct Step {
    SimTime at;
    std::uint32_t fault;
    double share;
  };
  std::vector<Step> steps;
  for (const Hold& hold : holds) {
    const StaffReturn* back = staff_return(scenario.faults[hold.fault]);
    if (back == nullptr) continue;
    for (const ReturnStep& step : back->steps) {
      if (hold.begin + step.after < hold.end) {
        steps.push_back({hold.begin + step.after, hold.fault, step.share});
      }
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.at < b.at; });
  std::vector<SitDown> out;
  std::vector<bool> sits(layout.directory.agents.size());
  for (const Step& step : steps) {
    const SiteTarget* site = failed_site(scenario.faults[step.fault]);
    const std::vector<AgentId> people = layout.people_at(site->site);
    const auto until = std::min<std::size_t>(
        static_cast<std::size_t>(std::llround(step.share * static_cast<double>(people.size()))),
        people.size());
    for (std::size_t i = 0; i < until; ++i) {
      if (sits[people[i].value]) continue;
      sits[people[i].value] = true;
      out.push_back({step.at, people[i], step.fault});
    }
  }
  return out;
}

bool brought_down(const Scenario& scenario, const Layout& layout, const std::vector<Hold>& holds,
                  NodeId server, SimTime from, SimTime to) {
  const auto hits = [&](const FaultPart& part) {
    return (part.kind == FaultPart::Kind::process && part.id == server.value) ||
           (part.kind == FaultPart::Kind::host && part.id == layout.host_of(server).value);
  };
  return std::any_of(holds.begin(), holds.end(), [&](const Hold& hold) {
    if (hold.begin > to || hold.end <= from) return false;
    const auto parts = fault_parts(layout, scenario.faults[hold.fault], hold.backward,
                                   [](AgentId) { return false; });
    return std::any_of(parts.begin(), parts.end(), hits);
  });
}

sim::FaultPlan compile_faults(const Scenario& scenario, const Layout& layout) {
  return Compiler(scenario, layout).compile();
}

}  // namespace bcsim::models
