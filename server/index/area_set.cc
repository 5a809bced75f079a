#include "server/index/area_set.h"

#include <cassert>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/index/area_set_draft.h"
#include "server/index/stored_block.h"

namespace dnc {
namespace {

BlockRef BlockOf(const AreaSet* set, int exchange) {
  return set == nullptr ? BlockRef() : set->block(exchange);
}

void DiffExchange(int exchange, const Bitmap& before, const Bitmap& after,
                  absl::FunctionRef<void(Change)> fn) {
  const uint32_t first = static_cast<uint32_t>(exchange) * kNumbersPerExchange;
  for (uint32_t i = 0; i < before.words.size(); ++i) {
    for (uint64_t word = before.words[i] ^ after.words[i]; word != 0; word &= word - 1) {
      const uint32_t line = i * 64 + static_cast<uint32_t>(std::countr_zero(word));
      fn({first + line, after.Test(line)});
    }
  }
}

}  // namespace

std::string Digest::ToHex() const {
  return absl::StrCat(absl::Hex(high, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
}

AreaSet::AreaSet(Arena arena, const AreaDirectory* directory, uint32_t size, const Digest& digest,
                 AreaSetPtr base)
    : arena_(std::move(arena)),
      directory_(directory),
      size_(size),
      digest_(digest),
      base_(std::move(base)) {}

AreaSet::~AreaSet() = default;

bool AreaSet::Contains(uint32_t subscriber) const {
  assert(subscriber < kNumbersPerArea);
  return BlockContains(block(static_cast<int>(subscriber / kNumbersPerExchange)),
                       subscriber % kNumbersPerExchange);
}

size_t AreaSet::memory_bytes() const { return sizeof(AreaSet) + arena_.size(); }

bool AreaSet::shares() const { return base_ != nullptr; }

void AreaSet::ForEachBlock(absl::FunctionRef<void(int exchange, std::string_view block)> fn) const {
  StoredBlockBuffer buffer;
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (block(exchange).is_empty()) continue;
    const Bitmap& bitmap = ReadBitmap(block(exchange), scratch);
    // A delta can leave an exchange without numbers.
    if (bitmap.Count() == 0) continue;
    fn(exchange, EncodeStoredBlock(exchange, bitmap, buffer));
  }
}

void AreaSet::ForEachNumber(absl::FunctionRef<void(uint32_t subscriber)> fn) const {
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (block(exchange).is_empty()) continue;
    const uint32_t first = static_cast<uint32_t>(exchange) * kNumbersPerExchange;
    ForEachLine(ReadBitmap(block(exchange), scratch),
                [first, fn](uint32_t line) { fn(first + line); });
  }
}

AreaSetPtr Folded(const AreaSet& set) {
  size_t block_bytes = 0;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef block = set.block(exchange);
    if (!block.is_empty()) block_bytes += block.is_delta() ? sizeof(Bitmap) : block.bytes();
  }
  AreaSetDraft draft(block_bytes);
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef block = set.block(exchange);
    if (block.is_empty()) continue;
    if (!block.is_delta()) {
      draft.SetBlock(exchange, draft.Copy(block));
      continue;
    }
    const Bitmap& bitmap = ReadBitmap(block, scratch);
    draft.SetBlock(exchange, PackBlock(bitmap, bitmap.Count(), draft.arena()));
  }
  return std::move(draft).Finish(set.size(), set.digest());
}

void ForEachDifference(const AreaSet* before, const AreaSet* after,
                       absl::FunctionRef<void(Change)> fn) {
  Bitmap before_scratch;
  Bitmap after_scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef old_block = BlockOf(before, exchange);
    const BlockRef new_block = BlockOf(after, exchange);
    if (old_block == new_block) continue;
    DiffExchange(exchange, ReadBitmap(old_block, before_scratch),
                 ReadBitmap(new_block, after_scratch), fn);
  }
}

}  // namespace dnc
