// What a transaction layer does for a user who asks for nothing: answers, timeouts and a 2xx that
// nobody acknowledges take their course without him.
#include <gtest/gtest.h>

#include "models/sip/transaction_layer.hpp"
#include "tests/support/loop_driver.hpp"

namespace bcsim::models::sip::sip_transaction_user_test {
namespace {

/// Says 200 to everything; sends OPTIONS, then an INVITE whose 200 it does not acknowledge.
class Curt final : public Endpoint, private TransactionUser {
 public:
  explicit Curt(bool calls) : calls_(calls) {}
  void on_start(Context& context) override {
    if (!calls_) return;
    for (const Method method : {Method::options, Method::invite}) {
      Request request;
      request.method = method;
      request.dialog = static_cast<std::uint64_t>(method) + 1;
      request.cseq = 1;
      layer_.request(context, context.address(), AddressId{1}, request, {}, {});
    }
  }
  void on_message(Context& context, const Envelope& e) override {
    if (const auto* request = std::get_if<Request>(&e.message)) {
      layer_.on_request(context, *request, e.from, e.to);
    } else {
      layer_.on_response(context, std::get<Response>(e.message));
    }
  }
  void on_timer(Context& context, sim::TimerTag tag) override {
    EXPECT_TRUE(layer_.on_timer(context, tag));
  }

 private:
  void on_request(Context& context, const Request&, AddressId, TransactionId id,
                  TransactionId) override {
    layer_.respond(context, id, {});
  }

  TransactionLayer layer_{*this};
  bool calls_;
};

/// Node 0 asks, node 1 answers; what arrives, by CSeq's method.
class TwoUsers final : public sim::World<Domain> {
 public:
  TwoUsers() {
    const sim::PlaceId place = topology_.add_place("here");
    for (const char* name : {"asks", "answers"}) {
      topology_.add_node(name, topology_.add_host(name, place));
    }
    sim::PlainPlatform platform(topology_);
    Simulation simulation(topology_, platform, sim::RngFactory{}, *this,
                          {.horizon = sim::SimTime(200s), .wants_messages = true});
    simulation.start();
    sim::run_loop(simulation);
  }
  std::unique_ptr<Endpoint> make_endpoint(NodeId node, bool) override {
    return std::make_unique<Curt>(node.value == 0);
  }
  void on_transmission(const Transmission& t) override {
    if (const auto* response = std::get_if<Response>(&t.envelope.message)) {
      answers[response->dialog].push_back(t.at);
    } else {
      ++requests[std::get<Request>(t.envelope.message).method];
    }
  }

  std::map<Method, int> requests;
  std::map<std::uint64_t, std::vector<sim::SimTime>> answers;  ///< by dialog

 private:
  sim::Topology topology_;
};

TEST(TransactionUser, MayIgnoreEverythingButRequests) {
  TwoUsers seen;
  EXPECT_EQ(seen.requests, (std::map<Method, int>{{Method::options, 1}, {Method::invite, 1}}));
  EXPECT_EQ(seen.answers[static_cast<std::uint64_t>(Method::options) + 1].size(), 1u);
  // RFC 3261 §13.3.1.4: at 0, T1, 3·T1, 7·T1, and every T2 after that, until 64·T1.
  const auto& successes = seen.answers[static_cast<std::uint64_t>(Method::invite) + 1];
  ASSERT_EQ(successes.size(), 11u);
  EXPECT_LT(successes.back(), sim::SimTime(32s));
}

}  // namespace
}  // namespace bcsim::models::sip::sip_transaction_user_test
