// What was answered at a moment, and what rollbacks and retirements make callable.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/registry_fixture.h"

namespace dnc {
namespace {

constexpr char kOther[] = "other:own";
constexpr Number kFirst = 2015550000;
constexpr int kBaseNumbers = 1200;

class RegistryAnsweredTest : public RegistryTest {
 protected:
  // Rows of the numbers `kFirst` to `kFirst + count`, and of `more`.
  static std::string Rows(int count, const std::set<Number>& more) {
    std::string rows;
    const auto add = [&rows](Number number) {
      rows += StrCat(number / 10'000'000, ",", std::to_string(number).substr(3), "\n");
    };
    for (int i = 0; i < count; ++i) add(kFirst + static_cast<Number>(i));
    for (const Number number : more) add(number);
    return rows;
  }
  LoadInfo LoadRows(const std::string& list, const std::string& rows) {
    LoadOptions options;
    options.list = list;
    options.obtained_at = clock_.Now() - absl::Hours(1);
    return Load({WriteFile(StrCat("list-", ++files_, ".txt"), rows)}, options);
  }
  LoadInfo LoadChange(Number number, bool added) {
    const absl::Time at = clock_.Now() - absl::Hours(2);
    return LoadRows(
        "national",
        StrCat(number, ",", absl::FormatTime("%Y-%m-%dT%H:%M:%S", at, absl::UTCTimeZone()),
               added ? ",A\n" : ",D\n"));
  }
  absl::StatusOr<Rule> Answered(Number number, absl::Time moment) const {
    const auto answer =
        registry_->Explain({{number, true}}, AskedMoment(moment, /*answered=*/true), {});
    if (!answer.ok()) return answer.status();
    return answer->numbers.at(0).rule;
  }

  // What the server answers now, by number; kept to be asked again.
  void Remember() {
    std::map<Number, Rule>& answers = answered_[clock_.Now()];
    for (const Number number : asked_) answers[number] = Ask(number);
  }
  // Compares what is told of the past with what was answered. Returns how much could be told.
  int Compare(bool all) {
    int told = 0;
    for (const auto& [moment, answers] : answered_) {
      for (const auto& [number, rule] : answers) {
        const auto answer = Answered(number, moment);
        if (answer.ok()) {
          EXPECT_EQ(*answer, rule) << number << " at " << moment;
          ++told;
        } else {
          EXPECT_EQ(ErrorReason(answer.status()), reason::kHistoryNotReached) << answer.status();
          EXPECT_FALSE(all) << answer.status();
        }
      }
    }
    return told;
  }
  void Forward(absl::Duration by) { clock_.offset += by; }

  // Loads, rollbacks and retirements at random.
  void Live(std::mt19937& random, int steps) {
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      Forward(absl::Minutes(1 + static_cast<int>(random() % 300)));
      Remember();  // at the end of what was before
      Forward(absl::Minutes(1));
      Step(random);
      Remember();
      if (random() % 8 == 0) Reopen();
    }
  }
  void Step(std::mt19937& random) {
    const Number number = asked_[random() % asked_.size()];
    switch (random() % 12) {
      case 0:
      case 1:
      case 2:
      case 3:
        LoadChange(number, random() % 3 != 0);
        return;
      case 4:
      case 5:
        national_.insert(number);
        LoadRows("national", Rows(kBaseNumbers, national_));
        return;
      case 6:
      case 7:
        other_.insert(number);
        LoadRows(kOther, Rows(0, other_));
        return;
      case 8:
        registry_->RollBack("national", 0, {}).status().IgnoreError();
        return;
      case 9:
        registry_->RollBack(kOther, 0, {}).status().IgnoreError();
        return;
      case 10:
        if (registry_->Retire(kOther, {}).ok()) other_ = {number};
        return;
      default:
        if (random() % 3 == 0 && registry_->Retire("national", {}).ok()) national_ = {number};
        return;
    }
  }

  int files_ = 0;
  std::vector<Number> asked_;
  std::set<Number> national_;
  std::set<Number> other_;
  std::map<absl::Time, std::map<Number, Rule>> answered_;
};

TEST_F(RegistryAnsweredTest, ALaterReleaseTellsNothingOfWhatWasAnsweredBefore) {
  ASSERT_TRUE(LoadRows("national", Rows(kBaseNumbers, {})).release.has_value());
  const Number late = 2015559001;
  const absl::Time asked = kNow + absl::Hours(24);
  clock_.offset = absl::Hours(24);
  EXPECT_EQ(Ask(late), Rule::kClear);
  clock_.offset = absl::Hours(48);
  LoadOptions options;
  options.obtained_at = kNow + absl::Hours(47);
  MustLoad({WriteFile("late.txt", "2015559001,2026-08-11T09:00:00,A\n")}, options);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Explain(late, asked)->rule, Rule::kNational) << "by what is known now";
    EXPECT_EQ(Answered(late, asked).value_or(Rule::kUnspecified), Rule::kClear);
    EXPECT_EQ(Answered(late, clock_.Now()).value_or(Rule::kUnspecified), Rule::kNational);
    const auto before = Answered(late, kNow - absl::Seconds(1));
    EXPECT_EQ(ErrorReason(before.status()), reason::kHistoryNotReached) << before.status();
    Reopen();
  }
}

