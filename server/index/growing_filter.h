// The Bloom filter in front of records that come and go; it is rebuilt while it answers.
//
//   GrowingFilter filter(options);                     // says yes to everything
//   auto rebuild = filter.BeginRebuild(2 * store_keys);
//   snapshot = store.Snapshot();                       // after BeginRebuild
//   for (batch : snapshot.Keys()) rebuild->Add(batch);
//   rebuild->Finish();                                 // now the filter answers
//
// The promise: once Insert(key) has returned, no later probe says no for the key as long as its
// records are in the store. For this the owner must
// - write a record to the store first, then call Insert or InsertBatch, then acknowledge the write.
//   An insert that a rebuild did not see is then in the snapshot that the owner takes after
//   BeginRebuild;
// - call Insert also after a write that may or may not have taken place;
// - add every key of the snapshot, or abandon the rebuild.
// Until it has a filter it says yes to everything: unknown is never no.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/index/bloom_filter.h"
#include "server/index/reader_gate.h"

namespace dnc {

struct GrowingFilterOptions {
  double bits_a_key = 12;                  // at the capacity; 0.42 % error (bloom_design.h)
  double worn_share = 0.25;                // from this share of deleted keys on, a rebuild is due
  uint64_t max_bytes = uint64_t{8} << 30;  // for one filter; there are two during a rebuild
  uint64_t seed = 0;                       // of the hash function
};

enum class RebuildReason {
  kNone,      // no rebuild is due
  kNoFilter,  // there is no filter yet, so every probe says yes
  kFull,      // more keys than the capacity
  kWorn,      // too many of its keys are deleted
};

struct GrowingFilterStats {
  bool ready = false;       // there is a filter
  bool rebuilding = false;  // a rebuild is under way
  uint64_t keys = 0;        // including keys that were deleted since
  uint64_t deleted = 0;
  uint64_t capacity = 0;
  uint64_t memory_bytes = 0;        // of the filter that answers
  double bits_a_key = 0;            // memory per key, including deleted ones; 0 without keys
  double fill = 0;                  // share of the bits that are set
  double estimated_error_rate = 0;  // computed from the bits that are set
  double observed_error_rate = 0;   // of this filter: wrong yes / (wrong yes + no); 0 if none
  uint64_t probes = 0;              // since the start of the process, like the next three
  uint64_t possible = 0;            // answered yes
  uint64_t false_positives = 0;     // reported by the owner
  uint64_t rebuilds = 0;            // finished
};

// Thread-safe, except for the destructor. Probes and inserts never lock or wait.
class GrowingFilter {
 public:
  // A rebuild under way. Movable. It is abandoned if it is destroyed before Finish. It must not
  // outlive the filter.
  class Rebuild {
   public:
    Rebuild(Rebuild&& other) noexcept;
    Rebuild& operator=(Rebuild&& other) noexcept;
    ~Rebuild();

    // Adds keys of the owner's snapshot. May be called from any thread, beside inserts and probes.
    void Add(absl::Span<const BloomKey> keys);
    // Returns how many keys were added so far or inserted meanwhile, without repetitions.
    uint64_t keys() const;
    // Makes the new filter answer. The old one is freed before the return, or when the last holder
    // of current() releases it. Call it after the last Add returned, in the sense of
    // bloom_filter.h.
    void Finish();
    // Leaves the filter as it was. May be called after Finish, without effect.
    void Abandon();

   private:
    friend class GrowingFilter;
    Rebuild(GrowingFilter* owner, std::shared_ptr<BloomFilter> next)
        : owner_(owner), next_(std::move(next)) {}

    GrowingFilter* owner_;
    std::shared_ptr<BloomFilter> next_;  // null when over
  };

  explicit GrowingFilter(const GrowingFilterOptions& options);
  // No call and no rebuild may be under way.
  ~GrowingFilter();
  GrowingFilter(const GrowingFilter&) = delete;
  GrowingFilter& operator=(const GrowingFilter&) = delete;

  // Inserts a key into the filter and, while it is being rebuilt, into the new one.
  void Insert(const BloomKey& key);

  // Does the same for many keys, several times as fast.
  void InsertBatch(absl::Span<const BloomKey> keys);

  // Returns false only if nothing is known about the key.
  bool MayContain(const BloomKey& key) const;

  // Does what BloomFilter::MayContainBatch does.
  size_t MayContainBatch(uint32_t tenant, absl::Span<const Number> numbers, int bit,
                         absl::Span<uint32_t> results) const;

  // The owner calls this with the number of keys whose last record it deleted.
  void NoteDeleted(uint64_t keys);
  // The owner calls this with the number of keys to which the filter said yes although the store
  // knew nothing.
  void NoteFalsePositives(uint64_t count) const;

  // Takes a filter from an image (bloom_image.h) that holds every key of the store. Fails with
  // FAILED_PRECONDITION if there is a filter or a rebuild already, or if Insert was called before:
  // such a key may be in neither.
  absl::Status Adopt(std::unique_ptr<BloomFilter> filter);

  // Begins a rebuild for `capacity` keys. Every Insert that returned before this returns belongs to
  // the snapshot; every later one goes to both filters. Takes the time to zero the new filter's
  // memory. Fails with FAILED_PRECONDITION while another rebuild is under way, and with
  // RESOURCE_EXHAUSTED LIMIT_REACHED above max_bytes; the filter then stays as it was.
  absl::StatusOr<Rebuild> BeginRebuild(uint64_t capacity);

  // Returns whether a rebuild is due, even while one is under way.
  RebuildReason rebuild_due() const;

  // Reads the counters and samples the filter, which takes a few milliseconds.
  GrowingFilterStats Stats() const;

  // Returns the filter that answers, null if there is none, for writing an image. It holds every
  // key whose Insert returned before the call. Do not probe it: a filter that was replaced learns
  // no new keys.
  std::shared_ptr<const BloomFilter> current() const;

 private:
  // What probes and inserts see. It is replaced as a whole.
  struct State {
    BloomFilter* current = nullptr;
    BloomFilter* next = nullptr;
  };
  struct alignas(kApartBytes) Counts {
    std::atomic<uint64_t> probes = 0;
    std::atomic<uint64_t> possible = 0;
  };
  struct Totals {
    uint64_t probes = 0;
    uint64_t possible = 0;
    uint64_t false_positives = 0;
  };

  void Count(size_t probes, size_t possible) const;
  Totals Sum() const;
  // Makes the two filters visible, and returns when nobody sees others any more.
  void Publish(std::shared_ptr<BloomFilter> current, std::shared_ptr<BloomFilter> next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishRebuild(const std::shared_ptr<BloomFilter>& next);
  void AbandonRebuild();

  const GrowingFilterOptions options_;
  ReaderGate gate_;
  std::atomic<const State*> state_;
  std::atomic<bool> inserted_without_filter_ = false;
  mutable std::array<Counts, kThreadSlots> counts_;
  mutable std::atomic<uint64_t> false_positives_ = 0;

  mutable absl::Mutex mutex_;
  std::shared_ptr<BloomFilter> current_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<BloomFilter> next_ ABSL_GUARDED_BY(mutex_);
  bool rebuilding_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t rebuilds_ ABSL_GUARDED_BY(mutex_) = 0;
  // The totals at the moment when the present filter began to answer.
  Totals before_current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dnc
