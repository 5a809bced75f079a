#include "server/base/cpu_level.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace dnc {
namespace {

CpuLevel HighestLevel() {
  for (const CpuLevel level : {CpuLevel::kAvx512, CpuLevel::kAvx2}) {
    if (IsSupported(level)) return level;
  }
  return CpuLevel::kPortable;
}

CpuLevel AllowedLevel() {
  const char* given = std::getenv("DNC_CPU_LEVEL");
  const std::string_view name = given == nullptr ? "" : given;
  if (name == "portable") return CpuLevel::kPortable;
  if (name == "avx2") return CpuLevel::kAvx2;
  return CpuLevel::kAvx512;
}

}  // namespace

bool IsSupported(CpuLevel level) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
  if (level == CpuLevel::kAvx2) return avx2;
  if (level == CpuLevel::kAvx512) {
    return avx2 && __builtin_cpu_supports("avx512f") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512vl") != 0;
  }
#endif
  return level == CpuLevel::kPortable;
}

CpuLevel UsedCpuLevel() {
  static const CpuLevel level = std::min(HighestLevel(), AllowedLevel());
  return level;
}

}  // namespace dnc
