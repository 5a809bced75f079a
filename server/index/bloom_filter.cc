// How a batch is probed. A key's hash chooses a block, which is one cache line, and a bit in each
// of its eight words. Memory answers slowly but many requests at a time, so the blocks of 256 keys
// are on their way while those that came first are tested:
//
//   hash and prefetch   | g8 |                     groups of 32 keys
//   on their way        | g7 | g6 | ... | g2 |
//   test                | g1 |
//
// Bits are set and read as relaxed atomic words: the header says what order that promises.
#include "server/index/bloom_filter.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "server/base/check.h"
#include "server/base/cpu_level.h"
#include "server/index/page_pool.h"
#include "server/index/prefetch_line.h"

namespace dnc {
namespace {

static_assert(std::endian::native == std::endian::little);

// The keys that are handled together. The memory accesses of several groups overlap, 256 keys in
// all, as in number_set.cc. Here the oldest group is tested while the lines of the others are on
// their way.
constexpr size_t kGroup = 32;
constexpr size_t kKeyGroupsAhead = 8;
constexpr uint64_t kSampledBlocks = 65'536;

// Odd numbers that spread the low half of the hash; they are those of Parquet's filter.
alignas(32) constexpr uint32_t kSalts[kBloomBlockWords] = {
    0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

__extension__ typedef unsigned __int128 Uint128;

uint64_t Hash(const BloomKey& key, uint64_t seed) {
  const uint64_t content[2] = {key.tenant, key.number};
  return XXH3_64bits_withSeed(content, sizeof(content), seed);
}

size_t FirstWord(uint64_t hash, uint64_t blocks) {
  return static_cast<size_t>((Uint128{hash} * blocks) >> 64) * kBloomBlockWords;
}

// Returns the bit of a key in word `word` of its block.
uint64_t Bit(uint32_t low, size_t word) { return uint64_t{1} << ((low * kSalts[word]) >> 26); }

uint64_t Load(const uint64_t& word) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(word)).load(std::memory_order_relaxed);
}

// Sets the bits of a key. Returns whether one of them was not set before.
bool SetBits(uint64_t* block, uint32_t low) {
  bool fresh = false;
  for (size_t word = 0; word < kBloomBlockWords; ++word) {
    const uint64_t bit = Bit(low, word);
    // Half the bits of a full filter are set, and testing them is far cheaper than setting them.
    if ((Load(block[word]) & bit) != 0) continue;
    const std::atomic_ref<uint64_t> shared(block[word]);
    fresh |= (shared.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  }
  return fresh;
}

bool TestPortable(const uint64_t* block, uint32_t low) {
  uint64_t missing = 0;
  for (size_t word = 0; word < kBloomBlockWords; ++word) {
    missing |= Bit(low, word) & ~Load(block[word]);
  }
  return missing == 0;
}

// The blocks of a group of keys, on their way from memory, and the low halves of the keys' hashes.
struct Lookups {
  uint64_t* blocks[kGroup];
  uint32_t lows[kGroup];
};

using TestGroup = size_t (*)(const Lookups& group, size_t count, int bit, uint32_t* results);

size_t TestGroupPortable(const Lookups& group, size_t count, int bit, uint32_t* results) {
  size_t possible = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t yes = TestPortable(group.blocks[i], group.lows[i]) ? 1 : 0;
    results[i] |= yes << bit;
    possible += yes;
  }
  return possible;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) size_t TestGroupAvx2(const Lookups& group, size_t count, int bit,
                                                     uint32_t* results) {
  const __m256i salts = _mm256_load_si256(reinterpret_cast<const __m256i*>(kSalts));
  const __m256i one = _mm256_set1_epi64x(1);
  size_t possible = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto* block = reinterpret_cast<const __m256i*>(group.blocks[i]);
    const __m256i low = _mm256_set1_epi32(static_cast<int>(group.lows[i]));
    const __m256i shifts = _mm256_srli_epi32(_mm256_mullo_epi32(low, salts), 26);
    const __m256i first =
        _mm256_sllv_epi64(one, _mm256_cvtepu32_epi64(_mm256_castsi256_si128(shifts)));
    const __m256i second =
        _mm256_sllv_epi64(one, _mm256_cvtepu32_epi64(_mm256_extracti128_si256(shifts, 1)));
    const __m256i missing =
        _mm256_or_si256(_mm256_andnot_si256(_mm256_load_si256(block), first),
                        _mm256_andnot_si256(_mm256_load_si256(block + 1), second));
    const auto yes = static_cast<uint32_t>(_mm256_testz_si256(missing, missing));
    results[i] |= yes << bit;
    possible += yes;
  }
  return possible;
}

