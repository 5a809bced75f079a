// An AreaSet being written: its arena and its directory. Only for this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/index/area_set.h"
#include "server/index/arena.h"
#include "server/index/exchange_block.h"

namespace dnc {

// Not thread-safe. Use once: set the blocks, then Finish.
class AreaSetWriter {
 public:
  // Room for the directory and `block_bytes` bytes of blocks; too much costs nothing, too little
  // ends the process. The set will share blocks with `base`, which shares nothing itself, and keep
  // it alive; null: it shares nothing.
  explicit AreaSetWriter(size_t block_bytes, AreaSetPtr base = nullptr);

  Arena& arena() { return arena_; }

  // The block of an exchange, in this arena or in that of the base. Empty until set.
  void SetBlock(int exchange, BlockRef block) { directory_->blocks[exchange] = block; }

  // A copy of `block`, which is no shared empty one, in this arena.
  BlockRef Copy(BlockRef block);

  // The set. `size` must be its count of numbers; the digest is computed unless given.
  AreaSetPtr Finish(uint32_t size, std::optional<Digest> digest = std::nullopt) &&;

 private:
  void FillOffsets();

  const AreaSetPtr base_;
  Arena arena_;
  AreaDirectory* directory_;
};

}  // namespace dnc
