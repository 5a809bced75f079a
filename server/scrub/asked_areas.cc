#include "server/scrub/asked_areas.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dnc {

AskedAreas::AskedAreas(absl::Span<const Number> numbers) {
  // A byte an area code, which each number sets without a look at what is there. As bits they would
  // wait for each other, and in bulk data a branch would be a guess. The last is for no number.
  alignas(64) std::array<uint8_t, kWords * 64> asked{};
  static_assert(kWords * 64 > kAreaCodes);
  for (const Number number : numbers) {
    asked[std::min(number, kNumberLimit) / kNumbersPerArea] = 1;
  }
  asked[kAreaCodes] = 0;
  for (size_t area = 0; area < kAreaCodes; area += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, asked.data() + area, sizeof(eight));
    // Bytes of 0 or 1 become eight bits in the highest byte.
    words_[area / 64] |= (eight * 0x0102040810204080 >> 56) << (area % 64);
  }
}

absl::Time AskedAreas::OldestData(const SnapshotList& list) const {
  absl::Time oldest = absl::InfiniteFuture();
  for (size_t i = 0; i < words_.size(); ++i) {
    for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
      const AreaCoverage& area = list.areas[i * 64 + static_cast<size_t>(std::countr_zero(word))];
      if (area.state == AreaState::kLoaded) oldest = std::min(oldest, area.obtained_at);
    }
  }
  return oldest;
}

}  // namespace dnc
