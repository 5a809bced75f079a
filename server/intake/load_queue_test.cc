#include "server/intake/load_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/upload_folders.h"
#include "server/storage/store.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

class LoadQueueTest : public testing::Test {
 protected:
  LoadQueueTest()
      : dir_(StrCat(testing::TempDir(), "/dnc_load_queue_",
                    testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    store_ = *Store::Open({.path = dir_ + "/store"});
    releases_ = std::make_unique<ReleaseStore>(store_.get(), "");
  }
  ~LoadQueueTest() override {
    queue_.reset();
    releases_.reset();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  // With room for two that wait, and for three records.
  void Start(
      LoadQueue::Runner runner, std::function<void()> on_change = [] {}) {
    queue_ = std::make_unique<LoadQueue>(releases_.get(), &clock_, 2, 3, std::move(runner),
                                         std::move(on_change));
    ASSERT_TRUE(queue_->ReadRecords().ok());
  }
  absl::StatusOr<LoadInfo> Submit(const std::string& upload_dir = "") {
    return queue_->Submit({}, {}, upload_dir);
  }
  LoadInfo Ended(uint64_t id) {
    while (true) {
      const auto load = queue_->Get(id);
      EXPECT_TRUE(load.ok()) << load.status();
      if (!load.ok() || load->state >= LoadState::kSucceeded) return load.value_or(LoadInfo{});
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  std::string UploadDir(const std::string& name) {
    std::filesystem::create_directories(dir_ + "/" + name);
    return dir_ + "/" + name;
  }

  const std::string dir_;
  const Clock clock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ReleaseStore> releases_;
  std::unique_ptr<LoadQueue> queue_;
};

TEST_F(LoadQueueTest, TheNewestRecordsOutliveARestart) {
  Start([](LoadJob& job, const LoadQueue::Update& update) {
    update([](LoadInfo& info) { info.overridden = {Guard::kShrink}; });
    return job.info.id % 2 == 0 ? Error(reason::kBadFile, "no list") : absl::OkStatus();
  });
  for (uint64_t id = 1; id <= 4; ++id) {
    ASSERT_EQ(Submit()->id, id);
    Ended(id);
  }
  Start([](LoadJob&, const LoadQueue::Update&) { return absl::OkStatus(); });
  const std::vector<LoadInfo> loads = queue_->List(100, 0);
  ASSERT_EQ(loads.size(), 3U);
  EXPECT_EQ(loads[0].id, 4U);
  EXPECT_EQ(loads[0].state, LoadState::kRefused);
  EXPECT_EQ(loads[0].error, Error(reason::kBadFile, "no list"));
  EXPECT_EQ(loads[0].overridden, std::vector<Guard>{Guard::kShrink});
  EXPECT_EQ(ErrorReason(queue_->Get(1).status()), reason::kNotFound);
  EXPECT_EQ(Submit()->id, 5U);
}

TEST_F(LoadQueueTest, OneRunsAtATimeAndFewMayWait) {
  absl::Notification started;
  absl::Notification go_on;
  Start([&](LoadJob& job, const LoadQueue::Update&) {
    if (job.info.id == 1) {
      started.Notify();
      go_on.WaitForNotification();
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(Submit().ok());
  started.WaitForNotification();
  ASSERT_TRUE(Submit().ok());
  ASSERT_TRUE(Submit().ok());
  const std::string folder = UploadDir("refused");
  EXPECT_EQ(ErrorReason(Submit(folder).status()), reason::kLimitReached);
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_EQ(queue_->Get(1)->state, LoadState::kReading);
  EXPECT_EQ(queue_->Get(2)->state, LoadState::kWaiting);
  go_on.Notify();
  Ended(3);
  EXPECT_EQ(queue_->Get(2)->state, LoadState::kSucceeded);
}

// Whoever is told finds what is new: a load's states can be read by those who sleep until then.
TEST_F(LoadQueueTest, EachStateIsToldWhenItCanBeRead) {
  absl::Notification go_on;
  absl::Mutex mutex;
  std::vector<LoadState> told;  // of the second load, each time that something was told
  Start(
      [&](LoadJob& job, const LoadQueue::Update& update) {
        if (job.info.id == 1) go_on.WaitForNotification();
        update([](LoadInfo& info) { info.state = LoadState::kStoring; });
        return absl::OkStatus();
      },
      [&] {
        const auto load = queue_->Get(2);
        const absl::MutexLock lock(&mutex);
        if (load.ok()) told.push_back(load->state);
      });
  ASSERT_TRUE(Submit().ok());
  ASSERT_TRUE(Submit().ok());
  go_on.Notify();
  EXPECT_TRUE(WaitUntil([&] {
    const absl::MutexLock lock(&mutex);
    return !told.empty() && told.back() == LoadState::kSucceeded;
  }));
  const absl::MutexLock lock(&mutex);
  for (const LoadState state :
       {LoadState::kWaiting, LoadState::kReading, LoadState::kStoring, LoadState::kSucceeded}) {
    EXPECT_NE(std::find(told.begin(), told.end(), state), told.end()) << static_cast<int>(state);
  }
}

TEST_F(LoadQueueTest, ProgressIsToldWhileFilesAreRead) {
  std::atomic<uint64_t> seen{0};
  std::atomic<bool> end_told{false};
  Start(
      [&](LoadJob& job, const LoadQueue::Update&) {
        // More than the first step of it is told.
        EXPECT_TRUE(WaitUntil([&] {
          job.progress.AddRecords(1);
          job.progress.AddBytes(1);
          return seen > 10;
        }));
        return absl::OkStatus();
      },
      [&] {
        const auto load = queue_->Get(1);
        ASSERT_TRUE(load.ok());
        seen = load->records_done;
        end_told = load->state == LoadState::kSucceeded;
      });
  ASSERT_TRUE(Submit().ok());
  EXPECT_TRUE(WaitUntil([&end_told] { return end_told.load(); }));
  EXPECT_EQ(Ended(1).records_done, seen);
}

// However small the steps are, they are told some ten times a second; the measure is the time that
// has passed, so that a slow machine makes no difference.
TEST(LoadProgressTest, SmallStepsAreToldTogether) {
  int told = 0;
  LoadProgress progress([&told] { ++told; });
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000'000; ++i) progress.AddRecords(1);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(progress.records_done(), 1'000'000);
  EXPECT_GE(told, 1);
  EXPECT_LE(told, 1 + took / std::chrono::milliseconds(100));
}

TEST_F(LoadQueueTest, AnEndStopsTheRunningLoadAndForgetsTheWaitingOnes) {
  absl::Notification started;
  bool second_ran = false;
  Start([&](LoadJob& job, const LoadQueue::Update&) {
    if (job.info.id != 1) second_ran = true;
    started.Notify();
    while (!job.progress.stop) absl::SleepFor(absl::Milliseconds(1));
    return Error(reason::kLoadStopped, "stopped");
  });
  const std::string running = UploadDir("running");
  const std::string waiting = UploadDir("waiting");
  ASSERT_TRUE(Submit(running).ok());
  started.WaitForNotification();
  ASSERT_TRUE(Submit(waiting).ok());
  queue_.reset();
  EXPECT_FALSE(second_ran);
  EXPECT_FALSE(std::filesystem::exists(running));
  EXPECT_FALSE(std::filesystem::exists(waiting));
}

TEST_F(LoadQueueTest, UploadFoldersAreNewAndLeftoversGo) {
  UploadFolders first(dir_ + "/uploads");
  ASSERT_TRUE(first.Clean().ok());
  const auto folder = first.New();
  ASSERT_TRUE(folder.ok()) << folder.status();
  std::ofstream(*folder + "/1") << "x";
  EXPECT_NE(*first.New(), *folder);
  UploadFolders second(dir_ + "/uploads");
  ASSERT_TRUE(second.Clean().ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_ + "/uploads"));
  EXPECT_TRUE(second.New().ok());
}

}  // namespace
}  // namespace dnc
