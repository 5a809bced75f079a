// Knows which tenants have keys in a filter: most batches of most tenants need no probe at all.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dnc {

// Has a bit for each tenant; tenants that differ by a multiple of kFlags share one. Thread-safe: a
// bit is visible to whatever comes after its Set, like a key of the filter (bloom_filter.h).
class TenantFlags {
 public:
  static constexpr uint32_t kFlags = 65'536;

  // Sets the tenant's bit.
  void Set(uint32_t tenant) {
    std::atomic<uint64_t>& word = Word(tenant);
    if ((word.load(std::memory_order_relaxed) & Bit(tenant)) != 0) return;
    word.fetch_or(Bit(tenant), std::memory_order_relaxed);
  }

  // Returns false only if neither Set(tenant) nor SetAll was called.
  bool Has(uint32_t tenant) const {
    return (words_[tenant % kFlags / 64].load(std::memory_order_relaxed) & Bit(tenant)) != 0;
  }

  // Sets all bits, for a filter whose tenants are not known.
  void SetAll() {
    for (std::atomic<uint64_t>& word : words_) word.store(~uint64_t{0}, std::memory_order_relaxed);
  }

 private:
  static uint64_t Bit(uint32_t tenant) { return uint64_t{1} << (tenant % 64); }
  std::atomic<uint64_t>& Word(uint32_t tenant) { return words_[tenant % kFlags / 64]; }

  std::array<std::atomic<uint64_t>, kFlags / 64> words_{};
};

}  // namespace dnc
