#include "server/index/arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

namespace dnc {
namespace {

TEST(ArenaTest, AllocationsAreAlignedZeroedAndApart) {
  Arena arena(10'000);
  uint8_t* first = arena.Allocate(1);
  uint8_t* second = arena.Allocate(65);
  uint8_t* third = arena.Allocate(64);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % kArenaAlignment, 0);
  EXPECT_EQ(second - first, 64);
  EXPECT_EQ(third - second, 128);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(third[i], 0);
}

TEST(ArenaTest, TrimGivesBackWholePagesAndKeepsTheContent) {
  Arena arena(1'000'000);
  uint8_t* data = arena.Allocate(5'000);
  std::memset(data, 7, 5'000);
  arena.Trim();
  EXPECT_EQ(arena.size(), 8'192);
  EXPECT_EQ(data[0], 7);
  EXPECT_EQ(data[4'999], 7);
  EXPECT_TRUE(arena.Contains(data + 4'999));
  EXPECT_FALSE(arena.Contains(data + 8'192));
  EXPECT_FALSE(arena.Contains(data - 1));
}

TEST(ArenaTest, AnUnusedArenaTrimsToNothing) {
  Arena arena(100);
  arena.Trim();
  EXPECT_EQ(arena.size(), 0);
  EXPECT_FALSE(arena.Contains(nullptr));
}

TEST(ArenaTest, MovingHandsTheMemoryOver) {
  Arena source(100);
  uint8_t* data = source.Allocate(1);
  *data = 9;
  Arena target(50);
  target = std::move(source);
  EXPECT_TRUE(target.Contains(data));
  const Arena last(std::move(target));
  EXPECT_TRUE(last.Contains(data));
  EXPECT_EQ(*data, 9);
}

TEST(ArenaDeathTest, BeyondTheCapacityEndsTheProcess) {
  Arena arena(4'096);
  arena.Allocate(4'096);
  EXPECT_DEATH(arena.Allocate(1), "too small");
}

}  // namespace
}  // namespace dnc
