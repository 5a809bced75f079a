#include "server/index/number_group.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "server/index/index_test_util.h"

namespace dnc {
namespace {

constexpr CpuLevel kLevels[] = {CpuLevel::kPortable, CpuLevel::kAvx2, CpuLevel::kAvx512};

// Splits all numbers in groups of `size`, with every level that the processor supports.
void ExpectSplit(const std::vector<Number>& numbers, size_t size) {
  for (const CpuLevel level : kLevels) {
    if (!IsSupported(level)) continue;
    for (size_t start = 0; start < numbers.size(); start += size) {
      const auto part = absl::MakeConstSpan(numbers).subspan(start, size);
      NumberGroup group;
      SplitWith(level, part, group);
      ASSERT_EQ(group.count, part.size());
      for (size_t i = 0; i < part.size(); ++i) {
        SCOPED_TRACE(part[i]);
        ASSERT_EQ(group.areas[i], std::min(part[i], kNumberLimit) / kNumbersPerArea);
        if (group.areas[i] == kNoArea) continue;
        ASSERT_EQ(group.exchanges[i], part[i] / kNumbersPerExchange % kExchangesPerArea);
        ASSERT_EQ(group.lines[i], part[i] % kNumbersPerExchange);
      }
    }
  }
}

TEST(NumberGroupTest, TheFirstAndTheLastLineOfEveryExchange) {
  std::vector<Number> numbers;
  for (Number first = 0; first < kNumberLimit; first += kNumbersPerExchange) {
    numbers.push_back(first);
    numbers.push_back(first + kNumbersPerExchange - 1);
  }
  ExpectSplit(numbers, kGroupSize);
}

TEST(NumberGroupTest, EveryLineOfAnExchange) {
  std::vector<Number> numbers;
  for (Number line = 0; line < kNumbersPerExchange; ++line) {
    numbers.push_back(MakeNumber(989, 9'990'000) + line);
  }
  ExpectSplit(numbers, kGroupSize);
}

TEST(NumberGroupTest, GroupsOfEverySizeAndWhatIsNoNumber) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  std::vector<Number> numbers = {kNumberLimit, kNumberLimit + 1, 2 * kNumberLimit,
                                 uint64_t{1} << 34, std::numeric_limits<Number>::max()};
  for (int i = 0; i < 3'000; ++i) numbers.push_back(random() % kNumberLimit);
  for (int i = 0; i < 500; ++i) numbers.push_back(random());
  std::shuffle(numbers.begin(), numbers.end(), random);
  for (size_t size = 1; size <= kGroupSize; ++size) ExpectSplit(numbers, size);
  NumberGroup group;
  Split({}, group);
  EXPECT_EQ(group.count, 0);
}

}  // namespace
}  // namespace dnc
