// What lists and their files are called, and data of a time to come.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/registry_fixture.h"
#include "server/registry/release_store.h"

namespace dnc {
namespace {

constexpr Number kTexan = 2145550101;   // on the first file
constexpr Number kTexan2 = 2145550102;  // on the second
constexpr Number kClean = 2145550199;

class RegistryNamesTest : public RegistryTest {
 protected:
  LoadInfo LoadCsv(const std::string& list, const std::string& numbers, absl::Time obtained_at) {
    LoadOptions options;
    options.list = list;
    options.obtained_at = obtained_at;
    return MustLoad({WriteFile(StrCat("list-", ++files_, ".csv"), StrCat("phone\n", numbers))},
                    options);
  }
  void LoadNational(const std::string& day) {
    std::string rows;
    ++files_;
    for (int i = 0; i <= files_; ++i) rows += StrCat("214,555", 1000 + i, "\n");
    MustLoad({WriteFile(StrCat(day, "_214_", files_, ".txt"), rows)});
  }
  absl::Status Refusal(const std::string& list, const std::string& name) {
    LoadOptions options;
    options.list = list;
    options.obtained_at = At(9);
    std::string rows;  // more each time
    ++files_;
    for (int i = 0; i <= files_; ++i) rows += StrCat(2145550101 + i, "\n");
    return Load({WriteFile(name, rows)}, options).error;
  }
  // The store, while the registry is closed.
  void EditCatalog(const std::function<void(storage::Catalog&)>& edit) {
    Close();
    store_ = *Store::Open({.path = dir_ + "/data/store"});
    {
      ReleaseStore releases(store_.get(), dir_ + "/data/revision");
      storage::Catalog catalog = *releases.ReadCatalog();
      edit(catalog);
      ASSERT_TRUE(releases.Commit(catalog, nullptr, nullptr).ok());
    }
    store_.reset();
    Open();
  }
  bool Knows(std::string_view list) {
    const auto releases = registry_->ListReleases(list, 100, 0);
    return releases.ok() && !releases->empty();
  }

  int files_ = 0;
};

TEST_F(RegistryNamesTest, AListIsTheSameInAnyWriting) {
  options_.policy.lists = {{.name = "national"}, {.name = "state:tx", .required = false}};
  Reopen();
  LoadNational("2026-8-5");
  EXPECT_EQ(LoadCsv("state:TX", "2145550101\n", At(5)).list, "state:TX");
  EXPECT_EQ(LoadCsv(" STATE:tx ", "2145550101\n2145550102\n", At(6)).list, "state:TX");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(registry_->Lists().size(), 2U);
    EXPECT_EQ(Ask(kTexan2), Rule::kState);
    for (const char* name : {"state:tx", "State:TX", " state:TX"}) {
      EXPECT_EQ(registry_->Coverage(name)->list, "state:TX");
      EXPECT_EQ(registry_->ListReleases(name, 100, 0)->size(), 2U);
    }
    Reopen();
  }
  EXPECT_EQ(registry_->RollBack("state:tx", 0, {})->release.list, "state:TX");
  EXPECT_EQ(Ask(kTexan2), Rule::kClear);
  ASSERT_TRUE(registry_->Retire("STATE:TX", {}).ok());
  EXPECT_EQ(Ask(kTexan), Rule::kClear);
}

TEST_F(RegistryNamesTest, ATenantThatNamesAListInAnotherWriting) {
  LoadNational("2026-8-5");
  LoadCsv("state:TX", "2145550101\n", At(5));
  TenantTerms terms;
  terms.entitled.set();
  terms.lists = {"state:TX"};
  const uint8_t facts = kNoRecord;
  const auto answer = registry_->Explain({{kTexan, true}}, {}, {&terms, {&facts, 1}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->numbers[0].rule, Rule::kState);
}

TEST_F(RegistryNamesTest, TwoListsOfOneNameBothCount) {
  LoadNational("2026-8-5");
  LoadCsv("state:TX", "2145550101\n", At(5));
  LoadCsv("state:OK", "2145550102\n", At(5));
  LoadCsv("other:abc", "2145550103\n", At(5));
  EditCatalog([](storage::Catalog& catalog) {
    for (storage::ListHead& head : *catalog.mutable_lists()) {
      if (head.name() == "state:OK") head.set_name("state:tx");
      if (head.name() == "other:abc") head.set_name("other:ABC");
    }
  });
  TenantTerms terms;
  terms.entitled.set();
  terms.lists = {"state:TX"};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(kTexan), Rule::kState);
    EXPECT_EQ(Ask(kTexan2), Rule::kState);
    EXPECT_EQ(Ask(kClean), Rule::kClear);
    EXPECT_EQ(Ask(2145550103), Rule::kOtherList);
    EXPECT_TRUE(Knows("other:abc"));
    EXPECT_EQ(registry_->ListReleases("other:Abc", 9, 0)->at(0).list, "other:abc");
    for (const Number number : {kTexan, kTexan2}) {
      const uint8_t facts = kNoRecord;
      const auto answer = registry_->Explain({{number, true}}, {}, {&terms, {&facts, 1}});
      EXPECT_EQ(answer->numbers[0].rule, Rule::kState);
    }
    Reopen();
  }
  // The way out: all into the one, the other away.
  LoadCsv("State:tx", "2145550101\n2145550102\n", At(6));
  ASSERT_TRUE(registry_->Retire("state:tx", {}).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(kTexan), Rule::kState);
    EXPECT_EQ(Ask(kTexan2), Rule::kState);
    EXPECT_EQ(registry_->Coverage("state:tx").status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(registry_->Coverage("state:TX")->areas.size(), 1U);
    Reopen();
  }
}

