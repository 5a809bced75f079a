// Provides memory for arenas in huge pages.
//
// A scrub reads one random cache line per number. With pages of 4 KB each of those reads also
// misses the TLB, and with the page walk it costs twice as much (docs/benchmarks.md). An area code
// is far smaller than a huge page (2 MB), so arenas share huge pages: the pool hands out runs of
// small pages from regions that the kernel is asked to back with huge ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

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
  // entirely free leave the process.
  void Give(uint8_t* start, size_t bytes);

  // Returns how many bytes are handed out.
  size_t used_bytes() const;

  // Returns whether this machine's kernel has huge pages turned off.
  static bool HugePagesOff();

 private:
  PagePool() = default;
  void AddRegion(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
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
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dnc
