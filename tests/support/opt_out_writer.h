// Adds and removes opt-outs at random, and knows which of them were acknowledged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/support/seed.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

// One writer and its numbers, which no other writer touches. For one thread at a time, except that
// acknowledged() may be called meanwhile.
class OptOutWriter {
 public:
  OptOutWriter(uint64_t first, size_t numbers, uint64_t seed);

  // Decides whether to go on after a write that failed.
  using OnError = std::function<bool(const grpc::Status& status)>;

  // Writes until `stop` is set, or until an error ends it.
  void Run(const std::string& address, const std::atomic<bool>& stop, const OnError& on_error);

  // Fails fatally if an acknowledged opt-out is missing, or if one is there that nobody sent. What
  // was not known, because its write had no answer, is known from here on.
  void ExpectAnswers(TestClient& client);

  // Returns how many of its numbers are opted out, after ExpectAnswers.
  size_t present() const;
  // Returns how many writes were acknowledged.
  uint64_t acknowledged() const { return *acknowledged_; }

 private:
  // What a number may be: one of the two, or either while a write of it has no answer.
  enum class State { kAbsent, kPresent, kEither };

  Random random_;
  std::map<uint64_t, State> states_;
  std::unique_ptr<std::atomic<uint64_t>> acknowledged_ = std::make_unique<std::atomic<uint64_t>>(0);
};

}  // namespace dnc::blackbox
