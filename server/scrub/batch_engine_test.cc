// Compares the engine for batches with the one that goes through the rules number by number.
#include "server/scrub/batch_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "server/index/index_test_util.h"
#include "server/scrub/answer_ends.h"
#include "tests/support/seed.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr int kAreas[] = {201, 212, 303, 818, 999};

// Returns dense, sparse, changed and empty area codes of all kinds.
NumberSet RandomNumbers(std::mt19937_64& random) {
  NumberSet set;
  for (const int area : kAreas) {
    if (random() % 4 == 0) continue;
    set.set_area(area, BuildFrom(RandomOracle(random, 3), random));
    if (random() % 2 == 0) continue;
    std::vector<Change> changes;
    set.area(area)->ForEachNumber([&](uint32_t subscriber) {
      if (random() % 20 == 0) changes.push_back({subscriber, false});
      if (random() % 20 == 0) changes.push_back({(subscriber + 1) % kNumbersPerArea, true});
    });
    set.set_area(area, WithChanges(set.area(area), changes).set);
  }
  return set;
}

std::shared_ptr<SnapshotList> RandomList(std::mt19937_64& random, size_t name) {
  auto list = std::make_shared<SnapshotList>();
  list->name = std::to_string(name);
  list->kind = static_cast<ListKind>(random() % 6);
  list->effect = static_cast<ListEffect>(1 + random() % 4);
  list->required = random() % 2 == 0;
  list->release_id = random() % 8;  // 0: nothing loaded
  if (random() % 3 == 0) list->applies_to.reset(201).reset(818);
  list->numbers = RandomNumbers(random);
  for (const int area : kAreas) {
    const auto state = random() % 3 == 0 ? random() % 4 : 1;
    list->areas[area] = {static_cast<AreaState>(state),
                         kNow + absl::Hours(24 * (static_cast<int>(random() % 38) - 34))};
  }
  return list;
}

SnapshotPtr RandomSnapshot(std::mt19937_64& random) {
  constexpr size_t kCounts[] = {0, 1, 1, 2, 3, 4, 6, 7, 9, 40};
  auto snapshot = std::make_shared<Snapshot>();
  const size_t lists = kCounts[random() % std::size(kCounts)];
  for (size_t l = 0; l < lists; ++l) snapshot->lists.push_back(RandomList(random, l));
  return snapshot;
}

TenantTerms RandomTerms(std::mt19937_64& random) {
  TenantTerms terms;
  terms.entitled.set();
  if (random() % 2 == 0) terms.entitled.reset(kAreas[random() % std::size(kAreas)]);
  if (random() % 2 == 0) terms.lists = {"0", std::to_string(random() % 4)};
  terms.consent_lifts = static_cast<uint8_t>(random() % 8);
  terms.ebr_lifts = static_cast<uint8_t>(random() % 8);
  terms.wireless_counts = random() % 2 == 0;
  return terms;
}

// Returns listed numbers, their neighbors, numbers of other area codes, and values that are no
// numbers.
std::vector<Number> RandomQuestions(const Snapshot& snapshot, size_t count,
                                    std::mt19937_64& random) {
  std::vector<Number> pool;
  for (const auto& list : snapshot.lists) {
    for (const int area : kAreas) {
      if (list->numbers.area(area) == nullptr) continue;
      list->numbers.area(area)->ForEachNumber([&](uint32_t subscriber) {
        if (random() % 64 == 0) pool.push_back(MakeNumber(area, subscriber));
      });
    }
  }
  std::vector<Number> numbers(count);
  for (Number& number : numbers) {
    const auto choice = random() % 16;
    number = choice == 0 ? kNumberLimit + random() % 2 : 2'000'000'000 + random() % 8'000'000'000;
    if (choice > 3 && !pool.empty()) number = pool[random() % pool.size()] + choice % 2;
    if (choice == 2) number = MakeNumber(kAreas[random() % std::size(kAreas)], 1'234'567);
  }
  return numbers;
}

