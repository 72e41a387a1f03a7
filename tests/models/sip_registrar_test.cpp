// The registrar: RFC 3261 §10.3, domain.md §2.8b, §3.3.
#include "models/sip/registrar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "sim/rng.hpp"

namespace bcsim::models::sip::sip_registrar_test {
namespace {

using Answer = Registrar::Answer;
using Challenge = RegistrarOptions::Challenge;
constexpr AddressId kPhone{7}, kOtherPhone{8};

SimTime at(Duration d) {
  return SimTime{d};
}
constexpr RegistrarOptions kOpen{.challenge = Challenge::never};

Registrar::Request request(std::uint32_t dn, Duration expires,
                           Credentials credentials = Credentials::none) {
  return {.dn = dn, .contact = kPhone, .expires = expires, .credentials = credentials};
}

TEST(Registrar, BindsADnUntilItsExpiry) {
  Registrar r(3);
  EXPECT_FALSE(r.in_service(1, at(0s)));
  EXPECT_EQ(r.on_register(request(1, 120s), kOpen, at(10s)),
            (Registrar::Result{Answer::ok, 120s, DnEvent::in_service}));
  EXPECT_EQ(r.lookup(1, at(130s) - 1ns), kPhone);
  EXPECT_EQ(r.lookup(1, at(130s)), std::nullopt);
  EXPECT_EQ(r.next_expiry(), at(130s));
  std::vector<std::uint32_t> gone;
  r.expire(at(130s) - 1ns, [&](std::uint32_t dn) { gone.push_back(dn); });
  EXPECT_TRUE(gone.empty());
  r.expire(at(130s), [&](std::uint32_t dn) { gone.push_back(dn); });
  EXPECT_EQ(gone, std::vector<std::uint32_t>{1});
  EXPECT_EQ(r.next_expiry(), sim::kNever);
  EXPECT_EQ(r.bound_count(), 0u);
}

TEST(Registrar, ARefreshMovesTheExpiryAndIsNoEvent) {
  Registrar r(1);
  (void)r.on_register(request(0, 120s), kOpen, at(0s));
  EXPECT_EQ(r.on_register(request(0, 120s), kOpen, at(60s)).event, DnEvent::none);
  EXPECT_EQ(r.next_expiry(), at(180s));
  EXPECT_TRUE(r.in_service(0, at(179s)));
  EXPECT_EQ(r.bound_count(), 1u);
}

TEST(Registrar, TheLastContactWins) {
  Registrar r(1);
  (void)r.on_register(request(0, 120s), kOpen, at(0s));
  (void)r.on_register({.dn = 0, .contact = kOtherPhone, .expires = 120s}, kOpen, at(1s));
  EXPECT_EQ(r.lookup(0, at(2s)), kOtherPhone);
}

TEST(Registrar, ExpiresZeroRemovesTheBinding) {  // §10.2.2
  Registrar r(1);
  (void)r.on_register(request(0, 120s), kOpen, at(0s));
  EXPECT_EQ(r.on_register(request(0, 0s), kOpen, at(1s)),
            (Registrar::Result{Answer::ok, 0s, DnEvent::out_of_service}));
  EXPECT_EQ(r.on_register(request(0, 0s), kOpen, at(2s)).event, DnEvent::none);
  EXPECT_EQ(r.next_expiry(), sim::kNever);
  // Bound anew for the same instant as before: the old entry must not end it twice.
  (void)r.bind(0, kPhone, at(120s));
  int ended = 0;
  r.expire(at(120s), [&](std::uint32_t) { ++ended; });
  EXPECT_EQ(ended, 1);
}

TEST(Registrar, IgnoresWhatALaterRegisterOfTheSameCallIdHasOvertaken) {  // §10.3 step 7
  const auto of = [](std::uint64_t call_id, std::uint32_t cseq, Duration expires,
                     AddressId contact = kPhone) {
    Registrar::Request r = request(0, expires);
    r.contact = contact;
    r.call_id = call_id;
    r.cseq = cseq;
    return r;
  };
  Registrar r(1);
  (void)r.on_register(of(1, 5, 120s), kOpen, at(0s));
  // Neither ends the binding nor moves it.
  EXPECT_EQ(r.on_register(of(1, 4, 0s), kOpen, at(1s)).answer, Answer::out_of_order);
  EXPECT_EQ(r.on_register(of(1, 4, 600s, kOtherPhone), kOpen, at(1s)).answer, Answer::out_of_order);
  EXPECT_EQ(r.lookup(0, at(119s)), kPhone);
  EXPECT_EQ(r.next_expiry(), at(120s));
  // The same again, to a process that does not know its transaction.
  EXPECT_EQ(r.on_register(of(1, 5, 120s), kOpen, at(2s)).answer, Answer::ok);
  // What is removed stays removed; another Call-ID begins anew.
  EXPECT_EQ(r.on_register(of(1, 7, 0s), kOpen, at(3s)).event, DnEvent::out_of_service);
  EXPECT_EQ(r.on_register(of(1, 6, 120s), kOpen, at(4s)).answer, Answer::out_of_order);
  EXPECT_FALSE(r.in_service(0, at(5s)));
  EXPECT_EQ(r.on_register(of(2, 1, 120s, kOtherPhone), kOpen, at(5s)).event, DnEvent::in_service);
  EXPECT_EQ(r.lookup(0, at(6s)), kOtherPhone);
}

TEST(Registrar, EndsWhereTheLastSentRegisterLeavesItInEveryOrderOfArrival) {  // §10.3 step 7
  // A phone registers, refreshes, leaves and comes back; the order in which that arrives must not
  // matter once the last one is there.
  struct Sent {
    std::uint32_t cseq;
    Duration expires;
  };
  std::vector<Sent> sent = {{1, 100s}, {2, 200s}, {3, 0s}, {4, 400s}};
  for (const std::size_t kept : {3u, 4u}) {
    std::vector<Sent> order(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(kept));
    do {
      Registrar r(1);
      for (const Sent& s : order) {
        Registrar::Request wish = request(0, s.expires);
        wish.call_id = 9;
        wish.cseq = s.cseq;
        (void)r.on_register(wish, kOpen, at(0s));
      }
      EXPECT_EQ(r.in_service(0, at(399s)), kept == 4);
    } while (std::ranges::next_permutation(order, {}, &Sent::cseq).found);
  }
}

TEST(Registrar, ChallengesByPolicyAndCredentials) {  // §22.2; D-rows: digest, cached nonce
  using C = Credentials;
  struct Case {
    Challenge policy;
    bool given;
    C credentials;
    Answer answer;
  };
  const Case cases[] = {{Challenge::never, false, C::none, Answer::ok},
                        {Challenge::never, false, C::cached, Answer::ok},
                        {Challenge::never, false, C::fresh, Answer::ok},
                        {Challenge::always, true, C::none, Answer::unauthorized},
                        {Challenge::always, true, C::cached, Answer::unauthorized},
                        {Challenge::always, true, C::fresh, Answer::ok},
                        {Challenge::unknown_nonce, true, C::none, Answer::unauthorized},
                        {Challenge::unknown_nonce, true, C::cached, Answer::ok},
                        {Challenge::unknown_nonce, true, C::fresh, Answer::ok},
                        // A registrar that restarted knows none of its nonces any more.
                        {Challenge::unknown_nonce, false, C::cached, Answer::unauthorized},
                        {Challenge::always, false, C::cached, Answer::unauthorized}};
  for (const Case& c : cases) {
    Registrar r(1);
    const RegistrarOptions options{.challenge = c.policy};
    if (c.given) (void)r.on_register(request(0, 60s), options, at(0s));
    EXPECT_EQ(r.on_register(request(0, 60s, c.credentials), options, at(1s)).answer, c.answer)
        << static_cast<int>(c.policy) << c.given << static_cast<int>(c.credentials);
    EXPECT_EQ(r.in_service(0, at(2s)), c.answer == Answer::ok);
  }
}

TEST(Registrar, CallsAWishTooBriefOnlyBelowOneHour) {  // §10.3 step 7
  Registrar r(1);
  const RegistrarOptions strict{.challenge = Challenge::never, .min_expires = 2h};
  EXPECT_EQ(r.on_register(request(0, 60s), strict, at(0s)),
            (Registrar::Result{Answer::interval_too_brief, 2h, DnEvent::none}));
  EXPECT_EQ(r.on_register(request(0, 0s), strict, at(0s)).answer, Answer::ok);
  EXPECT_EQ(r.on_register(request(0, 1h), strict, at(0s)).answer, Answer::ok);
}

TEST(Registrar, MayShortenButNeverLengthen) {
  Registrar r(1);
  const RegistrarOptions options{.challenge = Challenge::never, .max_expires = 300s};
  EXPECT_EQ(r.on_register(request(0, 3600s), options, at(0s)).expires, 300s);
  EXPECT_EQ(r.on_register(request(0, 60s), options, at(0s)).expires, 60s);
}

TEST(Registrar, DoesNotKnowOtherDns) {
  Registrar r(2);
  EXPECT_EQ(r.on_register(request(2, 60s), kOpen, at(0s)).answer, Answer::not_found);
}

TEST(Registrar, AgreesWithAPlainMapUnderRandomUse) {
  Registrar r(50);
  std::map<std::uint32_t, SimTime> model;  // dn → expiry
  sim::RngStream rng(1, 0, "test.registrar", 0);
  SimTime now{};
  int expired = 0;
  for (int i = 0; i < 20000; ++i) {
    now += sim::from_seconds(rng.exponential(1.0));
    SimTime last{};
    r.expire(now, [&](std::uint32_t dn) {
      const auto it = model.find(dn);
      ASSERT_NE(it, model.end());
      ASSERT_LE(it->second, now);
      ASSERT_GE(it->second, last);
      last = it->second;
      model.erase(it);
      ++expired;
    });
    for (const auto& [dn, until] : model) ASSERT_GT(until, now);
    const auto dn = static_cast<std::uint32_t>(rng.below(50));
    const Duration expires = std::chrono::seconds(30 * rng.below(5));
    const auto result = r.on_register(request(dn, expires), kOpen, now);
    const bool was_bound = model.contains(dn);
    if (expires == 0s) {
      EXPECT_EQ(result.event, was_bound ? DnEvent::out_of_service : DnEvent::none);
      model.erase(dn);
    } else {
      EXPECT_EQ(result.event, was_bound ? DnEvent::none : DnEvent::in_service);
      model[dn] = now + expires;
    }
    SimTime next = sim::kNever;
    for (const auto& [other, until] : model) next = std::min(next, until);
    ASSERT_EQ(r.next_expiry(), next);
    ASSERT_EQ(r.bound_count(), model.size());
  }
  EXPECT_GT(expired, 1000);
}

TEST(Registrar, KeepsACutPhoneInServiceForEMinusItsPhase) {  // domain.md §3.3, T_stale = E − U
  for (const Duration phase : {Duration{0s}, Duration{1s}, Duration{59s}}) {
    Registrar r(1);
    (void)r.on_register(request(0, 120s), kOpen, at(0s) - phase);  // cut at 0
    EXPECT_EQ(r.next_expiry(), at(120s - phase));
  }
}

}  // namespace
}  // namespace bcsim::models::sip::sip_registrar_test