// A block is one vector.
__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))) size_t TestGroupAvx512(
    const Lookups& group, size_t count, int bit, uint32_t* results) {
  using Words = uint64_t __attribute__((vector_size(64)));
  using Halves = uint32_t __attribute__((vector_size(32)));
  const Halves salts = *reinterpret_cast<const Halves*>(kSalts);
  size_t possible = 0;
  for (size_t i = 0; i < count; ++i) {
    const Words shifts = __builtin_convertvector((salts * group.lows[i]) >> 26, Words);
    const Words bits = (Words{} + 1) << shifts;
    const Words missing = bits & ~*reinterpret_cast<const Words*>(group.blocks[i]);
    const auto lanes = reinterpret_cast<__m512i>(missing);
    const uint32_t yes = _mm512_test_epi64_mask(lanes, lanes) == 0 ? 1 : 0;
    results[i] |= yes << bit;
    possible += yes;
  }
  return possible;
}
#endif

TestGroup TestGroupOf([[maybe_unused]] CpuLevel level) {
#if defined(__x86_64__)
  if (level == CpuLevel::kAvx512) return TestGroupAvx512;
  if (level == CpuLevel::kAvx2) return TestGroupAvx2;
#endif
  return TestGroupPortable;
}

// Calls work(group, start, count) for each group of `keys` keys in order; key_at(i) is the i-th
// key.
template <bool kForWriting, typename KeyAt, typename Work>
void InGroups(uint64_t* words, const BloomDesign& design, size_t keys, const KeyAt& key_at,
              const Work& work) {
  // These are copies, so that the compiler need not assume that the groups change the design.
  const uint64_t seed = design.seed;
  const uint64_t blocks = design.blocks;
  std::array<Lookups, kKeyGroupsAhead> groups;
  size_t fetched = 0;
  for (size_t start = 0; start < keys; start += kGroup) {
    const size_t ahead = std::min(keys, start + kGroup * kKeyGroupsAhead);
    for (; fetched < ahead; fetched += kGroup) {
      Lookups& group = groups[fetched / kGroup % kKeyGroupsAhead];
      const size_t count = std::min(kGroup, keys - fetched);
      for (size_t i = 0; i < count; ++i) {
        const uint64_t hash = Hash(key_at(fetched + i), seed);
        group.lows[i] = static_cast<uint32_t>(hash);
        group.blocks[i] = words + FirstWord(hash, blocks);
        if constexpr (kForWriting) {
          __builtin_prefetch(group.blocks[i], 1);
        } else {
          PrefetchLine(group.blocks[i]);
        }
      }
    }
    work(groups[start / kGroup % kKeyGroupsAhead], start, std::min(kGroup, keys - start));
  }
}

}  // namespace

BloomFilter::BloomFilter(const BloomDesign& design, Unfilled /*tag*/)
    : design_(design), words_(nullptr) {
  DNC_CHECK(design.blocks >= 1 && design.blocks <= kMaxBloomBlocks, "the size of a Bloom filter");
  words_ = reinterpret_cast<uint64_t*>(PagePool::Instance().Take(memory_bytes()));
  tenants_ = std::make_unique<TenantFlags>();
  tenants_->SetAll();
}

BloomFilter::BloomFilter(const BloomDesign& design) : BloomFilter(design, Unfilled()) {
  std::memset(words_, 0, memory_bytes());
  tenants_ = std::make_unique<TenantFlags>();
}

