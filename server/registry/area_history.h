// Tells when the numbers of an area code came and went. It combines the changes of a list's
// releases, to answer questions about one number or one moment.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/registry/registry_state.h"
#include "server/registry/release_store.h"

namespace dnc {

// One addition or removal of a number.
struct AreaEvent {
  uint32_t subscriber = 0;
  bool added = false;
  bool exact = false;
  int64_t at_micros = 0;
  uint64_t release_id = 0;
  bool repeated = false;  // as in StoredChange
};

// All events of an area code up to a release. Immutable.
class AreaHistory {
 public:
  // `events` are sorted by number, and for each number in the order in which they took effect.
  // `repeated` are the additions without effect, sorted by number.
  AreaHistory(std::vector<AreaEvent> events, std::vector<AreaEvent> repeated)
      : events_(std::move(events)), repeated_(std::move(repeated)) {}

  // Returns the events of a number, in the order in which they took effect.
  absl::Span<const AreaEvent> Of(uint32_t subscriber) const;
  // Returns the additions of a number that had no effect because it was listed already.
  absl::Span<const AreaEvent> RepeatedOf(uint32_t subscriber) const;
  // Returns whether the number was listed at `moment`, given whether it is listed now (`now`). The
  // last event up to that moment decides. Before the first event, the number was the opposite of
  // what that event made it.
  bool ListedAt(uint32_t subscriber, absl::Time moment, bool now) const;
  // Calls `fn` for each number that has an event with an effect, ascending.
  void ForEachNumber(absl::FunctionRef<void(uint32_t subscriber)> fn) const {
    for (size_t i = 0; i < events_.size(); ++i) {
      if (i == 0 || events_[i - 1].subscriber != events_[i].subscriber) fn(events_[i].subscriber);
    }
  }
  size_t memory_bytes() const {
    return (events_.capacity() + repeated_.capacity()) * sizeof(AreaEvent) + 64;
  }

 private:
  std::vector<AreaEvent> events_;
  std::vector<AreaEvent> repeated_;
};
using AreaHistoryPtr = std::shared_ptr<const AreaHistory>;

// Reads histories and keeps the recently used ones, up to a number of bytes. Thread-safe.
class HistoryCache {
 public:
  HistoryCache(const ReleaseStore* store, uint64_t max_bytes)
      : store_(store), max_bytes_(max_bytes) {}

  absl::StatusOr<AreaHistoryPtr> Get(const RegistryState& state, const ListState& list,
                                     int area_code) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Key = std::tuple<uint32_t, int, uint64_t>;  // list, area code, release in force
  struct Entry {
    AreaHistoryPtr history;
    std::list<Key>::iterator used;
  };
  absl::StatusOr<AreaHistoryPtr> Read(const RegistryState& state, const ListState& list,
                                      int area_code) const;

  // Returns how many changes the releases up to `release_id` have for the area code.
  absl::StatusOr<uint64_t> ChangesUpTo(uint64_t release_id, int area_code) const;

  const ReleaseStore* store_;
  const uint64_t max_bytes_;
  absl::Mutex mutex_;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Key> used_ ABSL_GUARDED_BY(mutex_);  // most recent first
  std::map<Key, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
