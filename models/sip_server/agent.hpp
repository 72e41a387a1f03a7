// An agent as the SIP Server of one site sees him: what both processes know.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/acd/agent_state.hpp"
#include "models/acd/router.hpp"
#include "models/domain.hpp"
#include "models/sip_server/states_told.hpp"

namespace bcsim::models {

struct ServerAgent {
  acd::AgentStateMachine machine;
  SimTime login_since{}, idle_since{};
  SimTime held_back_until{};     ///< his phone refused a call: do not try it again at once
  std::uint32_t call = kNoCall;  ///< slot of the call that occupies his DN, with or without login
  bool logout_pending = false;   ///< once his call has ended
  bool logout_forced = false;
  bool release_owed = false;      ///< EventReleased found no connection: tell when he is back
  bool login_noted = false;       ///< the peer has heard of login_since
  std::uint16_t logins_told = 0;  ///< to the peer; numbers the copies
  std::uint32_t rounds = 0;       ///< in which all that were not noted were told, with this one
  bool advertised = false;        ///< the peer thinks that it may route to him
  /// The peer is asked whether it has a call that comes before those that wait here; until then at
  /// most, and nobody is given to him here.
  std::optional<SimTime> asks_until;
  std::uint32_t state_heard = 0;  ///< number of the peer's last word about him
  CallId last_call;
  Duration work{};      ///< of last_call
  SimTime work_over{};  ///< when that is done, if he does not say so before

  static constexpr std::uint32_t kNoCall = 0xFFFF'FFFFu;
  [[nodiscard]] AgentState state() const { return machine.state(); }
  [[nodiscard]] bool logged_in() const { return machine.logged_in(); }
  [[nodiscard]] bool on_call() const { return call != kNoCall; }
};

/// The agents of both sites, by id, and who of them could take a call now.
struct AgentTable {
  AgentTable(std::size_t count, acd::RouterPlan plan) : agents(count), router(std::move(plan)) {}
  void clear() {
    router.clear();
    for (ServerAgent& agent : agents) agent = {};
    states.forget();
  }

  std::vector<ServerAgent> agents;
  acd::Router router;
  StatesTold states;
};

}  // namespace bcsim::models
