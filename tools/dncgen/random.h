// A small, fast, reproducible source of random numbers. Not for secrets.
//
// Every part of the output draws from its own source, whose seed says what it is (seed, area code,
// exchange). So the bytes do not depend on how many threads write them.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace dnc {

// The finalizer of SplitMix64: spreads every bit of `x` over the result.
constexpr uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// What a source is for. It keeps the uses of one seed apart.
enum class Purpose : uint64_t {
  kAreas = 1,
  kExchanges,
  kNumbers,
  kGuid,
  kChanges,
  kLeads,
  kLists,
  kTenants,
  kLoad
};

// Not thread-safe.
class Random {
 public:
  Random(uint64_t seed, Purpose purpose, std::initializer_list<uint64_t> parts = {})
      : state_(Mix(seed ^ Mix(static_cast<uint64_t>(purpose)))) {
    for (uint64_t part : parts) state_ = Mix(state_ ^ part);
  }

  uint64_t Next() { return Mix(state_++); }

  // Draws 0 to limit - 1, for limits below 2^32; the bias is below limit / 2^32.
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(((Next() >> 32) * limit) >> 32); }

  // Draws 0 to limit - 1 for any limit above 0.
  uint64_t Below64(uint64_t limit) {
    return limit >> 32 ? Next() % limit : Below(static_cast<uint32_t>(limit));
  }

  // Draws from 0 to 1, excluding 1.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // Draws about normally with mean 0 and deviation 1: the sum of twelve uniform draws.
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Unit();
    return sum;
  }

 private:
  uint64_t state_;
};

}  // namespace dnc
