#include "server/service/worker_pool.h"

#include <atomic>
#include <future>

#include "gtest/gtest.h"

namespace dnc {
namespace {

TEST(WorkerPoolTest, RunsAllJobsBeforeItStops) {
  std::atomic<int> ran{0};
  WorkerPool pool(3, 1000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TryPost([&ran] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPoolTest, RefusesWhenItsQueueIsFull) {
  std::promise<void> begun, release;
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.TryPost([&] {
    begun.set_value();
    release.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(pool.TryPost([] {}));
  EXPECT_TRUE(pool.TryPost([] {}));
  EXPECT_FALSE(pool.TryPost([] {}));
  std::atomic<bool> ran{false};
  pool.Post([&ran] { ran = true; });
  release.set_value();
  pool.Stop();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace dnc
