// Compares the real server, with tenants, with an oracle for each tenant. DNC_SEED repeats a run;
// DNC_TENANT_STEPS makes it longer.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/model/tenant_scenario.h"

namespace dnc::blackbox {
namespace {

constexpr uint64_t kSteps = 300;
constexpr uint64_t kStepsOfALife = 100;
constexpr auto kShortRun = std::chrono::seconds(35);

TEST(TenantModel, TheServerAnswersAsTheOracle) {
  Random random(TestSeed());
  const uint64_t asked_for = FromEnvironment("DNC_TENANT_STEPS", 0);
  const uint64_t steps = asked_for != 0 ? asked_for : kSteps;
  const auto begin = std::chrono::steady_clock::now();
  const auto goes_on = [&] {
    return asked_for != 0 || std::chrono::steady_clock::now() - begin < kShortRun;
  };
  uint64_t done = 0;
  while (done < steps && goes_on() && !HasFailure()) {
    TenantScenario scenario(random);
    for (uint64_t i = 0; i < kStepsOfALife && done < steps && goes_on() && scenario.Step(); ++i) {
      ++done;
    }
  }
  std::printf("%llu steps\n", static_cast<unsigned long long>(done));
}

}  // namespace
}  // namespace dnc::blackbox
