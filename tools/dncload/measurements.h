// The counts of a run. Each thread has its own, and they are merged at the end.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/dncload/answer_check.h"
#include "tools/dncload/histogram.h"

namespace dnc::load {

// The calls of the measured time, by their outcome. Once a run has ended, scheduled = answered +
// refused + timed_out + failed + unsent.
struct CallCounts {
  uint64_t scheduled = 0;  // intended to be sent in the measured time
  uint64_t answered = 0;   // OK, right or wrong
  uint64_t refused = 0;    // RESOURCE_EXHAUSTED
  uint64_t timed_out = 0;  // no answer within the timeout, or until the run was interrupted
  uint64_t failed = 0;     // any other error
  uint64_t unsent = 0;     // due, but the bound of calls under way delayed them until the end, or
                           // they were dropped because of it
  uint64_t held = 0;       // calls that were sent, but later than scheduled because of that bound

  void Merge(const CallCounts& other);
};

// A slice of the measured time.
struct Interval {
  uint64_t scheduled = 0;  // calls intended to be sent in it
  Histogram latency;       // the latency of these calls, as Measurements::latency
  uint64_t arrived = 0;    // OK answers that arrived in it
  uint64_t good = 0;       // those of them that are right and in time
  uint64_t refused = 0;    // refusals that arrived in it
  uint64_t failed = 0;     // other errors that arrived in it, timeouts included

  void Merge(const Interval& other);
};

// An error with which calls ended: how often, and one message.
struct ErrorCount {
  uint64_t count = 0;
  std::string example;
};

struct Measurements {
  // Errors of further kinds count as `other`.
  static constexpr size_t kMaxErrorKinds = 20;

  CallCounts calls;
  AnswerTally answers;  // all answers, including those of the warm-up
  // From the intended send time; an unanswered call counts with its least latency.
  Histogram latency;
  Histogram refusal;             // the same for refusals
  Histogram lateness;            // how late calls were sent, without those that the bound held back
  uint64_t arrived = 0;          // OK answers that arrived in the measured time
  uint64_t arrived_good = 0;     // those of them that are right and in time
  uint64_t arrived_numbers = 0;  // how many numbers these answers have
  uint64_t peak_in_flight = 0;
  int64_t idle_ns = 0;   // of the measured time, with nothing to do; summed over threads
  int64_t total_ns = 0;  // the measured time, summed over threads
  std::map<std::string, ErrorCount> errors;  // by code and reason
  std::vector<Interval> series;

  void Merge(const Measurements& other);
  void CountError(const std::string& kind, const std::string& message, uint64_t count = 1);
};

}  // namespace dnc::load
