// An agent's desktop with its agent: connects, logs in, moves to the other site (R20–R24, R33,
// R37–R39, R75–R85, domain.md §2.5, §5.3).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/directory.hpp"
#include "models/domain.hpp"
#include "models/tlib/addp.hpp"
#include "models/tlib/desktop_session.hpp"
#include "sim/fifo.hpp"

namespace bcsim::models {

/// Carries out what the DesktopSession decides, and tells it what happens: on four connections
/// (T-Library to both SIP Servers, Configuration Server Proxy, Stat Server; before them, maybe, one
/// to a local server of initial configuration), by its timers, and in the agent's work. A device:
/// silent when it is dead.
class AgentDesktopEndpoint final : public Endpoint {
 public:
  /// `first` in a steady world: connected, and logged in and ready if it is the agent's shift.
  AgentDesktopEndpoint(const Directory& directory, AgentId agent, bool first);

  void on_start(Context& context) override;
  void on_message(Context& context, const Envelope& envelope) override;
  void on_timer(Context& context, sim::TimerTag tag) override;
  void on_connection(Context& context, ConnectionId connection,
                     sim::ConnectionEvent event) override;

  [[nodiscard]] const tlib::DesktopSession& session() const { return session_; }
  /// A call, or after-call work, is in hand, or the phone.
  [[nodiscard]] bool busy() const { return work_ != Work::none || phone_in_use_; }

  // ASSUMPTIONs; R83 and R79 give no numbers.
  /// An attempt to connect that nobody answers is given up, and the next server tried.
  static constexpr Duration kConnectTimeout = std::chrono::seconds(5);
  /// An agent made Not Ready by the server (no answer) presses Ready again.
  static constexpr Duration kReadyAgain = std::chrono::seconds(10);

 private:
  [[nodiscard]] static tlib::DesktopSessionOptions session_options(const Directory&, AgentId);
  using Input = tlib::DesktopInput;
  using State = tlib::DesktopState;
  enum TimerKind : std::uint32_t {
    addp_timer,
    attempt_timer,
    reconnect_timer,
    proxy_timer,
    stat_timer,
    local_timer,
    switchover_timer,
    login_timer,  ///< the session's `work`
    csp_timer,
    calm_timer,
    after_call_timer,
    ready_timer,
    advice_timer,
    transfer_timer
  };
  /// How far the agent has come with passing a call on.
  enum class TransferStep : std::uint8_t { none, planned, asking, speaking, completing, returning };
  enum class LinkState : std::uint8_t { down, opening, attaching, up };
  enum class Work : std::uint8_t { none, call, after_call };

  /// A connection, or the attempt to have one; `timer`: of the attempt, then ADDP's.
  struct Link {
    LinkState state = LinkState::down;
    ConnectionId connection;
    SimTime attempted_at{};
    sim::TimerId timer;
  };
  struct ServerLink : Link {
    tlib::AddpClient addp;
    sim::TimerId retry;
    bool dn_in_service = false;  ///< as the server last said
    bool single_site_mode = false;
    bool closing = false;    ///< shuts down gracefully
    bool was_reset = false;  ///< just now: it is not tried again before reconnect_delay
  };
  struct SiteLink : Link {
    SiteIndex site = 0;
    AddressId server;
  };
  struct SessionInput {
    Input input;
    SiteIndex site;
  };

  // agent_desktop.cpp: the session, and what comes in.
  void feed(Context&, Input, SiteIndex = 0);
  void carry_out(Context&, const tlib::DesktopEffect&);
  void set_timer(Context&, const tlib::DesktopEffect&);
  [[nodiscard]] sim::TimerId& timer_of(tlib::DesktopTimer, SiteIndex);
  void on_switching(Context&, const tlib::DesktopEffect&);
  void on_tlib(Context&, const tlib::Message&, SiteIndex);
  void on_call_event(Context&, const tlib::Message&, SiteIndex);
  void on_agent_state(Context& context, const tlib::Message& message, SiteIndex site);
  void on_agent_logged_in(Context&, const tlib::Message&, SiteIndex);
  void on_login_refused(Context&, SiteIndex);
  void on_private_info(Context&, SiteIndex from);
  void on_notice(Context&, const notice::Message&);
  void press_ready_if_due(Context&);
  [[nodiscard]] bool works_at(SiteIndex site) const;

