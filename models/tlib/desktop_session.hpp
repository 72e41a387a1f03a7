// The agent desktop's session: where it connects and logs in, and when it moves (domain.md §2.5).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "models/scenario.hpp"
#include "models/tlib/desktop_effect.hpp"

namespace bcsim::models::tlib {

enum class DesktopState : std::uint8_t {
  off,          ///< no shift; maybe a logout is still due
  csp_connect,  ///< looking for a Configuration Server Proxy of either site (R81, R84)
  read_person,
  connecting,  ///< to the SIP Server of the preferred site, and basically to the other's (R22)
  logging_in,
  login_retry,  ///< refused; again after login_retry
  active,
  resuming,           ///< reconnected in time; asking whether the login still stands
  wait_site,          ///< connection to the current site lost: site-timeout (R78)
  wait_registration,  ///< own DN out of service: site-sip-register-timeout (R79)
  wait_endpoint,      ///< on the way to the other site: its connection and the phone (R21)
  relogin_work,       ///< L
  moving,             ///< logging out at a living site before logging in at the other (R20)
};
inline constexpr int kDesktopStates = static_cast<int>(DesktopState::moving) + 1;

enum class DesktopInput : std::uint8_t {
  shift_start,
  shift_end,
  csp_connected,  ///< site
  csp_failed,     ///< site: could not connect, or lost before the person was read
  person_read,
  connected,          ///< site: T-Library connection open
  connection_failed,  ///< site: attempt failed
  connection_lost,    ///< site: reset, or ADDP
  logged_in,          ///< site: EventAgentLogin
  login_refused,      ///< site (R39)
  logged_out,         ///< site: answer to our logout, or because he has not answered a call (D24)
  forced_out,         ///< site: EventAgentLogout without our asking (R39, §2.3)
  resumed,            ///< site: the login still stands
  not_logged_in,      ///< site: it does not
  phone_registered,   ///< site: the phone says so itself
  phone_unregistered,
  dn_in_service,  ///< site: that site's SIP Server says so
  dn_out_of_service,
  single_mode_on,  ///< site: its server is in single-site mode
  single_mode_off,
  closing_on,  ///< site: its server shuts down gracefully (§2.3)
  closing_off,
  recommended,  ///< site: EventPrivateInfo advises it, and the agent complies (R59, R60)
  call_started,
  call_ended,  ///< after-call work included
  timer_switchover,
  timer_work,
  timer_csp,
  timer_reconnect,  ///< site
  timer_calm,
};
inline constexpr int kDesktopInputs = static_cast<int>(DesktopInput::timer_calm) + 1;

struct DesktopSessionOptions {
  SiteIndex preferred = 0;                   ///< Person site-1
  std::array<DesktopOptions, kSites> ail{};  ///< timers are those of the site one is logged in at
  DesktopPolicy policy{};
  bool preferred_cached = true;  ///< else site 1 is asked first (D10)
  /// The local data lead to a Proxy of the site (R82).
  std::array<bool, kSites> can_bootstrap = {true, true};
};

/// See the head comment. Invariant (R20): never a login at one site while one at the other stands
/// that the desktop could end. Boot ends logged in at the preferred site if it is reachable (R23);
/// a move to the other needs its connection and, with require_endpoint, the phone there (R21, C7).
class DesktopSession {
 public:
  using Effects = DesktopEffects;

  // ASSUMPTIONs: so many moves within kCalm (there and back) cost nothing more. Then no advice is
  // heeded until there has been calm; each move that must be begins with a pause, the first of
  // kFirstPause and each twice as long as the one before.
  static constexpr int kMovesInARow = 2;
  static constexpr Duration kCalm = 2min, kFirstPause = 1s, kLongestPause = 1min;
  // ASSUMPTION: how seldom, at most, a desktop at work tries to reach the other site.
  static constexpr Duration kLongestReconnect = 1min;

  explicit DesktopSession(const DesktopSessionOptions& options)
      : current_(options.preferred), origin_(options.preferred) {}

