// The high-availability pair: R9, domain.md §2.4, §5.8.
#include "models/ha/redundancy.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace bcsim::models::ha::ha_redundancy_test {
namespace {

static_assert(std::is_trivially_copyable_v<Redundancy>);
using Effects = RedundancyEffects;
using I = HaInput;
using R = HaRole;

constexpr RedundancyOptions kFirst{};
constexpr RedundancyOptions kSecond{.designated_primary = false};

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
const Effects kCold{.take_address = true, .calls_lost = true};

// Columns: started_alone, started_beside_primary, synchronized, become_primary, timer,
// ha_link_lost.
const std::vector<Row> kTable{
    {R::starting,
     {},
     {{R::primary, kCold},
      {R::synchronizing},
      {R::starting},
      {R::promoting, kArm},
      {R::starting},
      {R::starting}}},
    {R::synchronizing,
     {I::started_beside_primary},
     {{R::synchronizing},
      {R::synchronizing},
      {R::backup},
      {R::promoting, kArm},
      {R::synchronizing},
      {R::synchronizing}}},
    {R::backup,
     {I::started_beside_primary, I::synchronized},
     {{R::backup},
      {R::backup},
      {R::backup},
      {R::promoting, kArm},
      {R::backup},
      {R::synchronizing}}},
    {R::promoting,
     {I::started_beside_primary, I::synchronized, I::become_primary},
     {{R::promoting},
      {R::promoting},
      {R::promoting},
      {R::promoting},
      {R::primary, {.take_address = true}},
      {R::promoting}}},
    {R::primary,
     {I::started_alone},
     {{R::primary}, {R::primary}, {R::primary}, {R::primary}, {R::primary}, {R::primary}}}};

TEST(Redundancy, FollowsItsTable) {
  for (const Row& row : kTable) {
    ASSERT_EQ(row.cells.size(), static_cast<std::size_t>(I::ha_link_lost) + 1);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      Redundancy r;
      for (const I input : row.path) (void)r.on(input, kFirst);
      ASSERT_EQ(r.role(), row.role);
      EXPECT_EQ(r.on(static_cast<I>(i), kFirst), row.cells[i].effects)
          << static_cast<int>(row.role) << " × " << i;
      EXPECT_EQ(r.role(), row.cells[i].role) << static_cast<int>(row.role) << " × " << i;
    }
  }
}

TEST(Redundancy, StartsSteadilyWithItsDesignatedPrimary) {
  EXPECT_EQ(Redundancy::steady(kFirst).role(), R::primary);
  EXPECT_EQ(Redundancy::steady(kSecond).role(), R::backup);
}

TEST(Redundancy, OnlyAPairThatDiedBeginsCold) {  // R9, §2.4
  auto backup = Redundancy::steady(kSecond);
  EXPECT_EQ(backup.on(I::become_primary, kSecond).timer, TimerChange::arm(3s));
  EXPECT_EQ(backup.on(I::timer, kSecond), (Effects{.take_address = true}));
  // Its old primary restarts beside it; then the new primary dies too early.
  Redundancy restarted;
  (void)restarted.on(I::started_beside_primary, kFirst);
  (void)restarted.on(I::become_primary, kFirst);
  EXPECT_FALSE(restarted.on(I::timer, kFirst).calls_lost) << "the calls know whether it knows them";
  Redundancy cold;
  EXPECT_EQ(cold.on(I::started_alone, kSecond), kCold);
}

}  // namespace
}  // namespace bcsim::models::ha::ha_redundancy_test
