#include "server/intake/load_queue.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/intake/upload_folders.h"
#include "server/storage/store.h"

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
  void Start(LoadQueue::Runner runner) {
    queue_ = std::make_unique<LoadQueue>(releases_.get(), &clock_, 2, 3, std::move(runner));
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
