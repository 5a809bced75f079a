#include "server/base/metrics.h"

#include <algorithm>

#include "server/base/sharded_count.h"

namespace dnc {
namespace {
using Counter = std::atomic<uint64_t>;

void Add(Counter& counter, uint64_t value) { counter.fetch_add(value, std::memory_order_relaxed); }

}  // namespace

struct alignas(kApartBytes) Metrics::Shard {
  std::array<Counter, kVerdictCount> numbers{};
  std::array<std::array<Counter, kStatusCodeCount>, kMethodCount> calls{};
  std::array<LatencyHistogram, kMethodCount> latency{};
};

Metrics::Metrics() : shards_(new Shard[kThreadSlots]) {}
Metrics::~Metrics() = default;

Metrics::Shard& Metrics::MyShard() { return shards_[ThreadSlot()]; }

void Metrics::CountNumbers(const VerdictCounts& counts) {
  Shard& shard = MyShard();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) Add(shard.numbers[i], counts[i]);
  }
}

void Metrics::CountCall(Method method, absl::StatusCode code) {
  const size_t index = std::min<size_t>(static_cast<size_t>(code), kStatusCodeCount - 1);
  Add(MyShard().calls[static_cast<size_t>(method)][index], 1);
}

void Metrics::RecordLatency(Method method, absl::Duration duration) {
  const int64_t nanoseconds = std::max<int64_t>(0, absl::ToInt64Nanoseconds(duration));
  MyShard().latency[static_cast<size_t>(method)].Record(static_cast<uint64_t>(nanoseconds));
}

MetricsSum Metrics::Sum() const {
  MetricsSum sum;
  for (size_t s = 0; s < kThreadSlots; ++s) {
    const Shard& shard = shards_[s];
    for (size_t i = 0; i < sum.numbers.size(); ++i) {
      sum.numbers[i] += shard.numbers[i].load(std::memory_order_relaxed);
    }
    for (size_t method = 0; method < kMethodCount; ++method) {
      for (size_t code = 0; code < kStatusCodeCount; ++code) {
        sum.calls[method][code] += shard.calls[method][code].load(std::memory_order_relaxed);
      }
      shard.latency[method].AddTo(&sum.latency[method]);
    }
  }
  return sum;
}

}  // namespace dnc
