// Compares the plan of tenants with a plain set of the numbers that it names.
#include "tools/dncgen/tenant_plan.h"

#include <algorithm>
#include <set>

#include "gtest/gtest.h"

namespace dnc {
namespace {

TEST(TenantPlanTest, SpreadsExactlyAndSkewed) {
  const std::vector<TenantPlan> plans = PlanTenants(10'000, 500'000'000, 1);
  ASSERT_EQ(plans.size(), 10'000U);
  uint64_t sum = 0;
  for (const TenantPlan& plan : plans) sum += plan.records;
  EXPECT_EQ(sum, 500'000'000U);
  EXPECT_TRUE(std::is_sorted(plans.begin(), plans.end(),
                             [](const auto& a, const auto& b) { return a.records > b.records; }));
  EXPECT_GT(plans.front().records, 30'000'000U);
  EXPECT_LT(plans[5'000].records, 1'000U);
  EXPECT_GE(plans.back().records, 1U);
}

TEST(TenantPlanTest, AsFewRecordsAsTenants) {
  uint64_t sum = 0;
  for (const TenantPlan& plan : PlanTenants(50, 50, 3)) sum += plan.records;
  EXPECT_EQ(sum, 50U);
}

TEST(TenantPlanTest, NumbersAreAscendingAndFound) {
  const std::vector<TenantPlan> plans = PlanTenants(30, 60'000, 5);
  for (const TenantPlan& plan : plans) {
    const TenantNumbers numbers(plan, 5);
    ASSERT_EQ(numbers.size(), plan.records);
    std::set<Number> all;
    for (uint64_t i = 0; i < numbers.size(); ++i) {
      const Number number = numbers.Nth(i);
      ASSERT_TRUE(all.empty() || *all.rbegin() < number) << plan.id << " " << i;
      all.insert(number);
      ASSERT_EQ(numbers.IndexOf(number), i);
      ASSERT_TRUE(
          std::binary_search(plan.area_codes.begin(), plan.area_codes.end(), AreaCodeOf(number)));
    }
    for (const Number number : all) {
      for (const Number beside : {number - 1, number + 1}) {
        ASSERT_EQ(numbers.Contains(beside), all.count(beside) == 1) << beside;
      }
    }
    EXPECT_FALSE(numbers.Contains(0));
    EXPECT_FALSE(numbers.Contains(kNumberLimit));
  }
}

TEST(TenantPlanTest, DenseTenantHasEveryPosition) {
  TenantPlan plan{"dense", 8'000'000, {201}};
  const TenantNumbers numbers(plan, 1);
  for (uint64_t i = 0; i < numbers.size(); i += 99'999) {
    EXPECT_EQ(numbers.Nth(i), 2'012'000'000 + i);
  }
}

TEST(TenantPlanTest, ListsHaveTheirShares) {
  const TenantNumbers numbers(TenantPlan{"one", 100'000, {201, 212}}, 9);
  int internal = 0;
  for (uint64_t i = 0; i < numbers.size(); ++i) {
    internal += numbers.ListOf(i) == PlannedList::kInternal ? 1 : 0;
  }
  EXPECT_NEAR(internal, 85'000, 600);
}

}  // namespace
}  // namespace dnc
