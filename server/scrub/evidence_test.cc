#include "server/scrub/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <random>
#include <utility>

#include "server/index/index_test_util.h"
#include "server/scrub/answer_ends.h"

namespace dnc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

AskedAreas Areas(std::initializer_list<uint16_t> areas) {
  AskedAreas asked;
  for (const uint16_t area : areas) asked.Add(area);
  return asked;
}

Evidence EvidenceOf(const Snapshot& snapshot, const AskedAreas& possible, const AskedAreas& asked) {
  Evidence evidence;
  EvidenceSource(snapshot, possible).Fill(snapshot, asked, &evidence);
  return evidence;
}

TEST(Evidence, TellsTheOldestOfTheAreaCodesAsked) {
  auto list = std::make_shared<SnapshotList>();
  list->name = "national";
  list->release_id = 7;
  list->digest = "d";
  list->areas[201] = {AreaState::kLoaded, kNow - absl::Hours(5)};
  list->areas[202] = {AreaState::kLoaded, kNow - absl::Hours(9)};
  list->areas[203] = {AreaState::kLoaded, kNow - absl::Hours(99)};
  list->areas[205] = {AreaState::kDamaged, kNow - absl::Hours(200)};
  Snapshot snapshot;
  snapshot.revision = 12;
  snapshot.lists.push_back(list);
  const Evidence some = EvidenceOf(snapshot, AskedAreas::All(), Areas({201, 202, 205}));
  EXPECT_EQ(some.lists_revision, 12);
  ASSERT_EQ(some.releases->size(), 1);
  EXPECT_EQ((*some.releases)[0].list, "national");
  EXPECT_EQ((*some.releases)[0].release_id, 7);
  EXPECT_EQ((*some.releases)[0].digest, "d");
  EXPECT_EQ(some.ages[0].obtained_at, kNow - absl::Hours(9));
  EXPECT_EQ(some.ages[0].valid_until, kNow - absl::Hours(9) + list->max_age);
  EXPECT_EQ(some.ages[0].known_by_silence_at, absl::InfinitePast());
  EXPECT_EQ(EvidenceOf(snapshot, AskedAreas::All(), Areas({204, kNoArea})).ages[0], ListAge());
}

TEST(Evidence, DataThatWasObtainedLaterMayEndFirst) {
  auto list = std::make_shared<SnapshotList>();
  list->areas[201] = {AreaState::kLoaded, kNow - absl::Hours(9)};
  list->areas[202] = {AreaState::kLoaded, kNow - absl::Hours(5), kNow - absl::Hours(20)};
  list->areas[203] = {AreaState::kLoaded, kNow - absl::Hours(4), absl::InfinitePast()};
  Snapshot snapshot;
  snapshot.lists.push_back(list);
  const ListAge age = EvidenceOf(snapshot, AskedAreas::All(), Areas({201, 202})).ages[0];
  EXPECT_EQ(age.obtained_at, kNow - absl::Hours(9));
  EXPECT_EQ(age.valid_until, kNow - absl::Hours(20) + list->max_age);
  // Nobody can tell how old it is.
  EXPECT_EQ(EvidenceOf(snapshot, AskedAreas::All(), AskedAreas::All()).ages[0].valid_until,
            absl::InfinitePast());
}

// Compares with the definition, for a source made for all area codes and for one made for those
// asked.
TEST(Evidence, IsTheLeastOfAllThatWereAsked) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  const auto hours = [&random] { return absl::Hours(static_cast<int>(random() % 20)); };
  for (int round = 0; round < 200; ++round) {
    Snapshot snapshot;
    for (auto l = random() % 4; l > 0; --l) {
      auto list = std::make_shared<SnapshotList>();
      for (int area = 200; area < 230; ++area) {
        AreaCoverage& coverage = list->areas[area];
        if (random() % 4 == 0) continue;
        coverage.state = AreaState::kLoaded;
        coverage.obtained_at = kNow - hours();
        if (random() % 2 == 0) coverage.published_at = kNow - hours();
        if (random() % 2 == 0) coverage.known_by_silence_at = kNow - hours();
      }
      snapshot.lists.push_back(std::move(list));
    }
    AskedAreas asked;
    for (auto i = random() % 10; i > 0; --i) {
      asked.Add(static_cast<uint16_t>(200 + random() % 35));
    }
    const Evidence evidence = EvidenceOf(snapshot, AskedAreas::All(), asked);
    ASSERT_EQ(evidence.ages, EvidenceOf(snapshot, asked, asked).ages);
    for (size_t l = 0; l < snapshot.lists.size(); ++l) {
      std::pair oldest(absl::InfiniteFuture(), absl::InfinitePast());
      ListAge expected;
      asked.ForEach([&](uint16_t area) {
        const AreaCoverage& coverage = snapshot.lists[l]->areas[area];
        if (coverage.state != AreaState::kLoaded) return;
        oldest = std::min(oldest, {coverage.obtained_at, coverage.known_by_silence_at});
        expected.obtained_at = oldest.first;
        expected.known_by_silence_at = oldest.second;
        expected.valid_until =
            std::min(expected.valid_until, FreshUntil(coverage, snapshot.lists[l]->max_age));
      });
      ASSERT_EQ(evidence.ages[l], expected);
    }
  }
}

TEST(Evidence, SharesTheReleasesOfASource) {
  Snapshot snapshot;
  snapshot.lists.push_back(std::make_shared<SnapshotList>());
  const EvidenceSource source(snapshot, AskedAreas::All());
  Evidence first;
  Evidence second;
  source.Fill(snapshot, Areas({201}), &first);
  source.Fill(snapshot, Areas({202}), &second);
  EXPECT_EQ(first.releases, second.releases);
  EXPECT_EQ(first.releases, source.releases());
}

TEST(Span, IsTheTimeInCommon) {
  const Span both =
      Span{kNow, kNow + absl::Hours(5)}.Intersect({kNow + absl::Hours(1), kNow + absl::Hours(9)});
  EXPECT_EQ(both.from, kNow + absl::Hours(1));
  EXPECT_EQ(both.until, kNow + absl::Hours(5));
  EXPECT_EQ(Span().Intersect(Span::Until(kNow)).until, kNow);
}

}  // namespace
}  // namespace dnc
