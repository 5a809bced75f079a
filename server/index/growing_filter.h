// The Bloom filter in front of records that come and go: it is rebuilt while it serves.
//
//   GrowingFilter filter(options);                     // says yes to everything
//   auto rebuild = filter.BeginRebuild(2 * store_keys);
//   snapshot = store.Snapshot();                       // after BeginRebuild
//   for (batch : snapshot.Keys()) rebuild->Add(batch);
//   rebuild->Finish();                                 // now the filter answers
//
// The promise: once Insert(key) has returned, no probe called afterwards says no for the key, as
// long as its records are in the store. For this the owner
// - writes a record to the store first, then calls Insert or InsertBatch, then acknowledges the
// write. An insert
//   that a rebuild did not see is then in the snapshot that the owner takes after BeginRebuild;
// - calls Insert also after a write of which it does not know whether it took place;
// - adds every key of the snapshot, or abandons the rebuild.
// Until it has a filter it says yes to everything: unknown is never no.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/index/bloom_filter.h"
#include "server/index/reader_gate.h"

namespace dnc {

struct GrowingFilterOptions {
  double bits_a_key = 12;                  // at the capacity; 0.42 % error (bloom_design.h)
  double worn_share = 0.25;                // of deleted keys, from which a rebuild is due
  uint64_t max_bytes = uint64_t{8} << 30;  // of one filter; while rebuilding there are two
  uint64_t seed = 0;                       // of the hash
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
  uint64_t keys = 0;        // inserted, also those deleted since
  uint64_t deleted = 0;
  uint64_t capacity = 0;
  uint64_t memory_bytes = 0;        // of the filter that answers
  double bits_a_key = 0;            // memory a key, deleted ones included; 0 without keys
  double fill = 0;                  // share of the bits set
  double estimated_error_rate = 0;  // from the bits set
  double observed_error_rate = 0;   // of this filter: wrong yes / (wrong yes + no); 0 if none
  uint64_t probes = 0;              // since the start of the process, as the three below
  uint64_t possible = 0;            // answered yes
  uint64_t false_positives = 0;     // reported
  uint64_t rebuilds = 0;            // finished
};

// Thread-safe, except for the destructor. Probes and inserts never lock or wait.
class GrowingFilter {
 public:
  // A rebuild under way. Movable; abandoned when destroyed before Finish. Must not outlive the
  // filter.
  class Rebuild {
   public:
    Rebuild(Rebuild&& other) noexcept;
    Rebuild& operator=(Rebuild&& other) noexcept;
    ~Rebuild();

    // Adds keys of the owner's snapshot; from any threads, beside inserts and probes.
    void Add(absl::Span<const BloomKey> keys);
    // Keys added so far and inserted meanwhile, without repetitions.
    uint64_t keys() const;
    // From now on the new filter answers; the old one is freed before the return, or when the last
    // holder of current() lets it go. After the last Add returned, in the sense of bloom_filter.h.
    void Finish();
    // The filter stays as it was. Also after Finish, then without effect.
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

  // The same for many, several times as fast.
  void InsertBatch(absl::Span<const BloomKey> keys);

  // False only if nothing is known about the key.
  bool MayContain(const BloomKey& key) const;

  // As BloomFilter::MayContainBatch.
  size_t MayContainBatch(uint32_t tenant, absl::Span<const Number> numbers, int bit,
                         absl::Span<uint32_t> results) const;

  // The owner reports keys whose last record it deleted.
  void NoteDeleted(uint64_t keys);
  // The owner reports for how many keys the filter said yes and the store knew nothing.
  void NoteFalsePositives(uint64_t count) const;

  // Takes a filter from an image (bloom_image.h) that holds every key of the store.
  // FAILED_PRECONDITION if there is a filter or a rebuild already, or if Insert was called before:
  // such a key may be in neither.
  absl::Status Adopt(std::unique_ptr<BloomFilter> filter);

  // Begins a rebuild for `capacity` keys. Every Insert that returned before this returns belongs to
  // the snapshot; every later one goes to both filters. Takes the time to zero the new filter's
  // memory. FAILED_PRECONDITION while another rebuild is under way, RESOURCE_EXHAUSTED
  // LIMIT_REACHED above max_bytes; the filter then stays as it was.
  absl::StatusOr<Rebuild> BeginRebuild(uint64_t capacity);

  // Whether a rebuild is due, also while one is under way.
  RebuildReason rebuild_due() const;

  // Takes a few milliseconds.
  GrowingFilterStats Stats() const;

  // The filter that answers, null if there is none; for writing an image. It holds every key whose
  // Insert returned before the call. Not for probes: a filter that was replaced learns no new keys.
  std::shared_ptr<const BloomFilter> current() const;

 private:
  // What probes and inserts see; replaced as a whole.
  struct State {
    BloomFilter* current = nullptr;
    BloomFilter* next = nullptr;
  };
  struct alignas(64) Counts {
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
  // Makes the two filters those that are seen, and returns when no one sees others. `mutex_` held.
  void Publish(std::shared_ptr<BloomFilter> current, std::shared_ptr<BloomFilter> next);
  void FinishRebuild(const std::shared_ptr<BloomFilter>& next);
  void AbandonRebuild();

  const GrowingFilterOptions options_;
  ReaderGate gate_;
  std::atomic<const State*> state_;
  std::atomic<bool> inserted_without_filter_ = false;
  mutable std::array<Counts, kThreadSlots> counts_;
  mutable std::atomic<uint64_t> false_positives_ = 0;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::shared_ptr<BloomFilter> current_;
  std::shared_ptr<BloomFilter> next_;
  bool rebuilding_ = false;
  uint64_t rebuilds_ = 0;
  Totals before_current_;  // when the present filter began to answer
};

}  // namespace dnc
