// Writes opt-outs on a disk that is full again and again, even in the middle of a write. Refused
// opt-outs say why, acknowledged ones stay, scrubs go on, and writing resumes by itself. DNC_SEED
// repeats a run, DNC_FULL_DISKS makes it longer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <mutex>
#include <thread>

#include "tests/support/opt_out_writer.h"
#include "tests/support/small_disk.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kWriters = 4;
constexpr size_t kNumbersEach = 200;
constexpr uint64_t kFirstNumber = 201'555'0000;
constexpr uint64_t kMuch = 10'000;
constexpr uint64_t kRoundsOfMuch = 10;
constexpr uint64_t kFirstOfMuch = 201'999'0000;
// Opt-outs from before, which no writer touches.
constexpr uint64_t kKept[] = {201'777'0001, 201'777'0002, 201'777'0003};

void Sleep(uint64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

class RecordsDiskFull : public SmallDiskTest {
 protected:
  void TearDown() override {
    StopWriters();
    SmallDiskTest::TearDown();
  }

  void Prepare() {
    ASSERT_TRUE(Start()) << server().Log();
    LoadFull({201'666'0000}, std::time(nullptr) - 24 * 3600);
    ASSERT_TRUE(client().AddOptOuts({std::begin(kKept), std::end(kKept)}).ok());
    for (uint64_t i = 0; i < kMuch; ++i) much_.push_back(kFirstOfMuch + i);
    ASSERT_TRUE(client().AddOptOuts(much_).ok());
    for (int i = 0; i < kWriters; ++i) {
      writers_.emplace_back(kFirstNumber + static_cast<uint64_t>(i) * kNumbersEach, kNumbersEach,
                            random_());
    }
  }

  void StartWriters() {
    stop_ = false;
    for (OptOutWriter& writer : writers_) {
      threads_.emplace_back([&] {
        writer.Run(server().address(), stop_,
                   [this](const grpc::Status& status) { return NoteRefusal(status); });
      });
    }
    threads_.emplace_back([this] { WriteMuch(); });
  }

  // Writes so much at once that the disk fills up in the middle of a write, and of the store's
  // background work. The numbers are always the same, so that it is known how many there are.
  void WriteMuch() {
    TestClient client(server().address());
    for (uint64_t write = 0; !stop_; ++write) {
      if (much_left_ == 0) {
        Sleep(1);
        continue;
      }
      --much_left_;
      const std::string reason = std::string(80, 'r') + std::to_string(write);
      const grpc::Status status = client.AddOptOuts(much_, reason);
      if (!status.ok() && !NoteRefusal(status)) return;
    }
  }

  void StopWriters() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  bool NoteRefusal(const grpc::Status& status) {
    ++refusals_;
    // Counts what the store itself ran into, and not the check of free space before it.
    if (status.error_message().find(" MiB left") == std::string::npos) ++cut_off_;
    const bool plain = status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
                       ReasonOf(status) == "DISK_FULL" &&
                       status.error_message().find("free some space") != std::string::npos;
    if (!plain) {
      const std::lock_guard lock(mutex_);
      other_error_ = status.error_message() + " (" + ReasonOf(status) + ")";
    }
    Sleep(2);
    return plain;
  }

  uint64_t Acknowledged() const {
    uint64_t sum = 0;
    for (const OptOutWriter& writer : writers_) sum += writer.acknowledged();
    return sum;
  }

  template <typename Count>
  static bool Grows(Count count, uint64_t by) {
    const uint64_t before = count();
    return WaitUntil([&] { return count() >= before + by; });
  }

  // The server frees space now and then, so the disk is filled until writes are refused.
  bool FillUntilRefused(uint64_t left) {
    const uint64_t before = refusals_;
    bool filled = true;
    int looks = 0;
    return WaitUntil([&] {
             filled = Fill(++looks <= 300 ? left : 0);
             return !filled || refusals_ >= before + kWriters;
           }) &&
           filled;
  }

  void ExpectScrubs() {
    EXPECT_EQ(client().Verdicts({kKept[0], kKept[1], kKept[2], 201'666'0000, 201'888'0000}),
              (std::vector<v1::Verdict>{v1::VERDICT_LISTED, v1::VERDICT_LISTED, v1::VERDICT_LISTED,
                                        v1::VERDICT_LISTED, v1::VERDICT_CLEAR}));
  }

  void ExpectAnswers() {
    size_t present = std::size(kKept) + much_.size();
    for (OptOutWriter& writer : writers_) {
      ASSERT_NO_FATAL_FAILURE(writer.ExpectAnswers(client()));
      present += writer.present();
    }
    ASSERT_EQ(client().OptOuts(), present);
  }

  Random random_{TestSeed()};
  std::vector<OptOutWriter> writers_;
  std::vector<uint64_t> much_;
  std::atomic<int> much_left_{0};  // so many more times, or the disk is too small for its data
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> refusals_{0};
  std::atomic<uint64_t> cut_off_{0};
  std::mutex mutex_;
  std::string other_error_;  // guarded by mutex_
};

TEST_F(RecordsDiskFull, NothingAcknowledgedIsLostAndWritingResumes) {
  if (!MountSmallDisk()) GTEST_SKIP() << kNeedsSmallDisk;
  ASSERT_NO_FATAL_FAILURE(Prepare());
  const uint64_t rounds = FromEnvironment("DNC_FULL_DISKS", 8);
  StartWriters();
  for (uint64_t round = 0; round < rounds; ++round) {
    if (round < kRoundsOfMuch) much_left_ = 4;
    Sleep(Below(random_, 60));
    // With less than its reserve of 16 MiB the server begins no write. With a little more, a write
    // that it has begun fails, or the store's background work does.
    constexpr uint64_t kLeft[] = {0, 64 << 10, 12 << 20, 17 << 20, 18 << 20, 20 << 20};
    EXPECT_TRUE(FillUntilRefused(kLeft[Below(random_, std::size(kLeft))])) << "round " << round;
    ExpectScrubs();
    ASSERT_TRUE(server().running()) << server().Log();
    const bool kill = OneIn(random_, 3);
    if (kill) {
      StopWriters();
      server().Kill();
      // It starts on the full disk and serves, or says why not.
      if (Restart()) {
        ExpectScrubs();
        server().Kill();
      } else {
        EXPECT_FALSE(server().Log().empty());
      }
    }
    MakeRoom();
    if (kill) {
      ASSERT_TRUE(Restart()) << "round " << round << ": " << server().Log();
      ASSERT_NO_FATAL_FAILURE(ExpectAnswers()) << "round " << round;
      StartWriters();
    }
    EXPECT_TRUE(Grows([this] { return Acknowledged(); }, kWriters))
        << "writing does not resume, round " << round << "\n"
        << server().Log();
    if (HasFailure()) break;
  }
  StopWriters();
  EXPECT_EQ(other_error_, "");
  ASSERT_NO_FATAL_FAILURE(ExpectAnswers());
  server().Kill();
  ASSERT_TRUE(Restart()) << server().Log();
  ASSERT_NO_FATAL_FAILURE(ExpectAnswers());
  std::printf("%llu times full, %llu writes acknowledged, %llu refused, %llu in their middle\n",
              static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(Acknowledged()),
              static_cast<unsigned long long>(refusals_.load()),
              static_cast<unsigned long long>(cut_off_.load()));
}

}  // namespace
}  // namespace dnc::blackbox
