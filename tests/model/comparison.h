// Asks the real server, and holds its answers against the oracle's.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

#include "tests/model/oracle.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

struct Question {
  std::vector<uint64_t> numbers;     // 0: asked as something that is no number
  std::optional<std::time_t> as_of;  // unset: now
  bool full = false;                 // DETAIL_FULL
  bool texts = false;                // asks in mixed writings
};

// Reports every difference as a test failure. A server that refuses an as-of question is right
// only where a list's history does not reach.
void ExpectSameAnswers(TestClient& client, const Oracle& oracle, const Question& question);

// The national registry's coverage: area codes, counts and dates.
void ExpectSameCoverage(TestClient& client, const Oracle& oracle);

}  // namespace dnc::blackbox
