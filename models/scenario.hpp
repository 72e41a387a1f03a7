// The effective scenario: everything a run is made from, with defaults P0 of domain.md §0.4.
// Plain data without locations or units of text; tools/scenario reads it from YAML and has checked
// every reference, so models may assert on them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/call_kind.hpp"
#include "models/config/options.hpp"
#include "models/demand/distribution.hpp"
#include "models/fault.hpp"
#include "models/sites.hpp"
#include "models/transfer.hpp"
#include "sim/time.hpp"

namespace bcsim::models {

using namespace std::chrono_literals;

// ---- run -----------------------------------------------------------------------------------

enum class StartMode : std::uint8_t { steady, cold };
enum class ActorUse : std::uint8_t {
  automatic,   ///< an actor per device, in big worlds one per location; handlers run inline
  per_device,  ///< the same, an actor per device however many there are
  pooled,      ///< the same, one actor per location for all its devices
  live         ///< actors as with automatic, and handlers run in their bodies
};
/// Service level formulas of domain.md §4.6.
enum class ServiceLevelDefinition : std::uint8_t { f1, f2, f3, f4, f5, f6 };
inline constexpr int kServiceLevelDefinitions = 6;

struct RunOptions {
  std::optional<Duration> start_label;  ///< wall-clock time of day shown for time 0, e.g. 09:00
  Duration horizon = 4h;
  Duration warm_up = 30min;   ///< not counted; faults may not be earlier
  Duration interval = 15min;  ///< of timeline.csv
  std::uint64_t seed = 1;
  std::uint32_t replications = 1;  ///< with the same seed, each with its own random numbers
  StartMode start = StartMode::steady;
  ActorUse actors = ActorUse::automatic;
  Duration service_level_threshold = 20s;
  ServiceLevelDefinition service_level_definition = ServiceLevelDefinition::f6;
  Duration short_abandon_threshold = 6s;
  bool media_survives = false;  ///< R5: calls outlive their signalling until RTP/session timers
  Duration hang_up_delay = 0s;  ///< agent's, after speech has stopped
};

// ---- network -------------------------------------------------------------------------------

struct LinkOptions {
  Duration latency = 20ms;       ///< one way
  double bandwidth_bps = 100e6;  ///< bits per second and direction
  Duration jitter = 0s;          ///< uniform in [0, jitter] added per packet
  double loss = 0;               ///< probability per packet
  Duration queue_limit = 200ms;  ///< packets that would wait longer are dropped
};

struct NetworkOptions {
  LinkOptions dc_link;           ///< site1.dc – site2.dc
  Duration lan_latency = 500us;  ///< one way, between servers of one site
  /// access[location][site]: path of a location to each data centre.
  std::vector<std::array<LinkOptions, kSites>> access;
  /// [location][site], or shorter: a path of the location's desktops alone; nullopt: they share the
  /// one above with phones and gateways.
  std::vector<std::array<std::optional<LinkOptions>, kSites>> desktop_access;
  [[nodiscard]] const LinkOptions* desktop_path(std::size_t location, std::size_t site) const {
    const bool own = location < desktop_access.size() && desktop_access[location][site];
    return own ? &*desktop_access[location][site] : nullptr;
  }
  bool icmp_unreachable = true;  ///< a dead process on a live host answers UDP with ICMP
};

// ---- sites ---------------------------------------------------------------------------------

enum class DrForward : std::uint8_t { off, no_agent, oos };
enum class Treatment : std::uint8_t { always, when_waiting };
/// What becomes of an agent who has not answered.
enum class AfterRoutingAction : std::uint8_t { none, not_ready, logout };

struct SipServerOptions {
  std::string name;    ///< application name, e.g. SIP_Server_1
  bool backup = true;  ///< has a backup process (V-E03 when false)
  Duration oos_check = 10s, oos_force = 5s;
  bool dr_peer_trunk = true;  ///< false: traditional single mode, never BC
  DrForward dr_forward = DrForward::no_agent;
  bool dr_oosp_transfer_enabled = true;  ///< forwards by 302; false: over the inter-site trunk
  int shutdown_sip_reject_code = 603;
  Duration after_routing_timeout = 10s;
  AfterRoutingAction after_routing_timeout_action = AfterRoutingAction::not_ready;
  Duration agent_no_answer_timeout = 15s;  ///< of calls to an agent's own number; 0: not watched
  AfterRoutingAction agent_no_answer_action = AfterRoutingAction::none;
  /// What becomes of such a call: nullopt: it rings on; kRelease: it ends; else its destination.
  std::optional<std::string> agent_no_answer_overflow;
  static constexpr const char* kRelease = "release";
  Treatment treatment = Treatment::always;
  Duration announcement = 0s;  ///< played before a call can be routed
  Duration register_service = 200us, invite_service = 1ms, other_service = 100us;
  std::uint32_t input_queue_limit = 2000;
  std::optional<Duration> retry_after;  ///< of 503 answers when the input queue is nearly full
  bool digest = true;                   ///< challenges every REGISTER
  std::optional<Duration> session_expires = 30min;  ///< of the calls it sets up (RFC 4028)
  // High availability inside the site.
  Duration process_death_detection = 1s;
  Duration host_loss_detection_min = 9s, host_loss_detection_max = 18s;
  Duration promotion = 3s;  ///< backup to primary, virtual address moved
  /// Heartbeats that the management layer expects of the process; missing for so long, it is hung
  /// and is ended. nullopt: nobody notices.
  std::optional<Duration> heartbeat_period;
  std::uint32_t call_sync_burst = 500;  ///< calls copied to a backup at once, then 1 s pause (D21)
};

enum class RedundancyMode : std::uint8_t { homing, parking, load_balance };

struct GatewayOptions {
  std::string name;
  LocationIndex location = 0;
  SiteIndex home_site = 0;
  std::uint32_t channels = 480;
  RedundancyMode redundancy = RedundancyMode::homing;
  bool second_target = true;  ///< false: knows its home site only (V-W20)
  bool via_dc_link = false;   ///< reaches the other site across the dc-link only (V-W22)
  Duration options_period = 60s;
  int retransmissions = 3;  ///< hot swap after so many (R_g); 7 or more: full timer B
  int success_retries = 1;
  Duration success_interval = 10s;
  bool flush_on_offline = false;  ///< pending INVITEs move at once when the server is marked
  bool heed_icmp = true;
  Duration ring_timeout = 180s;
  Duration rtp_loss_timeout = 10s;
  std::optional<Duration> session_expires = 30min;  ///< RFC 4028; nullopt: no session timers
  Duration pstn_detection = 3s;           ///< until the PSTN notices that this gateway is dead
  std::optional<Duration> first_options;  ///< pinned phase of the first OPTIONS, else uniform
};

struct DesktopOptions {  ///< the AIL application of one site (R74–R79)
  Duration addp_timeout = 20s;
  Duration site_timeout = 30s;
  Duration site_sip_register_timeout = 30s;
  /// ThirdPartyApplication objects of the site; the desktops use the first (V-E17).
  std::vector<std::string> applications = {"AIL"};
  bool third_party_type = true;
  // Sites whose servers the object is connected to, if not its own (V-E18).
  std::optional<SiteIndex> proxy_site, stat_server_site;
  /// Further options in section agent-desktop, which the desktop ignores (V-W13).
  std::vector<std::pair<std::string, std::string>> other_options;
};

struct SiteOptions {
  std::string name;  ///< "site1"
  SipServerOptions sip_server;
  DesktopOptions desktop;
  bool config_server_proxy = true;
  bool stat_server = true;
  std::string stat_server_release = "8.1.2";  ///< R15
};

// ---- agents --------------------------------------------------------------------------------

enum class RegistrationMode : std::uint8_t { single, active_backup, dual, fixed };
/// Has such a phone one binding, which may be at either server?
[[nodiscard]] constexpr bool moves(RegistrationMode mode) {
  return mode == RegistrationMode::single || mode == RegistrationMode::active_backup;
}
enum class Failback : std::uint8_t { stay, return_after_call };

/// A DNS SRV record of a site's SIP Server (RFC 2782).
struct SrvRecord {
  std::uint16_t priority = 0;  ///< lowest first
  std::uint16_t weight = 1;    ///< share among those of one priority
};
/// Phones whose behavior their makers describe (domain.md §3.3, §3.4); what a profile sets can be
/// set one by one too.
enum class PhoneProfile : std::uint8_t {
  none,
  polycom,
  yealink,
  snom,
  avaya,
  panasonic,
  grandstream,
  audiocodes,
  alcatel_4000
};

struct PhoneOptions {
  PhoneProfile profile = PhoneProfile::none;
  RegistrationMode registration = RegistrationMode::active_backup;
  std::optional<SiteIndex> preferred_site;  ///< registers and calls there; default: the agent's
  /// Dual registration: its own calls go by these instead of to the preferred site (R18).
  std::optional<std::array<SrvRecord, kSites>> srv;
  Duration dirty_host_cache = 5min;  ///< a server that did not answer a call is not called first
  Duration expires = 120s;
  double refresh_fraction = 0.5;
  int retransmissions = 3;  ///< R_p; 11 or more: full timer F
  bool cached_nonce = false;
  bool heed_icmp = true;
  std::uint32_t registrations_per_site = 1;  ///< R16; more are refused (V-E08)
  Duration poll_primary = 60s;               ///< active-backup: period of trying the primary again
  /// Longest wait for a first response; nullopt: the retransmissions decide.
  std::optional<Duration> response_timeout;
  /// Until a registration is tried again where there is no other server to try; nullopt: RFC 5626.
  std::optional<Distribution> register_retry;
  /// A server that did not answer a REGISTER is left alone for so long; nullopt: it is not.
  std::optional<Duration> registrar_hold_down;
  bool failover_in_call = true;  ///< false: changes its server after the call only
  Duration answer_delay = 4s;    ///< ring time before the agent answers
  Duration answer_spread = 0s;   ///< and a further uniform time up to this
  /// ASSUMPTION: an INVITE that nobody has answered or cancelled for so long is refused with 480;
  /// as long as a proxy waits at least (Timer C of RFC 3261 §16.6).
  static constexpr Duration kRingLimit = 3min;
  /// So long an agent who hears nothing stays on the line; nullopt: until somebody ends the call.
  std::optional<Duration> silence_patience = 10s;
  std::optional<Duration> first_refresh;  ///< pinned phase of the first refresh, else uniform
};

/// Where a desktop that starts finds its first data: in itself, or on a server of its site (R81).
enum class LocalConfiguration : std::uint8_t { desktop, server };
enum class BootstrapServer : std::uint8_t { proxy, master };  ///< R84
/// Groups of local data for one site (R82).
enum class LocalItem : std::uint8_t { primary_proxy, backup_proxy, application, place };

struct DesktopPolicy {
  bool require_endpoint = true;  ///< C7
  /// C30, literally: site-sip-register-timeout alone moves it, wherever the phone is.
  bool leave_without_endpoint = false;
  Duration relogin_work = 1s;  ///< L
  Duration reconnect_delay = 10s;
  Duration login_retry = 10s;
  Failback failback = Failback::stay;
  /// Share of the desktops' agents who heed an EventPrivateInfo (R60), and after how long; nullopt:
  /// all with return_after_call, else none.
  std::optional<double> private_info_compliance;
  [[nodiscard]] double heeding_share() const {
    return private_info_compliance.value_or(failback == Failback::return_after_call ? 1 : 0);
  }
  Distribution private_info_delay = Deterministic{0};
  std::optional<SimTime> last_addp;  ///< pinned date of the last ADDP message, may be negative
  std::string product = "Workspace Desktop Edition", release = "8.5.1";  ///< R24
  std::optional<SiteIndex> second_site;  ///< Person site-2; default: the other site
  LocalConfiguration local_configuration = LocalConfiguration::desktop;
  BootstrapServer bootstrap_from = BootstrapServer::proxy;
  bool cache_preferred_site = true;  ///< false: site 1 is asked first (D10)
  /// R82: bit i is LocalItem i, by site.
  std::array<std::uint8_t, kSites> local_data = {0xF, 0xF};
};

struct StaffingStep {
  SimTime at;
  std::uint32_t count = 0;
};  ///< this many at work from `at` on

struct AgentGroup {
  std::string name;
  std::uint32_t count = 0;
  LocationIndex location = 0;                        ///< where the people, phones and desktops are
  SiteIndex preferred_site = 0;                      ///< Person site-1
  std::optional<std::vector<std::uint32_t>> queues;  ///< indices; nullopt: all
  std::optional<DrForward> dr_forward;  ///< of their Extension DNs, instead of the application's
  PhoneOptions phone;
  DesktopPolicy desktop;
  std::vector<StaffingStep> staffing;  ///< empty: all of them, all the time

