// What the registry answers about the past, and how much of it the limits leave.
#include <gtest/gtest.h>

#include <set>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/registry_fixture.h"

namespace dnc {
namespace {

constexpr char kLitigators[] = "litigator:known";
constexpr Number kClean = 2015550142;      // on no list
constexpr Number kLitigator = 2015550102;  // on the list of litigators alone

class RegistryHistoryTest : public RegistryTest {
 protected:
  void LoadLitigators(const std::string& rows, absl::Time obtained_at) {
    LoadOptions options;
    options.list = kLitigators;
    options.obtained_at = obtained_at;
    LoadAnyway({WriteFile(StrCat("litigators-", ++files_, ".csv"), rows)}, options);
  }
  // A change list of one number, dated hours after kNow.
  void LoadChange(Number number, int hours) {
    const absl::Time at = kNow + absl::Hours(hours);
    clock_.offset = absl::Hours(hours + 1);
    LoadOptions options;
    options.obtained_at = at;
    LoadAnyway(
        {WriteFile(StrCat("changes_", ++files_, ".txt"),
                   StrCat(number, ",", absl::FormatTime("%Y-%m-%dT%H:%M:%S", at, kUtc), ",A\n"))},
        options);
  }
  Rule AsOf(Number number, absl::Time moment) {
    const auto answer = Explain(number, moment);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->rule : Rule::kUnspecified;
  }
  bool Reaches(Number number, absl::Time moment) {
    const auto answer = Explain(number, moment);
    if (!answer.ok()) {
      EXPECT_EQ(ErrorReason(answer.status()), reason::kHistoryNotReached) << answer.status();
      return false;
    }
    return (answer->reasons & ReasonBit(Reason::kHistoryNotReached)) == 0;
  }
  std::vector<ReleaseInfo> Releases(std::string_view list = "national") {
    return registry_->ListReleases(list, 10'000, 0).value_or(std::vector<ReleaseInfo>());
  }

  const absl::TimeZone kUtc = absl::UTCTimeZone();
  int files_ = 0;
};

TEST_F(RegistryHistoryTest, AnOptionalListIsLeftOutOnlyWhereItWasSurelyNotLoaded) {
  MustLoad({WriteFile(kBaseName, kBase)});
  clock_.offset = absl::Hours(24);
  LoadLitigators("phone\n2015550102\n", At(11));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(AsOf(kLitigator, At(11, 1)), Rule::kLitigator);
    EXPECT_EQ(AsOf(kClean, At(11, 1)), Rule::kClear);
    EXPECT_EQ(AsOf(kLitigator, At(10, 13)), Rule::kClear);  // the server ran without it
    // Before the first load nobody can tell what another server held.
    EXPECT_EQ(AsOf(kLitigator, At(9)), Rule::kNotCovered);
    EXPECT_FALSE(Reaches(kClean, At(9)));
    Reopen();
  }
}

TEST_F(RegistryHistoryTest, ARetiredListIsNotForgotten) {
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadLitigators("phone\n2015550102\n2015550103\n", At(9));
  clock_.offset = absl::Hours(24);  // the 11th, 12:00
  ASSERT_TRUE(registry_
                  ->Retire(kLitigators,
                           {.requested_by = "the operator", .reason = "its contract has ended"})
                  .ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(kLitigator), Rule::kClear);
    EXPECT_EQ(AsOf(kLitigator, At(11, 13)), Rule::kClear);
    EXPECT_EQ(AsOf(kLitigator, At(11, 11)), Rule::kLitigator);
    EXPECT_EQ(AsOf(kLitigator, At(9, 1)), Rule::kLitigator);
    EXPECT_EQ(AsOf(kClean, At(9, 1)), Rule::kClear);
    EXPECT_EQ(AsOf(kClean, At(8)), Rule::kNotCovered);
    Reopen();
  }
  clock_.offset = absl::Hours(72);  // the 13th, 12:00
  LoadLitigators("phone\n2015550103\n", At(13));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(AsOf(2015550103, At(13, 1)), Rule::kLitigator);
    EXPECT_EQ(AsOf(kLitigator, At(13, 1)), Rule::kClear);
    EXPECT_EQ(AsOf(2015550103, At(12)), Rule::kClear);
    EXPECT_EQ(AsOf(kLitigator, At(11, 11)), Rule::kLitigator);
    EXPECT_EQ(AsOf(kLitigator, At(9, 1)), Rule::kLitigator);
    const auto history = registry_->History(2015550103);
    ASSERT_TRUE(history.ok());
    ASSERT_EQ(history->events.size(), 3U);
    EXPECT_EQ(history->events[0].action, HistoryAction::kFirstSeen);
    EXPECT_EQ(history->events[0].time, At(9));
    EXPECT_EQ(history->events[1].action, HistoryAction::kRetired);
    EXPECT_EQ(history->events[1].time, At(11, 12));
    EXPECT_EQ(history->events[1].requested_by, "the operator");
    EXPECT_EQ(history->events[1].reason, "its contract has ended");
    EXPECT_EQ(history->events[2].action, HistoryAction::kFirstSeen);
    EXPECT_EQ(history->events[2].time, At(13));
    EXPECT_EQ(history->listed_on, std::vector<std::string>{kLitigators});
    // One that is on it no longer.
    const auto past = registry_->History(kLitigator);
    ASSERT_EQ(past->events.size(), 2U);
    EXPECT_EQ(past->events[0].action, HistoryAction::kFirstSeen);
    EXPECT_EQ(past->events[1].action, HistoryAction::kRetired);
    EXPECT_TRUE(past->listed_on.empty());
    EXPECT_TRUE(registry_->History(kClean)->events.empty());
    Reopen();
  }
}