void ExpectSameAnswers(const SnapshotPtr& snapshot, absl::Time now,
                       const std::vector<Number>& numbers, const TenantSide& tenant) {
  std::vector<ParsedNumber> parsed;
  for (const Number number : numbers) {
    parsed.push_back(number < kNumberLimit ? ParsedNumber{number, true} : ParsedNumber());
  }
  std::vector<Rule> rules(numbers.size());
  std::vector<ReasonSet> expected(numbers.size());
  Scrub(*snapshot, now, parsed, absl::MakeSpan(rules), absl::MakeSpan(expected), tenant);
  std::vector<uint8_t> verdicts(numbers.size(), 0xEE);
  std::vector<ReasonSet> reasons(numbers.size(), 0xEEEEEEEE);
  const BatchBasis basis = ScrubBatch(snapshot, now, numbers, tenant,
                                      {absl::MakeSpan(verdicts), absl::MakeSpan(reasons)});
  absl::Time least = absl::InfiniteFuture();
  const AnswerEnds ends(*snapshot, tenant.terms, now);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!Holds(VerdictOf(rules[i]))) continue;
    const absl::Time end = ends.OfLists(AreaCodeOf(numbers[i])).until;
    if (end >= now) least = std::min(least, end);
  }
  ASSERT_EQ(basis.lists_end, least);
  ASSERT_EQ(ends.LeastOfLists(numbers, verdicts), least);
  for (size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_EQ(verdicts[i], static_cast<uint8_t>(VerdictOf(rules[i]))) << i << " " << numbers[i];
    ASSERT_EQ(reasons[i], expected[i]) << i << " " << numbers[i];
  }
}

TEST(BatchEngine, AnswersAsTheRulesDoNumberByNumber) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  // The same few terms and moments recur, so that plans are found, replaced, and outdated.
  std::vector<TenantTerms> terms(12);
  for (TenantTerms& one : terms) one = RandomTerms(random);
  constexpr size_t kSizes[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 192, 1'000};
  for (int round = 0; round < 30; ++round) {
    const SnapshotPtr snapshot = RandomSnapshot(random);
    for (int batch = 0; batch < 40; ++batch) {
      const size_t size = kSizes[random() % std::size(kSizes)];
      const std::vector<Number> numbers = RandomQuestions(*snapshot, size, random);
      std::vector<uint8_t> facts(size);
      for (uint8_t& fact : facts)
        fact = random() % 8 == 0 ? static_cast<uint8_t>(random() % 16) : uint8_t{kNoRecord};
      const absl::Time now = kNow + absl::Hours(24 * (static_cast<int>(random() % 9) - 4));
      const bool nobodys = random() % 4 == 0;
      const TenantSide tenant{nobodys ? nullptr : &terms[random() % terms.size()], facts};
      ExpectSameAnswers(snapshot, now, numbers, tenant);
      if (HasFatalFailure()) return;
    }
  }
}

Verdict VerdictAt(const Snapshot& snapshot, const TenantTerms& terms, Number number, absl::Time now,
                  uint8_t facts) {
  const ParsedNumber parsed{number, true};
  Rule rule = Rule::kUnspecified;
  ReasonSet reasons = 0;
  Scrub(snapshot, now, {&parsed, 1}, {&rule, 1}, {&reasons, 1}, {&terms, {&facts, 1}});
  return VerdictOf(rule);
}

