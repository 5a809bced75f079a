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
class AreaSetDraft {
 public:
  // Room for the directory and `block_bytes` bytes of blocks; too much costs nothing, too little
  // ends the process.
  explicit AreaSetDraft(size_t block_bytes);

  Arena& arena() { return arena_; }

  // The block of an exchange, in this arena or in that of `base`. Empty until set.
  void SetBlock(int exchange, BlockRef block) { directory_[exchange] = block; }

  // A copy of `block`, which is no shared empty one, in this arena.
  BlockRef Copy(BlockRef block);

  // The set, which keeps `base` alive (null: it shares nothing). `size` must be its count of
  // numbers; the digest is computed unless given.
  AreaSetPtr Finish(uint32_t size, AreaSetPtr base, std::optional<Digest> digest = std::nullopt) &&;

 private:
  Arena arena_;
  BlockRef* directory_;
};

}  // namespace dnc
