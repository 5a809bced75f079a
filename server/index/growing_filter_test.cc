#include "server/index/growing_filter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "server/base/error.h"
#include "server/index/bloom_test_util.h"
#include "server/index/page_pool.h"

namespace dnc {
namespace {

constexpr BloomKey kFirst = {1, 2'015'550'101};
constexpr BloomKey kSecond = {1, 2'015'550'102};
constexpr BloomKey kThird = {2, 2'015'550'103};

void Fill(GrowingFilter& filter, uint64_t capacity) {
  auto rebuild = filter.BeginRebuild(capacity);
  ASSERT_TRUE(rebuild.ok()) << rebuild.status();
  rebuild->Finish();
}

TEST(GrowingFilterTest, WithoutAFilterItSaysYes) {
  GrowingFilter filter({});
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNoFilter);
  EXPECT_TRUE(filter.MayContain(kFirst));
  std::vector<Number> numbers(700, 2'015'550'101);
  std::vector<uint32_t> results(numbers.size(), 2);
  EXPECT_EQ(filter.MayContainBatch(1, numbers, 4, absl::MakeSpan(results)), 700);
  EXPECT_EQ(results, std::vector<uint32_t>(700, 18));
  EXPECT_FALSE(filter.Stats().ready);
  EXPECT_EQ(filter.Stats().possible, 701);
  EXPECT_EQ(filter.current(), nullptr);
  auto rebuild = filter.BeginRebuild(10);
  EXPECT_TRUE(filter.MayContain(kFirst));
  rebuild->Finish();
  EXPECT_FALSE(filter.MayContain(kFirst));
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNone);
}

TEST(GrowingFilterTest, InsertsWhileRebuildingGoToBoth) {
  GrowingFilter filter({});
  Fill(filter, 100);
  filter.Insert(kFirst);
  auto rebuild = filter.BeginRebuild(1'000);
  ASSERT_TRUE(rebuild.ok());
  EXPECT_TRUE(filter.Stats().rebuilding);
  filter.Insert(kSecond);
  EXPECT_TRUE(filter.MayContain(kFirst));
  EXPECT_TRUE(filter.MayContain(kSecond));
  EXPECT_FALSE(filter.MayContain(kThird));
  rebuild->Add({{kFirst, kThird}});
  EXPECT_EQ(rebuild->keys(), 3);
  EXPECT_FALSE(filter.MayContain(kThird));
  rebuild->Finish();
  EXPECT_TRUE(filter.MayContain(kFirst));
  EXPECT_TRUE(filter.MayContain(kSecond));
  EXPECT_TRUE(filter.MayContain(kThird));
  EXPECT_EQ(filter.Stats().capacity, 1'000);
  EXPECT_FALSE(filter.Stats().rebuilding);
  EXPECT_EQ(filter.Stats().rebuilds, 2);
}

TEST(GrowingFilterTest, AnAbandonedRebuildLeavesTheFilter) {
  GrowingFilter filter({});
  Fill(filter, 100);
  filter.Insert(kFirst);
  {
    auto rebuild = filter.BeginRebuild(1'000);
    filter.Insert(kSecond);
    EXPECT_EQ(filter.BeginRebuild(1'000).status().code(), absl::StatusCode::kFailedPrecondition);
    auto moved = std::move(*rebuild);
    moved.Add({{kThird}});
  }
  EXPECT_TRUE(filter.MayContain(kFirst));
  EXPECT_TRUE(filter.MayContain(kSecond));
  EXPECT_FALSE(filter.MayContain(kThird));
  EXPECT_EQ(filter.Stats().capacity, 100);
  auto again = filter.BeginRebuild(2'000);
  ASSERT_TRUE(again.ok());
  again->Abandon();
  again->Abandon();
  EXPECT_TRUE(filter.BeginRebuild(3'000).ok());
}

TEST(GrowingFilterTest, TheOldFilterIsFreedWhenItsLastHolderIsGone) {
  const size_t before = PagePool::Instance().used_bytes();
  {
    GrowingFilter filter({});
    Fill(filter, 100'000);
    filter.Insert(kFirst);
    const size_t with_one = PagePool::Instance().used_bytes();
    std::shared_ptr<const BloomFilter> held = filter.current();
    Fill(filter, 100'000);
    EXPECT_GT(PagePool::Instance().used_bytes(), with_one);
    EXPECT_TRUE(held->MayContain(kFirst));
    EXPECT_FALSE(filter.MayContain(kFirst));
    held = nullptr;
    EXPECT_EQ(PagePool::Instance().used_bytes(), with_one);
    Fill(filter, 100'000);
    EXPECT_EQ(PagePool::Instance().used_bytes(), with_one);
  }
  EXPECT_EQ(PagePool::Instance().used_bytes(), before);
}

TEST(GrowingFilterTest, ARebuildIsDueWhenItIsFull) {
  GrowingFilter filter({});
  Fill(filter, 2);
  filter.Insert(kFirst);
  filter.Insert(kFirst);
  filter.Insert(kSecond);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNone);
  filter.Insert(kThird);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kFull);
}

TEST(GrowingFilterTest, ARebuildIsDueWhenItIsWorn) {
  GrowingFilterOptions options;
  options.worn_share = 0.1;
  GrowingFilter filter(options);
  filter.NoteDeleted(7);  // there is no filter that it could count for
  Fill(filter, 1'000);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNone);
  for (uint64_t i = 0; i < 100; ++i) filter.Insert(RegularKey(i));
  filter.NoteDeleted(9);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNone);
  auto rebuild = filter.BeginRebuild(1'000);
  filter.NoteDeleted(1);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kWorn);
  EXPECT_EQ(filter.Stats().deleted, 10);
  for (uint64_t i = 10; i < 100; ++i) rebuild->Add({{RegularKey(i)}});
  rebuild->Finish();
  // The key that was deleted meanwhile may be in the new filter.
  EXPECT_EQ(filter.Stats().deleted, 1);
  EXPECT_EQ(filter.rebuild_due(), RebuildReason::kNone);
}

TEST(GrowingFilterTest, AFilterAboveTheLimitIsRefused) {
  GrowingFilterOptions options;
  options.max_bytes = 64'000;
  GrowingFilter filter(options);
  Fill(filter, 40'000);
  filter.Insert(kFirst);
  const auto status = filter.BeginRebuild(50'000).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(status), reason::kLimitReached);
  EXPECT_FALSE(filter.BeginRebuild(UINT64_MAX).ok());
  EXPECT_TRUE(filter.MayContain(kFirst));
  EXPECT_FALSE(filter.MayContain(kSecond));
  EXPECT_FALSE(filter.Stats().rebuilding);
}

TEST(GrowingFilterTest, AnImageIsAdoptedBeforeAnythingElse) {
  const auto image = [] {
    auto loaded = std::make_unique<BloomFilter>(DesignBloom(100, 12, 0));
    loaded->Insert(kFirst);
    return loaded;
  };
  GrowingFilter filter({});
  ASSERT_TRUE(filter.Adopt(image()).ok());
  EXPECT_TRUE(filter.MayContain(kFirst));
  EXPECT_FALSE(filter.MayContain(kSecond));
  filter.Insert(kSecond);
  EXPECT_TRUE(filter.MayContain(kSecond));
  EXPECT_FALSE(filter.Adopt(image()).ok());
  EXPECT_TRUE(filter.MayContain(kSecond));

  GrowingFilter inserted({});
  inserted.Insert(kSecond);
  EXPECT_FALSE(inserted.Adopt(image()).ok());
  EXPECT_EQ(inserted.rebuild_due(), RebuildReason::kNoFilter);
  EXPECT_TRUE(inserted.MayContain(kThird));

  GrowingFilter rebuilding({});
  auto rebuild = rebuilding.BeginRebuild(10);
  rebuilding.Insert(kSecond);
  EXPECT_FALSE(rebuilding.Adopt(image()).ok());
  rebuild->Abandon();
  EXPECT_FALSE(rebuilding.Adopt(image()).ok());
  EXPECT_TRUE(rebuilding.MayContain(kThird));
}

TEST(GrowingFilterTest, StatisticsTellHowGoodItIs) {
  GrowingFilterOptions options;
  options.bits_a_key = 8;
  GrowingFilter filter(options);
  EXPECT_TRUE(filter.MayContain(kFirst));
  Fill(filter, 100'000);
  for (uint64_t i = 0; i < 100'000; ++i) filter.Insert(RegularKey(i));
  std::vector<Number> absent;
  for (uint64_t i = 0; i < 200'000; ++i) absent.push_back(i);
  std::vector<uint32_t> results(absent.size());
  const size_t wrong = filter.MayContainBatch(0, absent, 0, absl::MakeSpan(results));
  filter.NoteFalsePositives(wrong);
  EXPECT_TRUE(filter.MayContain(RegularKey(5)));
  const GrowingFilterStats stats = filter.Stats();
  EXPECT_TRUE(stats.ready);
  EXPECT_EQ(stats.probes, 200'002);
  EXPECT_EQ(stats.possible, wrong + 2);
  EXPECT_EQ(stats.false_positives, wrong);
  EXPECT_NEAR(stats.bits_a_key, 8, 0.1);
  EXPECT_NEAR(stats.fill, 0.63, 0.01);
  EXPECT_NEAR(stats.estimated_error_rate, BloomErrorRate(8), 0.002);
  EXPECT_NEAR(stats.observed_error_rate, BloomErrorRate(8), 0.003);
  Fill(filter, 1);
  EXPECT_EQ(filter.Stats().observed_error_rate, 0);
  EXPECT_EQ(filter.Stats().false_positives, wrong);
}

TEST(ReaderGateTest, WaitsForPassesTakenBefore) {
  ReaderGate gate;
  std::atomic<bool> over = false;
  auto pass = std::make_unique<ReaderGate::Pass>(gate);
  std::thread waiter([&] {
    gate.WaitForReaders();
    over = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_FALSE(over);
  pass = nullptr;
  waiter.join();
  EXPECT_TRUE(over);
}

// There is always some reader, but none stays for long.
TEST(ReaderGateTest, NewReadersDoNotHoldItUp) {
  ReaderGate gate;
  std::atomic<bool> over = false;
  auto pass = std::make_unique<ReaderGate::Pass>(gate);
  std::thread waiter([&] {
    for (int i = 0; i < 20; ++i) gate.WaitForReaders();
    over = true;
  });
  while (!over) {
    auto next = std::make_unique<ReaderGate::Pass>(gate);
    std::swap(pass, next);
  }
  waiter.join();
}

}  // namespace
}  // namespace dnc
