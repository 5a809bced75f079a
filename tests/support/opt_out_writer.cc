#include "tests/support/opt_out_writer.h"

#include <gtest/gtest.h>

#include <vector>

namespace dnc::blackbox {

OptOutWriter::OptOutWriter(uint64_t first, size_t numbers, uint64_t seed) : random_(seed) {
  for (size_t i = 0; i < numbers; ++i) states_[first + i] = State::kAbsent;
}

void OptOutWriter::Run(const std::string& address, const std::atomic<bool>& stop,
                       const OnError& on_error) {
  TestClient client(address);
  while (!stop) {
    const bool add = !OneIn(random_, 3);
    std::vector<uint64_t> numbers;
    for (uint64_t i = 1 + Below(random_, 5); i > 0; --i) {
      const uint64_t number = states_.begin()->first + Below(random_, states_.size());
      numbers.push_back(number);
      states_[number] = State::kEither;
    }
    const grpc::Status status = add ? client.AddOptOuts(numbers) : client.RemoveOptOuts(numbers);
    if (!status.ok()) {
      if (!on_error(status)) return;
      continue;
    }
    for (const uint64_t number : numbers) states_[number] = add ? State::kPresent : State::kAbsent;
    ++*acknowledged_;
  }
}

void OptOutWriter::ExpectAnswers(TestClient& client) {
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

size_t OptOutWriter::present() const {
  size_t count = 0;
  for (const auto& [number, state] : states_) count += state == State::kPresent ? 1 : 0;
  return count;
}

}  // namespace dnc::blackbox
