#include "tests/support/seed.h"

#include <cstdio>
#include <cstdlib>

namespace dnc::blackbox {

uint64_t FromEnvironment(const char* name, uint64_t fallback) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 10) : fallback;
}

uint64_t TestSeed() {
  const uint64_t seed = FromEnvironment("DNC_SEED", std::random_device{}());
  std::printf("DNC_SEED=%llu repeats this run\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace dnc::blackbox
