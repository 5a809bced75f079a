// A set is written front to back into one arena: the constructor places the directory, SetBlock and
// Copy put blocks behind it, and Finish derives the offsets, by which lookups find bitmaps, from
// the final places of all blocks.
#include "server/index/area_set_writer.h"

#include <new>
#include <utility>

#include "server/index/running_digest.h"

namespace dnc {
namespace {

// Arenas start at a page, and the offsets take half a page. If all offsets were in the first half
// of their page, half of a cache would stay unused. So every other directory starts half a page
// later, behind the bitmap of the exchanges without numbers, which in other homes follows the
// directory:
//
//   even page   | offsets ...  references ... | empty bitmap | blocks ...
//   odd page    | empty bitmap, unused | offsets ...  references ... | blocks ...
//               0                     half a page
constexpr size_t kHalfPage = 2'048;
static_assert(sizeof(Bitmap) <= kHalfPage && sizeof(AreaDirectory::offsets) <= kHalfPage);

bool IsOddPage(const uint8_t* page) { return reinterpret_cast<uintptr_t>(page) / 4'096 % 2 != 0; }

// Returns where the empty bitmap of a home lies, from its start.
size_t EmptyPlace(const uint8_t* home) { return IsOddPage(home) ? 0 : sizeof(AreaDirectory); }

Digest ComputeDigest(const std::array<BlockRef, kExchangesPerArea>& blocks) {
  RunningDigest digest;
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (blocks[exchange].is_empty()) continue;
    const auto number = static_cast<uint16_t>(exchange);
    const Bitmap& bitmap = ReadBitmap(blocks[exchange], scratch);
    // A delta can leave an exchange without numbers.
    if (blocks[exchange].is_delta() && bitmap.Count() == 0) continue;
    digest.Add(&number, sizeof(number));
    digest.Add(bitmap.bytes(), kBitmapBytes);
  }
  const XXH128_hash_t hash = digest.Hash();
  return {hash.high64, hash.low64};
}

}  // namespace

AreaSetWriter::AreaSetWriter(size_t block_bytes, AreaSetPtr base)
    : base_(std::move(base)), arena_(kHalfPage + sizeof(AreaDirectory) + block_bytes) {
  const bool odd = IsOddPage(arena_.data());
  if (odd) arena_.Allocate(kHalfPage);
  directory_ = new (arena_.Allocate(sizeof(AreaDirectory))) AreaDirectory();
  if (!odd && base_ == nullptr) arena_.Allocate(sizeof(Bitmap));
}

BlockRef AreaSetWriter::Copy(BlockRef block) {
  uint8_t* data = arena_.Allocate(block.bytes());
  std::memcpy(data, block.data(), block.bytes());
  return block.MovedTo(data);
}

void AreaSetWriter::FillOffsets() {
  const Arena& home = base_ == nullptr ? arena_ : base_->arena_;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    const BlockRef block = directory_->blocks[exchange];
    uint16_t& offset = directory_->offsets[exchange];
    offset = AreaDirectory::kElsewhere;
    if (!block.is_bitmap()) continue;
    if (block.is_empty()) {
      offset = static_cast<uint16_t>(EmptyPlace(home.data()) / kBlockUnit);
    } else if (home.Contains(block.data())) {
      offset = static_cast<uint16_t>((block.data() - home.data()) / kBlockUnit);
    }
  }
}

AreaSetPtr AreaSetWriter::Finish(uint32_t size, std::optional<Digest> digest) && {
  arena_.Trim();
  FillOffsets();
  const Digest whole = digest.has_value() ? *digest : ComputeDigest(directory_->blocks);
  return AreaSetPtr(new AreaSet(std::move(arena_), directory_, size, whole, base_));
}

}  // namespace dnc
