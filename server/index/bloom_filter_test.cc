#include "server/index/bloom_filter.h"

#include <gtest/gtest.h>

#include <bitset>
#include <cmath>
#include <limits>
#include <memory>

#include "server/index/bloom_test_util.h"
#include "server/index/page_pool.h"

namespace dnc {
namespace {

constexpr uint64_t kKeys = 1'000'000;

BloomDesign Blocks(uint64_t blocks) { return {blocks, /*capacity=*/0, /*seed=*/0}; }

void InsertRegular(BloomFilter& filter, uint64_t count) {
  std::vector<BloomKey> keys;
  for (uint64_t i = 0; i < count; ++i) keys.push_back(RegularKey(i));
  filter.InsertBatch(keys);
}

TEST(BloomDesignTest, TheErrorRateIsTheOneOfTheDocuments) {
  EXPECT_NEAR(BloomErrorRate(8), 0.0293108, 1e-6);
  EXPECT_NEAR(BloomErrorRate(10), 0.0104898, 1e-6);
  EXPECT_NEAR(BloomErrorRate(12), 0.0042225, 1e-6);
  EXPECT_NEAR(BloomErrorRate(16), 0.0009089, 1e-6);
  EXPECT_LT(BloomErrorRate(12), 0.005);
  EXPECT_LT(BloomErrorRate(1000), 1e-9);
  EXPECT_NEAR(BloomErrorRate(0.1), 1, 1e-9);
}

TEST(BloomDesignTest, AFilterHasTheBitsThatWereAskedFor) {
  EXPECT_EQ(DesignBloom(0, 12, 7), (BloomDesign{1, 0, 7}));
  EXPECT_EQ(DesignBloom(512, 1, 0), (BloomDesign{1, 512, 0}));
  EXPECT_EQ(DesignBloom(513, 1, 0).blocks, 2);
  EXPECT_EQ(DesignBloom(500'000'000, 12, 0).blocks * kBloomBlockBytes, 750'000'000);
  EXPECT_GT(DesignBloom(std::numeric_limits<uint64_t>::max(), 12, 0).blocks, kMaxBloomBlocks);
}

TEST(BloomFilterTest, ANewFilterHoldsNothing) {
  // The pool hands out memory that others have filled.
  { InsertRegular(*std::make_unique<BloomFilter>(Blocks(100)), 10'000); }
  const BloomFilter filter(Blocks(100));
  EXPECT_EQ(Content(filter), std::string(6'400, '\0'));
  EXPECT_FALSE(filter.MayContain({0, 0}));
  EXPECT_EQ(filter.keys(), 0);
  EXPECT_EQ(filter.SampleLoad().fill, 0);
  EXPECT_EQ(filter.SampleLoad().error_rate, 0);
}

TEST(BloomFilterTest, MemoryGoesBackToThePool) {
  const size_t before = PagePool::Instance().used_bytes();
  { const BloomFilter filter(Blocks(1'000)); }
  EXPECT_EQ(PagePool::Instance().used_bytes(), before);
}

TEST(BloomFilterTest, TenantsAndNumbersAreApart) {
  BloomFilter filter(Blocks(10'000));
  EXPECT_TRUE(filter.Insert({7, 2'015'550'123}));
  EXPECT_FALSE(filter.Insert({7, 2'015'550'123}));
  EXPECT_EQ(filter.keys(), 1);
  EXPECT_TRUE(filter.MayContain({7, 2'015'550'123}));
  EXPECT_FALSE(filter.MayContain({8, 2'015'550'123}));
  EXPECT_FALSE(filter.MayContain({7, 2'015'550'124}));
  EXPECT_FALSE(filter.MayContain({7, 2'015'550'123 + (uint64_t{1} << 32)}));
}

// The rule of docs/internals/disk-format.md, implemented again in a simple way.
TEST(BloomFilterTest, TheBitsAreThoseOfTheDocuments) {
  constexpr uint32_t kSalts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                  0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
  for (const uint64_t blocks : {1, 2, 3, 1'000}) {
    const BloomDesign design = {blocks, 0, /*seed=*/blocks * 1'000'003};
    BloomFilter filter(design);
    std::vector<uint64_t> words(blocks * 8);
    for (uint64_t i = 0; i < 5; ++i) {
      const BloomKey key = RegularKey(i * 400'000);
      filter.Insert(key);
      const uint64_t content[2] = {key.tenant, key.number};
      const uint64_t hash = XXH3_64bits_withSeed(content, 16, design.seed);
      const auto block = static_cast<uint64_t>(
          std::floor(static_cast<long double>(hash) * blocks / 18446744073709551616.0L));
      for (uint64_t word = 0; word < 8; ++word) {
        const uint32_t product = static_cast<uint32_t>(hash) * kSalts[word];
        words[block * 8 + word] |= uint64_t{1} << (product >> 26);
      }
    }
    const std::string expected(reinterpret_cast<const char*>(words.data()), blocks * 64);
    EXPECT_EQ(Content(filter), expected) << blocks;
  }
}

TEST(BloomFilterTest, ABatchInsertsAsOneByOne) {
  BloomFilter one(Blocks(1'500));
  BloomFilter batch(Blocks(1'500));
  std::vector<BloomKey> keys;
  uint64_t fresh = 0;
  for (uint64_t i = 0; i < 50'001; ++i) {
    keys.push_back(RegularKey(i % 40'000));
    fresh += one.Insert(keys.back()) ? 1 : 0;
  }
  EXPECT_EQ(batch.InsertBatch(keys), fresh);
  EXPECT_EQ(batch.keys(), fresh);
  EXPECT_EQ(one.keys(), fresh);
  EXPECT_EQ(Content(one), Content(batch));
  EXPECT_LE(fresh, 40'000);
  EXPECT_GT(fresh, 39'000);
}

TEST(BloomFilterTest, EveryWayToTestAgrees) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  for (const uint64_t blocks : {1, 2, 7, 100, 4'096, 100'003}) {
    BloomFilter filter(Blocks(blocks));
    const uint64_t space = blocks * 60;
    for (uint64_t i = 0; i < blocks * 40; ++i) filter.Insert(RandomKey(random, space));
    for (int batch = 0; batch < 40; ++batch) {
      const auto tenant = static_cast<uint32_t>(random() % 5);
      const int bit = static_cast<int>(random() % 32);
      std::vector<Number> numbers(random() % 1'500);
      for (Number& number : numbers) number = RandomKey(random, space).number;
      std::vector<uint32_t> before(numbers.size());
      for (uint32_t& result : before) result = static_cast<uint32_t>(random());
      std::vector<uint32_t> chosen = before;
      const size_t possible = filter.MayContainBatch(tenant, numbers, bit, absl::MakeSpan(chosen));
      for (const CpuLevel level : {CpuLevel::kPortable, CpuLevel::kAvx2, CpuLevel::kAvx512}) {
        if (!IsSupported(level)) continue;
        std::vector<uint32_t> results = before;
        EXPECT_EQ(filter.MayContainBatchWith(level, tenant, numbers, bit, absl::MakeSpan(results)),
                  possible);
        ASSERT_EQ(results, chosen) << static_cast<int>(level);
      }
      size_t expected = 0;
      for (size_t i = 0; i < numbers.size(); ++i) {
        const uint32_t yes = filter.MayContain({tenant, numbers[i]}) ? 1 : 0;
        ASSERT_EQ(chosen[i], before[i] | (yes << bit));
        expected += yes;
      }
      EXPECT_EQ(possible, expected);
    }
  }
}

TEST(BloomFilterTest, WhatWasInsertedIsFound) {
  BloomFilter filter(DesignBloom(kKeys, 8, 3));
  InsertRegular(filter, kKeys);
  for (uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(filter.MayContain(RegularKey(i)));
}

// Measures the error over keys that were not inserted, and compares it with the formula and with
// the filter's own estimate.
TEST(BloomFilterTest, ItSaysYesWronglyAsOftenAsTheFormulaSays) {
  constexpr uint64_t kAbsent = 4 * kKeys;
  for (const double bits : {8.0, 10.0, 12.0, 16.0}) {
    BloomFilter filter(DesignBloom(kKeys, bits, 0));
    InsertRegular(filter, kKeys);
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < kAbsent; ++i) {
      // These are other numbers of tenants that have keys; inserted numbers are seven apart.
      BloomKey key = RegularKey(i % kKeys);
      key.number += 1 + i / kKeys;
      wrong += filter.MayContain(key) ? 1 : 0;
    }
    const double rate = static_cast<double>(wrong) / kAbsent;
    const double expected = BloomErrorRate(bits);
    const double spread = std::sqrt(expected / kAbsent);
    EXPECT_NEAR(rate, expected, 0.02 * expected + 5 * spread) << bits;
    EXPECT_NEAR(filter.SampleLoad().error_rate, expected, 0.03 * expected) << bits;
    if (bits == 12.0) {
      EXPECT_LT(rate, 0.005);
    }
    RecordProperty("rate_at_" + std::to_string(static_cast<int>(bits)), std::to_string(rate));
    // Keys that found all their bits set are not counted.
    EXPECT_LE(filter.keys(), kKeys);
    EXPECT_GT(static_cast<double>(filter.keys()), kKeys * (1 - expected));
  }
}

TEST(BloomFilterTest, TheFillIsThatOfItsBits) {
  BloomFilter filter(Blocks(1'000));
  InsertRegular(filter, 40'000);
  size_t set = 0;
  for (const char byte : Content(filter)) set += std::bitset<8>(static_cast<uint8_t>(byte)).count();
  EXPECT_NEAR(filter.SampleLoad().fill, static_cast<double>(set) / 512'000, 1e-9);
}

TEST(BloomFilterTest, ATenantWithoutKeysIsKnown) {
  BloomFilter filter(DesignBloom(1'000, 12, 0));
  EXPECT_FALSE(filter.MayContainTenant(7));
  filter.Insert({7, 2'015'550'123});
  filter.InsertBatch({{8, 2'015'550'123}, {70'000, 2'015'550'124}});
  EXPECT_TRUE(filter.MayContainTenant(7));
  EXPECT_TRUE(filter.MayContainTenant(8));
  EXPECT_TRUE(filter.MayContainTenant(70'000));
  EXPECT_TRUE(filter.MayContainTenant(70'000 - TenantFlags::kFlags)) << "shares the bit";
  EXPECT_FALSE(filter.MayContainTenant(9));
  // Nobody knows which tenants a filter from an image has keys of.
  EXPECT_TRUE(BloomFilter(filter.design(), BloomFilter::Unfilled()).MayContainTenant(9));
}

}  // namespace
}  // namespace dnc
