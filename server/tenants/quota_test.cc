#include "server/tenants/quota.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "server/base/error.h"

namespace dnc {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Quotas Rate(uint64_t rate) { return {.numbers_per_second = rate}; }

// After how many meetings of threads they take in advance: with 0 all do so always.
class QuotaTest : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Meetings, QuotaTest, testing::Values(100, 0));

TEST_P(QuotaTest, AllowsASecondsWorthAtOnceAndThenTheRate) {
  QuotaMeter meter({}, GetParam());
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

TEST_P(QuotaTest, WhatTheRefusalSaysIsEnough) {
  QuotaMeter meter({}, GetParam());
  absl::Time now = kStart;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t numbers = 1 + static_cast<uint64_t>(i) * 7919 % 3000;
    const absl::Status first = meter.Admit(1, Rate(997), numbers, now).status();
    if (first.ok()) continue;
    const absl::Duration wait = RetryAfter(first);
    ASSERT_GT(wait, absl::ZeroDuration());
    // It is rounded up to two digits, and not further.
    const absl::Duration before = wait - std::max(absl::Milliseconds(1), wait / 10);
    ASSERT_FALSE(meter.Admit(1, Rate(997), numbers, now + before).ok());
    now += wait;
    ASSERT_TRUE(meter.Admit(1, Rate(997), numbers, now).ok());
  }
}

// Check says what Admit would say, and takes nothing.
TEST_P(QuotaTest, ACheckRefusesWhatAdmitRefuses) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Check(1, Rate(1000), 5000, kStart).ok());  // the bucket is full
  EXPECT_TRUE(meter.Check(1, {}, 5000, kStart).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 900, kStart).ok());
  EXPECT_TRUE(meter.Check(1, Rate(1000), 100, kStart).ok());
  EXPECT_TRUE(meter.Check(1, Rate(1000), 100, kStart).ok());
  EXPECT_EQ(meter.refusals().numbers, 0U);
  const absl::Status refused = meter.Check(1, Rate(1000), 101, kStart);
  EXPECT_EQ(ErrorReason(refused), reason::kQuotaExceeded);
  EXPECT_EQ(RetryAfter(refused), absl::Milliseconds(1));
  EXPECT_EQ(meter.refusals().numbers, 1U);
  EXPECT_EQ(meter.Admit(1, Rate(1000), 101, kStart).status(), refused);
  EXPECT_EQ(meter.CallsUnderWay(1), 0U);
  EXPECT_TRUE(meter.Admit(1, Rate(1000), 100, kStart).ok());
  // Numbers that cost next to nothing may be paid for already.
  EXPECT_TRUE(meter.Check(1, Rate(4'000'000'000), 1, kStart).ok());
}

TEST_P(QuotaTest, ABatchAboveTheBurstIsPossibleAndPaidFor) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Admit(1, Rate(100), 1000, kStart).ok());  // ten seconds' worth
  const absl::Status refused = meter.Admit(1, Rate(100), 1, kStart).status();
  EXPECT_EQ(RetryAfter(refused), absl::Seconds(9) + absl::Milliseconds(100));  // 9.01 s
  // The next large one has to wait for a full bucket.
  const absl::Status large = meter.Admit(1, Rate(100), 1000, kStart).status();
  EXPECT_EQ(RetryAfter(large), absl::Seconds(10));
  EXPECT_TRUE(meter.Admit(1, Rate(100), 1000, kStart + absl::Seconds(10)).ok());
}

TEST_P(QuotaTest, CountsRefusalsByTheirKind) {
  QuotaMeter meter({}, GetParam());
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

TEST_P(QuotaTest, LimitsCountFromTheNextCallOn) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, kStart).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(10), 10, kStart).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(0), 1'000'000'000, kStart).ok());
  EXPECT_TRUE(meter.Admit(1, Rate(1'000'000), 1000, kStart + absl::Milliseconds(1)).ok());
}

TEST_P(QuotaTest, DefaultsStandInForZeros) {
  QuotaMeter meter({.numbers_per_second = 10, .calls_under_way = 1, .max_records = 7}, GetParam());
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

TEST_P(QuotaTest, CountsCallsUnderWay) {
  QuotaMeter meter({}, GetParam());
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

TEST_P(QuotaTest, ARefusalForNumbersEndsTheCall) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Admit(1, Rate(1), 1, kStart).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(1), 1, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(1), 0U);
}

TEST_P(QuotaTest, AClockSetBackDoesNotLockATenantOut) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, kStart).ok());
  const absl::Time back = kStart - absl::Hours(1);
  EXPECT_TRUE(meter.Admit(1, Rate(10), 10, back).ok());
  EXPECT_FALSE(meter.Admit(1, Rate(10), 10, back).ok());
}

