// A Bloom filter as a file, so that a start need not read every key of the store.
//
//   auto image = store revision, then filter.current();
//   WriteBloomImage(*image, {store_id, revision}, path);
//   ...
//   auto filter = ReadBloomImage(path, {store_id, revision});    // else rebuild it from the store
//
// A filter that lacks a key makes a number look unknown. So an image is used only if it proves to
// be whole and to belong to exactly this content of this store. docs/internals/disk-format.md has
// the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/index/bloom_filter.h"

namespace dnc {

inline constexpr size_t kBloomImageHeaderBytes = 128;
inline constexpr size_t kBloomImageChecksumBytes = 16;

// The store and the revision that an image belongs to.
struct BloomImageOwner {
  // Names the store: random bits, kept in the store, and drawn anew whenever an older copy of the
  // store could have been put back, ideally at every start. So an image never outlives its content.
  uint64_t store_high = 0;
  uint64_t store_low = 0;
  // The filter holds every key of the store up to this revision.
  uint64_t revision = 0;
};

// Replaces the file at `path` as a whole; durable when it returns OK. Every Insert up to
// `owner.revision` must have returned before; others may run meanwhile. Fails with
// RESOURCE_EXHAUSTED DISK_FULL or INTERNAL STORAGE; the file at `path` is then the old one or
// already the new one.
absl::Status WriteBloomImage(const BloomFilter& filter, const BloomImageOwner& owner,
                             const std::string& path);

// Reads the filter of an image, which may take at most `max_bytes` of memory, at the speed of the
// disk or the page cache. All errors mean that the filter must be rebuilt from the store.
// NOT_FOUND: there is no file. DATA_LOSS: it is damaged, or no image. FAILED_PRECONDITION: it is
// whole, but of another format version, store or revision. RESOURCE_EXHAUSTED LIMIT_REACHED: it is
// larger than `max_bytes`. INTERNAL: it cannot be opened.
absl::StatusOr<std::unique_ptr<BloomFilter>> ReadBloomImage(const std::string& path,
                                                            const BloomImageOwner& owner,
                                                            uint64_t max_bytes);

}  // namespace dnc
