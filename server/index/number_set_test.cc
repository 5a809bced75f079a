#include "server/index/number_set.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "server/index/index_test_util.h"

namespace dnc {
namespace {

TEST(NumberSetTest, ANewSetHoldsNothing) {
  const NumberSet set;
  EXPECT_EQ(set.size(), 0);
  EXPECT_EQ(set.area(201), nullptr);
  EXPECT_FALSE(set.Contains(2'015'550'123));
  const std::vector<Number> numbers = {0, 2'015'550'123, kNumberLimit - 1, kNumberLimit};
  std::vector<uint32_t> results(numbers.size());
  set.ContainsBatch(numbers, 0, absl::MakeSpan(results));
  EXPECT_EQ(results, std::vector<uint32_t>(numbers.size()));
}

// Makes area codes in all representations: packed, with deltas, sparse, empty.
NumberSet MixedSet(std::mt19937_64& random) {
  NumberSet set;
  for (const int area_code : {0, 201, 212, 818, 999}) {
    set.set_area(area_code, BuildFrom(RandomOracle(random, 30), random));
  }
  for (const int area_code : {212, 999}) {
    std::vector<Change> changes;
    set.area(area_code)->ForEachNumber([&](uint32_t subscriber) {
      if (random() % 50 == 0) changes.push_back({subscriber, false});
      if (random() % 50 == 0) changes.push_back({(subscriber + 1) % kNumbersPerArea, true});
    });
    set.set_area(area_code, WithChanges(set.area(area_code), changes).set);
  }
  return set;
}

std::vector<Number> Questions(const NumberSet& set, std::mt19937_64& random) {
  std::vector<Number> numbers = {0, 1, kNumberLimit - 1};
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    if (set.area(area_code) == nullptr) continue;
    set.area(area_code)->ForEachNumber([&](uint32_t subscriber) {
      if (random() % 4 == 0) numbers.push_back(MakeNumber(area_code, subscriber));
    });
  }
  const size_t listed = numbers.size();
  for (size_t i = 0; i < listed; ++i) {
    numbers.push_back((numbers[i] + 1) % kNumberLimit);
    if (i % 8 == 0) numbers.push_back(random() % kNumberLimit);
  }
  std::shuffle(numbers.begin(), numbers.end(), random);
  return numbers;
}

TEST(NumberSetTest, ContainsBatchAnswersAsContainsDoes) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const NumberSet set = MixedSet(random);
  const std::vector<Number> numbers = Questions(set, random);
  size_t start = 0;
  while (start < numbers.size()) {
    const size_t count = std::min<size_t>(numbers.size() - start, random() % 1'500);
    const int bit = static_cast<int>(random() % 32);
    std::vector<uint32_t> results(count);
    for (uint32_t& result : results) result = static_cast<uint32_t>(random());
    const std::vector<uint32_t> before = results;
    set.ContainsBatch(absl::MakeConstSpan(numbers).subspan(start, count), bit,
                      absl::MakeSpan(results));
    for (size_t i = 0; i < count; ++i) {
      const uint32_t listed = set.Contains(numbers[start + i]) ? 1 : 0;
      ASSERT_EQ(results[i], before[i] | (listed << bit)) << numbers[start + i];
    }
    start += count;
  }
}

TEST(NumberSetTest, AllLevelsOfTheProcessorAnswerAlike) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const NumberSet set = MixedSet(random);
  const std::vector<Number> numbers = Questions(set, random);
  for (size_t start = 0; start < numbers.size() && start < 200'000;) {
    // Most groups are whole, and all sizes occur.
    const size_t wanted = random() % 2 == 0 ? kGroupSize : random() % (kGroupSize + 1);
    const size_t count = std::min(wanted, numbers.size() - start);
    NumberGroup group;
    Split(absl::MakeConstSpan(numbers).subspan(start, count), group);
    GroupLookup lookup;
    set.Fetch(group, lookup);
    lookup.Resolve(group);
    uint64_t expected = 0;
    for (size_t i = 0; i < count; ++i) {
      expected |= uint64_t{set.Contains(numbers[start + i])} << i;
    }
    for (const CpuLevel level : {CpuLevel::kPortable, CpuLevel::kAvx2, CpuLevel::kAvx512}) {
      if (!IsSupported(level)) continue;
      ASSERT_EQ(lookup.TestWith(level, group), expected) << static_cast<int>(level);
    }
    start += count;
  }
}

TEST(NumberSetTest, WhatIsNoNumberIsInNoSet) {
  NumberSet set;
  set.set_area(0, WithChanges(nullptr, {{{0, true}}}).set);
  set.set_area(999, WithChanges(nullptr, {{{9'999'999, true}}}).set);
  const std::vector<Number> numbers = {kNumberLimit, kNumberLimit + 1,
                                       std::numeric_limits<Number>::max(), 0, kNumberLimit - 1};
  std::vector<uint32_t> results(numbers.size());
  set.ContainsBatch(numbers, 31, absl::MakeSpan(results));
  EXPECT_EQ(results, (std::vector<uint32_t>{0, 0, 0, 1u << 31, 1u << 31}));
}

TEST(NumberSetTest, ACopyKeepsItsAreasWhenTheFirstChanges) {
  NumberSet first;
  first.set_area(201, WithChanges(nullptr, {{{5'550'123, true}}}).set);
  NumberSet second = first;
  first.set_area(201, nullptr);
  EXPECT_FALSE(first.Contains(2'015'550'123));
  EXPECT_TRUE(second.Contains(2'015'550'123));
  EXPECT_EQ(second.size(), 1);
  const NumberSet third = std::move(second);
  EXPECT_TRUE(third.Contains(2'015'550'123));
  EXPECT_GT(third.memory_bytes(), first.memory_bytes());
}

}  // namespace
}  // namespace dnc
