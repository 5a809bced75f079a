#include "server/tenants/quota.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/base/error.h"

namespace dnc {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Quotas Rate(uint64_t rate) { return {.numbers_per_second = rate}; }

TEST(QuotaTest, AllowsASecondsWorthAtOnceAndThenTheRate) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 1000, kStart).ok());
  const absl::Status refused = meter.Admit(1, Rate(1000), 1, kStart).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refused), reason::kQuotaExceeded);
  EXPECT_EQ(RetryAfter(refused), absl::Milliseconds(1));
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 1, kStart + absl::Milliseconds(1)).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(1000), 101, kStart + absl::Milliseconds(101)).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 100, kStart + absl::Milliseconds(101)).ok());
  // A long silence earns no more than one second.
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 1000, kStart + absl::Hours(1)).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(1000), 1, kStart + absl::Hours(1)).ok());
}

TEST(QuotaTest, WhatTheRefusalSaysIsEnough) {
  QuotaMeter meter;
  absl::Time now = kStart;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t numbers = 1 + static_cast<uint64_t>(i) * 7919 % 3000;
    const absl::Status first = meter.Admit(1, Rate(997), numbers, now).status();
    if (first.ok()) continue;
    const absl::Duration wait = RetryAfter(first);
    ASSERT_GT(wait, absl::ZeroDuration());
    ASSERT_FALSE(meter.Admit(1, Rate(997), numbers, now + wait - absl::Nanoseconds(1)).ok());
    now += wait;
    ASSERT_TRUE(meter.Admit(1, Rate(997), numbers, now).ok());
  }
}

TEST(QuotaTest, ABatchAboveTheBurstIsPossibleAndPaidFor) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(1, Rate(100), 1000, kStart).ok());  // ten seconds' worth
  const absl::Status refused = meter.Admit(1, Rate(100), 1, kStart).status();
  EXPECT_EQ(RetryAfter(refused), absl::Seconds(9) + absl::Milliseconds(10));
  // The next large one has to wait for a full bucket.
  const absl::Status large = meter.Admit(1, Rate(100), 1000, kStart).status();
  EXPECT_EQ(RetryAfter(large), absl::Seconds(10));
  EXPECT_TRUE(meter.Admit(1, Rate(100), 1000, kStart + absl::Seconds(10)).ok());
}

TEST(QuotaTest, CountsRefusalsByTheirKind) {
  QuotaMeter meter;
  const Quotas quotas = {.numbers_per_second = 10, .calls_under_way = 1};
  {
    const auto admitted = meter.Admit(1, quotas, 10, kStart);
    ASSERT_TRUE(admitted.ok());
    EXPECT_EQ(meter.refusals().calls, 0U);
    EXPECT_FALSE(meter.Admit(1, quotas, 1, kStart).ok());
  }
  EXPECT_EQ(meter.refusals().calls, 1U);
  EXPECT_EQ(meter.refusals().numbers, 0U);
  EXPECT_FALSE(meter.Admit(1, quotas, 1, kStart).ok());
  EXPECT_FALSE(meter.Spend(1, quotas, 1, kStart).ok());
  EXPECT_EQ(meter.refusals().calls, 1U);
  EXPECT_EQ(meter.refusals().numbers, 2U);
}

TEST(QuotaTest, LimitsCountFromTheNextCallOn) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, kStart).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(10), 10, kStart).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(0), 1'000'000'000, kStart).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(1'000'000), 1000, kStart + absl::Milliseconds(1)).ok());
}

TEST(QuotaTest, DefaultsStandInForZeros) {
  QuotaMeter meter({.numbers_per_second = 10, .calls_under_way = 1, .max_records = 7});
  EXPECT_EQ(meter.Effective({}).max_records, 7U);
  EXPECT_EQ(meter.Effective({.max_records = 9}).max_records, 9U);
  {
    const auto first = meter.Admit(1, {}, 10, kStart);
    ASSERT_TRUE(first.ok());
    EXPECT_FALSE(meter.Admit(1, {}, 0, kStart).ok());
    EXPECT_TRUE(meter.Admit(1, {.calls_under_way = 2}, 0, kStart).ok());
  }
  EXPECT_FALSE(meter.Admit(1, {}, 1, kStart).ok());
  EXPECT_TRUE(meter.Admit(2, {}, 1, kStart).ok()) << "tenants must not share a quota";
}

