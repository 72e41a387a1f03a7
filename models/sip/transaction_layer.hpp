// The transaction layer of one node (RFC 3261 §17–18): matches messages to transactions, sends the
// copies, runs the timers, keeps the INVITEs of a dialog in order (§14), and tells the transaction
// user only what is news.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/domain.hpp"
#include "models/sip/dialog.hpp"
#include "models/sip/transaction.hpp"
#include "sim/fifo.hpp"

namespace bcsim::models::sip {

/// Names a transaction; using one that is over is harmless.
struct TransactionId {
  std::uint32_t slot = 0xFFFF'FFFFu;
  std::uint32_t generation = 0;
  [[nodiscard]] bool valid() const { return slot != 0xFFFF'FFFFu; }
  constexpr bool operator==(const TransactionId&) const = default;
};

/// Whatever the user wants to get back with a client transaction's events.
struct Owner {
  std::uint32_t kind = 0;
  std::uint32_t index = 0;
  std::uint64_t data = 0;
};

/// What a user agent core hears from its transaction layer.
class TransactionUser {
 public:
  virtual ~TransactionUser() = default;
  /// A new request (never ACK). Answer with TransactionLayer::respond, now or later. `id` is valid
  /// until a final response has been given. A CANCEL arrives as a request of its own; `id` then
  /// names the CANCEL, and `invite` the transaction it cancels (invalid: none, answer 481). An
  /// INVITE in a dialog that meets another one never comes here: it has its 491 or 500 (§14.2).
  virtual void on_request(Context& context, const Request& request, AddressId from,
                          TransactionId id, TransactionId invite) = 0;
  /// News of a client transaction: provisional, success, success_again, failure, timeout or
  /// transport_error. `response` is null for the last two. The ACK to a success is the user's:
  /// call acknowledge(), again for success_again. Of an INVITE in a dialog that was turned away
  /// for a while nothing is heard until it has been sent again, with the CSeq that `request` has.
  virtual void on_response(Context&, Inform, const Response* /*response*/,
                           const Request& /*request*/, Owner, TransactionId) {}
  /// The ACK to our 2xx has come (may carry SDP).
  virtual void on_ack(Context&, const Request& /*ack*/) {}
  /// Our 2xx to an INVITE was never acknowledged (64·T1): the dialog is to be ended with a BYE.
  virtual void on_no_ack(Context&, const Response& /*success*/) {}
};

/// The ACK to this copy of a 2xx, for TransactionLayer::acknowledge.
[[nodiscard]] Request ack_of(const Response& success);

/// See the head comment. One per endpoint; dies with it.
class TransactionLayer {
 public:
  explicit TransactionLayer(TransactionUser& user, Timers timers = {},
                            Transport transport = Transport::udp)
      : user_(user), timers_(timers), transport_(transport) {}

  /// Starts a client transaction: fills in the branch and sends the first copy. `policy` is copied.
  /// An INVITE in a dialog waits while another one is open there, and then gets the next CSeq; a
  /// BYE ends that wait for good.
  TransactionId request(Context& context, AddressId from, AddressId to, Request request,
                        const ClientPolicy& policy, Owner owner);
  /// RFC 3261 §9.1: a CANCEL for a pending INVITE, sent once a provisional response has come.
  void cancel(Context& context, TransactionId invite);
  /// Forgets the user of a client transaction: its events go nowhere from now on.
  void abandon(TransactionId client);

  /// Answers a server transaction. 2xx to INVITE are repeated until acknowledged. Method, branch,
  /// dialog, cseq, call and dn are filled in from the request. Harmless if the transaction is over.
  void respond(Context& context, TransactionId server, Response response);
  /// Sends the ACK to a 2xx: `ack` needs dialog, cseq of the INVITE, call, dn, media.
  void acknowledge(Context& context, AddressId from, AddressId to, Request ack);
  /// Stops repeating the 2xx of this dialog (we end it with a BYE; one that comes does so itself).
  void stop_waiting_for_ack(Context& context, std::uint64_t dialog);
  /// A 2xx to an INVITE of ours that nobody waits for, each copy of it: acknowledged, and its
  /// dialog ended with one BYE (RFC 3261 §13.2.2.4).
  void refuse(Context& context, AddressId from, AddressId to, const Response& success);