// Until its end an answer stays the same, whatever ends or begins in between.
TEST(BatchEngine, AnswersHoldUntilTheirEnds) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  int ended_by_records = 0;
  int ended_by_lists = 0;
  for (int round = 0; round < 60; ++round) {
    const SnapshotPtr snapshot = RandomSnapshot(random);
    const TenantTerms terms = RandomTerms(random);
    const AnswerEnds ends(*snapshot, &terms, kNow);
    for (const Number number : RandomQuestions(*snapshot, 50, random)) {
      if (number >= kNumberLimit) continue;
      const auto facts = static_cast<uint8_t>(random() % 8);
      std::vector<FactChange> changes;
      absl::Time at = kNow;
      for (auto i = random() % 4; i > 0; --i) {
        at += absl::Hours(1 + random() % 200);
        changes.push_back({0, at, static_cast<uint8_t>(random() % 8)});
      }
      const Verdict verdict = VerdictAt(*snapshot, terms, number, kNow, facts);
      if (!Holds(verdict) || verdict == Verdict::kStale) continue;
      const absl::Time lists_end = ends.OfLists(AreaCodeOf(number)).until;
      const absl::Time records_end = ends.OfRecords(number, facts, changes).until;
      ASSERT_EQ(ends.Of(number, facts, changes).until, std::min(lists_end, records_end));
      uint8_t facts_then = facts;
      for (const FactChange& change : changes) {
        if (change.at >= records_end || change.at > lists_end) break;
        facts_then = change.facts;
        ASSERT_EQ(VerdictAt(*snapshot, terms, number, change.at, facts_then), verdict);
      }
      if (records_end <= lists_end) {
        ++ended_by_records;
        ASSERT_EQ(
            VerdictAt(*snapshot, terms, number, records_end - absl::Nanoseconds(1), facts_then),
            verdict);
      } else if (lists_end != absl::InfiniteFuture() && lists_end >= kNow) {
        ++ended_by_lists;
        ASSERT_EQ(VerdictAt(*snapshot, terms, number, lists_end, facts_then), verdict);
      }
    }
  }
  EXPECT_GT(ended_by_records, 20);
  EXPECT_GT(ended_by_lists, 20);
}

// A plan is kept, and the clock may pass the moment at which it ends, and go back again.
TEST(BatchEngine, AListGrowsStaleBetweenTwoBatches) {
  auto list = std::make_shared<SnapshotList>();
  list->release_id = 1;
  list->areas[201] = {AreaState::kLoaded, kNow - list->max_age};
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->lists.push_back(list);
  const auto verdict_at = [&](absl::Time now) {
    const Number number = 2015550123;
    uint8_t verdict = 0;
    ReasonSet reasons = 0;
    ScrubBatch(snapshot, now, {&number, 1}, {}, {{&verdict, 1}, {&reasons, 1}});
    return static_cast<Verdict>(verdict);
  };
  EXPECT_EQ(verdict_at(kNow - absl::Hours(1)), Verdict::kClear);
  EXPECT_EQ(verdict_at(kNow), Verdict::kClear);
  EXPECT_EQ(verdict_at(kNow + absl::Nanoseconds(1)), Verdict::kStale);
  EXPECT_EQ(verdict_at(kNow + absl::Hours(1)), Verdict::kStale);
  EXPECT_EQ(verdict_at(kNow), Verdict::kClear);
  // Goes so far back that the data is dated in the future.
  const absl::Time before = kNow - list->max_age - kMaxFuture;
  EXPECT_EQ(verdict_at(before), Verdict::kStale);
  EXPECT_EQ(verdict_at(before + absl::Nanoseconds(1)), Verdict::kClear);
  EXPECT_EQ(verdict_at(before - absl::Hours(1)), Verdict::kStale);
  EXPECT_EQ(verdict_at(kNow), Verdict::kClear);
}

TEST(BatchEngine, ANewSnapshotInTheOldOnesPlaceIsAnotherOne) {
  const Number number = 2015550123;
  for (int round = 0; round < 100; ++round) {
    auto list = std::make_shared<SnapshotList>();
    list->release_id = 1;
    const bool covered = round % 2 == 0;
    if (covered) list->areas[201] = {AreaState::kLoaded, kNow};
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->lists.push_back(list);
    uint8_t verdict = 0;
    ReasonSet reasons = 0;
    ScrubBatch(snapshot, kNow, {&number, 1}, {}, {{&verdict, 1}, {&reasons, 1}});
    EXPECT_EQ(static_cast<Verdict>(verdict), covered ? Verdict::kClear : Verdict::kNotCovered);
  }
}

}  // namespace
}  // namespace dnc
