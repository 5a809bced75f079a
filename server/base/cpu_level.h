// Which vector instructions the hot loops use: chosen once at run time, so that one program runs on
// every x86-64 processor. All levels give the same answers, and tests hold them together.
#pragma once

namespace dnc {

enum class CpuLevel {
  kPortable,  // what the compiler may use everywhere
  kAvx2,      // AVX2, BMI2
  kAvx512,    // AVX-512 F, BW, DQ, VL
};

// Returns whether the processor has the instructions.
bool IsSupported(CpuLevel level);

// The level that is used: the highest that the processor has, or a lower one if the environment
// variable DNC_CPU_LEVEL names it (portable, avx2, avx512). Thread-safe; does not change.
CpuLevel UsedCpuLevel();

}  // namespace dnc
