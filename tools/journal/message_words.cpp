#include "tools/journal/message_words.hpp"

#include <fmt/format.h>

#include <array>

namespace bcsim::tools {
namespace {

namespace sip = models::sip;
namespace tlib = models::tlib;

// Switches without a default: a new kind of message does not compile until it has a name.
std::string_view kind_name(tlib::Kind kind) {
  switch (kind) {
    using enum tlib::Kind;
    case register_address:
      return "TRegisterAddress";
    case registered:
      return "EventRegistered";
    case agent_login:
      return "TAgentLogin";
    case agent_logged_in:
      return "EventAgentLogin";
    case login_refused:
    case call_refused:
    case transfer_refused:
      return "EventError";
    case agent_logout:
      return "TAgentLogout";
    case agent_logged_out:
      return "EventAgentLogout";
    case set_ready:
      return "TAgentSetReady";
    case ready:
      return "EventAgentReady";
    case set_not_ready:
      return "TAgentSetNotReady";
    case not_ready:
      return "EventAgentNotReady";
    case ringing:
      return "EventRinging";
    case established:
    case consulted:
      return "EventEstablished";
    case held:
      return "EventHeld";
    case retrieved:
      return "EventRetrieved";
    case make_call:
      return "TMakeCall";
    case dialing:
      return "EventDialing";
    case released:
    case not_consulted:
      return "EventReleased";
    case dn_out_of_service:
      return "EventDNOutOfService";
    case dn_in_service:
      return "EventDNBackInService";
    case private_info:
      return "EventPrivateInfo";
    case single_site_mode:
      return "EventSingleSiteMode";
    case closing:
      return "EventGracefulShutdown";
    case addp_poll:
      return "ADDP poll";
    case addp_reply:
      return "ADDP reply";
    case single_step_transfer:
      return "TSingleStepTransfer";
    case initiate_transfer:
      return "TInitiateTransfer";
    case complete_transfer:
      return "TCompleteTransfer";
    case reconnect_call:
      return "TReconnectCall";
    case release_call:
      return "TReleaseCall";
  }
  return "";
}
std::string_view kind_name(models::config::Kind kind) {
  switch (kind) {
    using enum models::config::Kind;
    case read:
      return "read";
    case read_reply:
      return "read reply";
    case write:
      return "write";
    case write_done:
      return "write done";
    case write_refused:
      return "write refused";
    case proxy_hello:
      return "proxy hello";
    case update:
      return "update";
    case stat_open:
      return "stat open";
    case stat_opened:
      return "stat opened";
  }
  return "";
}
std::string_view kind_name(models::pstn::Kind kind) {
  switch (kind) {
    using enum models::pstn::Kind;
    case setup:
      return "setup";
    case alerting:
      return "alerting";
    case connect:
      return "connect";
    case speech:
      return "speech";
    case silence:
      return "silence";
    case release:
      return "release";
    case cleared:
      return "cleared";
    case models::pstn::Kind::in_vain:
      return "dialled in vain";
  }
  return "";
}
std::string_view kind_name(models::peer::Kind kind) {
  switch (kind) {
    using enum models::peer::Kind;
    case agent_state:
      return "agent state";
    case agent_login:
      return "agent login";
    case login_noted:
      return "login noted";
    case call_asked:
      return "is there a call?";
    case no_call:
      return "no call";
    case states_told:
      return "agent states told";
    case no_agents:
      return "no agents";
  }
  return "";
}
std::string_view kind_name(models::notice::Kind kind) {
  switch (kind) {
    using enum models::notice::Kind;
    case speech_lost:
      return "speech lost";
    case rtp_stopped:
      return "RTP stopped";
    case rtp_resumed:
      return "RTP resumed";
    case become_primary:
      return "become primary";
    case activate_standby:
      return "activate standby";
    case stand_down:
      return "stand down";
    case config_write:
      return "configuration change";
    case shift_start:
      return "shift start";
    case shift_end:
      return "shift end";
    case drain:
      return "drain";
    case ha_link:
      return "HA link";
    case gateway_died:
      return "gateway died";
    case gateway_down:
      return "gateway down";
    case gateway_up:
      return "gateway up";
    case wishes_to_call:
      return "wishes to call";
    case dials:
      return "dials";
    case dial:
      return "dial";
    case make_call:
      return "make call";
    case hang_up:
      return "hang up";
    case own_call_over:
      return "own call over";
    case bye_unanswered:
      return "BYE unanswered";
    case phone_asked:
      return "phone asked";
    case phone_state:
      return "phone state";
  }
  return "";
}

struct NameOf {
  std::string operator()(const sip::Request& m) const {
    const bool again = m.method == sip::Method::invite && m.in_dialog;
    return (again ? "re-" : "") + std::string(method_name(m.method));
  }
  std::string operator()(const sip::Response& m) const {
    return fmt::format("{} {}", m.status, reason_phrase(m.status));
  }
  template <class Other>
  std::string operator()(const Other& m) const {
    return std::string(kind_name(m.kind));
  }
};

struct CallOf {
  models::CallId operator()(const models::config::Message&) const { return {}; }
  models::CallId operator()(const models::peer::Message&) const { return {}; }
  template <class Other>
  models::CallId operator()(const Other& m) const {
    return m.call;
  }
};

}  // namespace

std::string_view method_name(sip::Method method) {
  constexpr std::array<std::string_view, 6> kNames = {"INVITE", "ACK",     "BYE",
                                                      "CANCEL", "OPTIONS", "REGISTER"};
  return kNames[static_cast<std::size_t>(method)];
}

std::string_view reason_phrase(std::uint16_t status) {
  switch (status) {
    case 100:
      return "Trying";
    case 180:
      return "Ringing";
    case 183:
      return "Session Progress";
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Moved Temporarily";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 422:
      return "Session Interval Too Small";
    case 423:
      return "Interval Too Brief";
    case 480:
      return "Temporarily Unavailable";
    case 481:
      return "Call/Transaction Does Not Exist";
    case 482:
      return "Loop Detected";
    case 486:
      return "Busy Here";
    case 487:
      return "Request Terminated";
    case 491:
      return "Request Pending";
    case 500:
      return "Server Internal Error";
    case 503:
      return "Service Unavailable";
    case 600:
      return "Busy Everywhere";
    case 603:
      return "Decline";
    default:
      return "";
  }
}

std::string message_name(const models::Message& message) {
  return std::visit(NameOf{}, message);
}

std::string_view protocol_name(const models::Message& message) {
  constexpr std::array<std::string_view, 7> kNames = {"sip",  "sip",  "t-library", "configuration",
                                                      "pstn", "peer", "notice"};
  static_assert(std::variant_size_v<models::Message> == kNames.size());
  return kNames[message.index()];
}

models::CallId call_of(const models::Message& message) {
  return std::visit(CallOf{}, message);
}

unsigned copy_of(const models::Message& message) {
  if (const auto* request = std::get_if<sip::Request>(&message)) return request->copy;
  if (const auto* response = std::get_if<sip::Response>(&message)) return response->copy;
  return 0;
}

std::string_view fate_word(sim::DropReason reason) {
  constexpr std::array<std::string_view, sim::kDropReasons> kWords = {
      "arrived", "no_route", "link_cut", "loss", "queue_full", "host_down", "hung", "no_process"};
  return kWords[static_cast<std::size_t>(reason)];
}

std::string_view fate_words(sim::DropReason reason) {
  constexpr std::array<std::string_view, sim::kDropReasons> kWords = {
      "arrived",          "nobody has the address",    "the link was cut",
      "lost on the link", "the link's queue was full", "the machine was dead",
      "the process hung", "refused: no process there"};
  return kWords[static_cast<std::size_t>(reason)];
}

std::string_view kind_word(models::CallKind kind) {
  constexpr std::array<std::string_view, models::kCallKinds> kWords = {"queue", "direct",
                                                                       "internal", "outgoing"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string_view release_word(models::pstn::Release release) {
  constexpr std::array<std::string_view, 11> kWords = {
      "normal",         "caller_hung_up", "speech_lost", "rejected",
      "no_response",    "ring_timeout",   "media_lost",  "session_expired",
      "default_routed", "gateway_failed", "no_channel"};
  return kWords[static_cast<std::size_t>(release)];
}

std::string_view phase_word(models::CallPhase phase) {
  constexpr std::array<std::string_view, 5> kWords = {"setup", "ringback", "treatment", "talking",
                                                      "held"};
  return kWords[static_cast<std::size_t>(phase)];
}

std::string_view state_word(models::AgentState state) {
  constexpr std::array<std::string_view, 7> kWords = {
      "logged_out", "not_ready", "ready", "ringing", "talking", "held", "after_call_work"};
  return kWords[static_cast<std::size_t>(state)];
}

}  // namespace bcsim::tools