  /// Are calls that wait in this queue for them? A hunt group has members instead.
  [[nodiscard]] bool serves(std::uint32_t queue) const {
    return !queues || std::ranges::find(*queues, queue) != queues->end();
  }
};

// ---- queues and calls ----------------------------------------------------------------------

enum class RoutingScope : std::uint8_t { local, both_sites };

enum class HuntType : std::uint8_t { linear, circular, parallel };

/// A hunt group: an ACD Queue DN with hg-members (R48–R72).
struct HuntGroupOptions {
  HuntType type = HuntType::parallel;
  std::vector<std::uint32_t> members;  ///< agent groups, in this order
  /// hg-preferred-site at each switch: the name of a SIP Server application; empty: unset.
  std::array<std::string, kSites> preferred_site;
  Duration no_answer_timeout = 10s;
  std::uint32_t queue_limit = 0;  ///< calls that wait while all members are busy
  Duration queue_timeout = 60s;
};

struct QueueOptions {
  std::string name;
  std::optional<std::uint32_t> limit;    ///< waiting calls per site; beyond: default-routed
  std::optional<Duration> maximum_wait;  ///< then default-routed
  RoutingScope routing_scope = RoutingScope::local;
  int priority = 0;  ///< higher first, FIFO inside
  /// Where calls go that cannot be served; nullopt: they are rejected (V-E16).
  std::optional<std::string> default_destination = "voicemail";
  std::optional<HuntGroupOptions> hunt_group;  ///< its calls ring members instead of waiting
};

struct ConstantRate {
  double per_s = 0;
};
struct RateStep {
  SimTime at;
  double per_s = 0;
};
struct RateProfile {
  std::vector<RateStep> steps;
};  ///< piecewise constant
struct VolumeInterval {
  SimTime at;
  Duration length;
  double count = 0;
};
struct IntervalVolumes {
  std::vector<VolumeInterval> intervals;
  bool exact = false;
};
/// From `at` on, the rates of a stream are multiplied by `factor` (>= 0); 1 before the first step.
struct SurgeStep {
  SimTime at;
  double factor = 1;
};
struct SingleCall {
  SimTime at;
  std::optional<Duration> talk, patience;
  std::optional<std::uint32_t> gateway;  ///< pinned gateway
};
struct SingleCalls {
  std::vector<SingleCall> calls;
};
using ArrivalSpec = std::variant<ConstantRate, RateProfile, IntervalVolumes, SingleCalls>;

struct RedialOptions {
  bool enabled = true;
  double after_drop = 0.8, after_setup = 0.7, after_abandon = 0.5;
  Distribution drop_delay = Exponential{60}, setup_delay = Exponential{60},
               abandon_delay = Exponential{300};
  int max_attempts = 3;  ///< in all, the first included
  double further_factor = 0.7;
};

/// Calls that the agent who has answered passes on, once.
struct TransferOptions {
  double share = 0;  ///< of the answered calls
  TransferKind kind = TransferKind::blind;
  std::optional<std::uint32_t> queue, group;    ///< to: one of them
  std::optional<Distribution> after;            ///< nullopt: a uniform moment of the talk
  Distribution consultation = Exponential{30};  ///< talk of the two agents
  double reconnect = 0;                         ///< of the consultations: the caller is taken back
};

struct CallStream {
  std::string name;
  std::uint32_t queue = 0;
  /// Agent groups. Not empty: each caller dials the Extension of one of their agents, no queue.
  std::vector<std::uint32_t> to_agents;
  /// Agent groups. Not empty: any one of their agents places the call, to `to_agents` or outside.
  std::vector<std::uint32_t> from_agents;
  double by_desktop = 1;                         ///< share of those calls by TMakeCall (3pcc)
  Distribution answer_delay = Deterministic{8};  ///< of whom they call outside
  ArrivalSpec arrivals = ConstantRate{};
  double busyness_cv = 0;             ///< gamma factor of the day, 0: none
  std::vector<SurgeStep> surge;       ///< in order of time
  std::vector<double> gateway_share;  ///< per gateway, sums to 1
  Distribution talk = Lognormal{240, 1};
  Distribution after_call_work = Exponential{60};
  double hold_share = 0;  ///< of the answered calls, put on hold once, at a uniform moment
  Distribution hold = Exponential{40};
  TransferOptions transfer;
  Distribution patience = Exponential{300};
  Distribution setup_patience = Exponential{60};
  RedialOptions redial;
  bool agent_releases = true;  ///< the agent hangs up first, else the caller

