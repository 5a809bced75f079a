#include "server/index/area_set.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "server/base/error.h"
#include "server/index/index_test_util.h"

namespace dnc {
namespace {

TEST(AreaSetTest, AnEmptySetHoldsNothing) {
  const AreaSetPtr set = AreaSetBuilder().Build();
  ExpectEqualsOracle(*set, {});
  EXPECT_EQ(set->digest().ToHex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_FALSE(set->shares());
  set->ForEachBlock([](int, std::string_view) { FAIL(); });
}

TEST(AreaSetTest, AddTellsWhatIsThereAlready) {
  AreaSetBuilder builder;
  EXPECT_TRUE(builder.Add(9'999'999));
  EXPECT_FALSE(builder.Add(9'999'999));
  EXPECT_TRUE(builder.Add(0));
  EXPECT_EQ(builder.size(), 2);
  const AreaSetPtr set = std::move(builder).Build();
  EXPECT_EQ(set->size(), 2);
}

TEST(AreaSetTest, RandomSetsAnswerLikeTheModel) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  for (const int exchanges : {1, 2, 20, 150}) {
    const Oracle oracle = RandomOracle(random, exchanges);
    const AreaSetPtr set = BuildFrom(oracle, random);
    ExpectEqualsOracle(*set, oracle);
    EXPECT_FALSE(set->shares());
    ExpectEqualsOracle(*Folded(*set), oracle);
  }
}

TEST(AreaSetTest, RunsAddWhatSingleNumbersAdd) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const Oracle oracle = RandomOracle(random, 40);
  std::vector<Number> numbers;
  for (const uint32_t subscriber : oracle) {
    for (uint64_t times = 1 + (random() % 8 == 0 ? 2 : 0); times > 0; --times) {
      numbers.push_back(MakeNumber(201, subscriber));
    }
  }
  for (size_t i = 0; i + 1 < numbers.size(); i += 1 + random() % 500) {  // not quite sorted
    std::swap(numbers[i], numbers[i + 1]);
  }
  AreaSetBuilder builder;
  uint64_t there = 0;
  for (absl::Span<const Number> rest = numbers; !rest.empty();) {
    const size_t taken = builder.AddRun(rest.subspan(0, 1 + random() % 3'000), there);
    ASSERT_GT(taken, 0);
    for (size_t i = 0; i < taken; ++i) {
      ASSERT_EQ(rest[i] / kNumbersPerExchange, rest[0] / kNumbersPerExchange);
    }
    rest.remove_prefix(taken);
  }
  EXPECT_EQ(there, numbers.size() - oracle.size());
  EXPECT_EQ(builder.AddRun({}, there), 0);
  ExpectEqualsOracle(*std::move(builder).Build(), oracle);
}

TEST(AreaSetTest, StoredBlocksBringTheSameSetBack) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const Oracle oracle = RandomOracle(random, 60);
  const AreaSetPtr set = BuildFrom(oracle, random);
  AreaSetBuilder builder;
  int last = -1;
  set->ForEachBlock([&](int exchange, std::string_view block) {
    EXPECT_GT(exchange, last);
    last = exchange;
    EXPECT_TRUE(builder.AddBlock(exchange, block).ok());
    const absl::Status twice = builder.AddBlock(exchange, block);
    EXPECT_EQ(twice.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(ErrorReason(twice), reason::kStorage);
  });
  EXPECT_EQ(builder.size(), oracle.size());
  const AreaSetPtr again = std::move(builder).Build();
  EXPECT_EQ(again->digest(), set->digest());
  ExpectEqualsOracle(*again, oracle);
}

TEST(AreaSetTest, ARefusedBlockLeavesTheBuilderAsItWas) {
  AreaSetBuilder source;
  source.Add(5'550'123);
  std::string block;
  std::move(source).Build()->ForEachBlock(
      [&block](int, std::string_view bytes) { block = std::string(bytes); });
  AreaSetBuilder builder;
  EXPECT_EQ(builder.AddBlock(-1, block).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(builder.AddBlock(1'000, block).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(builder.AddBlock(556, block).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(builder.size(), 0);
  EXPECT_TRUE(builder.AddBlock(555, block).ok());
  EXPECT_TRUE(std::move(builder).Build()->Contains(5'550'123));
}

TEST(AreaSetTest, DifferencesAreWhatTheModelSays) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const Oracle before = RandomOracle(random, 20);
  const Oracle after = RandomOracle(random, 20);
  const auto check = [](const AreaSet* old_set, const Oracle& old_oracle, const AreaSet* new_set,
                        const Oracle& new_oracle) {
    std::map<uint32_t, bool> expected;
    for (const uint32_t n : old_oracle) {
      if (new_oracle.count(n) == 0) expected[n] = false;
    }
    for (const uint32_t n : new_oracle) {
      if (old_oracle.count(n) == 0) expected[n] = true;
    }
    auto it = expected.begin();
    ForEachDifference(old_set, new_set, [&](Change change) {
      ASSERT_NE(it, expected.end());
      ASSERT_EQ(change.subscriber, it->first);
      ASSERT_EQ(change.added, it->second);
      ++it;
    });
    EXPECT_EQ(it, expected.end());
  };
  const AreaSetPtr before_set = BuildFrom(before, random);
  const AreaSetPtr after_set = BuildFrom(after, random);
  check(before_set.get(), before, after_set.get(), after);
  check(nullptr, {}, after_set.get(), after);
  check(before_set.get(), before, nullptr, {});
  check(before_set.get(), before, before_set.get(), before);
  check(nullptr, {}, nullptr, {});
}

TEST(AreaSetTest, MemoryIsSmall) {
  std::mt19937_64 random(1);
  AreaSetBuilder builder;
  for (uint32_t exchange = 200; exchange < 600; ++exchange) {
    for (int i = 0; i < 2'000; ++i) builder.Add(exchange * 10'000 + random() % 10'000);
  }
  const AreaSetPtr set = std::move(builder).Build();
  EXPECT_LT(static_cast<double>(set->memory_bytes()) / set->size(), 0.85);
}

}  // namespace
}  // namespace dnc
