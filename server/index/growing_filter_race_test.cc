// Runs writers, probers and a rebuilder at the same time, with and without the thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "server/index/bloom_image.h"
#include "server/index/bloom_test_util.h"
#include "server/index/growing_filter.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

constexpr uint32_t kWriters = 2;
constexpr uint32_t kProbers = 2;
constexpr auto kDuration = std::chrono::seconds(4);
constexpr uint64_t kMaxKeys = 300'000;  // for each writer
constexpr uint64_t kMaxBytes = 64 << 20;

BloomKey KeyOf(uint32_t writer, uint64_t i) { return {writer, 2'010'000'000 + i * 3}; }

// The store is the keys of each writer up to one count; those up to another count are acknowledged.
class Race {
 public:
  Race() : filter_(GrowingFilterOptions()) {}

  void Run() {
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kWriters; ++i) threads.emplace_back([this, i] { Write(i); });
    for (uint32_t i = 0; i < kProbers; ++i) threads.emplace_back([this, i] { Probe(i); });
    threads.emplace_back([this] { Rebuild(); });
    threads.emplace_back([this] { Save(); });
    std::this_thread::sleep_for(kDuration);
    EXPECT_TRUE(WaitUntil([this] { return filter_.Stats().rebuilds > 3 && images_ > 0; }));
    stop_ = true;
    for (std::thread& thread : threads) thread.join();
    CheckAll(*filter_.current(), counts(answered_));
  }

 private:
  using Counts = std::array<std::atomic<uint64_t>, kWriters>;

  static std::array<uint64_t, kWriters> counts(const Counts& from) {
    std::array<uint64_t, kWriters> counts;
    for (uint32_t writer = 0; writer < kWriters; ++writer) {
      counts[writer] = from[writer].load(std::memory_order_acquire);
    }
    return counts;
  }

  static void CheckAll(const BloomFilter& filter, const std::array<uint64_t, kWriters>& counts) {
    for (uint32_t writer = 0; writer < kWriters; ++writer) {
      for (uint64_t i = 0; i < counts[writer]; ++i) {
        ASSERT_TRUE(filter.MayContain(KeyOf(writer, i)));
      }
    }
  }

  void Write(uint32_t writer) {
    for (uint64_t i = 0; i < kMaxKeys && !stop_; ++i) {
      stored_[writer].store(i + 1, std::memory_order_release);
      filter_.Insert(KeyOf(writer, i));
      answered_[writer].store(i + 1, std::memory_order_release);
      if (i % 16 == 0) filter_.NoteDeleted(1);
      // This is slow enough to last as long as the others.
      if (i % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }

  // Probes the newest keys and random ones, in batches, as soon as their writer has its answer.
  void Probe(uint32_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Number> numbers;
    while (!stop_) {
      const auto writer = static_cast<uint32_t>(random() % kWriters);
      const uint64_t answered = answered_[writer].load(std::memory_order_acquire);
      if (answered == 0) continue;
      numbers.clear();
      for (uint64_t i = 0; i < 1 + random() % 400; ++i) {
        const uint64_t at = i < 50 ? answered - 1 - std::min(i, answered - 1) : random() % answered;
        numbers.push_back(KeyOf(writer, at).number);
      }
      std::vector<uint32_t> results(numbers.size());
      const size_t possible = filter_.MayContainBatch(writer, numbers, 0, absl::MakeSpan(results));
      ASSERT_EQ(possible, numbers.size());
      filter_.rebuild_due();
    }
  }

  void Rebuild() {
    for (int round = 0; !stop_; ++round) {
      auto rebuild = filter_.BeginRebuild(2 * kWriters * kMaxKeys);
      ASSERT_TRUE(rebuild.ok());
      const auto stored = counts(stored_);
      std::vector<BloomKey> keys;
      for (uint32_t writer = 0; writer < kWriters; ++writer) {
        for (uint64_t i = 0; i < stored[writer]; ++i) keys.push_back(KeyOf(writer, i));
      }
      rebuild->Add(keys);
      if (round % 3 != 2) rebuild->Finish();
    }
  }

  void Save() {
    const ImageFolder folder;
    while (!stop_) {
      const auto answered = counts(answered_);
      const auto filter = filter_.current();
      filter_.Stats();
      if (filter == nullptr) continue;
      ASSERT_TRUE(WriteBloomImage(*filter, {0, 0, 1}, folder.image()).ok());
      const auto image = ReadBloomImage(folder.image(), {0, 0, 1}, kMaxBytes);
      ASSERT_TRUE(image.ok()) << image.status();
      CheckAll(**image, answered);
      ++images_;
    }
  }

  GrowingFilter filter_;
  Counts stored_{};
  Counts answered_{};
  std::atomic<bool> stop_ = false;
  std::atomic<int> images_ = 0;
};

TEST(GrowingFilterRaceTest, NoProbeMissesAnInsertThatReturned) { Race().Run(); }

}  // namespace
}  // namespace dnc
