// Splits numbers into what a lookup needs, a group at a time, once for all lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"
#include "server/base/cpu_level.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// The memory accesses of so many numbers start together: one for each bit of a word. With the
// groups that are ahead (group_lookup.h) they keep memory busy while another group is tested.
inline constexpr size_t kGroupSize = 64;

// The area code of a malformed number.
inline constexpr uint16_t kNoArea = kAreaCodes;

struct NumberGroup {
  size_t count = 0;
  alignas(kGroupSize) uint16_t areas[kGroupSize];  // area codes, or kNoArea
  uint16_t exchanges[kGroupSize];                  // within the area code, 0 to 999
  uint16_t lines[kGroupSize];                      // within the exchange, 0 to 9,999
};

// Calls fn(i) for each number of a group. Most groups are full, and their calls are unrolled by
// eights: counting would be a fourth of the work.
template <typename Fn>
__attribute__((always_inline)) inline void ForEachIn(const NumberGroup& group, const Fn& fn) {
  static_assert(kGroupSize % 8 == 0);
  if (group.count != kGroupSize) {
    for (size_t i = 0; i < group.count; ++i) fn(i);
    return;
  }
  for (size_t start = 0; start < kGroupSize; start += 8) {
    [&]<size_t... kEight>(std::index_sequence<kEight...>) __attribute__((always_inline)) {
      (fn(start + kEight), ...);
    }
    (std::make_index_sequence<8>());
  }
}

// Splits up to kGroupSize numbers. Those of kNumberLimit and above get kNoArea.
void Split(absl::Span<const Number> numbers, NumberGroup& group);

// Does the same with the instructions of `level`, which the processor must support.
void SplitWith(CpuLevel level, absl::Span<const Number> numbers, NumberGroup& group);

}  // namespace dnc
