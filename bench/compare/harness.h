// Asks a subject and times it, beside the machine's own limit in the same moment.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/compare/questions.h"
#include "bench/compare/subject.h"
#include "bench/synthetic_registry.h"

namespace dnc {

// Bytes of the calibration's memory: as much as the exact set of the whole registry takes.
inline constexpr size_t kLineMemory = size_t{256} << 20;

// One random line of memory, nanoseconds, read for about `seconds`.
double NanosecondsALine(RandomLines& lines, double seconds);

// The times of one input, batch and number of threads. Times are of one thread: with two threads at
// 10 ns a number, 200 million numbers a second are answered.
struct Timing {
  double nanoseconds = 0;  // a number, median over the rounds
  double line = 0;         // a random line between the same rounds, median
  uint64_t asked = 0;
  uint64_t wrong_yes = 0;  // only of subjects that are not exact
};

struct TimingPlan {
  size_t batch = 1'000;
  int threads = 1;
  int rounds = 5;
  double seconds = 0.4;  // a round takes at most this, or each question once
};

class Harness {
 public:
  // A line of memory of its own for each of `threads` threads.
  Harness(Subject* subject, int threads);

  // The answers are checked one by one: INTERNAL if any is wrong.
  absl::StatusOr<Timing> Measure(const Questions& questions, const TimingPlan& plan);

  // The smallest share of huge pages of the calibration's memory.
  double HugeShare() const;

 private:
  struct Round {
    double nanoseconds = 0;
    double line = 0;
    uint64_t asked = 0;
    uint64_t wrong_yes = 0;
    absl::Status status;
  };

  // Asks questions from `begin` on, at most to `end`, for one round.
  Round AskFor(const Questions& questions, const TimingPlan& plan, size_t begin, size_t end,
               RandomLines& lines);
  absl::Status Check(const Questions& questions, size_t begin, size_t end, Round& round) const;

  Subject* subject_;
  std::vector<std::unique_ptr<RandomLines>> lines_;
  std::vector<uint32_t> answers_;
  // Where each thread goes on: a slow subject is not asked the same few numbers in each round,
  // which caches would soon hold.
  std::vector<size_t> next_;
};

}  // namespace dnc
