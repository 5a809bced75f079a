// Where the blocks of an area code's exchanges are, twice: as what they are, and as a lookup finds
// most of them.
//
// A batch asks for random exchanges, so what it reads first must be small: of the whole registry
// the block references are 3 MB, and the offsets 750 KB, which a processor keeps near. Bitmaps in
// the home of the area code, the arena where a load has put them, have an offset; whatever a change
// has put elsewhere, and arrays, are found by their reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/index/exchange_block.h"
#include "server/numbers/phone_number.h"

namespace dnc {

struct alignas(kBlockUnit) AreaDirectory {
  // Of a bitmap from the start of the home, in units of kBlockUnit, or kElsewhere.
  std::array<uint16_t, kExchangesPerArea> offsets;
  std::array<BlockRef, kExchangesPerArea> blocks;

  // No offset has this bit: a home has at most 1,000 bitmaps and this directory, 1.3 MB.
  static constexpr uint16_t kElsewhere = 0x8000;
  static_assert((kExchangesPerArea * sizeof(Bitmap) + 16'384) / kBlockUnit < kElsewhere);
};

// What a lookup needs of an area code.
struct AreaView {
  const uint8_t* home;
  const AreaDirectory* directory;
};

}  // namespace dnc