TEST(QuotaTest, CountsCallsUnderWay) {
  QuotaMeter meter;
  const Quotas two{.calls_under_way = 2};
  auto first = meter.Admit(5, two, 1, kStart);
  auto second = meter.Admit(5, two, 1, kStart);
  ASSERT_TRUE(second.ok());
  const absl::Status refused = meter.Admit(5, two, 1, kStart).status();
  EXPECT_EQ(ErrorReason(refused), reason::kQuotaExceeded);
  EXPECT_GT(RetryAfter(refused), absl::ZeroDuration());
  EXPECT_EQ(meter.CallsUnderWay(5), 2U);
  Admission moved = std::move(*first);
  EXPECT_EQ(meter.CallsUnderWay(5), 2U);
  moved = Admission();
  EXPECT_EQ(meter.CallsUnderWay(5), 1U);
  EXPECT_TRUE(meter.Admit(5, two, 1, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(5), 1U);
}

TEST(QuotaTest, ARefusalForNumbersEndsTheCall) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(1, Rate(1), 1, kStart).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(1), 1, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(1), 0U);
}

TEST(QuotaTest, TellsAFloodOfRefusals) {
  QuotaMeter meter;
  absl::Time now = kStart;
  int told_at_once = 0;
  for (int i = 0; i < 10'000; ++i) {  // 1,000 a second for 10 s
    if (!meter.NoteRefusal(1, now)) ++told_at_once;
    now += absl::Milliseconds(1);
  }
  EXPECT_NEAR(told_at_once, 100 + 10 * 100, 5);
  EXPECT_TRUE(meter.NoteRefusal(1, now) || meter.NoteRefusal(1, now));
  EXPECT_FALSE(meter.NoteRefusal(2, now)) << "another tenant";
  EXPECT_FALSE(meter.NoteRefusal(1, now - absl::Hours(1))) << "the clock was set back";
  EXPECT_FALSE(meter.NoteRefusal(1, now + absl::Seconds(2))) << "the flood is over";
}

TEST(QuotaTest, AClockSetBackDoesNotLockATenantOut) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, kStart).ok());
  const absl::Time back = kStart - absl::Hours(1);
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, back).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(10), 10, back).ok());
}

TEST(QuotaTest, TakesExtremes) {
  QuotaMeter meter;
  EXPECT_TRUE(meter.Admit(0xFFFFFFFF, Rate(1), ~0ULL, kStart).ok());
  EXPECT_FALSE(meter.Admit(0xFFFFFFFF, Rate(1), ~0ULL, kStart).ok());
  EXPECT_TRUE(meter.Admit(0, Rate(~0ULL), 10'000, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(77), 0U);
  EXPECT_TRUE(meter.Spend(3, Rate(10), 10, kStart).ok());
  EXPECT_FALSE(meter.Spend(3, Rate(10), 10, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(3), 0U);
}

TEST(QuotaTest, ThreadsTogetherGetWhatOneWouldGet) {
  QuotaMeter meter;
  constexpr int kThreads = 4;
  constexpr uint64_t kRate = 10'000;
  const Quotas limits{.numbers_per_second = kRate, .calls_under_way = 3};
  std::atomic<uint64_t> admitted{0};
  std::atomic<uint32_t> most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      // Two seconds of the clock, in steps of a tenth of a millisecond.
      for (int step = 0; step <= 20'000; ++step) {
        auto admission = meter.Admit(9, limits, 1, kStart + absl::Microseconds(100) * step);
        if (!admission.ok()) continue;
        ++admitted;
        const uint32_t calls = meter.CallsUnderWay(9);
        uint32_t before = most.load();
        while (calls > before && !most.compare_exchange_weak(before, calls)) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // The burst and two seconds; a thread may be behind by what the others are ahead.
  EXPECT_LE(admitted.load(), 3 * kRate);
  EXPECT_GE(admitted.load(), kRate);
  EXPECT_LE(most.load(), 3U);
  EXPECT_EQ(meter.CallsUnderWay(9), 0U);
}

TEST(QuotaTest, ThreadsMayMeetAtNewTenants) {
  QuotaMeter meter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&meter] {
      for (TenantNumber tenant = 0; tenant < 5000; ++tenant) {
        EXPECT_TRUE(meter.Admit(tenant * 1021, Rate(1000), 1, kStart).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace dnc
