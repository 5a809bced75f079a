// A Bloom filter over (tenant, number). It answers "nothing is known about this number", or
// "perhaps something is".
//
//   BloomFilter filter(DesignBloom(/*capacity=*/1'000'000, /*bits_a_key=*/12, /*seed=*/0));
//   filter.Insert({tenant, number});
//   filter.MayContain({tenant, number});   // true; false only for what was never inserted
//
// The key is hashed with XXH3-64 (16 bytes: tenant and number, each as 8 bytes, little-endian). The
// high bits choose the block, hash * blocks / 2^64, so any number of blocks works. The low 32 bits
// choose a bit in each of its 8 words, by 8 multiplications. A probe reads one cache line.
// bloom_design.h has the error rate, docs/internals/disk-format.md the exact rule.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "server/base/cpu_level.h"
#include "server/index/bloom_design.h"
#include "server/index/tenant_flags.h"
#include "server/numbers/phone_number.h"

namespace dnc {

struct BloomKey {
  uint32_t tenant = 0;
  Number number = 0;  // any value; all of it is hashed
};

inline bool operator==(const BloomKey& a, const BloomKey& b) {
  return a.tenant == b.tenant && a.number == b.number;
}
inline bool operator<(const BloomKey& a, const BloomKey& b) {
  return a.tenant != b.tenant ? a.tenant < b.tenant : a.number < b.number;
}

// How full a filter is.
struct BloomLoad {
  double fill = 0;        // share of the bits that are set, 0 to 1
  double error_rate = 0;  // share of absent keys to which the filter would say yes
};

// All functions may run at the same time, except those that say otherwise. No function locks or
// waits.
//
// Order: bits are set with relaxed atomic operations. A probe sees an insert if anything makes the
// insert happen before the probe: the same thread, a mutex, a release and an acquire, or an answer
// that was sent and read. A caller can mean nothing else by "before". The same is true for an
// insert that found its bits set by another thread's insert.
// The vector probes read a word as part of an aligned vector. The processor never tears it within 8
// bytes, so a probe sees what a relaxed load of each word would.
class BloomFilter {
 public:
  // Makes an empty filter. Its memory is zeroed and in huge pages (page_pool.h). Ends the process
  // if the design has no blocks or too many, or if the system refuses memory.
  explicit BloomFilter(const BloomDesign& design);
  // Selects a filter whose memory has any content: fill all of memory() before any other use. Its
  // keys may be any tenant's.
  struct Unfilled {};
  BloomFilter(const BloomDesign& design, Unfilled);
  ~BloomFilter();
  BloomFilter(const BloomFilter&) = delete;
  BloomFilter& operator=(const BloomFilter&) = delete;

  // Returns whether the key was new: some bit was not set before. For a new key it returns false in
  // about error_rate of all cases.
  bool Insert(const BloomKey& key);

  // Does the same for many keys, with overlapping memory accesses. Returns how many were new.
  uint64_t InsertBatch(absl::Span<const BloomKey> keys);

  // Returns false only if the key was never inserted.
  bool MayContain(const BloomKey& key) const;

  // Returns false only if no key of the tenant was ever inserted.
  bool MayContainTenant(uint32_t tenant) const { return tenants_->Has(tenant); }

  // Sets bit `bit` (0 to 31) of results[i] if MayContain({tenant, numbers[i]}), leaves the other
  // bits, and returns how many it set. The memory accesses of neighboring numbers overlap, so it is
  // far faster than MayContain in a loop; for a tenant without keys it costs next to nothing. The
  // spans have the same size.
  size_t MayContainBatch(uint32_t tenant, absl::Span<const Number> numbers, int bit,
                         absl::Span<uint32_t> results) const;

  // Does the same with the instructions of `level`, which the processor must support.
  size_t MayContainBatchWith(CpuLevel level, uint32_t tenant, absl::Span<const Number> numbers,
                             int bit, absl::Span<uint32_t> results) const;

  // Counts keys whose records are gone. Their bits stay, because other keys may share them.
  void NoteDeleted(uint64_t keys) { deleted_.fetch_add(keys, std::memory_order_relaxed); }

  const BloomDesign& design() const { return design_; }
  uint64_t memory_bytes() const { return design_.blocks * kBloomBlockBytes; }
  // Returns how many keys were inserted, not counting repetitions and the few new keys whose bits
  // were all set.
  uint64_t keys() const { return keys_.load(std::memory_order_relaxed); }
  uint64_t deleted() const { return deleted_.load(std::memory_order_relaxed); }

  // Estimates the load from up to 65,536 blocks spread over the filter; takes a few milliseconds.
  BloomLoad SampleLoad() const;

  // Copies `bytes` bytes from `offset` of the filter's memory; both are multiples of 8. Inserts
  // under way are copied or not, each word as a whole; those that returned before are copied.
  void CopyOut(uint64_t offset, size_t bytes, char* out) const;

  // Give the words and the counts, to restore a filter before any other thread knows it.
  char* memory() { return reinterpret_cast<char*>(words_); }
  void SetCounts(uint64_t keys, uint64_t deleted);

 private:
  BloomDesign design_;
  uint64_t* words_;
  std::unique_ptr<TenantFlags> tenants_;
  std::atomic<uint64_t> keys_ = 0;
  std::atomic<uint64_t> deleted_ = 0;
};

}  // namespace dnc
