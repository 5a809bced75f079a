// The registry over a real store and real files, without RPC.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/intake.h"
#include "server/intake/registry_fixture.h"
#include "server/storage/store.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

TEST_F(RegistryTest, NothingLoadedIsNotCovered) { EXPECT_EQ(Ask(2015550100), Rule::kNotCovered); }

TEST_F(RegistryTest, FullListThenRestart) {
  const LoadInfo load = MustLoad({WriteFile(kBaseName, kBase)});
  EXPECT_EQ(load.release->numbers, 3U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550100), Rule::kNational);
    EXPECT_EQ(Ask(2010000000), Rule::kNational);
    EXPECT_EQ(Ask(2015550102), Rule::kClear);
    EXPECT_EQ(Ask(2025550100), Rule::kNotCovered);
    Reopen();
  }
  EXPECT_EQ(registry_->Coverage("national")->areas.at(0).obtained_at, At(5));
  clock_.offset = absl::Hours(24 * 30);
  EXPECT_EQ(Ask(2015550102), Rule::kStale);
}

TEST_F(RegistryTest, ChangesHistoryAndRollback) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const LoadInfo change = LoadAnyway({WriteFile("2026-8-7_changes_B.txt",
                                                "2015550100,2026-08-06T10:00:00,D\n"
                                                "2015550199,2026-08-06T11:00:00,A\n")});
  EXPECT_EQ(change.release->added, 1U);
  EXPECT_EQ(change.release->deleted, 1U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550100), Rule::kClear);
    EXPECT_EQ(Ask(2015550199), Rule::kNational);
    EXPECT_EQ(Explain(2015550199)->matches.at(0).listed_since, At(6, 11));
    EXPECT_TRUE(Explain(2015550199)->matches.at(0).listed_since_exact);
    EXPECT_EQ(Explain(2015550100, At(6, 9))->rule, Rule::kNational);
    EXPECT_EQ(Explain(2015550100, At(6, 11))->rule, Rule::kClear);
    EXPECT_EQ(Explain(2015550199, At(6, 9))->rule, Rule::kClear);
    EXPECT_EQ(ErrorReason(Explain(2015550199, At(4)).status()), reason::kHistoryNotReached);
    EXPECT_EQ(registry_->History(2015550100)->events.size(), 2U);
    Reopen();
  }
  const auto back = registry_->RollBack("national", change.release->id, {});
  ASSERT_TRUE(back.ok()) << back.status();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550100), Rule::kNational);
    EXPECT_EQ(Ask(2015550199), Rule::kClear);
    Reopen();
  }
  EXPECT_EQ(ErrorReason(registry_->RollBack("national", 0, {}).status()),
            reason::kNoEarlierRelease);
  LoadAnyway({dir_ + "/files/2026-8-7_changes_B.txt"});
  EXPECT_EQ(Ask(2015550199), Rule::kNational);
}

TEST_F(RegistryTest, AListenerIsToldOfALoadUntilItIsRemoved) {
  std::atomic<int> told{0};
  const int listener = intake_->AddListener([&told] { ++told; });
  MustLoad({WriteFile(kBaseName, kBase)});
  // The load waits, is read and stored, and has ended.
  EXPECT_TRUE(WaitUntil([&told] { return told >= 4; }));
  intake_->RemoveListener(listener);
  const int before = told;
  MustLoad({WriteFile("2026-8-8_changes_B.txt", "2015550199,2026-08-07T11:00:00,A\n")});
  EXPECT_EQ(told, before);
}

TEST_F(RegistryTest, ALateChangeListDoesNotUndoALaterChange) {
  MustLoad({WriteFile(kBaseName, kBase)});
  MustLoad({WriteFile("2026-8-8_changes_B.txt", "2015550199,2026-08-07T11:00:00,A\n")});
  LoadAnyway({WriteFile("2026-8-9_changes_C.txt",
                        "2015550199,2026-08-06T11:00:00,D\n2015550198,2026-08-08T11:00:00,A\n")});
  EXPECT_EQ(Ask(2015550199), Rule::kNational);
  EXPECT_EQ(Ask(2015550198), Rule::kNational);
}

