// Asks a subject and times it, together with the machine's own limit at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/compare/questions.h"
#include "bench/compare/subject.h"
#include "bench/synthetic_registry.h"

namespace dnc {

// The calibration uses so many bytes of memory: as much as the exact set of the whole registry.
inline constexpr size_t kLineMemory = size_t{256} << 20;

// Returns the nanoseconds of one random line of memory, read for about `seconds`.
double NanosecondsALine(RandomLines& lines, double seconds);

// The times for one input, batch size and number of threads. They are times of one thread: with two
// threads and 10 ns per number, 200 million numbers a second are answered.
struct Timing {
  double nanoseconds = 0;  // per number, median over the rounds
  double line = 0;         // a random line between the same rounds, median
  uint64_t asked = 0;
  uint64_t wrong_yes = 0;  // only for subjects that are not exact
};

struct TimingPlan {
  size_t batch = 1'000;
  int threads = 1;
  int rounds = 5;
  double seconds = 0.4;  // a round takes at most this, or asks each question once
};

class Harness {
 public:
  // Each of the `threads` threads gets its own lines of memory.
  Harness(Subject* subject, int threads);

  // Checks the answers one by one. Fails with INTERNAL if any is wrong.
  absl::StatusOr<Timing> Measure(const Questions& questions, const TimingPlan& plan);

  // Returns the smallest share of huge pages in the calibration's memory.
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
  // Where each thread continues: a slow subject must not be asked about the same few numbers in
  // each round, which caches would soon hold.
  std::vector<size_t> next_;
};

}  // namespace dnc
