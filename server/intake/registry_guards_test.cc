// What guards measure where the numbers of before can't be read, or are not loaded any more: the
// seals are known all the same.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/registry_fixture.h"
#include "server/registry/release_store.h"

namespace dnc {
namespace {

std::string Numbers(int from, int to, int area_code = 201) {
  std::string rows;
  for (int i = from; i < to; ++i) rows += StrCat(area_code, ",", 5000000 + i, "\n");
  return rows;
}

class RegistryGuardsTest : public RegistryTest {
 protected:
  // Flips what is stored of all numbers, so that they don't match their seals.
  void Damage() {
    Close();
    store_ = *Store::Open({.path = dir_ + "/data/store"});
    ASSERT_TRUE(store_->Drop(Column::kBlocks, std::string(1, '\0'), std::string(1, '\xFF')).ok());
    store_.reset();
    Open();
  }
  // What overrides the findings of a load that is refused.
  std::set<std::string> Found(const std::vector<std::string>& paths, LoadOptions options = {}) {
    const LoadInfo load = Load(paths, std::move(options));
    EXPECT_EQ(load.state, LoadState::kRefused);
    EXPECT_EQ(ErrorReason(load.error), reason::kGuardRefused) << load.error;
    std::set<std::string> found;
    for (const GuardFinding& finding : load.findings) found.insert(finding.allow);
    return found;
  }
  CoverageState StateOf(size_t place) {
    return registry_->Coverage("national")->areas.at(place).state;
  }
  using Allowed = std::set<std::string>;
};

TEST_F(RegistryGuardsTest, ADamagedAreaCodeIsMeasuredByItsSeal) {
  const std::string right = WriteFile("2026-8-5_201_A.txt", Numbers(0, 20'000));
  MustLoad({right});
  MustLoad({WriteFile("2026-8-5_212_A.txt", Numbers(0, 2'000, 212))});
  Damage();
  ASSERT_EQ(StateOf(0), CoverageState::kDamaged);
  EXPECT_EQ(Ask(2015000001), Rule::kNotCovered);
  // An older file with fewer numbers is what it was before the damage.
  EXPECT_EQ(Found({WriteFile("2026-8-3_201_B.txt", Numbers(0, 6'000))}),
            (Allowed{"older-date:201", "shrink:201"}));
  const LoadInfo small = Load({WriteFile("2026-8-6_201_C.txt", Numbers(0, 6'000))});
  ASSERT_EQ(small.findings.size(), 1U);
  EXPECT_EQ(small.findings[0].allow, "shrink:201");
  EXPECT_EQ(small.findings[0].lost, 14'000U);
  EXPECT_EQ(small.findings[0].of, 20'000U);
  EXPECT_EQ(small.findings[0].becomes_callable, 10'000'000U - 6'000U);
  // The right file, though the same bytes were loaded before.
  const LoadInfo load = MustLoad({right});
  EXPECT_EQ(load.plan->areas.at(0).numbers_before, 20'000U);
  EXPECT_FALSE(load.plan->areas.at(0).answered_before);
  EXPECT_EQ(Ask(2015000001), Rule::kNational);
  EXPECT_EQ(StateOf(0), CoverageState::kCovered);
  EXPECT_EQ(StateOf(1), CoverageState::kDamaged);
  // Now it is there.
  EXPECT_EQ(Found({right}), Allowed{"same-file:2026-8-5_201_A.txt"});
}

// What change lists brought since is gone with the damage, too, and the files bring it again.
TEST_F(RegistryGuardsTest, ADamagedAreaCodeNeedsTheChangeListsSince) {
  const std::string full = WriteFile("2026-8-5_US_A.txt", Numbers(0, 20'000));
  const std::string changes =
      WriteFile("2026-8-7_changes_B.txt", "2017770001,2026-08-06T10:00:00,A\n");
  MustLoad({full});
  MustLoad({changes});
  Damage();
  EXPECT_EQ(Found({full}), (Allowed{"older-date:201"}));
  LoadOptions options;
  options.allow = {"older-date:201"};
  MustLoad({full}, options);
  EXPECT_EQ(Ask(2017770001), Rule::kClear);
  // A list that comes later shows that one is missing; the same bytes are not refused.
  EXPECT_EQ(Found({WriteFile("2026-8-9_changes_C.txt", "2017770002,2026-08-08T10:00:00,A\n")}),
            Allowed{"change-gap:201"});
  MustLoad({changes});
  MustLoad({dir_ + "/files/2026-8-9_changes_C.txt"});
  EXPECT_EQ(Ask(2017770001), Rule::kNational);
  Damage();
  // One after the other.
  LoadAnyway({full});
  MustLoad({changes});
  MustLoad({dir_ + "/files/2026-8-9_changes_C.txt"});
  EXPECT_EQ(Ask(2017770001), Rule::kNational);
  Damage();
  // All together, as they came.
  MustLoad({full, changes, dir_ + "/files/2026-8-9_changes_C.txt"});
  EXPECT_EQ(Ask(2017770001), Rule::kNational);
  EXPECT_EQ(Ask(2017770002), Rule::kNational);
}

// A full list that is a little later than what was lost need not know of the last additions.
TEST_F(RegistryGuardsTest, AdditionsOfTheLastDayAreNotLostWithTheDamage) {
  MustLoad({WriteFile("2026-8-5_201_A.txt", Numbers(0, 2'000))});
  MustLoad({WriteFile("2026-8-7_changes_B.txt",
                      "2017770001,2026-08-06T10:00:00,A\n2017770002,2026-08-06T11:00:00,A\n"
                      "2017770002,2026-08-06T12:00:00,D\n")});
  const std::string lacks = WriteFile("2026-8-7_201_C.txt", Numbers(0, 2'001));
  const std::string has = WriteFile("2026-8-7_201_D.txt", Numbers(0, 2'001) + "201,7770001\n");
  LoadOptions look;
  look.dry_run = true;
  for (int round = 0; round < 2; ++round) {
    if (round == 0) Damage();
    if (round == 1) {
      ASSERT_TRUE(registry_->Retire("national", {}).ok());
    }
    EXPECT_EQ(Found({lacks}), Allowed{"older-date:201"});
    EXPECT_EQ(Load({has}, look).findings.size(), 0U);
    // A day later it has been taken away.
    EXPECT_EQ(Load({WriteFile("2026-8-8_201_E.txt", Numbers(0, 2'002))}, look).findings.size(), 0U);
  }
  MustLoad({has});
  EXPECT_EQ(Ask(2017770001), Rule::kNational);
}

// The area codes of the file that are whole stay as they are.
TEST_F(RegistryGuardsTest, TheSameFileMendsOnlyWhatIsDamaged) {
  const std::string both =
      WriteFile("2026-8-5_US_A.txt", Numbers(0, 2'000) + Numbers(0, 2'000, 212));
  MustLoad({both});
  Damage();
  MustLoad({WriteFile("2026-8-6_212_B.txt", Numbers(0, 2'001, 212))});
  MustLoad({both});
  EXPECT_EQ(StateOf(0), CoverageState::kCovered);
  EXPECT_EQ(Ask(2125002000), Rule::kNational);
  EXPECT_EQ(registry_->Coverage("national")->areas.at(1).obtained_at, At(6));
}

TEST_F(RegistryGuardsTest, ARetiredListIsMeasuredByItsSeals) {
  MustLoad({WriteFile("2026-8-5_201_A.txt", Numbers(0, 20'000))});
  MustLoad({WriteFile("2026-8-5_212_A.txt", Numbers(0, 20'000, 212))});
  LoadOptions own;
  own.list = "other:own";
  own.obtained_at = At(7);
  MustLoad({WriteFile("own.csv", Numbers(0, 5'000))}, own);
  ASSERT_TRUE(registry_->Retire("national", {}).ok());
  ASSERT_TRUE(registry_->Retire("other:own", {}).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Found({WriteFile("2026-8-3_201_B.txt", Numbers(0, 6'000))}),
              (Allowed{"older-date:201", "shrink:201"}));
    own.obtained_at = At(6);
    EXPECT_EQ(Found({WriteFile("own2.csv", Numbers(0, 100))}, own),
              (Allowed{"older-date:other:own", "shrink:other:own"}));
    Reopen();
  }
  MustLoad({dir_ + "/files/2026-8-5_201_A.txt"});
  // What is not loaded again yet is known as well.
  EXPECT_EQ(Found({WriteFile("2026-8-6_212_B.txt", Numbers(0, 6'000, 212))}),
            Allowed{"shrink:212"});
  own.obtained_at = At(7);
  MustLoad({dir_ + "/files/own.csv"}, own);
}

// As many numbers, but others.
TEST_F(RegistryGuardsTest, WhatIsNotLoadedAnyMoreIsComparedByItsNumbers) {
  MustLoad({WriteFile("2026-8-4_US_A.txt", Numbers(0, 3'000) + Numbers(0, 2'000, 212))});
  LoadOptions options;
  options.allow = {"vanished:212"};
  MustLoad({WriteFile("2026-8-5_US_B.txt", Numbers(0, 3'000))}, options);
  const LoadInfo vanished = Load({WriteFile("2026-8-6_212_C.txt", Numbers(5'000, 7'000, 212))});
  ASSERT_EQ(vanished.findings.size(), 1U);
  EXPECT_EQ(vanished.findings[0].allow, "shrink:212");
  EXPECT_EQ(vanished.findings[0].lost, 2'000U);
  LoadOptions own;
  own.list = "other:own";
  own.obtained_at = At(6);
  MustLoad({WriteFile("own.csv", Numbers(0, 500))}, own);
  ASSERT_TRUE(registry_->Retire("national", {}).ok());
  ASSERT_TRUE(registry_->Retire("other:own", {}).ok());
  Reopen();
  const LoadInfo others = Load({WriteFile("2026-8-6_201_D.txt", Numbers(100, 4'000))});
  ASSERT_EQ(others.findings.size(), 1U);
  EXPECT_EQ(others.findings[0].allow, "shrink:201");
  EXPECT_EQ(others.findings[0].lost, 100U);
  EXPECT_EQ(others.findings[0].of, 3'000U);
  EXPECT_EQ(Found({WriteFile("own2.csv", Numbers(500, 1'000))}, own), Allowed{"shrink:other:own"});
  MustLoad({WriteFile("2026-8-6_201_E.txt", Numbers(10, 4'000))});
  MustLoad({WriteFile("own3.csv", Numbers(1, 501))}, own);
}

TEST_F(RegistryGuardsTest, AVanishedAreaCodeIsMeasuredByItsSeal) {
  MustLoad({WriteFile("2026-8-5_US_A.txt", Numbers(0, 2'000) + Numbers(0, 2'000, 212))});
  EXPECT_EQ(Found({WriteFile("2026-8-6_US_B.txt", Numbers(0, 2'001))}), Allowed{"vanished:212"});
  LoadOptions options;
  options.allow = {"vanished:212"};
  MustLoad({dir_ + "/files/2026-8-6_US_B.txt"}, options);
  MustLoad({WriteFile("2026-8-7_US_C.txt", Numbers(0, 2'002))});
  EXPECT_EQ(Found({WriteFile("2026-8-4_212_D.txt", Numbers(0, 600, 212))}),
            (Allowed{"older-date:212", "shrink:212"}));
  intake_options_.guards.min_first_numbers = 5'000;
  Reopen();
  // It is not loaded for the first time.
  MustLoad({WriteFile("2026-8-7_212_E.txt", Numbers(0, 1'999, 212))});
  EXPECT_EQ(Found({WriteFile("2026-8-7_305_F.txt", Numbers(0, 4'999, 305))}),
            Allowed{"few-numbers:305"});
}

// A flipped byte in the seals: nothing of the release can be read but its own record.
TEST_F(RegistryGuardsTest, AListWhoseSealsAreLostIsMeasuredByThoseBefore) {
  MustLoad({WriteFile("2026-8-5_201_A.txt", Numbers(0, 20'000))});
  MustLoad({WriteFile("2026-8-6_201_B.txt", Numbers(0, 20'010))});
  const uint64_t lost = registry_->Coverage("national")->release_id;
  Close();
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  std::string key = "seals/";
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(lost >> shift));
  ASSERT_TRUE(store_->Drop(Column::kMeta, key, key + '\0').ok());
  store_.reset();
  Open();
  EXPECT_EQ(Ask(2015000001), Rule::kNotCovered);
  EXPECT_EQ(Found({WriteFile("2026-8-3_201_C.txt", Numbers(0, 6'000))}),
            (Allowed{"older-date:201", "shrink:201"}));
  MustLoad({dir_ + "/files/2026-8-6_201_B.txt"});
  EXPECT_EQ(Ask(2015000001), Rule::kNational);
}

// Each load takes away less than one in a hundred of what the life before had.
TEST_F(RegistryGuardsTest, LossesOfAWeekAddUpOverLives) {
  MustLoad({WriteFile("2026-8-4_201_A.txt", Numbers(0, 20'000))});
  for (int i = 1; i < 4; ++i) {
    ASSERT_TRUE(registry_->Retire("national", {}).ok());
    MustLoad({WriteFile(StrCat("2026-8-", 4 + i, "_201_A.txt"), Numbers(i * 190, 20'000))});
    Reopen();
  }
  // By one more load, and by one more life.
  for (int round = 0; round < 2; ++round) {
    const LoadInfo more = Load({WriteFile("2026-8-8_201_A.txt", Numbers(760, 20'000))});
    ASSERT_EQ(more.findings.size(), 1U);
    EXPECT_EQ(more.findings[0].allow, "lost-week:201");
    EXPECT_EQ(more.findings[0].lost, 760U);
    EXPECT_EQ(more.findings[0].of, 20'000U);
    EXPECT_EQ(more.findings[0].since, At(4));
    if (round == 0) {
      ASSERT_TRUE(registry_->Retire("national", {}).ok());
    }
    Reopen();
  }
  // What came back is not lost. The list of the 3rd would be of an older life yet.
  MustLoad({WriteFile("2026-8-8_201_B.txt", Numbers(190, 380) + Numbers(760, 20'000))});
  LoadOptions allow;
  allow.allow = {"lost-week:201"};
  MustLoad({WriteFile("2026-8-9_201_C.txt", Numbers(760, 20'000))}, allow);
  // Whoever allowed it knew of all that, in whatever life.
  ASSERT_TRUE(registry_->Retire("national", {}).ok());
  MustLoad({WriteFile("2026-8-10_201_D.txt", Numbers(780, 20'000))});
}

TEST_F(RegistryGuardsTest, WhatWasLostMoreThanAWeekAgoDoesNotCount) {
  MustLoad({WriteFile("2026-8-1_201_A.txt", Numbers(0, 20'000))});
  for (int i = 1; i < 4; ++i) {
    ASSERT_TRUE(registry_->Retire("national", {}).ok());
    MustLoad({WriteFile(StrCat("2026-8-", 1 + i, "_201_A.txt"), Numbers(i * 190, 20'000))});
  }
  ASSERT_TRUE(registry_->Retire("national", {}).ok());
  // A week after the first loss; the second and the third count.
  MustLoad({WriteFile("2026-8-9_201_A.txt", Numbers(760, 20'000))});
}

TEST_F(RegistryGuardsTest, LossesOfAListThatCoversAllAddUpOverLives) {
  LoadOptions own;
  own.list = "litigator:x";
  const auto rows = [](int from, int to) { return Numbers(from, 5'000) + Numbers(to, 5'000, 212); };
  for (int i = 0; i < 4; ++i) {
    own.obtained_at = At(4 + i);
    MustLoad({WriteFile(StrCat("x", i, ".csv"), rows(i * 45, i * 45))}, own);
    ASSERT_TRUE(registry_->Retire("litigator:x", {}).ok());
    if (i % 2 == 1) Reopen();
  }
  own.obtained_at = At(8);
  EXPECT_EQ(Found({WriteFile("x4.csv", rows(180, 180))}, own), Allowed{"lost-week:litigator:x"});
  // An area code that is gone altogether counts, too.
  EXPECT_EQ(Found({WriteFile("x5.csv", Numbers(0, 5'000))}, own),
            (Allowed{"lost-week:litigator:x", "shrink:litigator:x"}));
  MustLoad({WriteFile("x6.csv", rows(0, 140))}, own);
}

TEST_F(RegistryGuardsTest, LossesOfAWeekAddUpOverARollback) {
  MustLoad({WriteFile("2026-8-4_201_A.txt", Numbers(0, 20'000))});
  for (int i = 1; i < 4; ++i) {
    MustLoad({WriteFile(StrCat("2026-8-", 4 + i, "_201_A.txt"), Numbers(i * 190, 20'000))});
    MustLoad({WriteFile(StrCat("2026-8-", 4 + i, "_201_B.txt"), Numbers(i * 190, 20'001))});
    ASSERT_TRUE(registry_->RollBack("national", 0, {}).ok());
  }
  EXPECT_EQ(Found({WriteFile("2026-8-8_201_C.txt", Numbers(760, 20'000))}),
            Allowed{"lost-week:201"});
}

// What was taken back before the list was retired is not what it held.
TEST_F(RegistryGuardsTest, AListThatWasRetiredIsMeasuredByWhatWasInForce) {
  MustLoad({WriteFile("2026-8-1_201_A.txt", Numbers(0, 20'000))});
  LoadOptions own;
  own.list = "other:own";
  own.obtained_at = At(1);
  MustLoad({WriteFile("own.csv", Numbers(0, 5'000))}, own);
  LoadAnyway({WriteFile("2026-8-2_201_B.txt", Numbers(0, 6'000))});
  own.obtained_at = At(2);
  LoadAnyway({WriteFile("own2.csv", Numbers(0, 100))}, own);
  for (const char* const list : {"national", "other:own"}) {
    ASSERT_TRUE(registry_->RollBack(list, 0, {}).ok());
    ASSERT_TRUE(registry_->Retire(list, {}).ok());
  }
  clock_.offset = absl::Hours(24 * 10);  // a week passes
  for (int round = 0; round < 2; ++round) {
    const LoadInfo small = Load({WriteFile("2026-8-19_201_C.txt", Numbers(0, 6'000))});
    ASSERT_EQ(small.findings.size(), 1U);
    EXPECT_EQ(small.findings[0].allow, "shrink:201");
    EXPECT_EQ(small.findings[0].lost, 14'000U);
    EXPECT_EQ(small.findings[0].of, 20'000U);
    own.obtained_at = At(19);
    EXPECT_EQ(Found({WriteFile("own3.csv", Numbers(0, 100))}, own), Allowed{"shrink:other:own"});
    Reopen();
  }
}

// An area code that is left out, which an override allows, and comes back each time with less.
TEST_F(RegistryGuardsTest, LossesOfAWeekAddUpOverVanishing) {
  const auto both = [](int day, int from) {
    return StrCat("2026-8-", day, "_US_", std::string(1, static_cast<char>('A' + from)), ".txt");
  };
  MustLoad({WriteFile(both(4, 0), Numbers(0, 20'000) + Numbers(0, 20'000, 212))});
  for (int i = 1; i < 4; ++i) {
    LoadOptions options;
    options.allow = {"vanished:201"};
    MustLoad({WriteFile(both(4 + i, 10 + i), Numbers(0, 20'000 + i, 212))}, options);
    EXPECT_EQ(Ask(2015009999), Rule::kNotCovered);
    MustLoad({WriteFile(both(4 + i, i), Numbers(i * 190, 20'000) + Numbers(0, 20'000 + i, 212))});
  }
  EXPECT_EQ(Found({WriteFile("2026-8-8_201_C.txt", Numbers(760, 20'000))}),
            Allowed{"lost-week:201"});
}

TEST_F(RegistryGuardsTest, AfterAnEarlierVersionAQuietAreaCodeMissesNoList) {
  const auto day_list = [this](int day, bool quiet_one) {
    std::string rows;
    for (int i = 0; i < 400; ++i) {
      rows += StrCat("201", 7'000'000 + day * 1000 + i, absl::StrFormat(",2026-08-%02dT", day),
                     absl::StrFormat("%02d:%02d:00,A\n", i * 3 / 60, i * 3 % 60));
    }
    if (quiet_one)
      rows += StrCat("2127000000,", absl::StrFormat("2026-08-%02dT", day), "10:00:00,A\n");
    return WriteFile(StrCat("2026-8-", day, "_changes_A.txt"), rows);
  };
  MustLoad({WriteFile("2026-8-2_201_A.txt", Numbers(0, 20'000)),
            WriteFile("2026-8-2_212_A.txt", Numbers(0, 20'000, 212))});
  for (const int day : {3, 4, 5}) MustLoad({day_list(day, false)});
  // As an earlier version left it: without the moment up to which the changes tell.
  Close();
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  {
    ReleaseStore releases(store_.get(), dir_ + "/data/revision");
    storage::Seals seals = *releases.ReadSeals(4);
    for (storage::Seal& seal : *seals.mutable_seals()) seal.clear_told_until();
    const storage::Release release = *releases.ReadRelease(4);
    ASSERT_TRUE(releases.Commit(*releases.ReadCatalog(), &release, &seals).ok());
  }
  store_.reset();
  Open();
  EXPECT_EQ(Found({day_list(7, true)}), (Allowed{"change-gap:201", "change-gap:212"}));
  MustLoad({day_list(6, true)});
  MustLoad({day_list(7, false)});
}

}  // namespace
}  // namespace dnc
