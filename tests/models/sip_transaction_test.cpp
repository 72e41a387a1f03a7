// The transaction machines, every state and input, against RFC 3261 §17, RFC 6026 and §9.1.
//
// A cell of a table reads "next state: effects". Effects: req = the request is sent, ack, cancel,
// resp = a response is sent, 1xx / 2xx / 2xx+ / fail / ACK / timeout / err = the user is informed,
// arm(s) / stop = the timer, linger(s) = drop the transaction after that wait. "-" = no effect.
#include "models/sip/transaction.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bcsim::models::sip::sip_transaction_test {
namespace {

static_assert(std::is_trivially_copyable_v<ClientTransaction> && sizeof(ClientTransaction) == 16);
static_assert(std::is_trivially_copyable_v<ServerTransaction> && sizeof(ServerTransaction) == 16);
static_assert(std::is_trivially_copyable_v<ClientEffects>);
static_assert(std::is_trivially_copyable_v<ServerEffects>);

std::string name(Inform inform) {
  switch (inform) {
    case Inform::nothing:
      return "";
    case Inform::provisional:
      return "1xx";
    case Inform::success:
      return "2xx";
    case Inform::success_again:
      return "2xx+";
    case Inform::failure:
      return "fail";
    case Inform::ack:
      return "ACK";
    case Inform::timeout:
      return "timeout";
    case Inform::transport_error:
      return "err";
  }
  return "?";
}

std::string name(ClientState s) {
  switch (s) {
    case ClientState::calling:
      return "calling";
    case ClientState::trying:
      return "trying";
    case ClientState::proceeding:
      return "proceeding";
    case ClientState::completed:
      return "completed";
    case ClientState::accepted:
      return "accepted";
    case ClientState::terminated:
      return "terminated";
  }
  return "?";
}

std::string name(ServerState s) {
  switch (s) {
    case ServerState::trying:
      return "trying";
    case ServerState::proceeding:
      return "proceeding";
    case ServerState::completed:
      return "completed";
    case ServerState::accepted:
      return "accepted";
    case ServerState::confirmed:
      return "confirmed";
    case ServerState::terminated:
      return "terminated";
  }
  return "?";
}

void add(std::string& text, const std::string& word) {
  if (!word.empty()) text += (text.empty() ? "" : " ") + word;
}

std::string timer_text(TimerChange timer) {
  if (timer.kind == TimerChange::Kind::cancel) return "stop";
  return timer.arms() ? fmt::format("arm({})", sim::seconds(timer.after)) : "";
}

template <class State>
std::string cell(State state, std::string effects, Inform inform, TimerChange timer,
                 Duration linger, bool terminated) {
  add(effects, name(inform));
  add(effects, timer_text(timer));
  if (linger > 0s) add(effects, fmt::format("linger({})", sim::seconds(linger)));
  EXPECT_EQ(terminated, state == State::terminated);
  return name(state) + ": " + (effects.empty() ? "-" : effects);
}

std::string step(ClientTransaction& t, ClientInput input, const ClientPolicy& policy = {}) {
  if (t.state() == ClientState::terminated) {
    EXPECT_EQ(t.on(input, policy), ClientEffects{});
    return "terminated: -";
  }
  const ClientEffects e = t.on(input, policy);
  std::string text;
  if (e.send_request) add(text, "req");
  if (e.send_ack) add(text, "ack");
  if (e.send_cancel) add(text, "cancel");
  return cell(t.state(), text, e.inform, e.timer, e.linger, e.terminated);
}

std::string step(ServerTransaction& t, ServerInput input, const Timers& timers = {}) {
  if (t.state() == ServerState::terminated) {
    EXPECT_EQ(t.on(input, timers), ServerEffects{});
    return "terminated: -";
  }
  const ServerEffects e = t.on(input, timers);
  return cell(t.state(), e.send_response ? "resp" : "", e.inform, e.timer, e.linger, e.terminated);
}

constexpr auto kInvite = ClientKind::invite;
constexpr auto kNonInvite = ClientKind::non_invite;
constexpr auto kUdp = Transport::udp;
constexpr auto kTcp = Transport::tcp;
using CI = ClientInput;
using SI = ServerInput;

/// One row: how the state is reached, then the expected cell for each input in the enum's order.
template <class Input>
struct Row {
  std::string name;
  std::vector<Input> path;
  std::vector<std::string> cells;
};

void check_client(ClientKind kind, Transport transport, const std::vector<Row<CI>>& rows,
                  const ClientPolicy& policy = {}) {
  constexpr int kInputs = static_cast<int>(CI::linger_over) + 1;
  for (const auto& row : rows) {
    ASSERT_EQ(row.cells.size(), kInputs) << row.name;
    for (int i = 0; i < kInputs; ++i) {
      ClientTransaction t(kind, transport);
      (void)t.start(policy);
      for (const CI input : row.path) (void)t.on(input, policy);
      EXPECT_EQ(step(t, static_cast<CI>(i), policy), row.cells[i]) << row.name << " × input " << i;
    }
  }
}

void check_server(ServerKind kind, Transport transport, const std::vector<Row<SI>>& rows) {
  constexpr int kInputs = static_cast<int>(SI::linger_over) + 1;
  for (const auto& row : rows) {
    ASSERT_EQ(row.cells.size(), kInputs) << row.name;
    for (int i = 0; i < kInputs; ++i) {
      ServerTransaction t(kind, transport);
      for (const SI input : row.path) (void)t.on(input, {});
      EXPECT_EQ(step(t, static_cast<SI>(i)), row.cells[i]) << row.name << " × input " << i;
    }
  }
}

// Columns: provisional, success, failure, timer, transport_error, cancel, linger_over.
TEST(InviteClient, FollowsFigure5AndRfc6026OverUdp) {
  check_client(
      kInvite, kUdp,
      {{"calling",
        {},
        {"proceeding: 1xx stop", "accepted: 2xx stop linger(32)",
         "completed: ack fail stop linger(32)", "calling: req arm(1)", "terminated: err stop",
         "calling: -", "calling: -"}},
       {"calling, cancel wanted",  // §9.1: the CANCEL waits for a provisional response
        {CI::cancel},
        {"proceeding: cancel 1xx arm(32)", "accepted: 2xx stop linger(32)",
         "completed: ack fail stop linger(32)", "calling: req arm(1)", "terminated: err stop",
         "calling: -", "calling: -"}},
       {"proceeding",
        {CI::provisional},
        {"proceeding: 1xx", "accepted: 2xx stop linger(32)", "completed: ack fail stop linger(32)",
         "proceeding: -", "terminated: err stop", "proceeding: cancel arm(32)", "proceeding: -"}},
       {"proceeding, cancelled",
        {CI::provisional, CI::cancel},
        {"proceeding: 1xx", "accepted: 2xx stop linger(32)", "completed: ack fail stop linger(32)",
         "terminated: timeout", "terminated: err stop", "proceeding: -", "proceeding: -"}},
       {"completed",
        {CI::failure},
        {"completed: -", "completed: -", "completed: ack", "completed: -", "terminated: err",
         "completed: -", "terminated: -"}},
       {"accepted",
        {CI::success},
        {"accepted: -", "accepted: 2xx+", "accepted: -", "accepted: -", "accepted: -",
         "accepted: -", "terminated: -"}},
       {"terminated", {CI::transport_error}, std::vector<std::string>(7, "terminated: -")}});
}

TEST(InviteClient, DoesNotLingerInCompletedOverTcp) {  // timer D is 0, M is not
  check_client(
      kInvite, kTcp,
      {{"calling",
        {},
        {"proceeding: 1xx stop", "accepted: 2xx stop linger(32)", "terminated: ack fail stop",
         "terminated: timeout", "terminated: err stop", "calling: -", "calling: -"}},
       {"proceeding",
        {CI::provisional},
        {"proceeding: 1xx", "accepted: 2xx stop linger(32)", "terminated: ack fail stop",
         "proceeding: -", "terminated: err stop", "proceeding: cancel arm(32)", "proceeding: -"}},
       {"proceeding, cancelled",
        {CI::cancel, CI::provisional},
        {"proceeding: 1xx", "accepted: 2xx stop linger(32)", "terminated: ack fail stop",
         "terminated: timeout", "terminated: err stop", "proceeding: -", "proceeding: -"}},
       {"accepted",
        {CI::success},
        {"accepted: -", "accepted: 2xx+", "accepted: -", "accepted: -", "accepted: -",
         "accepted: -", "terminated: -"}},
       {"terminated", {CI::failure}, std::vector<std::string>(7, "terminated: -")}});
}

TEST(InviteClient, BetweenTwoOthersIsCancelledAfterTimerC) {  // §16.6 item 11, §16.7, §16.8
  for (const Transport transport : {kUdp, kTcp}) {
    const std::string failed =
        transport == kUdp ? "completed: ack fail stop linger(32)" : "terminated: ack fail stop";
    check_client(
        kInvite, transport,
        {{"calling",  // B runs as ever
          {},
          {"proceeding: 1xx arm(181)", "accepted: 2xx stop linger(32)", failed,
           transport == kUdp ? "calling: req arm(1)" : "terminated: timeout",
           "terminated: err stop", "calling: -", "calling: -"}},
         {"calling, cancel wanted",
          {CI::cancel},
          {"proceeding: cancel 1xx arm(32)", "accepted: 2xx stop linger(32)", failed,
           transport == kUdp ? "calling: req arm(1)" : "terminated: timeout",
           "terminated: err stop", "calling: -", "calling: -"}},
         {"proceeding",
          {CI::provisional},
          {"proceeding: 1xx arm(181)", "accepted: 2xx stop linger(32)", failed,
           "proceeding: cancel arm(32)", "terminated: err stop", "proceeding: cancel arm(32)",
           "proceeding: -"}},
         {"proceeding, cancelled by timer C",
          {CI::provisional, CI::timer},
          {"proceeding: 1xx", "accepted: 2xx stop linger(32)", failed, "terminated: timeout",
           "terminated: err stop", "proceeding: -", "proceeding: -"}},
         {"proceeding, cancelled by the user",
          {CI::provisional, CI::cancel},
          {"proceeding: 1xx", "accepted: 2xx stop linger(32)", failed, "terminated: timeout",
           "terminated: err stop", "proceeding: -", "proceeding: -"}}},
        {.timer_c = true});
  }
}

TEST(NonInviteClient, KnowsNoTimerC) {
  for (const bool timer_c : {false, true}) {
    check_client(
        kNonInvite, kUdp,
        {{"proceeding",
          {CI::provisional},
          {"proceeding: 1xx", "completed: 2xx stop linger(5)", "completed: fail stop linger(5)",
           "proceeding: req arm(4)", "terminated: err stop", "proceeding: -", "proceeding: -"}}},
        {.timer_c = timer_c});
  }
}

TEST(NonInviteClient, FollowsFigure6OverUdp) {
  check_client(
      kNonInvite, kUdp,
      {{"trying",
        {},
        {"proceeding: 1xx", "completed: 2xx stop linger(5)", "completed: fail stop linger(5)",
         "trying: req arm(1)", "terminated: err stop", "trying: -", "trying: -"}},
       {"proceeding",
        {CI::provisional},
        {"proceeding: 1xx", "completed: 2xx stop linger(5)", "completed: fail stop linger(5)",
         "proceeding: req arm(4)", "terminated: err stop", "proceeding: -", "proceeding: -"}},
       {"completed",
        {CI::success},
        {"completed: -", "completed: -", "completed: -", "completed: -", "completed: -",
         "completed: -", "terminated: -"}},
       {"terminated", {CI::transport_error}, std::vector<std::string>(7, "terminated: -")}});
}

TEST(NonInviteClient, DoesNotLingerOverTcp) {  // timer K is 0
  check_client(kNonInvite, kTcp,
               {{"trying",
                 {},
                 {"proceeding: 1xx", "terminated: 2xx stop", "terminated: fail stop",
                  "terminated: timeout", "terminated: err stop", "trying: -", "trying: -"}},
                {"proceeding",
                 {CI::provisional},
                 {"proceeding: 1xx", "terminated: 2xx stop", "terminated: fail stop",
                  "terminated: timeout", "terminated: err stop", "proceeding: -", "proceeding: -"}},
                {"terminated", {CI::success}, std::vector<std::string>(7, "terminated: -")}});
}

// Columns: request, ack, send_trying, send_provisional, send_success, send_failure, timer,
// transport_error, linger_over.
TEST(InviteServer, FollowsFigure7AndRfc6026OverUdp) {
  check_server(
      ServerKind::invite, kUdp,
      {{"proceeding, nothing sent",
        {},
        {"proceeding: -", "proceeding: -", "proceeding: resp", "proceeding: resp arm(60)",
         "accepted: resp stop linger(32)", "completed: resp arm(0.5)", "proceeding: -",
         "proceeding: err", "proceeding: -"}},
       {"proceeding, 100 sent",
        {SI::send_trying},
        {"proceeding: resp", "proceeding: -", "proceeding: resp", "proceeding: resp arm(60)",
         "accepted: resp stop linger(32)", "completed: resp arm(0.5)", "proceeding: -",
         "proceeding: err", "proceeding: -"}},
       {"proceeding, 180 sent",  // and again at every minute (§13.3.1.1)
        {SI::send_trying, SI::send_provisional},
        {"proceeding: resp", "proceeding: -", "proceeding: resp", "proceeding: resp arm(60)",
         "accepted: resp stop linger(32)", "completed: resp arm(0.5)", "proceeding: resp arm(60)",
         "proceeding: err", "proceeding: -"}},
       {"completed",
        {SI::send_failure},
        {"completed: resp", "confirmed: stop linger(5)", "completed: -", "completed: -",
         "completed: -", "completed: -", "completed: resp arm(1)", "completed: err",
         "completed: -"}},
       {"completed after a 180",
        {SI::send_provisional, SI::timer, SI::send_failure},
        {"completed: resp", "confirmed: stop linger(5)", "completed: -", "completed: -",
         "completed: -", "completed: -", "completed: resp arm(1)", "completed: err",
         "completed: -"}},
       {"confirmed",
        {SI::send_failure, SI::ack},
        {"confirmed: -", "confirmed: -", "confirmed: -", "confirmed: -", "confirmed: -",
         "confirmed: -", "confirmed: -", "confirmed: -", "terminated: -"}},
       {"accepted",
        {SI::send_provisional, SI::send_success},
        {"accepted: -", "accepted: ACK", "accepted: -", "accepted: -", "accepted: resp",
         "accepted: -", "accepted: -", "accepted: err", "terminated: -"}},
       {"terminated",
        {SI::send_success, SI::linger_over},
        std::vector<std::string>(9, "terminated: -")}});
}

TEST(InviteServer, WaitsForTheAckOverTcpToo) {  // H on every transport, no G; I is 0
  check_server(
      ServerKind::invite, kTcp,
      {{"proceeding",
        {SI::send_provisional},
        {"proceeding: resp", "proceeding: -", "proceeding: resp", "proceeding: resp arm(60)",
         "accepted: resp stop linger(32)", "completed: resp arm(32)", "proceeding: resp arm(60)",
         "proceeding: err", "proceeding: -"}},
       {"completed",
        {SI::send_failure},
        {"completed: resp", "terminated: stop", "completed: -", "completed: -", "completed: -",
         "completed: -", "terminated: timeout", "completed: err", "completed: -"}},
       {"accepted",
        {SI::send_success},
        {"accepted: -", "accepted: ACK", "accepted: -", "accepted: -", "accepted: resp",
         "accepted: -", "accepted: -", "accepted: err", "terminated: -"}},
       {"terminated", {SI::send_failure, SI::ack}, std::vector<std::string>(9, "terminated: -")}});
}

TEST(NonInviteServer, FollowsFigure8OverUdp) {
  check_server(ServerKind::non_invite, kUdp,
               {{"trying",
                 {},
                 {"trying: -", "trying: -", "proceeding: resp", "proceeding: resp",
                  "completed: resp linger(32)", "completed: resp linger(32)", "trying: -",
                  "trying: -", "trying: -"}},
                {"proceeding",
                 {SI::send_provisional},
                 {"proceeding: resp", "proceeding: -", "proceeding: resp", "proceeding: resp",
                  "completed: resp linger(32)", "completed: resp linger(32)", "proceeding: -",
                  "terminated: err", "proceeding: -"}},
                {"completed",
                 {SI::send_failure},
                 {"completed: resp", "completed: -", "completed: -", "completed: -", "completed: -",
                  "completed: -", "completed: -", "terminated: err", "terminated: -"}},
                {"terminated",
                 {SI::send_success, SI::linger_over},
                 std::vector<std::string>(9, "terminated: -")}});
}

TEST(NonInviteServer, DoesNotLingerOverTcp) {  // timer J is 0
  check_server(ServerKind::non_invite, kTcp,
               {{"trying",
                 {},
                 {"trying: -", "trying: -", "proceeding: resp", "proceeding: resp",
                  "terminated: resp", "terminated: resp", "trying: -", "trying: -", "trying: -"}},
                {"proceeding",
                 {SI::send_provisional},
                 {"proceeding: resp", "proceeding: -", "proceeding: resp", "proceeding: resp",
                  "terminated: resp", "terminated: resp", "proceeding: -", "terminated: err",
                  "proceeding: -"}},
                {"terminated", {SI::send_success}, std::vector<std::string>(9, "terminated: -")}});
}

TEST(SuccessResponder, FollowsItsTable) {
  using R = SuccessResponder;
  using E = R::Effects;
  const auto in = [](R::State state) {
    R r;
    if (state != R::State::idle) (void)r.start({});
    if (state == R::State::acknowledged) (void)r.on(R::Input::ack, {});
    while (state == R::State::gave_up && r.state() != state) (void)r.on(R::Input::timer, {});
    EXPECT_EQ(r.state(), state);
    return r;
  };
  const std::map<std::pair<R::State, R::Input>, std::pair<R::State, E>> table{
      {{R::State::waiting, R::Input::ack},
       {R::State::acknowledged, {.timer = TimerChange::cancel()}}},
      {{R::State::waiting, R::Input::stop},
       {R::State::acknowledged, {.timer = TimerChange::cancel()}}},
      {{R::State::waiting, R::Input::timer},
       {R::State::waiting, {.send_response = true, .timer = TimerChange::arm(1s)}}}};
  for (const auto state :
       {R::State::idle, R::State::waiting, R::State::acknowledged, R::State::gave_up}) {
    for (const auto input : {R::Input::ack, R::Input::timer, R::Input::stop}) {
      const auto row = table.find({state, input});
      R r = in(state);
      EXPECT_EQ(r.on(input, {}), row == table.end() ? E{} : row->second.second);
      EXPECT_EQ(r.state(), row == table.end() ? state : row->second.first);
    }
  }
}

}  // namespace
}  // namespace bcsim::models::sip::sip_transaction_test