TEST_F(RegistryTest, ANumberThatChangesTwiceInOneList) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const LoadInfo load = MustLoad({WriteFile("2026-8-9_changes_B.txt",
                                            "2015550199,2026-08-08T10:00:00,A\n"
                                            "2015550100,2026-08-07T10:00:00,A\n"
                                            "2015550199,2026-08-06T10:00:00,A\n"
                                            "2015550100,2026-08-06T10:00:00,D\n"
                                            "2015550199,2026-08-07T10:00:00,D\n"
                                            "2015550198,2026-08-07T10:00:00,D\n"
                                            "2015550198,2026-08-06T10:00:00,A\n")});
  EXPECT_EQ(load.release->no_effect, 0U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550199), Rule::kNational);
    EXPECT_EQ(Ask(2015550100), Rule::kNational);
    EXPECT_EQ(Ask(2015550198), Rule::kClear);
    EXPECT_EQ(Explain(2015550199, At(6, 11))->rule, Rule::kNational);
    EXPECT_EQ(Explain(2015550199, At(7, 11))->rule, Rule::kClear);
    EXPECT_EQ(Explain(2015550100, At(6, 11))->rule, Rule::kClear);
    EXPECT_EQ(Explain(2015550198, At(6, 11))->rule, Rule::kNational);
    EXPECT_EQ(Explain(2015550198, At(6, 9))->rule, Rule::kClear);
    Reopen();
  }
  // Both came back on the 7th or later, whatever a late list tells of the day before.
  LoadAnyway({WriteFile("2026-8-10_changes_C.txt",
                        "2015550100,2026-08-06T12:00:00,D\n2015550199,2026-08-07T12:00:00,D\n")});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  EXPECT_EQ(Ask(2015550199), Rule::kNational);
}

TEST_F(RegistryTest, ChangeListsOfOneLoadThatOverlap) {
  const std::vector<std::string> paths = {
      WriteFile(kBaseName, kBase),
      WriteFile("2026-8-8_changes_B.txt",
                "2015550199,2026-08-07T10:00:00,A\n2015550100,2026-08-07T11:00:00,D\n"),
      WriteFile("2026-8-9_changes_C.txt", "2015550199,2026-08-06T10:00:00,D\n")};
  LoadAnyway(paths);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550199), Rule::kNational);
    EXPECT_EQ(Ask(2015550100), Rule::kClear);
    // What the first release changed of its own full list is history too, although nothing was
    // loaded then.
    EXPECT_EQ(Explain(2015550199)->matches.at(0).listed_since, At(7, 10));
    EXPECT_EQ(registry_->History(2015550100)->events.size(), 2U);
    EXPECT_EQ(Explain(2015550100, At(6))->rule, Rule::kNotCovered);
    Reopen();
  }
  LoadAnyway({WriteFile("2026-8-10_changes_D.txt", "2015550199,2026-08-06T11:00:00,D\n")});
  EXPECT_EQ(Ask(2015550199), Rule::kNational);
}

TEST_F(RegistryTest, ADeletionOlderThanTheFullListIsNotBelieved) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const std::string path =
      WriteFile("2026-8-7_changes_B.txt", "2015550100,2026-08-04T10:00:00,D\n");
  EXPECT_EQ(ErrorGuard(Load({path}).error), "misfit");
  LoadAnyway({path});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
}

