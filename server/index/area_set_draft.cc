#include "server/index/area_set_draft.h"

#include <xxhash.h>

#include <memory>
#include <new>
#include <utility>

namespace dnc {
namespace {

constexpr size_t kDirectoryBytes = kExchangesPerArea * sizeof(BlockRef);

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

Digest ComputeDigest(const BlockRef* directory) {
  const std::unique_ptr<XXH3_state_t, FreeState> state(XXH3_createState());
  if (state == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  Bitmap scratch;
  for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
    if (directory[exchange].is_empty()) continue;
    const auto number = static_cast<uint16_t>(exchange);
    const Bitmap& bitmap = ReadBitmap(directory[exchange], scratch);
    // A delta can leave an exchange without numbers.
    if (directory[exchange].is_delta() && bitmap.Count() == 0) continue;
    XXH3_128bits_update(state.get(), &number, sizeof(number));
    XXH3_128bits_update(state.get(), bitmap.bytes(), kBitmapBytes);
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return {hash.high64, hash.low64};
}

}  // namespace

AreaSetDraft::AreaSetDraft(size_t block_bytes) : arena_(kDirectoryBytes + block_bytes) {
  directory_ = new (arena_.Allocate(kDirectoryBytes)) BlockRef[kExchangesPerArea];
}

BlockRef AreaSetDraft::Copy(BlockRef block) {
  uint8_t* data = arena_.Allocate(block.bytes());
  std::memcpy(data, block.data(), block.bytes());
  return block.MovedTo(data);
}

AreaSetPtr AreaSetDraft::Finish(uint32_t size, AreaSetPtr base, std::optional<Digest> digest) && {
  arena_.Trim();
  const Digest sealed = digest.has_value() ? *digest : ComputeDigest(directory_);
  return AreaSetPtr(new AreaSet(std::move(arena_), directory_, size, sealed, std::move(base)));
}

}  // namespace dnc