TEST_P(QuotaTest, TakesExtremes) {
  QuotaMeter meter({}, GetParam());
  EXPECT_TRUE(meter.Admit(0xFFFFFFFF, Rate(1), ~0ULL, kStart).ok());
  EXPECT_FALSE(meter.Admit(0xFFFFFFFF, Rate(1), ~0ULL, kStart).ok());
  EXPECT_TRUE(meter.Admit(0, Rate(~0ULL), 10'000, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(77), 0U);
  EXPECT_TRUE(meter.Spend(3, Rate(10), 10, kStart).ok());
  EXPECT_FALSE(meter.Spend(3, Rate(10), 10, kStart).ok());
  EXPECT_EQ(meter.CallsUnderWay(3), 0U);
}

TEST_P(QuotaTest, ThreadsTogetherGetWhatOneWouldGet) {
  QuotaMeter meter({}, GetParam());
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

// Runs `task` on threads at the same time.
void OnThreads(int count, const std::function<void()>& task) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back(task);
  for (std::thread& thread : threads) thread.join();
}

// What other threads took in advance stands in no call's way, and lets no call too many in.
TEST_P(QuotaTest, PlacesOfOtherThreadsAreTakenBack) {
  QuotaMeter meter({}, GetParam());
  const Quotas open{};
  OnThreads(4, [&] { EXPECT_TRUE(meter.Admit(9, open, 1, kStart).ok()); });
  const Quotas limits{.calls_under_way = 50};
  std::vector<Admission> under_way;
  for (int i = 0; i < 50; ++i) {
    auto admission = meter.Admit(9, limits, 1, kStart);
    ASSERT_TRUE(admission.ok()) << i << ": " << admission.status();
    under_way.push_back(*std::move(admission));
  }
  EXPECT_EQ(meter.CallsUnderWay(9), 50U);
  OnThreads(2, [&] { EXPECT_FALSE(meter.Admit(9, limits, 1, kStart).ok()); });
  // A call may end on another thread than it began on.
  OnThreads(1, [&] { under_way.pop_back(); });
  EXPECT_EQ(meter.CallsUnderWay(9), 49U);
  EXPECT_TRUE(meter.Admit(9, limits, 1, kStart).ok());
  // A lower limit counts from the next call on.
  const Quotas lower{.calls_under_way = 49};
  EXPECT_FALSE(meter.Admit(9, lower, 1, kStart).ok());
  OnThreads(1, [&] { under_way.pop_back(); });
  EXPECT_TRUE(meter.Admit(9, lower, 1, kStart).ok());
}

TEST_P(QuotaTest, ThreadsTogetherKeepTheLimitOfCalls) {
  QuotaMeter meter({}, GetParam());
  const Quotas limits{.calls_under_way = 5};
  std::atomic<int> now{0};
  std::atomic<bool> exceeded{false};
  std::atomic<int> admitted{0};
  OnThreads(4, [&] {
    std::vector<Admission> mine;
    for (int i = 0; i < 50'000; ++i) {
      auto admission = meter.Admit(9, limits, 1, kStart);
      const bool ok = admission.ok();
      if (ok) {
        ++admitted;
        mine.push_back(*std::move(admission));
        if (++now > 5) exceeded = true;
      }
      if (!mine.empty() && (i % 3 == 0 || !ok)) {
        --now;
        mine.pop_back();
      }
    }
    now -= static_cast<int>(mine.size());
  });
  EXPECT_FALSE(exceeded);
  EXPECT_GT(admitted, 5);
  EXPECT_EQ(meter.CallsUnderWay(9), 0U);
}

// At a rate at which threads pay in advance, they get no more together than a thousandth of a
// second's worth above the quota, and no less below.
TEST_P(QuotaTest, NumbersPaidInAdvanceAreAThousandth) {
  QuotaMeter meter({}, GetParam());
  constexpr uint64_t kRate = 1'000'000;
  std::atomic<uint64_t> admitted{0};
  const auto ask_at = [&](absl::Time now) {
    OnThreads(4, [&] {
      while (meter.Spend(9, Rate(kRate), 5, now).ok()) admitted += 5;
    });
  };
  ask_at(kStart);
  EXPECT_NEAR(static_cast<double>(admitted), kRate, kRate / 1000);
  admitted = 0;
  ask_at(kStart + absl::Milliseconds(700));
  EXPECT_NEAR(static_cast<double>(admitted), 0.7 * kRate, kRate / 1000);
  admitted = 0;
  ask_at(kStart + absl::Hours(1));
  EXPECT_NEAR(static_cast<double>(admitted), kRate, kRate / 1000);
}

TEST_P(QuotaTest, ThreadsMayMeetAtNewTenants) {
  QuotaMeter meter({}, GetParam());
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