TEST_F(RegistryHistoryTest, ARequiredListThatIsRetiredAndLoadedAnew) {
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadLitigators("phone\n2025550133\n", At(5));
  ASSERT_TRUE(registry_->Retire("national", {}).ok());
  EXPECT_EQ(AsOf(2015550100, At(6)), Rule::kNational);
  EXPECT_EQ(AsOf(2015550100, clock_.Now()), Rule::kNotCovered);
  LoadAnyway({WriteFile("2026-8-9_201_B.txt", "201,5550101\n")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(AsOf(2015550100, kNow), Rule::kClear);
    EXPECT_EQ(AsOf(2015550101, kNow), Rule::kNational);
    // It was retired at kNow; until then the list of before counts.
    EXPECT_EQ(AsOf(2015550100, At(9, 1)), Rule::kNational);
    EXPECT_EQ(AsOf(2015550100, At(6)), Rule::kNational);
    EXPECT_EQ(AsOf(kClean, At(6)), Rule::kClear);
    EXPECT_FALSE(Reaches(2015550100, At(4)));
    // It was seen on the national list, which was retired; the one that came then lacks it.
    const auto history = registry_->History(2015550100);
    ASSERT_EQ(history->events.size(), 2U);
    EXPECT_EQ(history->events[0].action, HistoryAction::kFirstSeen);
    EXPECT_EQ(history->events[1].action, HistoryAction::kRetired);
    EXPECT_EQ(history->events[1].list, "national");
    EXPECT_EQ(registry_->History(2015550101)->listed_on, std::vector<std::string>{"national"});
    Reopen();
  }
}

TEST_F(RegistryHistoryTest, AreaCodesThatVanishedFromAnOptionalList) {
  options_.policy.lists = {{.name = kLitigators}, {.name = "national", .required = false}};
  Reopen();
  LoadLitigators("phone\n2125550133\n", At(5));
  MustLoad({WriteFile("2026-8-5_US_A.txt", "201,5550100\n202,5550100\n")});
  LoadAnyway({WriteFile("2026-8-7_US_B.txt", "201,5550100\n")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(AsOf(2025550100, At(6)), Rule::kNotCovered);
    EXPECT_EQ(AsOf(2015550100, At(6)), Rule::kNational);
    EXPECT_EQ(AsOf(3055550100, At(6)), Rule::kClear);  // never covered
    Reopen();
  }
  LoadAnyway({WriteFile("2026-8-9_202_C.txt", "202,5550199\n")});
  EXPECT_EQ(AsOf(2025550100, At(6)), Rule::kNotCovered);
  EXPECT_EQ(AsOf(2025550100, At(9)), Rule::kClear);
}

TEST_F(RegistryHistoryTest, KeptMeansThatARollbackLeadsThere) {
  for (const int keep : {0, 1, 2}) {
    options_.keep_releases = keep;
    Close();
    std::filesystem::remove_all(dir_ + "/data");
    Open();
    clock_.offset = absl::ZeroDuration();
    MustLoad({WriteFile(kBaseName, kBase)});
    int hours = 0;
    // Loads, and rollbacks until one is refused.
    for (const int loads : {3, 1, 2, 0, 4}) {
      for (int i = 0; i < loads; ++i) {
        ++hours;
        LoadChange(2015551000 + static_cast<Number>(hours), hours);
      }
      Reopen();
      while (true) {
        uint64_t parent = 0;
        std::set<uint64_t> kept;
        for (const ReleaseInfo& release : Releases()) {
          if (release.in_force) parent = release.parent_id;
          if (release.kept) kept.insert(release.id);
        }
        EXPECT_LE(kept.size(), static_cast<size_t>(keep) + 1);
        const auto back = registry_->RollBack("national", 0, {});
        EXPECT_EQ(back.ok(), kept.count(parent) != 0) << back.status();
        if (!back.ok()) break;
        EXPECT_EQ(back->release.id, parent);
      }
    }
  }
}

TEST_F(RegistryHistoryTest, TheLimitCutsHistoryOff) {
  options_.max_releases = 6;
  Reopen();
  // 202 changes once, early; 203 never.
  MustLoad({WriteFile("2026-8-5_US_A.txt", "201,5550100\n202,5550100\n203,5550100\n")});
  LoadChange(2025550199, 1);
  for (int i = 2; i < 40; ++i) {
    LoadChange(2015551000 + static_cast<Number>(i), i);
    EXPECT_LE(Releases().size(), 6U);
    if (i % 5 == 0) Reopen();
    if (i % 11 == 0) {
      ASSERT_TRUE(registry_->RollBack("national", 0, {}).ok());
      EXPECT_EQ(Ask(2015551000 + static_cast<Number>(i)), Rule::kClear);
      LoadChange(2015551000 + static_cast<Number>(i), i);
    }
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(registry_->Lists().at(0).damaged, 0U);
    EXPECT_EQ(Ask(2025550199), Rule::kNational);
    EXPECT_EQ(Ask(2035550100), Rule::kNational);
    for (int i = 2; i < 40; ++i) {
      const Number number = 2015551000 + static_cast<Number>(i);
      EXPECT_EQ(Ask(number), Rule::kNational);
      for (int j = 0; j < 40; ++j) {
        const absl::Time moment = kNow + absl::Hours(j) + absl::Minutes(30);
        if (!Reaches(number, moment)) continue;
        EXPECT_EQ(AsOf(number, moment), j < i ? Rule::kClear : Rule::kNational) << i << " " << j;
      }
    }
    EXPECT_FALSE(Reaches(2015551020, kNow + absl::Hours(30)));
    EXPECT_TRUE(Reaches(2015551020, kNow + absl::Hours(37)));
    EXPECT_TRUE(registry_->History(2015551020).ok());
    Reopen();
  }
  EXPECT_TRUE(registry_->RollBack("national", 0, {}).ok());
  EXPECT_EQ(Ask(2015551039), Rule::kClear);
  // A late deletion may be older than an addition that was cut off.
  clock_.offset = absl::Hours(84);
  LoadAnyway({WriteFile("2026-8-13_changes_late.txt", "2015551030,2026-08-10T13:00:00,D\n")});
  EXPECT_EQ(Ask(2015551030), Rule::kNational);
}

TEST_F(RegistryHistoryTest, ARaisedAndALoweredLimit) {
  options_.max_releases = 30;
  Reopen();
  MustLoad({WriteFile(kBaseName, kBase)});
  for (int i = 1; i < 20; ++i) LoadChange(2015551000 + static_cast<Number>(i), i);
  EXPECT_EQ(Releases().size(), 20U);
  options_.max_releases = 3;
  options_.keep_releases = 2;
  Reopen();
  // What is kept to go back to is still read from older releases; a few loads later it is not.
  for (int i = 20; i < 26; ++i) LoadChange(2015551000 + static_cast<Number>(i), i);
  EXPECT_EQ(Releases().size(), 5U);
  Reopen();
  for (int i = 1; i < 26; ++i) EXPECT_EQ(Ask(2015551000 + static_cast<Number>(i)), Rule::kNational);
  EXPECT_TRUE(registry_->RollBack("national", 0, {}).ok());
  EXPECT_TRUE(registry_->RollBack("national", 0, {}).ok());
  EXPECT_EQ(ErrorReason(registry_->RollBack("national", 0, {}).status()),
            reason::kNoEarlierRelease);
}

TEST_F(RegistryHistoryTest, ListsHaveALimit) {
  options_.max_lists = 2;
  Reopen();
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadLitigators("phone\n2015550102\n", At(9));
  LoadOptions options;
  options.list = "other:third";
  options.obtained_at = At(9);
  const auto third = intake_->StartLoad(options, {WriteFile("third.csv", "2015550103\n")});
  EXPECT_EQ(ErrorReason(third.status()), reason::kLimitReached);
  LoadLitigators("phone\n2015550102\n2015550104\n", At(10));
}

TEST_F(RegistryHistoryTest, LostHistoryIsAnErrorAndNotAClear) {
  MustLoad({WriteFile(kBaseName, kBase)});
  // So many changes that the area code is written whole: it can be read without them.
  std::string changes = "2015550100,2026-08-06T10:00:00,D\n";
  for (int i = 0; i < 100; ++i) changes += StrCat(2015551000 + i, ",2026-08-06T10:00:00,A\n");
  LoadAnyway({WriteFile("2026-8-7_changes_B.txt", changes)});
  EXPECT_EQ(AsOf(2015550100, At(6, 9)), Rule::kNational);
  Close();
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  ASSERT_TRUE(store_->Drop(Column::kChanges, std::string(1, '\0'), std::string(1, '\xFF')).ok());
  store_.reset();
  Open();
  EXPECT_EQ(Ask(2015550100), Rule::kClear);
  EXPECT_EQ(Explain(2015550100, At(6, 9)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(registry_->History(2015550100).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RegistryHistoryTest, WhatALostReleaseCoveredStaysUncovered) {
  options_.policy.lists = {{.name = kLitigators}, {.name = "national", .required = false}};
  Reopen();
  LoadLitigators("phone\n2125550133\n", At(5));
  MustLoad({WriteFile("2026-8-5_US_A.txt", "201,5550100\n202,5550100\n")});
  const uint64_t lost = Releases().at(0).id;
  Close();
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  std::string key = "seals/";
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(lost >> shift));
  ASSERT_TRUE(store_->Drop(Column::kMeta, key, key + '\0').ok());
  store_.reset();
  Open();
  EXPECT_EQ(Ask(2015550100), Rule::kNotCovered);
  EXPECT_EQ(AsOf(2015550100, At(6)), Rule::kNotCovered);
  MustLoad({WriteFile("2026-8-6_201_B.txt", "201,5550101\n")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2025550100), Rule::kNotCovered);
    EXPECT_EQ(Ask(2015550100), Rule::kClear);
    EXPECT_EQ(Ask(2015550101), Rule::kNational);
    EXPECT_EQ(AsOf(2015550100, At(5, 1)), Rule::kNotCovered);
    Reopen();
  }
}

TEST_F(RegistryHistoryTest, ChangesOfTheFarFutureAreRefused) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const LoadInfo load =
      Load({WriteFile("2026-8-7_changes_B.txt", "2015550100,2062-08-06T10:00:00,D\n")});
  EXPECT_EQ(ErrorGuard(load.error), "future-date");
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
}

TEST_F(RegistryHistoryTest, AnUnknownAreaCodeMayBeOfAnyState) {
  options_.policy.lists = {{.name = "national"}, {.name = "state:TX"}};
  Reopen();
  MustLoad({WriteFile("2026-8-5_US_A.txt", "201,5550100\n512,5550100\n389,5550100\n")});
  EXPECT_EQ(Ask(2015550142), Rule::kClear);
  EXPECT_EQ(Ask(5125550142), Rule::kNotCovered);
  EXPECT_EQ(Ask(3895550142), Rule::kNotCovered);
}

}  // namespace
}  // namespace dnc
