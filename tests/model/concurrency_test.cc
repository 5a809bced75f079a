// Scrubs while loads replace the lists that are asked. Two versions of two area codes share no
// number, so an answer that mixes them, or that is half of one, is noticed.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/server_test.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kScrubbers = 3;
constexpr int kSwitches = 30;

// A full list removes what a change list added only if it is more than a day later.
constexpr std::time_t kStep = 25 * 3600;
constexpr char kConfig[] = "policy: {lists: [{name: national, max_age_days: 3650}]}\n";

// The numbers of both versions; those of version A are at even positions.
struct Versions {
  std::vector<uint64_t> a;
  std::vector<uint64_t> b;
  std::vector<uint64_t> asked;
};

Versions MakeVersions(Random& random) {
  Versions versions;
  for (const int area_code : {201, 818}) {
    for (const uint64_t number : RandomNumbers(random, area_code, 2'500, 20)) {
      std::vector<uint64_t>& version =
          versions.a.size() <= versions.b.size() ? versions.a : versions.b;
      version.push_back(number);
    }
  }
  for (size_t i = 0; i < versions.b.size(); ++i) {
    versions.asked.push_back(versions.a[i]);
    versions.asked.push_back(versions.b[i]);
  }
  return versions;
}

// What the threads found.
struct Tally {
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> as_a{0};
  std::atomic<uint64_t> as_b{0};
  std::atomic<uint64_t> mixed{0};
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> revision_went_back{0};
};

bool IsVersion(const v1::ScrubResponse& response, int listed_place) {
  for (int i = 0; i < response.verdicts_size(); ++i) {
    const auto expected = i % 2 == listed_place ? v1::VERDICT_LISTED : v1::VERDICT_CLEAR;
    if (response.verdicts(i) != expected) return false;
  }
  return true;
}

void ScrubUntilStopped(const std::string& address, const Versions& versions, Tally& tally) {
  TestClient client(address);
  v1::ScrubRequest request;
  for (const uint64_t number : versions.asked) request.add_numbers(number);
  uint64_t revision = 0;
  while (!tally.stop) {
    v1::ScrubResponse response;
    const grpc::Status status = client.Scrub(request, &response);
    if (!status.ok() || response.verdicts_size() != request.numbers_size()) {
      ++tally.failed;
      continue;
    }
    if (response.snapshot().revision() < revision) ++tally.revision_went_back;
    revision = response.snapshot().revision();
    if (IsVersion(response, 0)) {
      ++tally.as_a;
    } else if (IsVersion(response, 1)) {
      ++tally.as_b;
    } else {
      ++tally.mixed;
    }
  }
}

class Concurrency : public ServerTest {};

LoadRequest FullSwitch(const std::vector<uint64_t>& to, std::time_t time, int step) {
  LoadRequest request;
  request.files = {FullList("switch-" + std::to_string(step), to)};
  request.obtained_at = time;
  request.allow_all = true;
  return request;
}

LoadRequest ChangeSwitch(const std::vector<uint64_t>& from, const std::vector<uint64_t>& to,
                         std::time_t time, int step) {
  std::vector<ChangeLine> changes;
  for (const uint64_t number : from) changes.push_back({number, time, false});
  for (const uint64_t number : to) changes.push_back({number, time, true});
  LoadRequest request;
  request.files = {ChangeList("switch-" + std::to_string(step), changes)};
  request.obtained_at = time;
  request.allow_all = true;
  return request;
}

TEST_F(Concurrency, NoAnswerMixesTwoVersions) {
  Random random(TestSeed());
  ASSERT_TRUE(StartOn({.data_dir = data_dir(), .config = kConfig})) << server().Log();
  const Versions versions = MakeVersions(random);
  const std::time_t begin = std::time(nullptr) - (kSwitches + 1) * kStep;
  LoadFull(versions.a, begin);
  Tally tally;
  std::vector<std::thread> scrubbers;
  for (int i = 0; i < kScrubbers; ++i) {
    scrubbers.emplace_back([&] { ScrubUntilStopped(server().address(), versions, tally); });
  }
  for (int step = 1; step <= kSwitches && !HasFailure(); ++step) {
    const bool to_b = step % 2 == 1;
    const std::vector<uint64_t>& from = to_b ? versions.a : versions.b;
    const std::vector<uint64_t>& to = to_b ? versions.b : versions.a;
    const std::time_t time = begin + step * kStep;
    const LoadOutcome outcome = client().Load(
        OneIn(random, 2) ? FullSwitch(to, time, step) : ChangeSwitch(from, to, time, step));
    EXPECT_TRUE(outcome.succeeded()) << outcome.Describe();
    const std::atomic<uint64_t>& answers = to_b ? tally.as_b : tally.as_a;
    const uint64_t before = answers;
    EXPECT_TRUE(WaitUntil([&] { return answers > before || tally.failed + tally.mixed > 0; }));
  }
  tally.stop = true;
  for (std::thread& scrubber : scrubbers) scrubber.join();
  EXPECT_EQ(tally.mixed, 0U);
  EXPECT_EQ(tally.failed, 0U);
  EXPECT_EQ(tally.revision_went_back, 0U);
  EXPECT_GT(tally.as_a, 0U);
  EXPECT_GT(tally.as_b, 0U);
  std::printf("%llu answers\n", static_cast<unsigned long long>(tally.as_a + tally.as_b));
}

}  // namespace
}  // namespace dnc::blackbox