// A change list tells of moments after its date; a full list between the two does not know of them.
TEST_F(RegistryTest, AFullListTakesAwayNoLaterAddition) {
  MustLoad({WriteFile(kBaseName, kBase)});
  MustLoad({WriteFile("2026-8-7_changes_B.txt",
                      "2015550198,2026-08-06T23:00:00,A\n2015550199,2026-08-08T11:00:00,A\n"
                      "2015550196,2026-08-07T00:00:00,A\n2015550197,2026-08-08T11:00:00,A\n"
                      "2015550197,2026-08-08T12:00:00,D\n2015550100,2026-08-08T11:00:00,D\n")},
           {.allow = {"shrink:201"}});
  LoadAnyway({WriteFile("2026-8-8_201_C.txt", "201,5550101\n201,5550100\n201,0000000\n")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550199), Rule::kNational);
    // A day is not a moment: what was added the day before the list's stays, too.
    EXPECT_EQ(Ask(2015550196), Rule::kNational);
    EXPECT_EQ(Ask(2015550198), Rule::kClear);
    EXPECT_EQ(Ask(2015550197), Rule::kClear);
    // Deleted later than the full list that holds it: as long as nothing says so again, it counts.
    EXPECT_EQ(Ask(2015550100), Rule::kNational);
    EXPECT_EQ(Explain(2015550199)->matches.at(0).listed_since, At(8, 11));
    Reopen();
  }
  LoadAnyway({WriteFile("2026-8-9_201_D.txt", "201,0000000\n201,5550101\n201,5550100\n")});
  EXPECT_EQ(Ask(2015550196), Rule::kClear);
  EXPECT_EQ(Ask(2015550199), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-10_201_E.txt", "201,0000000\n201,5550100\n201,5550101\n")});
  EXPECT_EQ(Ask(2015550199), Rule::kClear);
}

// A date without a time may be any moment of that day.
TEST_F(RegistryTest, AnAdditionOfADayStandsUntilItsEnd) {
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadAnyway({WriteFile("2026-8-7_changes_B.txt",
                        "2015550190,2026-08-06,A\n2015550190,2026-08-06T10:00:00,D\n"
                        "2015550191,2026-08-06T10:00:00,A\n2015550191,2026-08-07,D\n")});
  EXPECT_EQ(Ask(2015550190), Rule::kNational);
  EXPECT_EQ(Ask(2015550191), Rule::kClear);
  LoadAnyway({WriteFile("2026-8-8_changes_C.txt",
                        "2015550190,2026-08-06T23:59:59,D\n2015550192,2026-08-07T10:00:00,A\n")});
  EXPECT_EQ(Ask(2015550190), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-9_changes_D.txt", "2015550190,2026-08-08,D\n")});
  EXPECT_EQ(Ask(2015550190), Rule::kClear);
}

TEST_F(RegistryTest, OfTwoChangesAtOneTimeTheAdditionCounts) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const std::string added = ",2026-08-06T10:00:00,A\n";
  const std::string deleted = ",2026-08-06T10:00:00,D\n";
  // In one list, in either order; 100 was listed before.
  MustLoad({WriteFile("2026-8-7_changes_B.txt",
                      "2015550100" + added + "2015550100" + deleted + "2015550190" + deleted +
                          "2015550190" + added + "2015550191" + added + "2015550191" + deleted)});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  EXPECT_EQ(Ask(2015550190), Rule::kNational);
  EXPECT_EQ(Ask(2015550191), Rule::kNational);
  // In two lists of one load, and in two loads.
  LoadAnyway({WriteFile("2026-8-8_changes_C.txt", "2015550192" + added + "2015550193" + deleted),
              WriteFile("2026-8-8_changes_D.txt", "2015550192" + deleted + "2015550193" + added)});
  EXPECT_EQ(Ask(2015550192), Rule::kNational);
  EXPECT_EQ(Ask(2015550193), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-9_changes_E.txt",
                        "2015550192" + deleted + "2015550193" + deleted + "2015550194" + added)});
  EXPECT_EQ(Ask(2015550192), Rule::kNational);
  EXPECT_EQ(Ask(2015550193), Rule::kNational);
}

