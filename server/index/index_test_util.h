// Makes random sets with everything that the representations must handle, and a slow, plain model.
#pragma once

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/index/area_set.h"

namespace dnc {

using Oracle = std::set<uint32_t>;

// Returns a new seed for each run, which every failure prints; DNC_TEST_SEED repeats a run.
inline uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* given = std::getenv("DNC_TEST_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  }();
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

#define DNC_SEED_TRACE(seed) SCOPED_TRACE("DNC_TEST_SEED=" + std::to_string(seed))

// Returns counts around the limits of the array, the delta and the stored array, and others.
inline uint32_t RandomCount(std::mt19937_64& random) {
  constexpr uint32_t kCounts[] = {1,   2,   28,  31,  32,  33,  64,  127,   128,   129,
                                  200, 220, 221, 500, 624, 625, 626, 2'000, 9'999, 10'000};
  return kCounts[random() % std::size(kCounts)];
}

// Makes an area code in which about `exchanges` exchanges hold numbers, always including the first
// and the last.
inline Oracle RandomOracle(std::mt19937_64& random, int exchanges) {
  Oracle oracle;
  for (int i = 0; i < exchanges; ++i) {
    const uint32_t exchange = i == 0 ? 0 : (i == 1 ? 999 : random() % 1000);
    const uint32_t count = RandomCount(random);
    std::vector<uint32_t> lines(kNumbersPerExchange);
    for (uint32_t line = 0; line < kNumbersPerExchange; ++line) lines[line] = line;
    for (uint32_t k = 0; k < count; ++k) {
      std::swap(lines[k], lines[k + random() % (kNumbersPerExchange - k)]);
      oracle.insert(exchange * kNumbersPerExchange + lines[k]);
    }
  }
  return oracle;
}

inline AreaSetPtr BuildFrom(const Oracle& oracle, std::mt19937_64& random) {
  std::vector<uint32_t> order(oracle.begin(), oracle.end());
  std::shuffle(order.begin(), order.end(), random);
  AreaSetBuilder builder;
  for (const uint32_t subscriber : order) EXPECT_TRUE(builder.Add(subscriber));
  return std::move(builder).Build();
}

// Computes the digest as docs/internals/disk-format.md defines it, in a second, simple way.
inline Digest PlainDigest(const Oracle& oracle) {
  std::string content;
  for (uint32_t exchange = 0; exchange < 1000; ++exchange) {
    std::string bitmap(1250, '\0');
    auto it = oracle.lower_bound(exchange * 10'000);
    if (it == oracle.end() || *it >= (exchange + 1) * 10'000) continue;
    for (; it != oracle.end() && *it < (exchange + 1) * 10'000; ++it) {
      const uint32_t line = *it % 10'000;
      bitmap[line / 8] = static_cast<char>(bitmap[line / 8] | (1 << (line % 8)));
    }
    content += static_cast<char>(exchange % 256);
    content += static_cast<char>(exchange / 256);
    content += bitmap;
  }
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  return {hash.high64, hash.low64};
}

// Compares everything that a set answers with the model, for all 10^7 numbers.
inline void ExpectEqualsOracle(const AreaSet& set, const Oracle& oracle) {
  ASSERT_EQ(set.size(), oracle.size());
  EXPECT_EQ(set.digest(), PlainDigest(oracle));
  std::vector<bool> listed(kNumbersPerArea);
  for (const uint32_t subscriber : oracle) listed[subscriber] = true;
  for (uint32_t subscriber = 0; subscriber < kNumbersPerArea; ++subscriber) {
    ASSERT_EQ(set.Contains(subscriber), listed[subscriber]) << subscriber;
  }
  auto expected = oracle.begin();
  set.ForEachNumber([&](uint32_t subscriber) {
    ASSERT_NE(expected, oracle.end());
    ASSERT_EQ(subscriber, *expected++);
  });
  EXPECT_EQ(expected, oracle.end());
}

}  // namespace dnc
