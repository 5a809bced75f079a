// Memory for arenas in huge pages.
//
// A scrub reads one random cache line a number. With pages of 4 KB each of those reads also misses
// the TLB, and with the walk it costs twice (docs/benchmarks.md). An area code is far smaller than
// a huge page (2 MB), so the arenas share them: the pool hands out runs of small pages from regions
// that the kernel is asked to back with huge ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dnc {

// Thread-safe. Ends the process if the system refuses memory: an index without its memory must not
// answer.
class PagePool {
 public:
  // The pool of the process; never destroyed.
  static PagePool& Instance();

  // Small pages: what runs are rounded up to.
  static size_t RunBytes(size_t bytes);

  // A run of RunBytes(bytes) bytes, `bytes` > 0, aligned to a small page, of any content. It takes
  // memory when first written.
  uint8_t* Take(size_t bytes);

  // Gives back what Take returned, or its tail: whole small pages. Huge pages that are free as a
  // whole leave the process.
  void Give(uint8_t* start, size_t bytes);

  // Bytes handed out.
  size_t used_bytes() const;

  // Returns whether this machine's kernel has huge pages turned off.
  static bool HugePagesOff();

 private:
  PagePool() = default;
  void AddRegion(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The first free run of at least `bytes`: the first, so that the runs stay together and the last
  // huge pages come free.
  std::map<uintptr_t, size_t>::iterator FirstThatFits(size_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Puts a run among the free ones, joined with its neighbours; returns the joined run.
  std::map<uintptr_t, size_t>::iterator Join(uintptr_t start, size_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // The free runs: where each starts, and its bytes; no two touch.
  std::map<uintptr_t, size_t> free_ ABSL_GUARDED_BY(mutex_);
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dnc
