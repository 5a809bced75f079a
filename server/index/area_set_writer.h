// Writes an AreaSet: its arena and its directory. Only for this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/index/area_set.h"
#include "server/index/arena.h"
#include "server/index/exchange_block.h"

namespace dnc {

// Use once: set the blocks, then call Finish. Not thread-safe.
class AreaSetWriter {
 public:
  // Reserves room for the directory and `block_bytes` bytes of blocks. Too much costs nothing; too
  // little ends the process. The set will share blocks with `base`, which must share nothing
  // itself, and will keep it alive. With null it shares nothing.
  explicit AreaSetWriter(size_t block_bytes, AreaSetPtr base = nullptr);

  Arena& arena() { return arena_; }

  // Sets the block of an exchange, which lies in this arena or in that of the base. Exchanges are
  // empty until set.
  void SetBlock(int exchange, BlockRef block) { directory_->blocks[exchange] = block; }

  // Copies `block` into this arena. It must not be the shared empty block.
  BlockRef Copy(BlockRef block);

  // Returns the set. `size` must be its count of numbers; the digest is computed unless given.
  AreaSetPtr Finish(uint32_t size, std::optional<Digest> digest = std::nullopt) &&;

 private:
  void FillOffsets();

  const AreaSetPtr base_;
  Arena arena_;
  AreaDirectory* directory_;
};

}  // namespace dnc