  [[nodiscard]] CallKind kind() const {
    if (from_agents.empty()) return to_agents.empty() ? CallKind::queue : CallKind::direct;
    return to_agents.empty() ? CallKind::outgoing : CallKind::internal;
  }
};

// ---- options that may be changed while it runs -----------------------------------------------

/// What running servers heed of their options (R64).
struct RunTimeOptions {
  std::array<SipServerOptions, kSites> sip_servers;
  std::vector<QueueOptions> queues;
};

// ---- targets -------------------------------------------------------------------------------

/// Of the calls to a queue that end, at least this share is answered within this time.
struct AnsweredTarget {
  double share = 0.8;
  Duration within = 20s;
};
/// What a queue is to keep to, also through a failure; nullopt: not asked for. Results dictionary,
/// "Targets".
struct ServiceTarget {
  std::uint32_t queue = 0;
  std::optional<AnsweredTarget> answered;
  std::optional<Duration> below_for;  ///< at most so long, in all, is the answered share below
  std::optional<Duration> worst_wait;
  std::optional<std::uint32_t> lost_callers;
  std::optional<Duration> agents_back;
};

// ---- expectations --------------------------------------------------------------------------

enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal };
struct Expectation {
  std::string metric;  ///< a metric id of the results dictionary
  Comparison comparison = Comparison::less;
  double value = 0;  ///< in the metric's unit
  std::string text;
};