  /// `site` is read by the inputs that say so.
  [[nodiscard]] Effects on(DesktopInput input, const DesktopSessionOptions& options,
                           SiteIndex site = 0);
  /// For a steady start: both connections open, logged in at `site`.
  void assume_active(SiteIndex site);

  [[nodiscard]] DesktopState state() const { return state_; }
  /// The site one is logged in at, or on the way to.
  [[nodiscard]] SiteIndex current() const { return current_; }
  [[nodiscard]] bool connected(SiteIndex site) const { return up_[site]; }
  /// The phone is known to be registered at this site.
  [[nodiscard]] bool has_endpoint(SiteIndex site) const { return phone_[site] || dn_[site]; }

 private:
  using O = DesktopSessionOptions;

  void on_call(DesktopInput input, const O& options, Effects& effects);
  void on_start_or_end(DesktopInput, const O&, SiteIndex, Effects&);
  void on_login_event(DesktopInput, const O&, SiteIndex, Effects&);
  void on_timer(DesktopInput, const O&, SiteIndex, Effects&);
  void shift_start(const O&, Effects&);
  void begin_boot(const O&, Effects&);
  void connect_csp(const O&, SiteIndex, Effects&);
  void shift_end(Effects&);
  void on_csp_failed(const O&, SiteIndex, Effects&);
  void on_person_read(const O&, Effects&);
  void on_connected(const O&, SiteIndex, Effects&);
  void on_connection_failed(const O&, SiteIndex, Effects&);
  void on_connection_lost(const O&, SiteIndex, Effects&);
  void on_logged_in(const O&, Effects&);
  void become_active(const O&, Effects&);
  void on_login_refused(const O&, Effects&);
  void on_unasked_logout(const O&, bool elsewhere, Effects&);
  void on_endpoint_change(const O&, DesktopInput, SiteIndex, Effects&);
  void on_switchover_timer(const O&, Effects&);

  void lose_current_site(const O&, Effects&);
  void look_for_registration(const O&, Effects&);
  void go_to_other(const O&, SwitchReason, Effects&);
  void log_out_and_move(SwitchReason, Effects&);
  void complete_move(const O&, Effects&);
  void proceed_to_target(const O&, Effects&);
  void start_relogin(const O&, Effects&);
  [[nodiscard]] Duration pause_of_move() const;
  [[nodiscard]] Duration reconnect_after(const O&, SiteIndex);
  void login(Effects&);
  void move_if_wanted(const O&, Effects&);
  void arm_switchover(Duration after, Effects&);
  void cancel_switchover(Effects&);
  [[nodiscard]] bool at_work() const {
    return state_ == DesktopState::active || state_ == DesktopState::wait_registration;
  }
  [[nodiscard]] bool endpoint_ok(const O& o, SiteIndex s) const {
    return !o.policy.require_endpoint || has_endpoint(s);
  }

  DesktopState state_ = DesktopState::off;
  SiteIndex current_;
  SiteIndex origin_;               // where a move started
  std::array<bool, kSites> up_{};  // T-Library connections
  std::array<bool, kSites> phone_{};
  std::array<bool, kSites> dn_{};      // the server says in service …
  std::array<bool, kSites> dn_out_{};  // … or out of service; neither: has not said
  std::array<bool, kSites> single_{};
  std::array<bool, kSites> closing_{};  ///< who goes there of his own accord is sent away again
  std::optional<SiteIndex> advised_;
  bool logged_in_ = false;  // at origin_ while on the way, else at current_, as far as we know
  /// A logout was due, and the server has not said that it came; asked for again whenever there is
  /// a connection, on shift or not.
  std::array<bool, kSites> owes_logout_{};
  bool in_call_ = false;
  bool shift_over_ = false;  // ends with the call
  bool switchover_armed_ = false;
  bool not_ready_ = false;  // set by look_for_registration
  bool second_csp_ = false;
  int moves_ = 0;                       // without a calm between them
  std::array<int, kSites> failures_{};  // attempts to connect, in a row
};

}  // namespace bcsim::models::tlib
