// The set of area codes in a batch. An answer tells how old its data of them is.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "server/index/number_group.h"

namespace dnc {

// A set of area codes; a malformed number has none. Not thread-safe.
class AskedAreas {
 public:
  // Returns the set of every area code.
  static AskedAreas All() {
    AskedAreas all;
    all.asked_.fill(1);
    return all;
  }

  // Adds `area`, an area code or kNoArea.
  void Add(uint16_t area) { asked_[area] = 1; }

  bool Has(uint16_t area) const { return asked_[area] != 0; }

  // Calls `fn` for each area code, ascending.
  template <typename Fn>
  void ForEach(Fn fn) const {
    for (size_t at = 0; at < kBytes; at += sizeof(uint64_t)) {
      uint64_t eight = 0;
      std::memcpy(&eight, asked_.data() + at, sizeof(eight));
      // Each byte is 0 or 1, and the first is the lowest.
      static_assert(std::endian::native == std::endian::little);
      for (; eight != 0; eight &= eight - 1) {
        const size_t area = at + static_cast<size_t>(std::countr_zero(eight)) / 8;
        if (area < kAreaCodes) fn(static_cast<uint16_t>(area));
      }
    }
  }

 private:
  static_assert(kNoArea == kAreaCodes);
  static constexpr size_t kBytes = (kAreaCodes + 1 + 63) / 64 * 64;

  // Each area code has a byte, which a number sets without reading it first. With bits, numbers
  // would have to wait for each other, and in bulk data a branch would be mispredicted. The byte of
  // kNoArea has no meaning.
  alignas(64) std::array<uint8_t, kBytes> asked_{};
};

}  // namespace dnc
