// A number is split with two divisions, from the right:
//
//   2015550123 / 10,000 = 201555, line 0123        201555 / 1,000 = area 201, exchange 555
//
// They are done for 64 numbers at once, as multiplications in vector registers.
#include "server/index/number_group.h"

#include <algorithm>
#include <cassert>

namespace dnc {
namespace {

// Divisions become multiplications of 32-bit values, which every vector unit has. For the values
// divided here the results are exact: (2^40 / d - exact) * value stays below 2^40 / d. A test tries
// every exchange.
constexpr unsigned kShift = 40;
constexpr uint64_t Reciprocal(uint64_t divisor) {
  return ((1ULL << kShift) + divisor - 1) / divisor;
}

// All levels share this body; the compiler turns it into vector instructions.
__attribute__((always_inline)) inline void SplitAll(const Number* numbers, size_t count,
                                                    NumberGroup& group) {
  static_assert(kNumbersPerExchange == 16 * 625);
  for (size_t i = 0; i < count; ++i) {
    // A malformed number falls into the exchange behind the last one, whose area code is kNoArea.
    const uint64_t number = std::min(numbers[i], kNumberLimit);
    const uint64_t sixteenths = static_cast<uint32_t>(number >> 4);
    const uint64_t exchange = static_cast<uint32_t>(sixteenths * Reciprocal(625) >> kShift);
    const uint64_t area = exchange * Reciprocal(kExchangesPerArea) >> kShift;
    group.areas[i] = static_cast<uint16_t>(area);
    group.exchanges[i] = static_cast<uint16_t>(exchange - area * kExchangesPerArea);
    group.lines[i] = static_cast<uint16_t>(number - exchange * kNumbersPerExchange);
  }
}

// For a full group, the compiler knows the count.
__attribute__((always_inline)) inline void SplitAny(const Number* numbers, size_t count,
                                                    NumberGroup& group) {
  if (count == kGroupSize) {
    SplitAll(numbers, kGroupSize, group);
  } else {
    SplitAll(numbers, count, group);
  }
}

void SplitPortable(const Number* numbers, size_t count, NumberGroup& group) {
  SplitAny(numbers, count, group);
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi2"))) void SplitAvx2(const Number* numbers, size_t count,
                                                    NumberGroup& group) {
  SplitAny(numbers, count, group);
}

__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))) void SplitAvx512(
    const Number* numbers, size_t count, NumberGroup& group) {
  SplitAny(numbers, count, group);
}
#endif

using SplitFunction = void (*)(const Number* numbers, size_t count, NumberGroup& group);

SplitFunction SplitOf([[maybe_unused]] CpuLevel level) {
#if defined(__x86_64__)
  if (level == CpuLevel::kAvx512) return SplitAvx512;
  if (level == CpuLevel::kAvx2) return SplitAvx2;
#endif
  return SplitPortable;
}

}  // namespace

void SplitWith(CpuLevel level, absl::Span<const Number> numbers, NumberGroup& group) {
  assert(numbers.size() <= kGroupSize);
  group.count = numbers.size();
  SplitOf(level)(numbers.data(), numbers.size(), group);
}

void Split(absl::Span<const Number> numbers, NumberGroup& group) {
  static const SplitFunction split = SplitOf(UsedCpuLevel());
  assert(numbers.size() <= kGroupSize);
  group.count = numbers.size();
  split(numbers.data(), numbers.size(), group);
}

}  // namespace dnc
