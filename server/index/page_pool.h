// Provides memory for arenas in huge pages.
//
// A scrub reads one random cache line per number. With pages of 4 KB each of those reads also
// misses the TLB, and with the page walk it costs twice as much (docs/benchmarks.md). An area code
// is far smaller than a huge page (2 MB), so arenas share huge pages: the pool hands out runs of
// small pages from regions that the kernel is asked to back with huge ones.
//
// Where free memory is chopped up, the kernel backs a part of them with small pages all the same;
// huge_page_keeper.h has that changed later. Regions are never unmapped, so an address of the pool
// is always one to ask the kernel about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/memory_mappings.h"

namespace dnc {

inline constexpr size_t kHugePage = size_t{2} << 20;

// Where the pool's memory comes from.
enum class HugePages {
  kMadvise,   // the kernel is asked for huge pages, and gives those that it has
  kReserved,  // from the huge pages that the operator reserved, as long as there are any
  kOff,       // small pages
};

// Ends the process if the system refuses memory: an index without its memory must not answer.
// Thread-safe.
class PagePool {
 public:
  // Returns the pool of the process, which is never destroyed.
  static PagePool& Instance();

  // Returns the size of a run, which is rounded up to small pages.
  static size_t RunBytes(size_t bytes);

  // Returns a run of RunBytes(bytes) bytes, with `bytes` > 0, aligned to a small page. Its content
  // is arbitrary. It takes memory when first written.
  uint8_t* Take(size_t bytes);

  // Returns to the pool what Take returned, or its tail, in whole small pages. Huge pages that are
  // entirely free leave the process, except for reserved ones, which wait for the next Take.
  void Give(uint8_t* start, size_t bytes);

  // Says where memory comes from that is mapped from now on. Call it before the first Take.
  void Use(HugePages source);

  // Returns how many bytes are handed out.
  size_t used_bytes() const;
  // Returns how many bytes were ever handed out. It grows with each Take.
  uint64_t taken_bytes() const;
  // Returns how many more reserved huge pages were wanted than the operator's pool had.
  uint64_t missing_pages() const;

  // Returns the pool's part of a process's mappings, with the addresses of the pool alone.
  std::vector<MemoryMapping> OwnMappings(const std::vector<MemoryMapping>& all) const;

  // Calls `ask` for the huge page at `page`, an address of OwnMappings, if any of it is handed out,
  // and returns its result; 0 if it is free. If it came free meanwhile, its memory leaves the
  // process again. Nobody waits for `ask`.
  int AskFor(uintptr_t page, const std::function<int(void* start, size_t bytes)>& ask);

  // Returns whether this machine's kernel has huge pages turned off.
  static bool HugePagesOff();

 private:
  PagePool() = default;
  // A stretch of addresses that the pool has mapped.
  struct Region {
    uintptr_t start = 0;
    size_t bytes = 0;
    bool reserved = false;
  };

  void AddRegion(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the region that an address lies in; null if it is none of the pool's.
  const Region* RegionOf(uintptr_t address) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns whether nothing of [start, start + bytes) is handed out.
  bool IsFree(uintptr_t start, size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the first free run of at least `bytes`. Taking the first keeps the runs together, so
  // that the last huge pages become free.
  std::map<uintptr_t, size_t>::iterator FirstThatFits(size_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds a run to the free ones, joined with its neighbors; returns the joined run.
  std::map<uintptr_t, size_t>::iterator Join(uintptr_t start, size_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // The free runs: start and size in bytes; no two touch.
  std::map<uintptr_t, size_t> free_ ABSL_GUARDED_BY(mutex_);
  std::vector<Region> regions_ ABSL_GUARDED_BY(mutex_);
  HugePages source_ ABSL_GUARDED_BY(mutex_) = HugePages::kMadvise;
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t missing_pages_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dnc
