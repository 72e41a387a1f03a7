// The agenda gives back everything once, in its total order, whatever the order of pushing.
#include "sim/agenda.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "sim/rng.hpp"

namespace bcsim::sim::agenda_test {
namespace {

auto rank(const AgendaKey& k) {
  return std::tuple(k.at, k.target, k.source, k.sequence);
}

TEST(Agenda, EqualTimesGoByTargetSourceAndSequence) {
  Agenda agenda;
  std::vector<AgendaKey> keys;
  for (std::uint32_t target : {2u, 0u, 1u}) {
    for (std::uint32_t source : {1u, 0u}) {
      for (std::uint32_t sequence : {7u, 3u}) {
        keys.push_back({SimTime(1s), target, source, sequence, 0});
      }
    }
  }
  for (const AgendaKey& key : keys) agenda.push(key);
  std::sort(keys.begin(), keys.end(), [](auto& a, auto& b) { return rank(a) < rank(b); });
  for (const AgendaKey& key : keys) EXPECT_EQ(rank(agenda.pop()), rank(key));
  EXPECT_TRUE(agenda.empty());
}

/// Near, middle and far future, pushed while popping, against a sorted list.
TEST(Agenda, IsASortedListWhateverTheDistances) {
  RngStream rng(1, 0, "agenda_test", 0);
  Agenda agenda;
  std::vector<AgendaKey> expected;
  SimTime now = kStart;
  std::uint32_t sequence = 0;
  for (int round = 0; round < 20000; ++round) {
    if (agenda.empty() || rng.bernoulli(0.55)) {
      const double scale[] = {0, 1e-3, 1, 60, 70, 3600};
      const Duration after = from_seconds(scale[rng.below(6)] * rng.uniform());
      const AgendaKey key{now + after, static_cast<std::uint32_t>(rng.below(5)),
                          static_cast<std::uint32_t>(rng.below(5)), sequence++, 0};
      agenda.push(key);
      expected.insert(std::upper_bound(expected.begin(), expected.end(), key,
                                       [](auto& a, auto& b) { return rank(a) < rank(b); }),
                      key);
    } else {
      ASSERT_EQ(rank(agenda.head()), rank(expected.front()));
      const AgendaKey key = agenda.pop();
      ASSERT_EQ(rank(key), rank(expected.front()));
      expected.erase(expected.begin());
      now = key.at;
    }
    ASSERT_EQ(agenda.size(), expected.size());
  }
}

}  // namespace
}  // namespace bcsim::sim::agenda_test
