// The input queue by itself: every fill of it and every kind of message (domain.md §3.8).
#include "models/sip_server/input_queue.hpp"

#include <gtest/gtest.h>

#include "tests/models/sip_server_parts.hpp"

namespace bcsim::models::testing::sip_server_input_queue_test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kLimit = 10;

struct Handled final : InputQueue::User {
  void handle(Context& context, const Envelope& envelope) override {
    at.push_back(context.now());
    messages.push_back(envelope.message);
  }
  std::vector<SimTime> at;
  std::vector<Message> messages;
};

Message request(sip::Method method, bool in_dialog = false, std::uint8_t copy = 0) {
  sip::Request r;
  r.method = method;
  r.in_dialog = in_dialog;
  r.copy = copy;
  return r;
}

enum class Fate { handled, queued, refused, dropped };

struct Queue {
  explicit Queue(PartWorld& w) : world(w), site(w.site()), queue(site, load, handled) {
    w.timer = [this](Context& context, sim::TimerTag tag) {
      EXPECT_EQ(tag.kind, static_cast<std::uint32_t>(ServerTimer::serve));
      queue.finish_job(context);
    };
  }
  void put(Context& context, const Message& message) {
    const AddressId peer = world.directory.sip_server[1];
    queue.enqueue(context, Envelope{peer, site.address(), {}, 0, context.now(), message});
  }
  Fate fate_of(Context& context, const Message& message) {
    const ServerLoad before = load;
    const std::size_t size = queue.size();
    const std::size_t done = handled.messages.size();
    put(context, message);
    if (handled.messages.size() > done) return Fate::handled;
    if (load.dropped > before.dropped) return Fate::dropped;
    if (load.rejected_503 > before.rejected_503) return Fate::refused;
    EXPECT_EQ(queue.size(), size + 1);
    return Fate::queued;
  }

  PartWorld& world;
  ServerSite site;
  ServerLoad load;
  Handled handled;
  InputQueue queue;
};

struct Kind {
  const char* name;
  Message message;
  bool is_new;       ///< to be refused when the queue is nearly full
  bool is_datagram;  ///< to be dropped when it is full
};
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"REGISTER", request(sip::Method::register_), true, true},
      {"REGISTER again", request(sip::Method::register_, false, 1), false, true},
      {"INVITE", request(sip::Method::invite), true, true},
      {"INVITE again", request(sip::Method::invite, false, 1), false, true},
      {"re-INVITE", request(sip::Method::invite, true), false, true},
      {"BYE", request(sip::Method::bye, true), false, true},
      {"ACK", request(sip::Method::ack), false, true},
      {"CANCEL", request(sip::Method::cancel), false, true},
      {"OPTIONS", request(sip::Method::options), false, true},
      {"200", sip::Response{}, false, true},
      {"T-Library", tlib::Message{}, false, false},
      {"peer", peer::Message{}, false, false}};
  return all;
}

TEST(InputQueue, TreatsEveryKindOfMessageByHowFullItIs) {
  for (const bool refuses : {false, true}) {
    for (std::uint32_t waiting = 0; waiting <= kLimit; ++waiting) {
      for (const Kind& kind : kinds()) {
        PartWorld world;
        world.options().input_queue_limit = kLimit;
        world.options().other_service = world.options().invite_service =
            world.options().register_service = 1h;
        if (refuses) world.options().retry_after = 7s;
        Queue q(world);
        Fate fate{};
        world.run([&](Context& context) {
          for (std::uint32_t i = 0; i < waiting; ++i) q.put(context, tlib::Message{});
          fate = q.fate_of(context, kind.message);
        });
        const bool nearly_full = waiting * 10 > kLimit * 9;
        const Fate expected = waiting >= kLimit && kind.is_datagram   ? Fate::dropped
                              : refuses && nearly_full && kind.is_new ? Fate::refused
                                                                      : Fate::queued;
        EXPECT_EQ(fate, expected) << kind.name << " behind " << waiting << " refuses " << refuses;
      }
    }
  }
}

TEST(InputQueue, HandlesAtOnceWhatTakesNoTimeUnlessSomethingWaits) {
  PartWorld world;
  world.options().register_service = world.options().invite_service = 1s;
  world.options().other_service = {};
  Queue q(world);
  world.run([&](Context& context) {
    EXPECT_EQ(q.fate_of(context, request(sip::Method::options)), Fate::handled);
    EXPECT_EQ(q.fate_of(context, request(sip::Method::invite)), Fate::queued);
    EXPECT_EQ(q.fate_of(context, request(sip::Method::options)), Fate::queued);
  });
  EXPECT_EQ(q.handled.at, (std::vector<SimTime>{sim::kStart, sim::kStart + 1s, sim::kStart + 1s}));
  EXPECT_EQ(q.load.messages, 3u);
  EXPECT_EQ(q.load.queue_peak, 2u);
  EXPECT_EQ(q.load.delay_max, 1s);
}

TEST(InputQueue, RefusesWithTheTimeToWaitAndWithoutATransaction) {
  PartWorld world;
  world.options().input_queue_limit = 1;
  world.options().other_service = world.options().invite_service = 1s;
  world.options().retry_after = 7s;
  Queue q(world);
  sip::Request invite;
  invite.method = sip::Method::invite;
  invite.branch = 4;
  invite.dialog = 5;
  invite.cseq = 6;
  world.options().input_queue_limit = 2;
  world.run([&](Context& context) {
    q.put(context, request(sip::Method::options));
    EXPECT_EQ(q.fate_of(context, invite), Fate::queued);  // 1 of 2 is not nearly full
    EXPECT_EQ(q.fate_of(context, invite), Fate::dropped);
  });
  EXPECT_EQ(world.records<RequestDropped>().size(), 1u);

  PartWorld larger;
  larger.options().input_queue_limit = 20;
  larger.options().other_service = larger.options().invite_service = 1s;
  larger.options().retry_after = 7s;
  Queue nearly_full(larger);
  larger.run([&](Context& context) {
    for (int i = 0; i < 19; ++i) nearly_full.put(context, request(sip::Method::options));
    EXPECT_EQ(nearly_full.fate_of(context, invite), Fate::refused);
  });
  ASSERT_EQ(larger.sent.size(), 1u);
  const auto& answer = std::get<sip::Response>(larger.sent[0]);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after_s, 7u);
  EXPECT_EQ(answer.branch, 4u);
  EXPECT_EQ(answer.dialog, 5u);
  EXPECT_EQ(answer.cseq, 6u);
  EXPECT_EQ(larger.records<RequestRejected>().size(), 1u);
}

}  // namespace
}  // namespace bcsim::models::testing::sip_server_input_queue_test
