// Provides randomness that a person can repeat.
#pragma once

#include <cstdint>
#include <random>

namespace dnc::blackbox {

// Returns DNC_SEED from the environment, or else a fresh seed. Prints it, so that a failure can be
// repeated.
uint64_t TestSeed();

// Returns `name` from the environment as a whole number, or else `fallback`.
uint64_t FromEnvironment(const char* name, uint64_t fallback);

using Random = std::mt19937_64;

// Returns a number from 0 to `limit` - 1, with `limit` > 0. The small bias does not matter in
// tests.
inline uint64_t Below(Random& random, uint64_t limit) { return random() % limit; }

// Returns true once in `times`.
inline bool OneIn(Random& random, uint64_t times) { return Below(random, times) == 0; }

}  // namespace dnc::blackbox