// An addition of a number that is listed moves nothing, and yet it is the last word on it.
TEST_F(RegistryTest, AnAdditionWithoutEffectStandsAgainstAnOlderDeletion) {
  MustLoad({WriteFile(kBaseName, kBase)});
  // In one load, in two, and against a full list that is older.
  LoadAnyway({WriteFile("2026-8-7_changes_B.txt", "2015550100,2026-08-06T15:00:00,A\n"),
              WriteFile("2026-8-7_changes_C.txt", "2015550100,2026-08-06T10:00:00,D\n")});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-8_changes_D.txt",
                        "2015550100,2026-08-06T11:00:00,D\n2015550101,2026-08-08T15:00:00,A\n")});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-8_201_E.txt", "201,5550100\n")});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(2015550101), Rule::kNational);
    EXPECT_EQ(Ask(2010000000), Rule::kClear);
    // It has been listed all the time.
    EXPECT_EQ(Explain(2015550101)->matches.at(0).listed_since, At(5));
    EXPECT_EQ(Explain(2015550100, At(6))->rule, Rule::kNational);
    EXPECT_EQ(registry_->History(2015550101)->events.size(), 1U);
    Reopen();
  }
  LoadAnyway({WriteFile("2026-8-9_changes_F.txt", "2015550100,2026-08-08T16:00:00,D\n")});
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-9_changes_G.txt", "2015550100,2026-08-09T00:00:00,D\n")});
  EXPECT_EQ(Ask(2015550100), Rule::kClear);
}

// What a first load brings together must fit together, too.
TEST_F(RegistryTest, AChangeListLongAfterItsFullListIsRefused) {
  intake_options_.guards.gap_min_numbers = 0;
  Reopen();
  const std::vector<std::string> paths = {
      WriteFile("2026-7-1_201_A.txt", kBase),
      WriteFile("2026-8-9_changes_B.txt", "2015550190,2026-08-08T10:00:00,A\n")};
  EXPECT_EQ(ErrorGuard(Load(paths).error), "change-gap");
  EXPECT_EQ(Ask(2015550199), Rule::kNotCovered);
  // Nor does one old change among many show that none is missing.
  std::string changes = "2015550190,2026-07-02T10:00:00,A\n";
  for (int i = 0; i < 200; ++i) changes += StrCat(2015551000 + i, ",2026-08-08T10:00:00,A\n");
  MustLoad({paths[0]});
  EXPECT_EQ(ErrorGuard(Load({WriteFile("2026-8-9_changes_C.txt", changes)}).error), "change-gap");
}

// Whoever goes back to an older full list does not know what came after it.
TEST_F(RegistryTest, AfterAnOlderFullListTheGapIsCountedFromIt) {
  intake_options_.guards.gap_min_numbers = 0;
  Reopen();
  MustLoad({WriteFile("2026-8-1_201_A.txt", "201,5550100\n201,5550101\n201,0000000\n")});
  MustLoad({WriteFile("2026-8-7_changes_B.txt", "2015550190,2026-08-06T10:00:00,A\n")});
  LoadAnyway({WriteFile("2026-7-20_201_C.txt", "201,5550101\n201,0000000\n")});
  EXPECT_EQ(Ask(2015550190), Rule::kNational);
  const LoadInfo load =
      Load({WriteFile("2026-8-9_changes_D.txt", "2015550191,2026-08-08T10:00:00,A\n")});
  EXPECT_EQ(ErrorGuard(load.error), "change-gap");
}

