// NormalizeNumber for batches.
#pragma once

#include <cstddef>

#include "server/base/cpu_level.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// The number that `value`, of ten digits or of eleven with a leading 1, stands for; kNumberLimit if
// it is malformed, which no list holds and every engine takes for what it is.
constexpr Number PlainNumber(uint64_t value) {
  const ParsedNumber parsed = NormalizeNumber(value);
  return parsed.ok ? parsed.number : kNumberLimit;
}

// out[i] = PlainNumber of the i-th value; `bytes` has `count` of them, eight bytes each,
// little-endian, aligned anyhow.
void NormalizeBatch(const char* bytes, size_t count, Number* out);

// The same in a given way, which must be supported.
void NormalizeBatchWith(CpuLevel level, const char* bytes, size_t count, Number* out);

}  // namespace dnc
