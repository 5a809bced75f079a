// Compares the real server with the oracle, on random lives. DNC_SEED repeats a run;
// DNC_MODEL_STEPS makes it longer.
#include <gtest/gtest.h>

#include <chrono>

#include "tests/model/scenario.h"

namespace dnc::blackbox {
namespace {

constexpr uint64_t kSteps = 260;
constexpr auto kShortRun = std::chrono::seconds(60);

TEST(Model, TheServerAnswersAsTheOracle) {
  Random random(TestSeed());
  const uint64_t asked_for = FromEnvironment("DNC_MODEL_STEPS", 0);
  const uint64_t steps = asked_for != 0 ? asked_for : kSteps;
  const auto begin = std::chrono::steady_clock::now();
  uint64_t done = 0;
  uint64_t lives = 0;
  while (done < steps && !HasFailure()) {
    if (asked_for == 0 && std::chrono::steady_clock::now() - begin > kShortRun) break;
    ++lives;
    // Long lives also have releases that are too old by now.
    Scenario scenario(random, OneIn(random, 2) ? 40 : 14);
    while (done < steps && scenario.Step()) ++done;
    if (HasFailure()) ADD_FAILURE() << scenario.Diary();
  }
  std::printf("%llu steps in %llu lives\n", static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(lives));
}

}  // namespace
}  // namespace dnc::blackbox
