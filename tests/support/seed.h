// Randomness that a person can repeat.
#pragma once

#include <cstdint>
#include <random>

namespace dnc::blackbox {

// DNC_SEED from the environment, else a fresh one. Printed, so that a failure can be repeated.
uint64_t TestSeed();

// `name` from the environment as a whole number, else `fallback`.
uint64_t FromEnvironment(const char* name, uint64_t fallback);

using Random = std::mt19937_64;

// A number from 0 to `limit` - 1. `limit` > 0. The small bias does not matter to tests.
inline uint64_t Below(Random& random, uint64_t limit) { return random() % limit; }

// True once in `times`.
inline bool OneIn(Random& random, uint64_t times) { return Below(random, times) == 0; }

}  // namespace dnc::blackbox
