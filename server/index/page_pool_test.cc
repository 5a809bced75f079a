#include "server/index/page_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <random>
#include <vector>

namespace dnc {
namespace {

constexpr size_t kPage = 4096;

TEST(PagePoolTest, RunsAreRoundedAlignedAndCounted) {
  PagePool& pool = PagePool::Instance();
  const size_t before = pool.used_bytes();
  uint8_t* run = pool.Take(kPage + 1);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(run) % kPage, 0);
  EXPECT_EQ(pool.used_bytes(), before + 2 * kPage);
  pool.Give(run, 2 * kPage);
  EXPECT_EQ(pool.used_bytes(), before);
}

TEST(PagePoolTest, ATailGivenBackIsHandedOutAgain) {
  PagePool& pool = PagePool::Instance();
  uint8_t* run = pool.Take(100 * kPage);
  pool.Give(run + 40 * kPage, 60 * kPage);
  uint8_t* other = pool.Take(60 * kPage);
  EXPECT_EQ(other, run + 40 * kPage);
  pool.Give(run, 40 * kPage);
  pool.Give(other, 60 * kPage);
}

TEST(PagePoolTest, LargerThanARegionIsPossible) {
  PagePool& pool = PagePool::Instance();
  const size_t bytes = size_t{600} << 20;
  uint8_t* run = pool.Take(bytes);
  run[0] = 1;
  run[bytes - 1] = 2;
  pool.Give(run, bytes);
}

TEST(PagePoolTest, HugePagesThatComeFreeLeaveTheProcess) {
  PagePool& pool = PagePool::Instance();
  const size_t bytes = size_t{64} << 20;
  uint8_t* run = pool.Take(bytes);
  std::memset(run, 1, bytes);
  std::vector<unsigned char> resident(bytes / kPage);
  ASSERT_EQ(mincore(run, bytes, resident.data()), 0);
  EXPECT_EQ(resident[resident.size() / 2] & 1, 1);
  pool.Give(run, bytes);
  ASSERT_EQ(mincore(run, bytes, resident.data()), 0);
  EXPECT_EQ(resident[resident.size() / 2] & 1, 0);
}

TEST(PagePoolTest, WithoutReservedPagesItTakesOthersAndTellsHowManyAreMissing) {
  PagePool& pool = PagePool::Instance();
  const size_t bytes = size_t{1} << 30;
  const uint64_t missing = pool.missing_pages();
  pool.Use(HugePages::kReserved);
  uint8_t* run = pool.Take(bytes);
  pool.Use(HugePages::kMadvise);
  const uint64_t missing_now = pool.missing_pages();
  run[0] = 1;
  run[bytes - 1] = 2;
  pool.Give(run, bytes);
  if (missing_now == missing) GTEST_SKIP() << "this machine has as many reserved";
  EXPECT_EQ(missing_now, missing + bytes / kHugePage);
}

TEST(PagePoolTest, TellsOfItsOwnMappings) {
  PagePool& pool = PagePool::Instance();
  uint8_t* run = pool.Take(kHugePage);
  const auto at = reinterpret_cast<uintptr_t>(run);
  // The first covers the run and much else; the second lies elsewhere.
  const std::vector<MemoryMapping> all = {
      {at / kHugePage * kHugePage, at + 2 * kHugePage, 3 * kHugePage, kHugePage, true, false},
      {kPage, 2 * kPage, kPage, 0, false, false}};
  const std::vector<MemoryMapping> own = pool.OwnMappings(all);
  ASSERT_EQ(own.size(), 1);
  EXPECT_EQ(own[0].begin, all[0].begin);
  EXPECT_LE(own[0].resident, own[0].end - own[0].begin);
  EXPECT_EQ(own[0].huge, kHugePage);
  pool.Give(run, kHugePage);
}

// Through a long random life, runs never overlap and keep what was written.
TEST(PagePoolTest, RandomTakesAndGivesNeverOverlap) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  PagePool& pool = PagePool::Instance();
  const size_t before = pool.used_bytes();
  struct Run {
    uint8_t* start;
    size_t pages;
    uint8_t mark;
  };
  const auto holds = [](const Run& run) {
    for (size_t i = 0; i < run.pages; ++i) {
      if (run.start[i * kPage] != run.mark || run.start[i * kPage + kPage - 1] != run.mark) {
        return false;
      }
    }
    return true;
  };
  std::vector<Run> runs;
  for (int step = 0; step < 5'000; ++step) {
    if (runs.size() < 50 || random() % 2 == 0) {
      Run run{nullptr, 1 + random() % 300, static_cast<uint8_t>(random())};
      run.start = pool.Take(run.pages * kPage);
      for (size_t i = 0; i < run.pages; ++i) {
        run.start[i * kPage] = run.mark;
        run.start[i * kPage + kPage - 1] = run.mark;
      }
      runs.push_back(run);
    } else {
      Run& run = runs[random() % runs.size()];
      ASSERT_TRUE(holds(run)) << step;
      const size_t kept = random() % 3 == 0 ? random() % run.pages : 0;
      pool.Give(run.start + kept * kPage, (run.pages - kept) * kPage);
      run.pages = kept;
      if (kept == 0) {
        run = runs.back();
        runs.pop_back();
      }
    }
  }
  for (const Run& run : runs) {
    EXPECT_TRUE(holds(run));
    pool.Give(run.start, run.pages * kPage);
  }
  EXPECT_EQ(pool.used_bytes(), before);
}

}  // namespace
}  // namespace dnc
