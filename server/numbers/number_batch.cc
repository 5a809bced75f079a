#include "server/numbers/number_batch.h"

#include <bit>
#include <cstring>

namespace dnc {
namespace {

static_assert(std::endian::native == std::endian::little);

// All levels share this body; the compiler turns it into vector instructions.
__attribute__((always_inline)) inline void NormalizeAll(const char* bytes, size_t count,
                                                        Number* out) {
  for (size_t i = 0; i < count; ++i) {
    uint64_t value = 0;
    std::memcpy(&value, bytes + i * sizeof(value), sizeof(value));
    out[i] = PlainNumber(value);
  }
}

void NormalizePortable(const char* bytes, size_t count, Number* out) {
  NormalizeAll(bytes, count, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi2"))) void NormalizeAvx2(const char* bytes, size_t count,
                                                        Number* out) {
  NormalizeAll(bytes, count, out);
}

__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))) void NormalizeAvx512(
    const char* bytes, size_t count, Number* out) {
  NormalizeAll(bytes, count, out);
}
#endif

using NormalizeFunction = void (*)(const char* bytes, size_t count, Number* out);

NormalizeFunction NormalizeOf([[maybe_unused]] CpuLevel level) {
#if defined(__x86_64__)
  if (level == CpuLevel::kAvx512) return NormalizeAvx512;
  if (level == CpuLevel::kAvx2) return NormalizeAvx2;
#endif
  return NormalizePortable;
}

}  // namespace

void NormalizeBatchWith(CpuLevel level, const char* bytes, size_t count, Number* out) {
  NormalizeOf(level)(bytes, count, out);
}

void NormalizeBatch(const char* bytes, size_t count, Number* out) {
  static const NormalizeFunction normalize = NormalizeOf(UsedCpuLevel());
  normalize(bytes, count, out);
}

}  // namespace dnc
