#include "server/index/group_lookup.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <bit>
#include <cstring>

#include "server/index/prefetch_line.h"

namespace dnc {
namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};

const uint64_t* WordOf(const uint8_t* bitmap, uint32_t line) {
  return reinterpret_cast<const uint64_t*>(bitmap) + line / 64;
}

using TestFunction = uint64_t (*)(const uint64_t* const* words, const NumberGroup& group);

uint64_t TestRest(const uint64_t* const* words, const NumberGroup& group, size_t start) {
  uint64_t listed = 0;
  for (size_t i = start; i < group.count; ++i) {
    listed |= ((*words[i] >> (group.lines[i] % 64)) & 1) << i;
  }
  return listed;
}

uint64_t TestPortable(const uint64_t* const* words, const NumberGroup& group) {
  return TestRest(words, group, 0);
}

#if defined(__x86_64__)
// The bit of each number is shifted to the front of its word, where the signs are collected.
__attribute__((target("avx2,bmi2"))) uint64_t TestAvx2(const uint64_t* const* words,
                                                       const NumberGroup& group) {
  using Words = uint64_t __attribute__((vector_size(32)));
  using Lines = uint16_t __attribute__((vector_size(8)));
  uint64_t listed = 0;
  size_t i = 0;
  for (; i + 4 <= group.count; i += 4) {
    const Words values = {*words[i], *words[i + 1], *words[i + 2], *words[i + 3]};
    Lines lines;
    std::memcpy(&lines, group.lines + i, sizeof(lines));
    const Words shifted = values << (63 - __builtin_convertvector(lines, Words) % 64);
    const auto four = static_cast<uint32_t>(
        _mm256_movemask_pd(_mm256_castsi256_pd(reinterpret_cast<__m256i>(shifted))));
    listed |= uint64_t{four} << i;
  }
  return listed | TestRest(words, group, i);
}

__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))) uint64_t TestAvx512(
    const uint64_t* const* words, const NumberGroup& group) {
  using Words = uint64_t __attribute__((vector_size(64)));
  using Lines = uint16_t __attribute__((vector_size(16)));
  uint64_t listed = 0;
  size_t i = 0;
  for (; i + 8 <= group.count; i += 8) {
    const Words values = {*words[i],     *words[i + 1], *words[i + 2], *words[i + 3],
                          *words[i + 4], *words[i + 5], *words[i + 6], *words[i + 7]};
    Lines lines;
    std::memcpy(&lines, group.lines + i, sizeof(lines));
    const Words shifted = values << (63 - __builtin_convertvector(lines, Words) % 64);
    listed |= uint64_t{_mm512_movepi64_mask(reinterpret_cast<__m512i>(shifted))} << i;
  }
  return listed | TestRest(words, group, i);
}
#endif

TestFunction TestOf([[maybe_unused]] CpuLevel level) {
#if defined(__x86_64__)
  if (level == CpuLevel::kAvx512) return TestAvx512;
  if (level == CpuLevel::kAvx2) return TestAvx2;
#endif
  return TestPortable;
}

}  // namespace

void GroupLookup::Fetch(const NumberGroup& group, const AreaView* areas) {
  uint32_t offsets = 0;
  ForEachIn(
      group, [&, words = words_ ](size_t i) __attribute__((always_inline)) {
        const AreaView& area = areas[group.areas[i]];
        const uint16_t offset = area.directory->offsets[group.exchanges[i]];
        const uint64_t* word = WordOf(area.home + offset * kBlockUnit, group.lines[i]);
        PrefetchLine(word);
        words[i] = word;
        offsets |= offset;
      });
  arrays_ = 0;
  deltas_ = 0;
  if ((offsets & AreaDirectory::kElsewhere) != 0) FetchElsewhere(group, areas);
}

void GroupLookup::FetchElsewhere(const NumberGroup& group, const AreaView* areas) {
  for (size_t i = 0; i < group.count; ++i) {
    const AreaDirectory& directory = *areas[group.areas[i]].directory;
    if (directory.offsets[group.exchanges[i]] != AreaDirectory::kElsewhere) continue;
    const BlockRef block = directory.blocks[group.exchanges[i]];
    if (block.is_bitmap()) {
      words_[i] = WordOf(block.data(), group.lines[i]);
      PrefetchLine(words_[i]);
      continue;
    }
    blocks_[i] = block;
    (block.is_delta() ? deltas_ : arrays_) |= uint64_t{1} << i;
    words_[i] = kEmptyBitmap.words.data();
    for (uint32_t unit = 0; unit < block.units(); ++unit) {
      PrefetchLine(block.data() + unit * kBlockUnit);
    }
  }
}

void GroupLookup::Resolve(const NumberGroup& group) {
  for (uint64_t deltas = deltas_; deltas != 0; deltas &= deltas - 1) {
    const int i = std::countr_zero(deltas);
    const uint32_t line = group.lines[i];
    switch (DeltaLookup(blocks_[i], line)) {
      case DeltaAnswer::kListed:
        words_[i] = &kAllOnes;
        break;
      case DeltaAnswer::kNotListed:
        break;  // answers like an empty bitmap
      case DeltaAnswer::kAsBase:
        words_[i] = WordOf(DeltaBase(blocks_[i]).data(), line);
        PrefetchLine(words_[i]);
        break;
    }
  }
}

uint64_t GroupLookup::TestArrays(const NumberGroup& group) const {
  uint64_t listed = 0;
  for (uint64_t arrays = arrays_; arrays != 0; arrays &= arrays - 1) {
    const int i = std::countr_zero(arrays);
    listed |= uint64_t{ArrayContains(blocks_[i], group.lines[i])} << i;
  }
  return listed;
}

uint64_t GroupLookup::TestWith(CpuLevel level, const NumberGroup& group) const {
  return TestOf(level)(words_, group) | TestArrays(group);
}

uint64_t GroupLookup::Test(const NumberGroup& group) const {
  static const TestFunction test = TestOf(UsedCpuLevel());
  return test(words_, group) | TestArrays(group);
}

}  // namespace dnc