  // agent_desktop_calls.cpp: the agent's work.
  void start_call(Context&);
  void end_call(Context&);
  void on_rest(Context&);
  void on_phone_state(Context&, notice::PhoneState);
  void on_released(Context&, const tlib::Message&, SiteIndex);
  void release_left_call(Context&, SiteIndex);
  void keep_calls_away(Context&);
  void dial_if_wished(Context&);
  void make_call(Context&, const notice::Message&);
  void put_down(Context&);
  void dialled_in_vain(Context&, CallId);

  // agent_desktop_transfer.cpp: calls that he passes on.
  void plan_transfer(Context&, const tlib::Message& established);
  void on_transfer_timer(Context&);
  void on_consultation(Context&, tlib::Kind);
  void ask_for(Context&, tlib::Kind request, TransferStep next);
  void forget_transfer(Context&);

  // agent_desktop_links.cpp: the four connections.
  void start_steady_links(Context&);
  void connect_server(Context&, SiteIndex);
  void open_server(Context&, SiteIndex);
  void on_registered(Context&, SiteIndex, bool dn_in_service);
  void server_attempt_failed(Context&, SiteIndex);
  void send(Context&, SiteIndex, tlib::Kind);
  enum class Loss : std::uint8_t { addp, tcp, reset };
  void lose_server(Context&, SiteIndex, Loss);
  void apply(Context&, SiteIndex, const tlib::AddpEffects&);
  void want_local_data(Context&);
  void local_failed(Context&);
  [[nodiscard]] AddressId proxy_of(SiteIndex) const;
  void want_proxy(Context&, SiteIndex);
  void read_person(Context&);
  void proxy_failed(Context&);
  void want_stat(Context&, SiteIndex);
  void stat_failed(Context&);
  void open_site_link(Context&, SiteLink&, SiteIndex, AddressId, TimerKind);
  void send_config(Context&, const Link&, config::Kind);
  void on_config(Context&, const config::Message&, ConnectionId);
  void drop(Context&, Link&);

  const Directory& directory_;
  AgentId agent_;
  bool first_;
  bool steady_;
  tlib::DesktopSessionOptions options_;
  tlib::DesktopSession session_;
  sim::Fifo<SessionInput> inputs_;
  bool feeding_ = false;

  std::array<ServerLink, kSites> servers_;
  SiteLink proxy_, stat_;
  SiteLink local_;       ///< the local server of initial configuration, while it is asked (R81)
  bool has_local_data_;  ///< where the Proxies are
  sim::TimerId switchover_timer_, login_timer_, csp_timer_, calm_timer_;
  sim::TimerId after_call_;   ///< the end of after-call work; broken off by the next call
  sim::TimerId ready_again_;  ///< he presses Ready again, whatever rings meanwhile
  sim::TimerId advice_timer_;
  std::uint32_t advices_ = 0;  ///< numbers the draws

  /// Somebody whom the agent wants to call; see notice::Kind::wishes_to_call.
  struct Wish {
    std::uint32_t number = 0;
    bool by_desktop = false;
  };
  std::vector<Wish> wishes_;  ///< he dials when he has no call and no after-call work in hand
  CallId left_call_;          ///< its phone has left it, a server may not know
  /// The call that he places, until he has put it down or its EventReleased has come.
  struct OwnCall {
    enum class State : std::uint8_t {
      none,
      dialled,   ///< with the phone, or put down there: only the phone knows, and tells its end
      asked,     ///< TMakeCall sent, and nothing heard of it yet
      followed,  ///< EventDialing has come: EventReleased will
    };
    State state = State::none;
    CallId id;  ///< of a dialled one unknown
  };
  OwnCall own_call_;

  TransferStep transfer_step_ = TransferStep::none;
  CallId transfer_call_;  ///< to be passed on
  Conversation transfer_conversation_;
  sim::TimerId transfer_timer_;

  Work work_ = Work::none;
  bool phone_in_use_ = false;       ///< as he sees it: ringing, dialling, talking
  bool phone_ends_call_ = false;    ///< the call in hand: no server will
  bool ready_wanted_ = false;       ///< TAgentSetReady is due as soon as nothing is in hand
  bool not_ready_pressed_ = false;  ///< the session wants no calls until its DN is back
  bool back_at_work_ = false;       ///< AgentAtWork is to be recorded with the next EventAgentReady
};

}  // namespace bcsim::models
