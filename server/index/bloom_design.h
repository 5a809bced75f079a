// Decides how large a Bloom filter is, and how often such a filter wrongly says yes.
//
// The filter is split-block: a block is one cache line of 8 words of 64 bits, and a key sets one
// bit in each word of one block. With b bits of memory per key, the number of keys in a block is
// Poisson distributed with mean 512 / b. A key that is not in the filter finds its 8 bits set with
// probability
//
//   f(b) = sum over k >= 0 of  e^-m m^k / k!  *  (1 - (63/64)^k)^8,   m = 512 / b
//
//   b      8       10      12      14      16
//   f(b)   2.93 %  1.05 %  0.42 %  0.19 %  0.09 %
//
// Blocks of half a line (8 words of 32 bits) would be tested a little faster, but wrongly say yes
// in 0.54 % at 12 bits, because small blocks fill more unevenly.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dnc {

inline constexpr size_t kBloomBlockBytes = 64;  // a cache line
inline constexpr size_t kBloomBlockWords = 8;   // words of 64 bits each
// 256 GB; a larger size is a mistake.
inline constexpr uint64_t kMaxBloomBlocks = uint64_t{1} << 32;

// What a filter is made for. It is part of a filter's image.
struct BloomDesign {
  uint64_t blocks = 1;  // 1 to kMaxBloomBlocks
  // How many keys it may hold before its error rate exceeds the intended one.
  uint64_t capacity = 0;
  uint64_t seed = 0;  // of the hash function
};

inline bool operator==(const BloomDesign& a, const BloomDesign& b) {
  return a.blocks == b.blocks && a.capacity == b.capacity && a.seed == b.seed;
}

// Designs a filter for `capacity` keys with `bits_a_key` (above 0) bits of memory for each. It has
// at least one block; more than kMaxBloomBlocks blocks mean that it is too large.
BloomDesign DesignBloom(uint64_t capacity, double bits_a_key, uint64_t seed);

}  // namespace dnc