// Lists that speak of others alone do not keep it young: nobody may subscribe to it any more.
TEST_F(RegistryTest, AnAreaCodeThatNoChangeListNamesGrowsOld) {
  intake_options_.guards.gap_min_numbers = 0;
  Reopen();
  MustLoad({WriteFile("2026-8-1_US_A.txt", "201,5550100\n202,5550100\n")});
  const auto area = [this](size_t place) {
    return registry_->Coverage("national")->areas.at(place);
  };
  const auto load = [this](int day, const std::string& number, const LoadOptions& options) {
    return Load({WriteFile(StrCat("2026-8-", day, "_changes_B.txt"),
                           StrCat(number, ",2026-08-", day < 10 ? "0" : "", day, "T01:00:00,A\n"))},
                options);
  };
  for (const int day : {3, 5, 7, 9}) {
    ASSERT_EQ(load(day, StrCat(2015550110 + day), {}).state, LoadState::kSucceeded);
    EXPECT_EQ(area(0).obtained_at, At(day));
    // It was not named, so it is as old as it was; up to when others were silent is another date.
    EXPECT_EQ(area(1).obtained_at, At(1));
    EXPECT_EQ(area(1).known_by_silence_at, At(day < 9 ? day : 7));
    EXPECT_EQ(area(1).stale_at, At(1) + absl::Hours(24 * 31));
  }
  Reopen();
  // A list that names it now does not say what happened since.
  EXPECT_EQ(ErrorGuard(load(10, "2025550110", {}).error), "change-gap");
  LoadOptions options;
  options.allow = {"change-gap:202"};
  EXPECT_EQ(load(10, "2025550110", options).state, LoadState::kSucceeded);
  EXPECT_EQ(area(1).obtained_at, At(10));
  clock_.offset = absl::Hours(48);
  EXPECT_EQ(load(11, "2015550121", {}).state, LoadState::kSucceeded);
  EXPECT_EQ(area(1).obtained_at, At(10));
  EXPECT_EQ(area(1).known_by_silence_at, At(11));
}

TEST_F(RegistryTest, GuardsRefuseAndChangeNothing) {
  MustLoad({WriteFile(kBaseName, kBase)});
  const uint64_t revision = registry_->snapshot()->revision;
  const auto refused = [&](const std::string& name, const std::string& content) {
    const LoadInfo load = Load({WriteFile(name, content)});
    EXPECT_EQ(load.state, LoadState::kRefused) << name;
    EXPECT_EQ(registry_->snapshot()->revision, revision);
    return ErrorGuard(load.error);
  };
  EXPECT_EQ(refused("2026-8-6_201_B.txt", "201,5550100\n"), "shrink");
  EXPECT_EQ(refused("2026-8-4_201_B.txt", kBase), "same-file");
  EXPECT_EQ(refused("2026-8-4_201_C.txt", StrCat(kBase, "201,5550109\n")), "older-date");
  EXPECT_EQ(refused("2026-8-12_201_C.txt", StrCat(kBase, "201,5550109\n")), "future-date");
  EXPECT_EQ(refused("2026-8-6_201_D.txt", StrCat(kBase, "202,5550109\n")), "outside-label");
  EXPECT_EQ(refused("2026-8-6_201_E.txt", StrCat(kBase, "201,5550109")), "unterminated");
  EXPECT_EQ(refused("2026-8-6_changes_F.txt", "2015550100,2026-08-06T10:00:00,A\n"), "misfit");
  EXPECT_EQ(refused("2026-8-6_changes_G.txt", "2025550100,2026-08-06T10:00:00,A\n"),
            "outside-base");
  EXPECT_EQ(intake_->ListLoads(100, 0).size(), 9U);
  LoadAnyway({dir_ + "/files/2026-8-6_201_B.txt"});
  EXPECT_EQ(Ask(2015550101), Rule::kClear);
}

TEST_F(RegistryTest, VanishedAreaCodes) {
  MustLoad({WriteFile("2026-8-5_US_A.txt", "201,5550100\n202,5550100\n")});
  EXPECT_EQ(ErrorGuard(Load({WriteFile("2026-8-6_US_A.txt", "201,5550100\n")}).error), "vanished");
  LoadAnyway({dir_ + "/files/2026-8-6_US_A.txt"});
  EXPECT_EQ(Ask(2025550100), Rule::kNotCovered);
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
  LoadAnyway({WriteFile("2026-8-6_202_B.txt", "202,5550101\n")});
  EXPECT_EQ(Ask(2025550101), Rule::kNational);
  EXPECT_EQ(Ask(2015550100), Rule::kNational);
}