TEST_F(RegistryNamesTest, APortedFileOfTheOtherDirectionIsRefused) {
  for (const char* name : {"WIRELESS-TO-WIRELINE-NORANGE.TXT", "wireless-to-wireline-norange.txt",
                           "Wireless_To_Wireline.txt", "wireless to wireline.txt",
                           "wireless-to-wireline and wireline-to-wireless.txt"}) {
    EXPECT_EQ(ErrorReason(Refusal("wireless", name)), reason::kBadFile) << name;
    EXPECT_EQ(ErrorReason(Refusal("WIRELESS", name)), reason::kBadFile) << name;
    EXPECT_EQ(ErrorReason(Refusal("state:TX", name)), reason::kBadFile) << name;
    EXPECT_EQ(ErrorReason(Refusal("national", name)), reason::kBadFile) << name;
  }
  EXPECT_EQ(ErrorReason(Refusal("wireline", "wireline_to_wireless.txt")), reason::kBadFile);
  EXPECT_TRUE(Refusal("wireless", "wireline_to_wireless.txt").ok());
  EXPECT_TRUE(Refusal("wireline", "wireless to wireline.txt").ok());
  EXPECT_TRUE(Refusal("wireless", "ports.txt").ok());
}

TEST_F(RegistryNamesTest, WhatNobodyNamedMustLookLikeTheRegistry) {
  LoadOptions options;
  options.list_told = false;
  options.obtained_at = At(9);
  const std::pair<const char*, const char*> others[] = {
      {"list.txt", "201,5550100\n201,5550101\n"},
      {"312.txt", "312,5550100\n"},
      {"2026-8-9.txt", "201,5550100\n"},
      {"2026-8-9_201_A.txt", "2015550100\n2015550101\n"},
      {"2026-8-9_201_B.txt", "201,5550100\n2015550101\n"},
      {"2026-8-9_201_C.txt", "area,number\n201,5550100\n"},
      {"list.xml", "<list><ac val='201'><ph val='5550100'/></ac></list>"},
  };
  for (const auto& [name, content] : others) {
    const absl::Status refusal = Load({WriteFile(name, content)}, options).error;
    EXPECT_EQ(ErrorReason(refusal), reason::kBadFile) << name;
    EXPECT_NE(refusal.message().find("--list national"), absl::string_view::npos) << refusal;
    EXPECT_EQ(Ask(2015550199), Rule::kNotCovered) << name;
  }
  MustLoad({WriteFile("2026-8-8_201_D.txt", "201,5550100\n")}, options);
  MustLoad({WriteFile("2026-8-8_312_D.xml", "<list><ac val='312'><ph val='5550100'/></ac></list>")},
           options);
  // A change list makes nothing callable that its own lines do not name.
  MustLoad({WriteFile("new.txt", "2015550102,2026-08-08T10:00:00,A\n")}, options);
  options.obtained_at.reset();
  EXPECT_EQ(
      ErrorReason(
          Load({WriteFile("newer.txt", "2015550103,2026-08-09T10:00:00,A\n")}, options).error),
      reason::kBadFile);
  MustLoad({WriteFile("2026-8-9_changes_E.txt", "2015550103,2026-08-09T10:00:00,A\n")}, options);
  EXPECT_EQ(Ask(2015550103), Rule::kNational);
  options.list_told = true;
  options.obtained_at = At(10);
  MustLoad({WriteFile("bare.txt", "2125550100\n2125550101\n")}, options);
}

