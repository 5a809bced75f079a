// Normalizes whole batches of numbers, as NormalizeNumber does one.
#pragma once

#include <cstddef>

#include "server/base/cpu_level.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// Returns the number that `value` stands for: ten digits, or eleven with a leading 1. Returns
// kNumberLimit if `value` is malformed; no list holds that value, and every engine takes it as
// malformed.
constexpr Number PlainNumber(uint64_t value) {
  const ParsedNumber parsed = NormalizeNumber(value);
  return parsed.ok ? parsed.number : kNumberLimit;
}

// Sets out[i] to PlainNumber of the i-th value. `bytes` holds `count` values of eight bytes each,
// little-endian; they need not be aligned.
void NormalizeBatch(const char* bytes, size_t count, Number* out);

// Does the same with the instructions of `level`, which the processor must support.
void NormalizeBatchWith(CpuLevel level, const char* bytes, size_t count, Number* out);

}  // namespace dnc
