// The parts of a world that faults lie on, and what state each is in.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/fault.hpp"
#include "models/world/layout.hpp"
#include "sim/fault_plan.hpp"

namespace bcsim::models {

/// What a hold lies on.
struct FaultPart {
  enum class Kind : std::uint8_t {
    host,        ///< fails
    process,     ///< crashes; a device fails
    hung,        ///< process that hangs
    cut,         ///< link direction
    degraded,    ///< link direction
    ha_link,     ///< of a site
    management,  ///< the link to the machine of this process
    drained      ///< site
  };
  Kind kind = Kind::host;
  std::uint32_t id = 0;
};

/// What a fault lies on, in the order in which it is hit; `moved`: does this person sit at his
/// other desk? Empty for what is done in an instant.
[[nodiscard]] std::vector<FaultPart> fault_parts(const Layout& layout, const Fault& fault,
                                                 bool backward,
                                                 const std::function<bool(AgentId)>& moved);

/// Counts the holds on every part, and tells what changes when they have changed.
class PartStates {
 public:
  using Step = std::function<void(sim::FaultAction)>;
  using DegradeOf = std::function<const Degrade&(std::uint32_t hold)>;

  explicit PartStates(const Layout& layout);

  void begin(const FaultPart& part, std::uint32_t hold);
  void end(const FaultPart& part, std::uint32_t hold);
  /// From now on nobody uses his first phone and desktop, and the others are not kept down.
  void sit_down(AgentId agent);

  /// Tells what has to be done to bring this part to what its holds make of it.
  void settle(const FaultPart& part, const Step& step, const DegradeOf& degrade);
  void settle_node(NodeId node, const Step& step);

  /// Of all parts. Once no fault is in force it is what it was at the start.
  [[nodiscard]] std::size_t hold_count() const;

 private:
  enum class Life : std::uint8_t { up, hung, dead };
  struct NodeHolds {
    std::uint32_t crashes = 0, hangs = 0, drains = 0;
    Life life = Life::up;
  };
  struct Link {
    std::uint32_t cuts = 0;
    bool up = true;
    std::vector<std::uint32_t> degradations;  ///< holds, in the order in which they began
    sim::LinkChange now;                      ///< all values as they are
  };
  /// Something that is on while no hold lies on it.
  struct Switch {
    std::uint32_t holds = 0;
    bool on = true;
  };
  void count(const FaultPart& part, std::int32_t by);
  [[nodiscard]] Switch& switch_of(const FaultPart& part);
  void settle_host(sim::HostId host, const Step& step);
  void settle_cut(sim::LinkId link, const Step& step);
  void settle_values(sim::LinkId link, const Step& step, const DegradeOf& degrade);

  const Layout& layout_;
  std::vector<std::vector<NodeId>> nodes_on_;  ///< by host
  std::vector<Switch> hosts_;
  std::vector<NodeHolds> nodes_;
  std::vector<Link> links_;
  std::array<Switch, kSites> ha_links_, drains_;
  std::vector<Switch> management_;  ///< by node
};

}  // namespace bcsim::models
