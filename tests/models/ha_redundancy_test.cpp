// The high-availability pair: R9, domain.md §2.4, §5.8.
#include "models/ha/redundancy.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace bcsim::models::ha::ha_redundancy_test {
namespace {

static_assert(std::is_trivially_copyable_v<Redundancy>);
using Effects = RedundancyEffects;
using Address = Effects::Address;
using I = HaInput;
using R = HaRole;

constexpr RedundancyOptions kFirst{};
constexpr RedundancyOptions kSecond{.designated_primary = false};
constexpr std::uint32_t kPeerTerm = 5;

struct Cell {
  R role;
  Effects effects{};
};
struct Row {
  R role;
  std::vector<I> path;
  std::vector<Cell> cells;  // in the order of HaInput
};

const Effects kArm{.timer = TimerChange::arm(3s)};
const Effects kCold{.address = Address::take, .calls_lost = true};
const Effects kYield{.address = Address::release, .calls_lost = true};

// Columns: started_alone, started_beside_primary, synchronized, become_primary, timer,
// peer_is_primary (term 5), demote, ha_link_lost.
const std::vector<Row> kTable{
    {R::starting,
     {},
     {{R::primary, kCold},
      {R::synchronizing},
      {R::starting},
      {R::promoting, kArm},
      {R::starting},
      {R::starting},
      {R::starting},
      {R::starting}}},
    {R::synchronizing,
     {I::started_beside_primary},
     {{R::synchronizing},
      {R::synchronizing},
      {R::backup},
      {R::promoting, kArm},
      {R::synchronizing},
      {R::synchronizing},
      {R::synchronizing},
      {R::synchronizing}}},
    {R::backup,
     {I::started_beside_primary, I::synchronized},
     {{R::backup},
      {R::backup},
      {R::backup},
      {R::promoting, kArm},
      {R::backup},
      {R::backup},
      {R::backup},
      {R::synchronizing}}},
    {R::promoting,
     {I::started_beside_primary, I::synchronized, I::become_primary},
     {{R::promoting},
      {R::promoting},
      {R::promoting},
      {R::promoting},
      {R::primary, {.address = Address::take}},
      {R::synchronizing, {.timer = TimerChange::cancel()}},
      {R::promoting},
      {R::promoting}}},
    {R::primary,
     {I::started_alone},
     {{R::primary},
      {R::primary},
      {R::primary},
      {R::primary},
      {R::primary},
      {R::synchronizing, kYield},
      {R::backup, {.address = Address::release}},
      {R::primary}}}};

TEST(Redundancy, FollowsItsTable) {
  for (const Row& row : kTable) {
    ASSERT_EQ(row.cells.size(), static_cast<std::size_t>(I::ha_link_lost) + 1);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      Redundancy r;
      for (const I input : row.path) (void)r.on(input, kFirst, 1);
      ASSERT_EQ(r.role(), row.role);
      EXPECT_EQ(r.on(static_cast<I>(i), kFirst, kPeerTerm), row.cells[i].effects)
          << static_cast<int>(row.role) << " × " << i;
      EXPECT_EQ(r.role(), row.cells[i].role) << static_cast<int>(row.role) << " × " << i;
    }
  }
}

TEST(Redundancy, OfTwoPrimariesTheOnePromotedLaterStays) {  // D22: the isolated host comes back
  auto isolated = Redundancy::steady(kFirst);
  auto promoted = Redundancy::steady(kSecond);
  (void)promoted.on(I::become_primary, kSecond);
  (void)promoted.on(I::timer, kSecond);
  ASSERT_EQ(isolated.role(), R::primary);
  ASSERT_EQ(promoted.role(), R::primary);
  EXPECT_EQ(promoted.on(I::peer_is_primary, kSecond, isolated.term()).address, Address::take);
  EXPECT_EQ(isolated.on(I::peer_is_primary, kFirst, promoted.term()).address, Address::release);
  EXPECT_EQ(promoted.role(), R::primary);
  EXPECT_EQ(isolated.role(), R::synchronizing);
}

TEST(Redundancy, OfTwoPrimariesOfOneTermTheDesignatedOneStays) {  // both started without the other
  Redundancy first, second;
  (void)first.on(I::started_alone, kFirst);
  (void)second.on(I::started_alone, kSecond);
  ASSERT_EQ(first.term(), second.term());
  (void)first.on(I::peer_is_primary, kFirst, second.term());
  (void)second.on(I::peer_is_primary, kSecond, first.term());
  EXPECT_EQ(first.role(), R::primary);
  EXPECT_EQ(second.role(), R::synchronizing);
}

TEST(Redundancy, EveryPrimacyHasANewTermAndAPairThatDiedBeginsCold) {  // R9, §2.4
  auto backup = Redundancy::steady(kSecond);
  EXPECT_EQ(backup.on(I::become_primary, kSecond).timer, TimerChange::arm(3s));
  EXPECT_EQ(backup.on(I::timer, kSecond), (Effects{.address = Address::take}));
  // Its old primary restarts beside it; then the new primary dies too early.
  Redundancy restarted;
  (void)restarted.on(I::started_beside_primary, kFirst, backup.term());
  (void)restarted.on(I::become_primary, kFirst);
  EXPECT_FALSE(restarted.on(I::timer, kFirst).calls_lost) << "the calls know whether it knows them";
  EXPECT_EQ(restarted.term(), backup.term() + 1);
  // Both dead: whoever starts first starts cold.
  Redundancy cold;
  EXPECT_EQ(cold.on(I::started_alone, kSecond), kCold);
}

}  // namespace
}  // namespace bcsim::models::ha::ha_redundancy_test
