// The real server with tenants against an oracle of each. DNC_SEED repeats a run;
// DNC_TENANT_STEPS makes it longer.
#include <gtest/gtest.h>

#include "tests/model/tenant_scenario.h"

namespace dnc::blackbox {
namespace {

constexpr uint64_t kSteps = 300;
constexpr uint64_t kStepsOfALife = 100;

TEST(TenantModel, TheServerAnswersAsTheOracle) {
  Random random(TestSeed());
  const uint64_t steps = FromEnvironment("DNC_TENANT_STEPS", kSteps);
  uint64_t done = 0;
  while (done < steps && !HasFailure()) {
    TenantScenario scenario(random);
    for (uint64_t i = 0; i < kStepsOfALife && done < steps && scenario.Step(); ++i) ++done;
  }
  std::printf("%llu steps\n", static_cast<unsigned long long>(done));
}

}  // namespace
}  // namespace dnc::blackbox
