// Writers, scrubs and rebuilds at the same time: what a writer was told, every later lookup knows.
#include <atomic>
#include <thread>

#include "server/records/records_fixture.h"

namespace dnc {
namespace {

TEST_F(TenantRecordsTest, WhatWasAcknowledgedIsSeenByEveryThread) {
  Open();
  constexpr int kWriters = 16;
  constexpr uint64_t kEach = 100;
  // Up to where each writer was told that its numbers are there.
  std::array<std::atomic<uint64_t>, kWriters> told{};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!stop) {
        for (uint64_t w = 0; w < kWriters; ++w) {
          const uint64_t count = told[w].load(std::memory_order_acquire);
          std::vector<Number> numbers;
          for (uint64_t i = 0; i < count; ++i) numbers.push_back(2010000000 + w * 10000 + i);
          std::vector<uint8_t> facts(numbers.size());
          std::vector<FactChange> changes;
          lists_->FindFacts(*one_, "", clock_.now, numbers, absl::MakeSpan(facts), &changes);
          for (const uint8_t fact : facts) ASSERT_EQ(fact, kRecordDoNotCall);
        }
      }
    });
  }
  std::vector<std::thread> writers;
  for (uint64_t w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (uint64_t i = 0; i < kEach; ++i) {
        ASSERT_EQ(DoOne(Write(one_, "internal", {2010000000 + w * 10000 + i})),
                  WriteOutcome::kAdded);
        told[w].store(i + 1, std::memory_order_release);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(lists_->Records(1), kWriters * kEach);
  // Gathered while the disk was busy.
  EXPECT_LT(lists_->stats().commits, kWriters * kEach);
  Reopen();
  EXPECT_EQ(lists_->Records(1), kWriters * kEach);
}

}  // namespace
}  // namespace dnc
