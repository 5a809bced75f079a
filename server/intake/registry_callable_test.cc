// How many numbers a change makes callable, as it is told beforehand, against plain asking: each
// number before and after, for the policy and for every tenant.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/registry_fixture.h"
#include "server/rules/area_codes.h"

namespace dnc {
namespace {

constexpr uint64_t kEvery = 10'000'000;  // numbers of an area code
const char* const kLists[] = {"national",  "state:NJ", "litigator:x",
                              "other:own", "wireless", "wireline"};

// Somebody who asks, and the numbers that it has a consent of.
struct Someone {
  bool is_policy = false;
  TenantTerms terms;
  std::set<Number> consents;
};

class RegistryCallableTest : public RegistryTest {
 protected:
  struct Told {
    uint64_t becomes = 0;
    uint64_t no_longer = 0;
    bool has_no_longer = true;  // a retirement tells none
  };

  void Begin(Policy policy, std::vector<Someone> tenants) {
    Close();
    std::filesystem::remove_all(dir_ + "/data");
    clock_.offset = absl::ZeroDuration();
    someone_ = std::move(tenants);
    options_.policy = std::move(policy);
    options_.askers = [this] {
      std::vector<Asker> askers;
      for (const Someone& one : someone_) askers.push_back({one.terms, one.consents.size()});
      return askers;
    };
    Open();
    rows_.clear();
  }

  LoadOptions OptionsOf(const std::string& list) {
    LoadOptions options;
    options.list = list;
    options.obtained_at = clock_.Now() - absl::Minutes(5);
    return options;
  }
  std::string FileOf(const std::string& list, const std::set<Number>& numbers) {
    std::string rows;
    for (const Number number : numbers) {
      const std::string digits = std::to_string(number);
      rows += list == "national" ? StrCat(digits.substr(0, 3), ",", digits.substr(3), "\n")
                                 : StrCat(digits, "\n");
    }
    return WriteFile(StrCat("list-", ++files_, ".txt"), rows);
  }

  bool IsCallable(const Someone& one, Number number) const {
    const std::vector<ParsedNumber> numbers = {{number, true}};
    const std::vector<uint8_t> facts = {one.consents.count(number) != 0 ? kRecordConsent
                                                                        : kNoRecord};
    std::vector<Rule> rules(1);
    std::vector<ReasonSet> reasons(1);
    TenantSide side;
    if (!one.is_policy) side = {&one.terms, facts};
    Scrub(*registry_->snapshot(), clock_.Now(), numbers, absl::MakeSpan(rules),
          absl::MakeSpan(reasons), side);
    return VerdictOf(rules[0]) == Verdict::kClear;
  }
  // Who may call which number. Of each area code, the numbers that are spoken of, and one that
  // stands for all others.
  std::map<Number, std::vector<bool>> AskAll() const {
    std::vector<Someone> all = someone_;
    all.push_back({.is_policy = true, .terms = {}, .consents = {}});
    std::map<Number, std::vector<bool>> answers;
    const auto ask = [&](Number number) {
      for (const Someone& one : all) answers[number].push_back(IsCallable(one, number));
    };
    for (const Number number : asked_) ask(number);
    const auto known = KnownAreaCodes();
    for (size_t area = 0; area < known.size(); ++area) {
      if (known[area]) ask(area * kEvery + 9'999'999);
    }
    return answers;
  }
  uint64_t Gained(const std::map<Number, std::vector<bool>>& before,
                  const std::map<Number, std::vector<bool>>& after) const {
    std::map<uint64_t, uint64_t> spoken_of;  // by area code
    for (const Number number : asked_) ++spoken_of[number / kEvery];
    uint64_t count = 0;
    for (const auto& [number, is] : after) {
      const std::vector<bool>& was = before.at(number);
      bool gains = false;
      for (size_t i = 0; i < is.size(); ++i) gains = gains || (is[i] && !was[i]);
      const bool for_all = number % kEvery == 9'999'999;
      if (gains) count += for_all ? kEvery - spoken_of[number / kEvery] : 1;
    }
    return count;
  }