BloomFilter::~BloomFilter() {
  PagePool::Instance().Give(reinterpret_cast<uint8_t*>(words_), PagePool::RunBytes(memory_bytes()));
}

bool BloomFilter::Insert(const BloomKey& key) {
  tenants_->Set(key.tenant);
  const uint64_t hash = Hash(key, design_.seed);
  const bool fresh = SetBits(words_ + FirstWord(hash, design_.blocks), static_cast<uint32_t>(hash));
  if (fresh) keys_.fetch_add(1, std::memory_order_relaxed);
  return fresh;
}

uint64_t BloomFilter::InsertBatch(absl::Span<const BloomKey> keys) {
  for (const BloomKey& key : keys) tenants_->Set(key.tenant);
  uint64_t fresh = 0;
  InGroups</*kForWriting=*/true>(
      words_, design_, keys.size(), [keys](size_t i) { return keys[i]; },
      [&fresh](const Lookups& group, size_t /*start*/, size_t count) {
        for (size_t i = 0; i < count; ++i) fresh += SetBits(group.blocks[i], group.lows[i]) ? 1 : 0;
      });
  keys_.fetch_add(fresh, std::memory_order_relaxed);
  return fresh;
}

bool BloomFilter::MayContain(const BloomKey& key) const {
  if (!MayContainTenant(key.tenant)) return false;
  const uint64_t hash = Hash(key, design_.seed);
  return TestPortable(words_ + FirstWord(hash, design_.blocks), static_cast<uint32_t>(hash));
}

size_t BloomFilter::MayContainBatch(uint32_t tenant, absl::Span<const Number> numbers, int bit,
                                    absl::Span<uint32_t> results) const {
  return MayContainBatchWith(UsedCpuLevel(), tenant, numbers, bit, results);
}

size_t BloomFilter::MayContainBatchWith(CpuLevel level, uint32_t tenant,
                                        absl::Span<const Number> numbers, int bit,
                                        absl::Span<uint32_t> results) const {
  assert(numbers.size() == results.size() && bit >= 0 && bit < 32);
  if (!MayContainTenant(tenant)) return 0;
  const TestGroup test = TestGroupOf(level);
  size_t possible = 0;
  InGroups</*kForWriting=*/false>(
      words_, design_, numbers.size(),
      [tenant, numbers](size_t i) {
        return BloomKey{tenant, numbers[i]};
      },
      [&](const Lookups& group, size_t start, size_t count) {
        possible += test(group, count, bit, results.data() + start);
      });
  return possible;
}

BloomLoad BloomFilter::SampleLoad() const {
  const uint64_t sampled = std::min(design_.blocks, kSampledBlocks);
  BloomLoad load;
  for (uint64_t i = 0; i < sampled; ++i) {
    const auto block = static_cast<uint64_t>(Uint128{i} * design_.blocks / sampled);
    double all_set = 1;
    for (size_t word = 0; word < kBloomBlockWords; ++word) {
      const double set = std::popcount(Load(words_[block * kBloomBlockWords + word])) / 64.0;
      load.fill += set;
      all_set *= set;
    }
    load.error_rate += all_set;
  }
  load.fill /= static_cast<double>(sampled * kBloomBlockWords);
  load.error_rate /= static_cast<double>(sampled);
  return load;
}

void BloomFilter::CopyOut(uint64_t offset, size_t bytes, char* out) const {
  assert(offset % 8 == 0 && bytes % 8 == 0 && offset + bytes <= memory_bytes());
  const uint64_t* word = words_ + offset / 8;
  for (size_t done = 0; done < bytes; done += 8) {
    const uint64_t value = Load(*word++);
    std::memcpy(out + done, &value, sizeof(value));
  }
}

void BloomFilter::SetCounts(uint64_t keys, uint64_t deleted) {
  keys_.store(keys, std::memory_order_relaxed);
  deleted_.store(deleted, std::memory_order_relaxed);
}

}  // namespace dnc
