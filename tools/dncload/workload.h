// The questions of a run, made before the clock starts, and what is known about each answer.
//
//   DNC_ASSIGN_OR_RETURN(Workload workload, Workload::FromBase(base, options));
//   Workload::Cursor cursor = workload.StartCursor(0);
//   const Question question = workload.Next(cursor);
//   Send(question.request);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"
#include "tools/dncgen/base_set.h"
#include "tools/dncgen/random.h"

namespace dnc::load {

// What is known about a number: the verdict that a right answer has.
enum class Truth : uint8_t {
  kUnknown = 0,
  kUnlisted = 1,  // VERDICT_CLEAR
  kListed = 2,    // VERDICT_LISTED
};

struct BatchShare {
  int numbers = 1000;
  double weight = 1;
};

struct WorkloadOptions {
  std::vector<BatchShare> batches = {{}};
  double hit_rate = 0.48;
  // Draws from so many area codes only, as a dialer's campaign does; 0: from all.
  int campaign_areas = 0;
  // How many numbers all questions have together. With too few, the server's caches would make it
  // look faster than it is.
  uint64_t pool_numbers = 4'000'000;
  uint64_t seed = 1;
};

struct NumberTruth {
  Number number = 0;
  Truth truth = Truth::kUnknown;
};

struct Question {
  std::string_view request;       // an encoded dnc.v1.ScrubRequest
  absl::Span<const Truth> truth;  // one for each number
};

// Immutable, and so thread-safe. What it returns is valid as long as it lives.
class Workload {
 public:
  // Tells how far a thread is. Each thread has its own.
  struct Cursor {
    Random random;
    std::vector<size_t> next;  // the next question of each size
  };

  // Draws numbers of a list that dncgen wrote, and unlisted numbers of the same exchanges. Fails
  // with INVALID_ARGUMENT if they cannot be drawn.
  static absl::StatusOr<Workload> FromBase(const BaseSet& base, const WorkloadOptions& options);

  // Asks about the numbers of a file, in its order, again and again. Ignores `hit_rate` and
  // `campaign_areas`.
  static absl::StatusOr<Workload> FromNumbers(absl::Span<const NumberTruth> numbers,
                                              const WorkloadOptions& options);

  Cursor StartCursor(int thread) const;
  // Chooses sizes by their weights, and goes through the questions of a size one by one.
  Question Next(Cursor& cursor) const;

  uint64_t numbers() const { return numbers_; }
  uint64_t listed() const { return listed_; }
  // Returns how many numbers a call has on average.
  double mean_batch() const;

 private:
  // The questions of one size, one behind the other.
  struct Pool {
    BatchShare share;
    size_t count = 0;
    size_t request_bytes = 0;
    std::string requests;
    std::vector<Truth> truth;
  };

  template <typename Draw>
  void AddPools(const WorkloadOptions& options, Draw draw);

  std::vector<Pool> pools_;
  double weights_ = 0;
  uint64_t numbers_ = 0;
  uint64_t listed_ = 0;
};

}  // namespace dnc::load