  // Does `change` after `look` told what it would do, and compares.
  template <typename Look, typename Do>
  void ExpectTold(const std::string& what, bool exact, Look look, Do change) {
    const auto before = AskAll();
    const Told told = look();
    if (!change()) return;
    const auto after = AskAll();
    const uint64_t gained = Gained(before, after);
    EXPECT_GE(told.becomes, gained) << what;
    if (exact) {
      EXPECT_EQ(told.becomes, gained) << what;
    }
    if (told.has_no_longer && exact) {
      EXPECT_EQ(told.no_longer, Gained(after, before)) << what;
    }
    some_ += gained > 0 ? 1 : 0;
  }

  void LoadSome(std::mt19937& random, const std::string& list, bool exact) {
    std::set<Number>& rows = rows_[list];
    for (const Number number : asked_) {
      if (random() % 3 == 0) rows.insert(number);
      if (random() % 4 == 0 && rows.size() > 1) rows.erase(number);
    }
    if (rows.empty()) rows.insert(asked_[random() % asked_.size()]);
    const std::string file = FileOf(list, rows);
    LoadOptions options = OptionsOf(list);
    ExpectTold(
        "load " + list, exact,
        [&] {
          options.dry_run = true;
          const LoadInfo looked = Load({file}, options);
          EXPECT_TRUE(looked.plan.has_value()) << looked.error;
          for (const GuardFinding& finding : looked.findings) {
            options.allow.push_back(finding.allow);
          }
          options.dry_run = false;
          const LoadPlan plan = looked.plan.value_or(LoadPlan());
          return Told{plan.becomes_callable, plan.no_longer_callable};
        },
        [&] { return Load({file}, options).state == LoadState::kSucceeded; });
  }
  void TakeBack(std::mt19937& random, bool exact) {
    const std::string list = kLists[random() % std::size(kLists)];
    if (!registry_->RollBack(list, 0, {.dry_run = true}).ok()) return;
    ExpectTold(
        "roll back " + list, exact,
        [&] {
          const auto plan = registry_->RollBack(list, 0, {.dry_run = true});
          return Told{plan->becomes_callable, plan->no_longer_callable};
        },
        [&] { return registry_->RollBack(list, 0, {}).ok(); });
  }
  void RetireOne(std::mt19937& random, bool exact) {
    const std::string list = kLists[random() % std::size(kLists)];
    if (!registry_->Retire(list, {.dry_run = true}).ok()) return;
    ExpectTold(
        "retire " + list, exact,
        [&] {
          return Told{registry_->Retire(list, {.dry_run = true})->becomes_callable, 0, false};
        },
        [&] { return registry_->Retire(list, {}).ok(); });
    rows_[list].clear();
  }
  void Live(std::mt19937& random, int steps, bool exact) {
    for (const char* const list : kLists) LoadSome(random, list, exact);
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      clock_.offset += absl::Hours(random() % 12 == 0 ? 24 * static_cast<int>(random() % 20) : 1);
      const uint64_t choice = random() % 10;
      if (choice < 7) {
        LoadSome(random, kLists[random() % std::size(kLists)], exact);
      } else if (choice < 8) {
        TakeBack(random, exact);
      } else {
        RetireOne(random, exact);
      }
    }
  }

