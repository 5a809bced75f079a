// Sends SIGKILL at random moments while writers add and remove opt-outs. The test knows which
// writes were acknowledged: none may be lost, and none may be there that nobody sent. DNC_SEED
// repeats a run, DNC_KILLS makes it longer: `./dev bench durability`.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/opt_out_writer.h"
#include "tests/support/server_test.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kWriters = 8;
constexpr size_t kNumbersEach = 200;
constexpr uint64_t kFirstNumber = 201'555'0000;

uint64_t Acknowledged(const std::vector<OptOutWriter>& writers) {
  uint64_t sum = 0;
  for (const OptOutWriter& writer : writers) sum += writer.acknowledged();
  return sum;
}

class RecordsKill : public ServerTest {};

TEST_F(RecordsKill, NoAcknowledgedOptOutIsLost) {
  Random random(TestSeed());
  const uint64_t kills = FromEnvironment("DNC_KILLS", 40);
  ASSERT_TRUE(Start()) << server().Log();
  LoadFull({201'666'0000}, std::time(nullptr) - 24 * 3600);
  std::vector<OptOutWriter> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back(kFirstNumber + static_cast<uint64_t>(i) * kNumbersEach, kNumbersEach,
                         random());
  }
  for (uint64_t round = 0; round < kills; ++round) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (OptOutWriter& writer : writers) {
      // The first error is caused by the kill.
      threads.emplace_back(
          [&] { writer.Run(server().address(), stop, [](const grpc::Status&) { return false; }); });
    }
    const uint64_t before = Acknowledged(writers);
    // Some kills come at once, most of them in the middle of much work.
    const bool at_once = OneIn(random, 4);
    EXPECT_TRUE(at_once || WaitUntil([&] { return Acknowledged(writers) >= before + kWriters; }));
    std::this_thread::sleep_for(std::chrono::microseconds(Below(random, 60'000)));
    server().Kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(Restart()) << "round " << round << ": " << server().Log();
    size_t present = 0;
    for (OptOutWriter& writer : writers) {
      ASSERT_NO_FATAL_FAILURE(writer.ExpectAnswers(client())) << "round " << round;
      present += writer.present();
    }
    // This reads the records themselves, not only what the filter lets through.
    ASSERT_EQ(client().OptOuts(), present) << "round " << round;
  }
  const uint64_t acknowledged = Acknowledged(writers);
  std::printf("%llu kills, %llu acknowledged writes, none lost\n",
              static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(acknowledged));
  EXPECT_GT(acknowledged, kills) << "the writers hardly wrote: this run shows nothing";
}

}  // namespace
}  // namespace dnc::blackbox
