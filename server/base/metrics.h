// What the server counts while it answers.
//
// Each thread counts on cache lines of its own; only who reads adds them up. No numbers of
// persons, and no list of who asked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/latency_histogram.h"
#include "server/base/method.h"

namespace dnc {

inline constexpr int kVerdictCount = 7;
inline constexpr int kStatusCodeCount = 17;

// Numbers of a batch by Verdict (server/scrub/verdict.h).
using VerdictCounts = std::array<uint64_t, kVerdictCount>;

// Sums at a moment.
struct MetricsSum {
  VerdictCounts numbers{};
  std::array<std::array<uint64_t, kStatusCodeCount>, kMethodCount> calls{};
  std::array<LatencyCounts, kMethodCount> latency{};
};

// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Call it once a batch.
  void CountNumbers(const VerdictCounts& counts);
  // Call it once a call, at its end.
  void CountCall(Method method, absl::StatusCode code);
  // Call it once an answer, with the time that the handler took.
  void RecordLatency(Method method, absl::Duration duration);

  // Counts a connection that could not be accepted.
  void CountAcceptFailure() { accept_failures_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t accept_failures() const { return accept_failures_.load(std::memory_order_relaxed); }
  // A listener can't accept connections for a second, and then it can again.
  void NoteListenerFails() { failing_listeners_.fetch_add(1, std::memory_order_relaxed); }
  void NoteListenerWorks() { failing_listeners_.fetch_sub(1, std::memory_order_relaxed); }
  // The server ends, and will not accept any more.
  void StopAccepting() { stopped_accepting_.store(true, std::memory_order_relaxed); }
  // Says whether connections are accepted, by all listeners.
  bool accepting() const {
    return failing_listeners_.load(std::memory_order_relaxed) == 0 &&
           !stopped_accepting_.load(std::memory_order_relaxed);
  }

  MetricsSum Sum() const;

 private:
  struct Shard;
  Shard& MyShard();

  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint64_t> accept_failures_{0};
  std::atomic<int> failing_listeners_{0};
  std::atomic<bool> stopped_accepting_{false};
};

}  // namespace dnc
