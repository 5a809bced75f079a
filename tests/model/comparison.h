// Asks the real server, and compares its answers with the oracle's.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "tests/model/oracle.h"
#include "tests/support/seed.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

struct Question {
  std::vector<uint64_t> numbers;     // 0: asked as a text that is no number
  std::optional<std::time_t> as_of;  // unset: now
  bool full = false;                 // DETAIL_FULL
  bool texts = false;                // asks in mixed writings
};

// Reports every difference as a test failure. A server that refuses an as-of question is right only
// if a list's history does not reach that far.
void ExpectSameAnswers(TestClient& client, const Oracle& oracle, const Question& question);

// What a server answered at some moments. Later loads, rollbacks and retirements must not change
// what it says that it answered then.
class AnswersGiven {
 public:
  // Asks again for earlier answers, then for those about `numbers` now.
  void Ask(TestClient& client, Random& random, const std::vector<uint64_t>& numbers);

 private:
  std::vector<std::pair<v1::ScrubRequest, v1::ScrubResponse>> given_;
};

// Compares the national registry's coverage: area codes, counts and dates.
void ExpectSameCoverage(TestClient& client, const Oracle& oracle);

}  // namespace dnc::blackbox
