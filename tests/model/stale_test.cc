// Releases grow old while the server runs. Nobody tells it, and no answer may be clear after that.
#include <gtest/gtest.h>

#include "tests/model/oracle.h"
#include "tests/support/server_test.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

class Stale : public ServerTest {};

TEST_F(Stale, AReleaseTurnsStaleByItself) {
  ASSERT_TRUE(Start()) << server().Log();
  const std::time_t limit = std::time(nullptr) + 4;
  LoadFull({2015550101}, limit - 31 * kDay);
  const std::vector<uint64_t> numbers = {2015550101, 2015550102};
  const std::vector<v1::Verdict> before = client().Verdicts(numbers);
  if (std::time(nullptr) < limit) {
    EXPECT_EQ(before, (std::vector<v1::Verdict>{v1::VERDICT_LISTED, v1::VERDICT_CLEAR}));
  }
  ASSERT_TRUE(WaitUntil([limit] { return std::time(nullptr) >= limit + 2; }));
  const std::vector<v1::Verdict> after = client().Verdicts(numbers);
  EXPECT_EQ(after, (std::vector<v1::Verdict>{v1::VERDICT_STALE, v1::VERDICT_STALE}));
  const v1::GetCoverageResponse coverage = client().Coverage();
  ASSERT_EQ(coverage.area_codes_size(), 1);
  EXPECT_EQ(coverage.area_codes(0).state(), v1::COVERAGE_STATE_STALE);
  EXPECT_EQ(coverage.area_codes(0).stale_at().seconds(), limit);
}

TEST_F(Stale, AFreshLoadMakesItAnswerAgain) {
  ASSERT_TRUE(Start()) << server().Log();
  LoadFull({2015550101}, std::time(nullptr) - 32 * kDay);
  EXPECT_EQ(client().Verdicts({2015550102}), std::vector<v1::Verdict>{v1::VERDICT_STALE});
  LoadFull({2015550101, 2015550103}, std::time(nullptr) - 30 * kDay);
  EXPECT_EQ(client().Verdicts({2015550102}), std::vector<v1::Verdict>{v1::VERDICT_CLEAR});
}

// A deletion that is older than a full list that still holds the number says nothing: the number
// came back before the list was made.
TEST_F(Stale, ALateDeletionDoesNotOverruleAFullList) {
  ASSERT_TRUE(Start()) << server().Log();
  const std::time_t obtained = std::time(nullptr) - 5 * kDay;
  std::vector<uint64_t> numbers;
  for (uint64_t i = 0; i < 300; ++i) numbers.push_back(2015550000 + i);
  LoadFull(numbers, obtained);
  std::vector<ChangeLine> changes = {{numbers[7], obtained - 3 * kDay, false}};
  for (uint64_t i = 0; i < 300; ++i) {
    changes.push_back({2015560000 + i, obtained + kDay, true});
  }
  LoadRequest request;
  request.files = {ChangeList("changes", changes)};
  request.obtained_at = obtained + 2 * kDay;
  const LoadOutcome outcome = client().Load(request);
  ASSERT_TRUE(outcome.status.ok()) << outcome.Describe();
  EXPECT_EQ(client().Verdicts({numbers[7]}), std::vector<v1::Verdict>{v1::VERDICT_LISTED})
      << outcome.Describe();
}

}  // namespace
}  // namespace dnc::blackbox
