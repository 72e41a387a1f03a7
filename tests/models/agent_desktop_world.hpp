// What the tests of the desktop share.
#pragma once

#include "models/endpoints/agent_desktop.hpp"
#include "tests/support/desk_world.hpp"

namespace bcsim::testing {

using Times = std::vector<SimTime>;
using tlib::DesktopState;
using tlib::Kind;

inline constexpr auto kDesktops = DeskWorld::With::desktops;
inline constexpr CallId kCall{7};

inline Scenario with_desks(std::uint32_t agents = 1,
                           RegistrationMode mode = RegistrationMode::dual) {
  Scenario s = desk_scenario(agents);
  s.agents[0].phone.registration = mode;
  return s;
}

template <class R>
Times of(const DeskWorld& world, std::uint32_t agent = 0) {
  return world.times<R>([=](const R& r) { return r.agent.value == agent; });
}
template <class R>
Times of_at(const DeskWorld& world, std::uint32_t site, std::uint32_t agent = 0) {
  return world.times<R>([=](const R& r) { return r.agent.value == agent && r.site == site; });
}

inline DesktopState state(const DeskWorld& world, std::uint32_t agent = 0) {
  return world.desktop[agent]->session().state();
}
inline bool ready_at(const DeskWorld& world, SiteIndex site, std::uint32_t agent = 0) {
  const auto& desk = world.server[site]->desk(agent);
  return desk.logged_in && desk.ready;
}

}  // namespace bcsim::testing