  static Policy AnyPolicy(std::mt19937& random) {
    Policy policy;
    if (random() % 3 == 0) policy.lists.clear();
    if (random() % 3 == 0) policy.lists.push_back({.name = "litigator:x", .required = false});
    if (random() % 4 == 0) policy.lists.push_back({.name = "other:own"});
    policy.other_loaded_lists = random() % 4 != 0;
    if (policy.lists.empty()) policy.other_loaded_lists = true;
    return policy;
  }
  Someone AnyTenant(std::mt19937& random) const {
    Someone one;
    one.terms.entitled.set();
    if (random() % 4 == 0) one.terms.entitled.reset(201);
    for (const char* const list : kLists) {
      if (random() % 6 == 0) one.terms.lists.emplace_back(list);
    }
    one.terms.wireless_counts = random() % 3 != 0;
    if (random() % 2 == 0) one.terms.consent_lifts |= kLiftsWireless;
    for (const Number number : asked_) {
      if (random() % 6 == 0) one.consents.insert(number);
    }
    if (random() % 2 == 0) one.consents.clear();
    return one;
  }

  const std::vector<Number> asked_ = [] {
    std::vector<Number> numbers;
    for (const Number area : {Number{201}, Number{212}, Number{512}}) {
      for (Number i = 0; i < 8; ++i) numbers.push_back(area * kEvery + 5'550'100 + i);
    }
    return numbers;
  }();
  std::vector<Someone> someone_;
  std::map<std::string, std::set<Number>> rows_;
  int files_ = 0;
  int some_ = 0;  // changes that made a number callable
};

TEST_F(RegistryCallableTest, ForThePolicyExactly) {
  for (unsigned seed = 1; seed <= 5 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Begin(AnyPolicy(random), {});
    Live(random, 20, /*exact=*/true);
  }
  EXPECT_GT(some_, 8);
}

TEST_F(RegistryCallableTest, ForTenantsNeverTooFew) {
  for (unsigned seed = 1; seed <= 5 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<Someone> tenants;
    for (uint64_t i = 1 + random() % 4; i > 0; --i) tenants.push_back(AnyTenant(random));
    Begin(AnyPolicy(random), std::move(tenants));
    Live(random, 20, /*exact=*/false);
  }
  EXPECT_GT(some_, 8);
}

// Nothing answered before, since no list is required.
TEST_F(RegistryCallableTest, TheFirstListOfAPolicyThatRequiresNone) {
  Policy policy;
  policy.lists = {{.name = "litigator:x", .required = false}};
  Begin(policy, {});
  LoadOptions options = OptionsOf("litigator:x");
  options.refuse_first = true;
  const LoadInfo load = Load({FileOf("litigator:x", {2015550101})}, options);
  EXPECT_EQ(load.state, LoadState::kRefused);
  ASSERT_TRUE(load.plan.has_value());
  EXPECT_EQ(load.plan->becomes_callable, KnownAreaCodes().count() * kEvery - 1);
  ASSERT_EQ(load.plan->areas.size(), 1U);
  EXPECT_EQ(load.plan->areas[0].becomes_callable, kEvery - 1);
}

// Of whoever named the list nothing is callable without it; with its first data it is again.
TEST_F(RegistryCallableTest, AListThatATenantNames) {
  Someone tenant;
  tenant.terms.entitled.set();
  tenant.terms.lists = {"other:own"};
  Begin(Policy(), {tenant});
  MustLoad({FileOf("national", {2015550100})}, OptionsOf("national"));
  EXPECT_FALSE(IsCallable(tenant, 2015550199));
  LoadOptions options = OptionsOf("other:own");
  options.callable_limit = kEvery - 3;
  const std::string file = FileOf("other:own", {2015550100, 2015550101});
  EXPECT_EQ(ErrorReason(Load({file}, options).error), reason::kCallableLimit);
  options.callable_limit = kEvery - 2;
  MustLoad({file}, options);
  EXPECT_TRUE(IsCallable(tenant, 2015550199));
  // For the policy one number is callable afterwards; for the tenant none.
  const auto retired = registry_->Retire("other:own", {});
  ASSERT_TRUE(retired.ok()) << retired.status();
  EXPECT_EQ(retired->becomes_callable, 1U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(IsCallable(tenant, 2015550199));
    EXPECT_EQ(Ask(2015550101), Rule::kClear);
    Reopen();
  }
}

}  // namespace
}  // namespace dnc