TEST_F(RegistryTest, OtherListsAndRetiring) {
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadOptions litigators;
  litigators.list = "litigator:known";
  litigators.obtained_at = At(9);
  MustLoad({WriteFile("lit.csv", "name,phone\nA,(202) 555-0133\nB,201-555-0102\n")}, litigators);
  EXPECT_EQ(Ask(2025550133), Rule::kLitigator);
  EXPECT_EQ(Ask(2015550102), Rule::kLitigator);
  Reopen();
  EXPECT_EQ(Ask(2015550102), Rule::kLitigator);
  ASSERT_TRUE(registry_->Retire("litigator:known", {}).ok());
  EXPECT_EQ(Ask(2015550102), Rule::kClear);
  EXPECT_EQ(ErrorReason(registry_->Retire("litigator:known", {}).status()), reason::kNotFound);
  litigators.obtained_at.reset();
  EXPECT_EQ(
      ErrorReason(Load({WriteFile("lit2.csv", "2025550133\n2025550134\n")}, litigators).error),
      reason::kNoDate);
}

TEST_F(RegistryTest, ManyChangeListsSurviveRestarts) {
  std::string base;
  for (int i = 0; i < 3000; ++i) base += StrCat("201,", 5000000 + i * 7, "\n");
  MustLoad({WriteFile("2026-7-1_201_A.txt", base)});
  for (int i = 0; i < 60; ++i) {
    const absl::Time day = absl::FromCivil(absl::CivilDay(2026, 7, 2) + i / 2, absl::UTCTimeZone());
    const std::string date = absl::FormatTime("%Y-%m-%d", day, absl::UTCTimeZone());
    std::string lines;
    for (int j = 0; j < 5; ++j) {
      lines += StrCat(2015000000 + (i * 5 + j) * 7, ",", date, "T01:00:00,D\n");
      lines += StrCat(2017000000 + i * 5 + j, ",", date, "T01:00:00,A\n");
    }
    MustLoad({WriteFile(StrCat(date, "_changes_", i, ".txt"), lines)});
    if (i % 7 == 0) Reopen();
  }
  Reopen();
  EXPECT_EQ(registry_->Coverage("national")->areas.at(0).numbers, 3000U);
  EXPECT_EQ(Ask(2015000000 + 299 * 7), Rule::kClear);
  EXPECT_EQ(Ask(2015000000 + 300 * 7), Rule::kNational);
  EXPECT_EQ(Ask(2017000299), Rule::kNational);
}

TEST_F(RegistryTest, AStoreBehindItsMarkIsRefused) {
  MustLoad({WriteFile(kBaseName, kBase)});
  Close();
  std::filesystem::copy(dir_ + "/data/store", dir_ + "/old",
                        std::filesystem::copy_options::recursive);
  Open();
  MustLoad({WriteFile("2026-8-8_changes_B.txt", "2015550199,2026-08-07T11:00:00,A\n")});
  Close();
  std::filesystem::remove_all(dir_ + "/data/store");
  std::filesystem::rename(dir_ + "/old", dir_ + "/data/store");
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  RegistryOptions options;
  options.data_dir = dir_ + "/data";
  registry_ = *Registry::Open(options, store_.get(), &clock_, &order_);
  EXPECT_EQ(registry_->WaitUntilReady().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(registry_->snapshot(), nullptr);
}

TEST_F(RegistryTest, AListThatATenantLeavesOutOnlyInformsAndLimitsNothing) {
  MustLoad({WriteFile(kBaseName, kBase)});
  LoadOptions options;
  options.list = "litigator:abc";
  options.obtained_at = At(4);
  MustLoad({WriteFile("lit.csv", "2015550102\n")}, options);
  TenantTerms terms;
  terms.entitled.set();
  const uint8_t facts = kNoRecord;
  const auto report = [&] {
    return registry_->Explain({{2015550102, true}}, {}, {&terms, {&facts, 1}})->numbers.at(0);
  };
  EXPECT_EQ(report().matches.at(0).effect, ListEffect::kDeny);
  EXPECT_EQ(report().valid_until, At(4) + absl::Hours(24 * 31));
  terms.lists = {"national"};
  EXPECT_EQ(report().rule, Rule::kClear);
  EXPECT_EQ(report().matches.at(0).effect, ListEffect::kInform);
  EXPECT_EQ(report().valid_until, At(5) + absl::Hours(24 * 31));
}

}  // namespace
}  // namespace dnc
