// Random streams: known answers of Philox, the documented addressing, and the shape of the draws.
#include "sim/rng.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "sim/hash.hpp"
#include "tests/support/goodness_of_fit.hpp"

namespace bcsim::sim::rng_test {
namespace {

using testing::chi_square_test;
using testing::ks_test;

// A test that a correct generator fails once in a thousand seeds; the seeds are fixed.
constexpr double kLevel = 0.001;
constexpr RngFactory kFactory{.seed = 20260101, .replication = 3};

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

std::vector<double> uniforms(RngStream stream, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(stream.uniform());
  return values;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = testing::sample_mean(a).mean;
  const double mean_b = testing::sample_mean(b).mean;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

// The three philox4x32 10 rows of kat_vectors, distributed with Random123.
TEST(Rng, PhiloxGivesTheKnownAnswers) {
  using Philox = r123::Philox4x32;
  struct Vector {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
    std::array<std::uint32_t, 4> expected;
  };
  const Vector vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Vector& v : vectors) {
    const Philox::ctr_type counter{{v.counter[0], v.counter[1], v.counter[2], v.counter[3]}};
    const Philox::key_type key{{v.key[0], v.key[1]}};
    const auto words = Philox()(counter, key);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(words[i], v.expected[i]);
  }
}

TEST(Rng, StreamIsPhiloxOfTheDocumentedKeyAndCounter) {
  const std::uint64_t entity = 0x0123456789abcdefull;
  const std::uint64_t key = stream_key(42, 7, "caller.patience");
  RngStream stream(42, 7, "caller.patience", entity);
  for (std::uint32_t block = 0; block < 5; ++block) {
    const auto words = r123::Philox4x32()(
        {{block, 0, static_cast<std::uint32_t>(entity), static_cast<std::uint32_t>(entity >> 32)}},
        {{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}});
    EXPECT_EQ(stream.bits(), words[0] | (static_cast<std::uint64_t>(words[1]) << 32));
    EXPECT_EQ(stream.bits(), words[2] | (static_cast<std::uint64_t>(words[3]) << 32));
  }
}

// Pinned, so that a change of the addressing cannot pass for a refactoring: it changes all results.
TEST(Rng, AddressingNeverChangesSilently) {
  EXPECT_EQ(StreamName("").hash, 0xcbf29ce484222325ull);
  EXPECT_EQ(StreamName("a").hash, 0xaf63dc4c8601ec8cull);       // FNV-1a's published vectors
  EXPECT_EQ(StreamName("foobar").hash, 0x85944171f73967e8ull);  // for 64 bits
  EXPECT_EQ(stream_key(1, 0, "caller.patience"), 0xcd74b3732b42cb8bull);
  RngStream stream(1, 0, "caller.patience", 0);
  EXPECT_EQ(stream.bits(), 0x48bf800a9d7ec4d5ull);
  EXPECT_EQ(stream.bits(), 0xecbb6580bef59405ull);
}

TEST(Rng, DrawsDoNotDependOnTheOrderOfUse) {
  RngStream a = kFactory.stream("caller.patience", 1);
  RngStream b = kFactory.stream("caller.patience", 2);
  std::vector<std::uint64_t> first_a, first_b;
  for (int i = 0; i < 100; ++i) first_a.push_back(a.bits());
  for (int i = 0; i < 100; ++i) first_b.push_back(b.bits());

  RngStream other_b = kFactory.stream("caller.patience", 2);
  RngStream other_a = kFactory.stream("caller.patience", 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(other_b.bits(), first_b[static_cast<std::size_t>(i)]);
    EXPECT_EQ(other_a.bits(), first_a[static_cast<std::size_t>(i)]);
  }
}

TEST(Rng, CopyContinuesWhereTheOriginalStood) {
  RngStream stream = kFactory.stream("copied");
  (void)stream.normal();  // leaves a spare normal
  (void)stream.bits();    // leaves half a block
  RngStream copy = stream;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(copy.normal(), stream.normal());
    EXPECT_EQ(copy.bits(), stream.bits());
  }
}

TEST(Rng, EachPartOfTheAddressGivesAnotherStream) {
  std::set<std::uint64_t> first_draws;
  int streams = 0;
  const char* const names[] = {"caller.patience", "caller.talk", "link.loss", ""};
  for (const std::uint64_t seed : {0ull, 1ull, 1ull << 32, ~0ull}) {
    for (const std::uint32_t replication : {0u, 1u, 2u, 0xffffffffu}) {
      for (const char* const name : names) {
        for (const std::uint64_t entity : {0ull, 1ull, 1ull << 32, ~0ull}) {
          first_draws.insert(RngStream(seed, replication, name, entity).bits());
          ++streams;
        }
      }
    }
  }
  EXPECT_EQ(first_draws.size(), static_cast<std::size_t>(streams));
}

TEST(Rng, NeighbouringStreamsAreUncorrelated) {
  const int n = 20'000;
  const double bound = 4 / std::sqrt(n);  // about four standard errors
  const auto base = uniforms(RngStream(5, 1, "x", 10), n);
  EXPECT_LT(std::abs(correlation(base, uniforms(RngStream(6, 1, "x", 10), n))), bound);
  EXPECT_LT(std::abs(correlation(base, uniforms(RngStream(5, 2, "x", 10), n))), bound);
  EXPECT_LT(std::abs(correlation(base, uniforms(RngStream(5, 1, "y", 10), n))), bound);
  EXPECT_LT(std::abs(correlation(base, uniforms(RngStream(5, 1, "x", 11), n))), bound);
}

// Callers draw once each from a stream of their own: the draws across entities must be uniform too.
TEST(Rng, FirstDrawsAcrossEntitiesAreUniform) {
  std::vector<double> values;
  for (std::uint64_t entity = 0; entity < 50'000; ++entity) {
    values.push_back(kFactory.stream("caller.patience", entity).uniform());
  }
  EXPECT_GT(ks_test(values, [](double x) { return x; }), kLevel);
}

TEST(Rng, UniformFitsByKolmogorovSmirnovAndChiSquare) {
  const int n = 200'000;
  const int cells = 200;
  const auto values = uniforms(kFactory.stream("uniform"), n);
  EXPECT_GT(ks_test(values, [](double x) { return x; }), kLevel);
  std::vector<double> counts(cells, 0);
  for (const double v : values) ++counts[static_cast<std::size_t>(v * cells)];
  EXPECT_GT(chi_square_test(counts, std::vector<double>(cells, 1.0 * n / cells)), kLevel);
}

TEST(Rng, SuccessivePairsFillTheSquareEvenly) {
  RngStream stream = kFactory.stream("pairs");
  const int n = 200'000;
  const int side = 16;
  std::vector<double> counts(side * side, 0);
  for (int i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(stream.uniform() * side);
    const auto column = static_cast<std::size_t>(stream.uniform() * side);
    ++counts[row * side + column];
  }
  EXPECT_GT(chi_square_test(counts, std::vector<double>(counts.size(), 1.0 * n / (side * side))),
            kLevel);
}

TEST(Rng, UniformIsAnOddMultipleOfTwoToTheMinus53AndNeverZeroOrOne) {
  // The extreme inputs of the formula itself: all bits clear and all bits set.
  EXPECT_GT((0.0 + 0.5) * 0x1p-52, 0.0);
  EXPECT_LT((static_cast<double>(~0ull >> 12) + 0.5) * 0x1p-52, 1.0);
  RngStream stream = kFactory.stream("open interval");
  for (int i = 0; i < 1'000'000; ++i) {
    const double u = stream.uniform();
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    ASSERT_EQ(std::fmod(u * 0x1p53, 2.0), 1.0);
  }
}

TEST(Rng, ExponentialFits) {
  RngStream stream = kFactory.stream("exponential");
  std::vector<double> values;
  for (int i = 0; i < 100'000; ++i) values.push_back(stream.exponential(3));
  EXPECT_GT(ks_test(values, [](double x) { return -std::expm1(-x / 3); }), kLevel);
}

TEST(Rng, NormalFitsAndItsTwoHalvesAreIndependent) {
  RngStream stream = kFactory.stream("normal");
  std::vector<double> first, second;
  for (int i = 0; i < 50'000; ++i) {
    first.push_back(stream.normal());
    second.push_back(stream.normal());
  }
  EXPECT_GT(ks_test(first, normal_cdf), kLevel);
  EXPECT_GT(ks_test(second, normal_cdf), kLevel);
  EXPECT_LT(std::abs(correlation(first, second)), 4 / std::sqrt(50'000.0));
}

TEST(Rng, BelowReachesEveryValueEvenlyAndNeverTheBound) {
  RngStream stream = kFactory.stream("below");
  std::vector<double> counts(7, 0);
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t value = stream.below(7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  EXPECT_GT(chi_square_test(counts, std::vector<double>(7, 10'000)), kLevel);
  EXPECT_EQ(stream.below(1), 0u);
  EXPECT_LT(stream.below(~0ull), ~0ull);
}

TEST(Rng, BernoulliHitsItsProbability) {
  RngStream stream = kFactory.stream("bernoulli");
  const int n = 100'000;
  int hits = 0;
  for (int i = 0; i < n; ++i) hits += stream.bernoulli(0.3) ? 1 : 0;
  EXPECT_NEAR(hits, 0.3 * n, 4 * std::sqrt(n * 0.3 * 0.7));
  EXPECT_FALSE(stream.bernoulli(0));
  EXPECT_TRUE(stream.bernoulli(1));
}

TEST(Rng, KeyedUniformIsUniformInEitherArgumentAndApartFromTheStreams) {
  std::vector<double> over_a, over_b, over_replications, stream_values;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    over_a.push_back(keyed_uniform(1, 0, "link.loss", i, 3));
    over_b.push_back(keyed_uniform(1, 0, "link.loss", 3, i));
    over_replications.push_back(keyed_uniform(1, static_cast<std::uint32_t>(i), "link.loss", 3, 3));
    stream_values.push_back(RngStream(1, 0, "link.loss", i).uniform());
  }
  const auto identity = [](double x) { return x; };
  EXPECT_GT(ks_test(over_a, identity), kLevel);
  EXPECT_GT(ks_test(over_b, identity), kLevel);
  EXPECT_GT(ks_test(over_replications, identity), kLevel);
  EXPECT_LT(std::abs(correlation(over_a, over_b)), 4 / std::sqrt(50'000.0));
  // Block 0 of entity i and the keyed draw (0, i) share their counter, but not their key.
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_NE(keyed_uniform(1, 0, "link.loss", 0, i), stream_values[i]);
  }
  EXPECT_EQ(keyed_uniform(1, 0, "link.loss", 8, 9), keyed_uniform(1, 0, "link.loss", 8, 9));
}

TEST(Hash, IsWrittenWithSixteenDigits) {
  EXPECT_EQ(to_hex(0x1f), "000000000000001f");
  EXPECT_EQ(to_hex(0xFEDC'BA98'7654'3210u), "fedcba9876543210");
}

}  // namespace
}  // namespace bcsim::sim::rng_test
