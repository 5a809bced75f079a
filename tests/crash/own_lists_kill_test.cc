// SIGKILL at random moments while writers add and remove opt-outs. Which writes were acknowledged
// is known outside of the server: none is lost, and none is there that nobody sent.
// DNC_SEED repeats a run, DNC_KILLS makes it longer: `./dev bench durability`.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "tests/support/server_test.h"

namespace dnc::blackbox {
namespace {

constexpr int kWriters = 8;
constexpr size_t kNumbersEach = 200;
constexpr uint64_t kFirstNumber = 201'555'0000;

// What a number may be: one of the two, or either while a write of it has no answer.
enum class State { kAbsent, kPresent, kEither };

// A writer and its numbers, which no other writer touches.
class Writer {
 public:
  Writer(uint64_t first, uint64_t seed) : random_(seed) {
    for (size_t i = 0; i < kNumbersEach; ++i) states_[first + i] = State::kAbsent;
  }

  // Until `stop` or the first error, which the kill makes.
  void Run(const std::string& address, const std::atomic<bool>& stop) {
    TestClient client(address);
    while (!stop) {
      const bool add = !OneIn(random_, 3);
      std::vector<uint64_t> numbers;
      for (uint64_t i = 1 + Below(random_, 5); i > 0; --i) {
        const uint64_t number = states_.begin()->first + Below(random_, kNumbersEach);
        numbers.push_back(number);
        states_[number] = State::kEither;
      }
      const grpc::Status status = add ? client.AddOptOuts(numbers) : client.RemoveOptOuts(numbers);
      if (!status.ok()) return;
      for (const uint64_t number : numbers)
        states_[number] = add ? State::kPresent : State::kAbsent;
      ++acknowledged_;
    }
  }

  // What was not known is known from here on.
  void ExpectAnswers(TestClient& client) {
    std::vector<uint64_t> numbers;
    for (const auto& [number, state] : states_) numbers.push_back(number);
    const std::vector<v1::Verdict> verdicts = client.Verdicts(numbers);
    ASSERT_EQ(verdicts.size(), numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      State& state = states_[numbers[i]];
      const State answered = verdicts[i] == v1::VERDICT_LISTED ? State::kPresent : State::kAbsent;
      if (answered == State::kAbsent) {
        ASSERT_EQ(verdicts[i], v1::VERDICT_CLEAR);
        ASSERT_NE(state, State::kPresent) << "an acknowledged opt-out is lost";
      } else {
        ASSERT_NE(state, State::kAbsent) << "an opt-out is there that nobody sent, or came back";
      }
      state = answered;
    }
  }

  size_t present() const {
    size_t count = 0;
    for (const auto& [number, state] : states_) count += state == State::kPresent ? 1 : 0;
    return count;
  }
  uint64_t acknowledged() const { return acknowledged_; }

 private:
  Random random_;
  std::map<uint64_t, State> states_;
  uint64_t acknowledged_ = 0;
};

class OwnListsKill : public ServerTest {};

TEST_F(OwnListsKill, NoAcknowledgedOptOutIsLost) {
  Random random(TestSeed());
  const uint64_t kills = FromEnvironment("DNC_KILLS", 40);
  ASSERT_TRUE(Start()) << server().Log();
  LoadFull({201'666'0000}, std::time(nullptr) - 24 * 3600);
  std::vector<Writer> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back(kFirstNumber + static_cast<uint64_t>(i) * kNumbersEach, random());
  }
  for (uint64_t round = 0; round < kills; ++round) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (Writer& writer : writers) {
      threads.emplace_back([&] { writer.Run(server().address(), stop); });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(Below(random, 60'000)));
    server().Kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(Restart()) << "round " << round << ": " << server().Log();
    size_t present = 0;
    for (Writer& writer : writers) {
      ASSERT_NO_FATAL_FAILURE(writer.ExpectAnswers(client())) << "round " << round;
      present += writer.present();
    }
    // The records themselves, not only what the filter lets through.
    ASSERT_EQ(client().OptOuts(), present) << "round " << round;
  }
  uint64_t acknowledged = 0;
  for (const Writer& writer : writers) acknowledged += writer.acknowledged();
  std::printf("%llu kills, %llu acknowledged writes, none lost\n",
              static_cast<unsigned long long>(kills),
              static_cast<unsigned long long>(acknowledged));
  EXPECT_GT(acknowledged, kills) << "the writers hardly wrote: this run shows nothing";
}

}  // namespace
}  // namespace dnc::blackbox
