#include "server/index/group_lookup.h"

#include <bit>

namespace dnc {
namespace {

constexpr uint64_t kAllOnes = ~uint64_t{0};

const uint64_t* WordOf(BlockRef bitmap, uint32_t line) {
  return reinterpret_cast<const uint64_t*>(bitmap.data()) + line / 64;
}

}  // namespace

void GroupLookup::Fetch(const NumberGroup& group, const BlockRef* const* directories) {
  uint64_t others = 0;
  for (size_t i = 0; i < group.count; ++i) {
    const BlockRef block = directories[group.areas[i]][group.exchanges[i]];
    const uint64_t* word = WordOf(block, group.lines[i]);
    __builtin_prefetch(word);
    words_[i] = word;
    others |= uint64_t{!block.is_bitmap()} << i;
  }
  arrays_ = 0;
  deltas_ = 0;
  if (others != 0) FetchOthers(group, directories, others);
}

void GroupLookup::FetchOthers(const NumberGroup& group, const BlockRef* const* directories,
                              uint64_t others) {
  for (; others != 0; others &= others - 1) {
    const int i = std::countr_zero(others);
    const BlockRef block = directories[group.areas[i]][group.exchanges[i]];
    blocks_[i] = block;
    (block.is_delta() ? deltas_ : arrays_) |= uint64_t{1} << i;
    words_[i] = kEmptyBitmap.words.data();
    for (uint32_t unit = 0; unit < block.units(); ++unit) {
      __builtin_prefetch(block.data() + unit * kBlockUnit);
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
        break;  // as an empty bitmap
      case DeltaAnswer::kAsBase:
        words_[i] = WordOf(DeltaBase(blocks_[i]), line);
        __builtin_prefetch(words_[i]);
        break;
    }
  }
}

uint64_t GroupLookup::Test(const NumberGroup& group) const {
  uint64_t listed = 0;
  for (size_t i = 0; i < group.count; ++i) {
    listed |= ((*words_[i] >> (group.lines[i] % 64)) & 1) << i;
  }
  for (uint64_t arrays = arrays_; arrays != 0; arrays &= arrays - 1) {
    const int i = std::countr_zero(arrays);
    listed |= uint64_t{ArrayContains(blocks_[i], group.lines[i])} << i;
  }
  return listed;
}

}  // namespace dnc