/// What a change may cost, for comparisons; a run does not look at it.
struct GateRule {
  std::string metric;
  std::string text;  ///< "worse < 2%", "< 75s"
};

/// See the head comment.
struct Scenario {
  std::string name;  ///< file name without directory and extension
  std::string title;
  RunOptions run;
  NetworkOptions network;
  std::array<SiteOptions, kSites> sites;
  ConfigurationOptions configuration;
  std::vector<std::string> locations;  ///< names: site1, site2, then branches
  std::vector<GatewayOptions> gateways;
  std::vector<AgentGroup> agents;
  std::vector<QueueOptions> queues;
  std::vector<CallStream> calls;
  std::vector<Fault> faults;
  std::vector<std::string> accepted;  ///< validator codes taken as warnings
  std::vector<ServiceTarget> targets;
  std::vector<Expectation> expectations;
  std::vector<GateRule> gates;
  std::optional<Duration> first_trunk_probe[kSites];  ///< pinned phase of each server's OPTIONS
};

/// Does anything break in this scenario? A change of an option breaks nothing, and is the twin's
/// too.
[[nodiscard]] inline bool has_failures(const Scenario& scenario) {
  for (const Fault& fault : scenario.faults) {
    if (breaks(fault)) return true;
  }
  return false;
}

}  // namespace bcsim::models