// The clock was 60 days ahead when the list was loaded, and so was the date of its data.
TEST_F(RegistryNamesTest, WhatWasOnceOfTheFutureStaysUnknown) {
  clock_.offset = absl::Hours(24 * 60);
  LoadNational("2026-10-8");
  LoadCsv("state:TX", "2145550101\n", At(10) + absl::Hours(24 * 58));
  EXPECT_EQ(Ask(kClean), Rule::kClear);
  clock_.offset = absl::ZeroDuration();
  Reopen();
  EXPECT_EQ(Ask(kClean), Rule::kStale);
  // Time passes until the dates look young.
  for (const int days : {58, 59, 61, 70, 88}) {
    clock_.offset = absl::Hours(24 * days);
    EXPECT_EQ(Ask(kClean), Rule::kStale) << days;
    EXPECT_EQ(registry_->Coverage("national")->areas[0].state, CoverageState::kStale);
    const auto answer = Explain(kClean);
    EXPECT_EQ(answer->rule, Rule::kStale);
    EXPECT_EQ(answer->valid_until, absl::InfinitePast());
    Reopen();
  }
  LoadNational("2026-11-5");
  EXPECT_EQ(Ask(kClean), Rule::kStale) << "the state's list";
  LoadCsv("state:TX", "2145550101\n2145550102\n", kNow + absl::Hours(24 * 87));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Ask(kClean), Rule::kClear);
    Reopen();
  }
}

TEST_F(RegistryNamesTest, ADataFolderOfAnEarlierVersionKnowsWhatItsReleasesBrought) {
  clock_.offset = absl::Hours(24 * 60);
  LoadNational("2026-10-8");
  // As an earlier version left it: without the release that brought the data.
  Close();
  store_ = *Store::Open({.path = dir_ + "/data/store"});
  {
    ReleaseStore releases(store_.get(), dir_ + "/data/revision");
    storage::Seals seals = *releases.ReadSeals(1);
    for (storage::Seal& seal : *seals.mutable_seals()) {
      seal.clear_brought_by();
      seal.clear_brought_at();
    }
    const storage::Release release = *releases.ReadRelease(1);
    ASSERT_TRUE(releases.Commit(*releases.ReadCatalog(), &release, &seals).ok());
  }
  store_.reset();
  clock_.offset = absl::ZeroDuration();
  Open();
  EXPECT_EQ(Ask(kClean), Rule::kStale);
  clock_.offset = absl::Hours(24 * 61);
  EXPECT_EQ(Ask(kClean), Rule::kStale);
  Reopen();
  EXPECT_EQ(Ask(kClean), Rule::kStale);
}

TEST_F(RegistryNamesTest, AfterAnEarlierVersionWhatIsInForceIsKnownFromTheFirstStart) {
  LoadNational("2026-8-5");
  clock_.offset = absl::Hours(1);
  LoadNational("2026-8-6");
  clock_.offset = absl::Hours(2);
  ASSERT_TRUE(registry_->RollBack("national", 0, {}).ok());
  clock_.offset = absl::Hours(4);
  EditCatalog([](storage::Catalog& catalog) {
    for (storage::ListHead& head : *catalog.mutable_lists()) head.clear_turns();
  });
  const auto told = [this](int minutes) {
    const AskedMoment moment(kNow + absl::Minutes(minutes), /*answered=*/true);
    return registry_->Explain({{kClean, true}}, moment, {}).status();
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(told(30).ok()) << told(30);
    EXPECT_EQ(ErrorReason(told(90)), reason::kHistoryNotReached);
    EXPECT_EQ(ErrorReason(told(200)), reason::kHistoryNotReached);
    EXPECT_TRUE(told(240).ok()) << told(240);
    Reopen();
  }
}

}  // namespace
}  // namespace dnc
