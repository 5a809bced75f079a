#include "server/base/sharded_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace dnc {
namespace {

TEST(ShardedCountTest, EndsOnAnotherThreadCount) {
  ShardedCount count;
  EXPECT_TRUE(count.WasNone());
  count.Add();
  EXPECT_FALSE(count.WasNone());
  std::thread([&count] { count.Remove(); }).join();
  EXPECT_TRUE(count.WasNone());
}

// While something is always there, nobody may be told that there was nothing, whichever threads
// begin and end what comes and goes.
TEST(ShardedCountTest, IsNeverNoneWhileSomethingIsThere) {
  ShardedCount count;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        count.Add();
        std::thread([&count] { count.Remove(); }).join();
      }
    });
  }
  count.Add();
  for (int i = 0; i < 20'000; ++i) ASSERT_FALSE(count.WasNone());
  count.Remove();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(count.WasNone());
}

TEST(ShardedCountTest, AThreadKeepsItsSlot) {
  const size_t mine = ThreadSlot();
  // Slots are given in turn, and the threads of other tests have had any number of them.
  std::set<size_t> slots;
  for (size_t i = 0; i < kThreadSlots; ++i) {
    std::thread([&slots] { slots.insert(ThreadSlot()); }).join();
  }
  EXPECT_EQ(slots.size(), kThreadSlots);
  EXPECT_EQ(*slots.rbegin(), kThreadSlots - 1);
  EXPECT_EQ(ThreadSlot(), mine);
}

TEST(WithOwnCountTest, SharesTheObjectAndNotTheCount) {
  auto first = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = first;
  std::shared_ptr<int> second = WithOwnCount(first);
  EXPECT_EQ(second.get(), first.get());
  EXPECT_EQ(second.use_count(), 1);
  EXPECT_TRUE(first.owner_before(second) || second.owner_before(first));
  const long owners = first.use_count();
  const std::shared_ptr<int> copy = second;
  EXPECT_EQ(first.use_count(), owners) << "a copy of the second writes to the second's count";
  first = nullptr;
  EXPECT_EQ(*copy, 7);
  second = nullptr;
  EXPECT_FALSE(watched.expired());
}

}  // namespace
}  // namespace dnc
