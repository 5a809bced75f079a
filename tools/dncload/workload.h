// The questions of a run, made before the clock starts, and what is known of each answer.
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

// What is known of a number: the verdict that a right answer has.
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
  // Draw from so many area codes only, as a dialer's campaign does; 0: from all.
  int campaign_areas = 0;
  // Numbers in all questions together. Too few, and the server's caches flatter it.
  uint64_t pool_numbers = 4'000'000;
  uint64_t seed = 1;
};

struct NumberTruth {
  Number number = 0;
  Truth truth = Truth::kUnknown;
};

struct Question {
  std::string_view request;       // a dnc.v1.ScrubRequest
  absl::Span<const Truth> truth;  // a number each
};

// Immutable, so thread-safe. What it hands out lives as long as it does.
class Workload {
 public:
  // Tells where a thread stands. Each thread has its own.
  struct Cursor {
    Random random;
    std::vector<size_t> next;  // the next question of each size
  };

  // Numbers of a list that dncgen wrote, and of the same exchanges beside it.
  // Errors: INVALID_ARGUMENT for what can't be drawn.
  static absl::StatusOr<Workload> FromBase(const BaseSet& base, const WorkloadOptions& options);

  // Numbers of a file, in its order, again and again. `hit_rate` and `campaign_areas` don't count.
  static absl::StatusOr<Workload> FromNumbers(absl::Span<const NumberTruth> numbers,
                                              const WorkloadOptions& options);

  Cursor StartCursor(int thread) const;
  // Sizes come by their weights, and the questions of a size one after the other.
  Question Next(Cursor& cursor) const;

  uint64_t numbers() const { return numbers_; }
  uint64_t listed() const { return listed_; }
  // Numbers of a call on average.
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