TEST_F(RegistryAnsweredTest, WhatWasAnsweredIsTold) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    Close();
    std::filesystem::remove_all(dir_ + "/data");
    clock_.offset = absl::ZeroDuration();
    Open();
    std::mt19937 random(seed);
    answered_.clear();
    national_ = other_ = {};
    asked_ = {kFirst, kFirst + 1, kFirst + 2, 2125550001};
    for (int i = 0; i < 6; ++i) asked_.push_back(2015559000 + random() % 50);
    ASSERT_TRUE(LoadRows("national", Rows(kBaseNumbers, {})).release.has_value());
    Live(random, 60);
    for (int round = 0; round < 2 && !HasFailure(); ++round) {
      EXPECT_GT(Compare(/*all=*/true), 1000) << "seed " << seed;
      Reopen();
    }
  }
}

TEST_F(RegistryAnsweredTest, WhatIsCutOffIsNotTold) {
  options_.max_releases = 6;
  Reopen();
  std::mt19937 random(7);
  asked_ = {kFirst, 2015559001, 2015559002, 2015559003, 2015559004};
  ASSERT_TRUE(LoadRows("national", Rows(kBaseNumbers, {})).release.has_value());
  Live(random, 60);
  const int told = Compare(/*all=*/false);
  EXPECT_GT(told, 0);
  EXPECT_LT(told, static_cast<int>(answered_.size() * asked_.size()));
}

TEST_F(RegistryAnsweredTest, WhatARetirementMakesCallable) {
  ASSERT_TRUE(LoadRows("national", Rows(kBaseNumbers, {})).release.has_value());
  ASSERT_TRUE(LoadRows(kOther, Rows(1, {2015559001, 2015559002, 3055550001})).release.has_value());
  ASSERT_TRUE(LoadRows("litigator:x", Rows(0, {2015559002})).release.has_value());
  const uint64_t revision = registry_->snapshot()->revision;
  // One is on the national list, one is a litigator's, of one the area code is not covered.
  const auto plan = registry_->Retire("Other:OWN", {.dry_run = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->becomes_callable, 1U);
  EXPECT_FALSE(plan->required);
  EXPECT_EQ(plan->revision, 0U);
  EXPECT_EQ(registry_->snapshot()->revision, revision);
  EXPECT_EQ(Ask(2015559001), Rule::kOtherList);
  const auto refused = registry_->Retire(kOther, {.callable_limit = 0});
  EXPECT_EQ(ErrorReason(refused.status()), reason::kCallableLimit);
  EXPECT_EQ(Ask(2015559001), Rule::kOtherList);
  EXPECT_TRUE(registry_->Retire("national", {.dry_run = true})->required);
  EXPECT_EQ(registry_->Retire("national", {.dry_run = true})->becomes_callable, 0U);
  const auto retired = registry_->Retire(kOther, {.callable_limit = 1});
  ASSERT_TRUE(retired.ok()) << retired.status();
  EXPECT_EQ(retired->revision, revision + 1);
  EXPECT_EQ(Ask(2015559001), Rule::kClear);
}

TEST_F(RegistryAnsweredTest, WhatARollbackMakesCallable) {
  ASSERT_TRUE(LoadRows("national", Rows(kBaseNumbers, {})).release.has_value());
  Forward(absl::Hours(24));
  ASSERT_TRUE(LoadChange(2015559001, true).release.has_value());
  const auto plan = registry_->RollBack("national", 0, {.dry_run = true});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->becomes_callable, 1U);
  EXPECT_EQ(plan->no_longer_callable, 0U);
  EXPECT_EQ(plan->revision, 0U);
  EXPECT_EQ(Ask(2015559001), Rule::kNational);
  EXPECT_EQ(ErrorReason(registry_->RollBack("national", 0, {.callable_limit = 0}).status()),
            reason::kCallableLimit);
  EXPECT_EQ(Ask(2015559001), Rule::kNational);
  EXPECT_EQ(registry_->RollBack("national", 0, {.callable_limit = 1})->becomes_callable, 1U);
  EXPECT_EQ(Ask(2015559001), Rule::kClear);
}

}  // namespace
}  // namespace dnc
