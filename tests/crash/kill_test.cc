// Sends SIGKILL at random moments of loads, changes and rollbacks. The server must then serve the
// release before or the one after, whole, and must never lose what was acknowledged. DNC_SEED
// repeats a run, DNC_KILLS makes it longer.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/support/server_test.h"

namespace dnc::blackbox {
namespace {

using Numbers = std::set<uint64_t>;

// A full list removes what a change list added only if it is more than a day later.
constexpr std::time_t kStep = 25 * 3600;

class Kill : public ServerTest {
 protected:
  void SetUp() override {
    for (const int area_code : {201, 512, 818}) {
      const Numbers some = RandomNumbers(random_, area_code, 1'000, 30);
      universe_.insert(universe_.end(), some.begin(), some.end());
    }
    time_ = std::time(nullptr) - 2'000 * kStep;
  }

  // Each area code has at least one number, so that none of them vanishes.
  Numbers RandomContent() {
    Numbers content = {universe_[0], universe_[1'000], universe_[2'000]};
    const uint64_t one_in = 1 + Below(random_, 4);
    for (const uint64_t number : universe_) {
      if (OneIn(random_, one_in)) content.insert(number);
    }
    return content;
  }

  LoadRequest Full(const Numbers& after) {
    LoadRequest request;
    const std::string name = "full-" + std::to_string(++files_);
    request.files = {FullList(name, {after.begin(), after.end()}, {.zip = OneIn(random_, 2)})};
    request.obtained_at = time_;
    request.allow_all = true;
    return request;
  }

  LoadRequest Changes(const Numbers& before, const Numbers& after) {
    std::vector<ChangeLine> changes;
    for (const uint64_t number : universe_) {
      const bool listed = after.count(number) != 0;
      if (listed != (before.count(number) != 0)) changes.push_back({number, time_, listed});
    }
    LoadRequest request;
    request.files = {ChangeList("changes-" + std::to_string(++files_), changes)};
    request.obtained_at = time_;
    request.allow_all = true;
    return request;
  }

  // Does the next step. With `acknowledged`, waits for its end, which must be good.
  void Act(bool acknowledged) {
    time_ += kStep;
    before_ = now_;
    const uint64_t choice = now_.empty() ? 0 : Below(random_, 5);
    if (choice == 4 && can_go_back_) return GoBack(acknowledged);
    const Numbers next = RandomContent();
    const bool full = choice < 2 || next == now_;
    const LoadRequest request = full ? Full(next) : Changes(now_, next);
    const LoadOutcome outcome = acknowledged ? client().Load(request) : client().StartLoad(request);
    if (acknowledged) {
      ASSERT_TRUE(outcome.succeeded()) << outcome.Describe();
    }
    previous_ = now_;
    can_go_back_ = !now_.empty();
    now_ = next;
  }

  void GoBack(bool acknowledged) {
    std::thread caller([this, acknowledged] {
      v1::RollBackReleaseResponse response;
      const grpc::Status status = client().RollBack("national", &response);
      if (acknowledged) {
        EXPECT_TRUE(status.ok()) << status.error_message();
      }
    });
    if (acknowledged) {
      caller.join();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(Below(random_, 15'000)));
      server().Kill();
      caller.join();
    }
    now_ = previous_;
    can_go_back_ = false;
  }

  Numbers Served() {
    const std::vector<v1::Verdict> verdicts = client().Verdicts(universe_);
    EXPECT_EQ(verdicts.size(), universe_.size());
    Numbers listed;
    for (size_t i = 0; i < verdicts.size(); ++i) {
      if (verdicts[i] == v1::VERDICT_LISTED) listed.insert(universe_[i]);
      // NOT_COVERED may come before the first release, but never for a part of it.
      if (verdicts[i] != v1::VERDICT_LISTED && verdicts[i] != v1::VERDICT_CLEAR) {
        EXPECT_EQ(verdicts[i], v1::VERDICT_NOT_COVERED);
        EXPECT_EQ(verdicts[i], verdicts[0]) << "only some numbers are covered";
      }
    }
    return listed;
  }

  // Expects the old or the new release, and goes on from the one that is in force.
  void ExpectWhole(bool acknowledged) {
    const Numbers served = Served();
    if (acknowledged) {
      ASSERT_EQ(served, now_) << "an acknowledged change is lost";
      return;
    }
    ASSERT_TRUE(served == now_ || served == before_)
        << served.size() << " numbers are served, neither the " << before_.size()
        << " from before nor the " << now_.size() << " from after";
    if (served != now_) {
      now_ = served;
      // It is not known here whether the release before is still kept.
    }
    can_go_back_ = false;
  }

  Random random_{TestSeed()};
  std::vector<uint64_t> universe_;
  Numbers before_;
  Numbers now_;
  Numbers previous_;
  bool can_go_back_ = false;
  std::time_t time_ = 0;
  int files_ = 0;
};

// The data is from several years.
constexpr char kConfig[] = "policy: {lists: [{name: national, max_age_days: 3650}]}\n";

TEST_F(Kill, LeavesTheOldOrTheNewWhole) {
  const uint64_t kills = FromEnvironment("DNC_KILLS", 30);
  ASSERT_TRUE(StartOn({.data_dir = data_dir(), .config = kConfig})) << server().Log();
  for (uint64_t round = 0; round < kills && !HasFatalFailure() && !HasFailure(); ++round) {
    for (uint64_t i = Below(random_, 4); i > 0; --i) ASSERT_NO_FATAL_FAILURE(Act(true));
    const bool acknowledged = OneIn(random_, 4);
    ASSERT_NO_FATAL_FAILURE(Act(acknowledged));
    if (!acknowledged) {
      std::this_thread::sleep_for(std::chrono::microseconds(Below(random_, 40'000)));
    }
    server().Kill();
    ASSERT_TRUE(Restart()) << "round " << round << ": " << server().Log();
    ExpectWhole(acknowledged);
  }
}

// A server that is killed while it starts must not make things worse.
TEST_F(Kill, KillsWhileStartingChangeNothing) {
  ASSERT_TRUE(StartOn({.data_dir = data_dir(), .config = kConfig})) << server().Log();
  for (int i = 0; i < 5; ++i) ASSERT_NO_FATAL_FAILURE(Act(true));
  server().Kill();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Restart()) << server().Log();
    server().Kill();
  }
  ASSERT_TRUE(Restart()) << server().Log();
  ExpectWhole(true);
}

}  // namespace
}  // namespace dnc::blackbox
