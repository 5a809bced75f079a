#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "server/index/area_set.h"
#include "server/index/index_test_util.h"

namespace dnc {
namespace {

// Makes changes that hit and miss, with numbers that occur several times.
std::vector<Change> RandomChanges(const Oracle& oracle, std::mt19937_64& random, size_t count) {
  const std::vector<uint32_t> listed(oracle.begin(), oracle.end());
  // Most changes fall into few exchanges, so that deltas fill up and overflow.
  const uint32_t hot = static_cast<uint32_t>(random() % 995);
  std::vector<Change> changes;
  while (changes.size() < count) {
    uint32_t subscriber = random() % kNumbersPerArea;
    const uint64_t choice = random() % 8;
    if (choice < 3 && !listed.empty()) {
      subscriber = listed[random() % listed.size()];
    } else if (choice < 6) {
      subscriber = (hot + random() % 5) * kNumbersPerExchange + random() % 400;
    } else if (choice == 6 && !changes.empty()) {
      subscriber = changes[random() % changes.size()].subscriber;
    }
    changes.push_back({subscriber, random() % 2 == 0});
  }
  return changes;
}

// Applies the changes to the model and checks what WithChanges said about them.
void ApplyAndCheck(const ChangeResult& result, const std::vector<Change>& changes, Oracle& oracle) {
  std::map<uint32_t, bool> last;
  for (const Change& change : changes) last[change.subscriber] = change.added;
  auto effective = result.effective.begin();
  uint64_t no_effect = 0;
  for (const auto& [subscriber, added] : last) {
    const bool changed = added ? oracle.insert(subscriber).second : oracle.erase(subscriber) > 0;
    if (!changed) {
      ++no_effect;
      continue;
    }
    ASSERT_NE(effective, result.effective.end());
    EXPECT_EQ(effective->subscriber, subscriber);
    EXPECT_EQ(effective->added, added);
    ++effective;
  }
  EXPECT_EQ(effective, result.effective.end());
  EXPECT_EQ(result.no_effect, no_effect);
}

TEST(WithChangesTest, ChainsOfChangesAnswerLikeTheModel) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 4; ++round) {
    Oracle oracle = RandomOracle(random, round == 0 ? 2 : 40);
    AreaSetPtr set = BuildFrom(oracle, random);
    for (int step = 0; step < 8; ++step) {
      const std::vector<Change> changes = RandomChanges(oracle, random, 1 + random() % 3'000);
      const Oracle before = oracle;
      const AreaSetPtr old_set = set;
      ChangeResult result = WithChanges(set, changes);
      ApplyAndCheck(result, changes, oracle);
      set = std::move(result.set);
      if (step % 4 == 3) ExpectEqualsOracle(*old_set, before);
      ExpectEqualsOracle(*set, oracle);
      EXPECT_TRUE(set->shares());
    }
    const AreaSetPtr folded = Folded(*set);
    EXPECT_FALSE(folded->shares());
    EXPECT_EQ(folded->digest(), set->digest());
    ForEachDifference(set.get(), folded.get(), [](Change) { FAIL(); });
    set.reset();
    ExpectEqualsOracle(*folded, oracle);
  }
}

TEST(WithChangesTest, NullAndEmptyBases) {
  const std::vector<Change> changes = {
      {5'550'123, true}, {5'550'124, false}, {0, true}, {0, false}};
  for (const AreaSetPtr& base : {AreaSetPtr(), AreaSetPtr(AreaSetBuilder().Build())}) {
    const ChangeResult result = WithChanges(base, changes);
    ASSERT_EQ(result.effective.size(), 1);
    EXPECT_EQ(result.effective[0].subscriber, 5'550'123);
    EXPECT_EQ(result.no_effect, 2);
    EXPECT_FALSE(result.set->shares());
    ExpectEqualsOracle(*result.set, {5'550'123});
    EXPECT_EQ(WithChanges(base, {}).set->size(), 0);
  }
}

TEST(WithChangesTest, WithoutEffectTheBaseComesBack) {
  const AreaSetPtr base = WithChanges(nullptr, {{{7, true}}}).set;
  const ChangeResult result = WithChanges(base, {{{7, true}, {8, false}}});
  EXPECT_EQ(result.set, base);
  EXPECT_EQ(result.no_effect, 2);
  EXPECT_TRUE(result.effective.empty());
}

TEST(WithChangesTest, TakingAChangeBackGivesTheSameDigest) {
  AreaSetBuilder builder;
  for (uint32_t line = 0; line < 1'000; ++line) builder.Add(2'000'000 + line * 7);
  const AreaSetPtr base = std::move(builder).Build();
  const AreaSetPtr changed = WithChanges(base, {{{2'000'000, false}, {2'000'001, true}}}).set;
  EXPECT_NE(changed->digest(), base->digest());
  const AreaSetPtr back = WithChanges(changed, {{{2'000'000, true}, {2'000'001, false}}}).set;
  EXPECT_EQ(back->digest(), base->digest());
  EXPECT_EQ(back->size(), base->size());
}

TEST(WithChangesTest, AnExchangeCanBecomeEmpty) {
  AreaSetBuilder builder;
  std::vector<Change> all;
  for (uint32_t line = 0; line < 150; ++line) {
    builder.Add(3'000'000 + line);
    all.push_back({3'000'000 + line, false});
  }
  builder.Add(9'000'000);
  const AreaSetPtr set = WithChanges(std::move(builder).Build(), all).set;
  ExpectEqualsOracle(*set, {9'000'000});
  int blocks = 0;
  set->ForEachBlock([&blocks](int exchange, std::string_view) {
    EXPECT_EQ(exchange, 900);
    ++blocks;
  });
  EXPECT_EQ(blocks, 1);
  ExpectEqualsOracle(*Folded(*set), {9'000'000});
  ExpectEqualsOracle(*WithChanges(set, {{{9'000'000, false}}}).set, {});
}

TEST(WithChangesTest, ADailyChangeTakesLittleMemory) {
  std::mt19937_64 random(1);
  AreaSetBuilder builder;
  for (int i = 0; i < 700'000; ++i) {
    builder.Add((200 + random() % 400) * 10'000 + random() % 10'000);
  }
  const AreaSetPtr base = std::move(builder).Build();
  std::vector<Change> changes;
  for (int i = 0; i < 550; ++i) {
    changes.push_back({static_cast<uint32_t>((200 + random() % 400) * 10'000 + random() % 10'000),
                       random() % 2 == 0});
  }
  EXPECT_LT(WithChanges(base, changes).set->memory_bytes(),
            2'048 + 10'240 + 400 * 64 + 4'096 + 4'096);
}

TEST(WithChangesTest, ReadersSeeWholeVersionsWhileTheyAreReplaced) {
  AreaSetBuilder builder;
  for (uint32_t line = 0; line < 4'000; ++line) builder.Add(5'550'000 + line);
  absl::Mutex mutex;
  AreaSetPtr current = std::move(builder).Build();
  bool done = false;
  const auto read = [&] {
    while (true) {
      AreaSetPtr set;
      {
        const absl::MutexLock lock(&mutex);
        if (done) return;
        set = current;
      }
      // Every version has either both numbers or neither.
      EXPECT_EQ(set->Contains(5'559'000), set->Contains(5'559'999));
      uint32_t count = 0;
      set->ForEachNumber([&count](uint32_t) { ++count; });
      EXPECT_EQ(count, set->size());
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (int version = 0; version < 300; ++version) {
    const bool added = version % 2 == 0;
    AreaSetPtr next = WithChanges(current, {{{5'559'000, added}, {5'559'999, added}}}).set;
    if (version % 10 == 9) next = Folded(*next);
    const absl::MutexLock lock(&mutex);
    current = std::move(next);
  }
  {
    const absl::MutexLock lock(&mutex);
    done = true;
  }
  first.join();
  second.join();
}

}  // namespace
}  // namespace dnc