  /// Feeds an arriving SIP message; calls the user at most once.
  void on_request(Context& context, const Request& request, AddressId from, AddressId to);
  /// False if it is a 2xx to an INVITE whose transaction is over: to be acknowledged if its dialog
  /// is known, and refused otherwise.
  bool on_response(Context& context, const Response& response);
  /// Feeds a timer; false if it is not one of ours.
  [[nodiscard]] bool on_timer(Context& context, sim::TimerTag tag);
  /// Feeds an ICMP error about one of our requests (§18.4: as a transport error).
  void on_unreachable(Context& context, const Envelope& envelope);

  /// Timer kinds of this layer; endpoints use kinds below.
  static constexpr std::uint32_t kTimerKinds = 0xFFFF'0000u;

 private:
  enum TimerKind : std::uint32_t {
    client_timer = kTimerKinds,
    server_timer,
    responder_timer,
    dialog_timer
  };

  struct Client {
    ClientTransaction machine{ClientKind::non_invite, Transport::udp};
    ClientPolicy policy;
    Request request;
    AddressId from, to;
    Owner owner;
    sim::TimerId timer;
    std::uint32_t generation = 0;
    bool live = false, abandoned = false;
    bool waiting = false;  // an INVITE that may not be sent yet
    bool refuses = false;  // the BYE of refuse()
  };
  struct Server {
    ServerTransaction machine{ServerKind::non_invite, Transport::udp};
    SuccessResponder responder;
    Response response;
    AddressId from, to;  // of the request
    sim::TimerId timer, responder_timer;
    std::uint64_t key = 0;
    std::uint32_t generation = 0;
    bool live = false;
    bool reinvite = false;
  };
  /// A dialog while something is under way in it.
  struct Dialog {
    DialogInvites invites;
    std::uint32_t cseq = 0;                     // of our last INVITE in it
    std::vector<std::uint32_t> unacknowledged;  // servers whose 2xx is repeated
    std::vector<std::uint32_t> waiting;  // clients, in the order in which they are to be sent
    sim::TimerId retry;
    bool refused = false;  // its BYE is under way
  };
  /// Transactions that only absorb strays, in the order in which they may be dropped.
  struct Lingering {
    sim::SimTime until;
    std::uint32_t slot;
    std::uint32_t generation;
  };
  struct LingerQueue {
    Duration wait{};
    sim::Fifo<Lingering> clients, servers;
  };

  [[nodiscard]] std::uint32_t take_client(sim::SimTime now);
  [[nodiscard]] std::uint64_t branch_of(Context& context, std::uint32_t slot) const;
  [[nodiscard]] std::uint32_t take_server();
  void drop_client(std::uint32_t slot);
  void drop_server(std::uint32_t slot);
  void reap(sim::SimTime now);
  LingerQueue& linger_queue(Duration wait);
  void apply(Context& context, std::uint32_t slot, const ClientEffects& effects,
             const Response* response);
  void apply(Context& context, std::uint32_t slot, const ServerEffects& effects);
  void apply(Context& context, std::uint32_t slot, const SuccessResponder::Effects& effects);
  void send_copy(Context& context, Client& client);
  void send_response(Context& context, Server& server);
  static void change_timer(Context& context, sim::TimerId& timer, const TimerChange& change,
                           sim::TimerTag tag);

  // transaction_dialogs.cpp
  void want_invite(Context& context, std::uint32_t slot);
  void feed(Context& context, std::uint64_t dialog, DialogInput input);
  void forget_if_idle(std::uint64_t dialog);
  void drop_waiting(Context& context, Dialog& dialog);
  void end_dialog(Context& context, std::uint64_t dialog, bool by_them);
  [[nodiscard]] bool sent_again_later(Context& context, std::uint32_t slot,
                                      const Response* response);
  [[nodiscard]] bool turned_away(Context& context, const Request& request, TransactionId id);
  void await_ack(Context& context, std::uint32_t slot);
  [[nodiscard]] bool acknowledged(Context& context, const Request& ack);

  TransactionUser& user_;
  Timers timers_;
  Transport transport_;
  std::vector<Client> clients_;
  std::vector<Server> servers_;
  std::vector<std::uint32_t> free_clients_, free_servers_;
  std::unordered_map<std::uint64_t, std::uint32_t> server_by_key_;  // branch and method
  std::unordered_map<std::uint64_t, Dialog> dialogs_;
  std::array<LingerQueue, 4> lingering_;
};

}  // namespace bcsim::models::sip
