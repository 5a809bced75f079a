#include "server/index/stored_block.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>
#include <string>

#include "server/base/error.h"
#include "server/index/index_test_util.h"

namespace dnc {
namespace {

Bitmap RandomBitmap(std::mt19937_64& random, uint32_t count) {
  Bitmap bitmap = kEmptyBitmap;
  for (uint32_t set = 0; set < count;) {
    const uint32_t line = random() % kNumbersPerExchange;
    set += bitmap.Test(line) ? 0 : 1;
    bitmap.Set(line);
  }
  return bitmap;
}

std::string Encode(int exchange, const Bitmap& bitmap) {
  StoredBlockBuffer buffer;
  return std::string(EncodeStoredBlock(exchange, bitmap, buffer));
}

// Returns the block with a checksum that fits its content.
std::string WithChecksum(int exchange, std::string content) {
  const uint64_t checksum = XXH3_64bits_withSeed(content.data(), content.size(), exchange);
  content.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  return content;
}

void ExpectRefused(int exchange, const std::string& block) {
  Bitmap bitmap;
  const auto decoded = DecodeStoredBlock(exchange, block, bitmap);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ErrorReason(decoded.status()), reason::kStorage);
}

TEST(StoredBlockTest, TheBytesAreAsDocumented) {
  Bitmap bitmap = kEmptyBitmap;
  bitmap.Set(123);
  bitmap.Set(9'999);
  const std::string content("\x02\x02\x00\x7b\x00\x0f\x27", 7);
  EXPECT_EQ(Encode(555, bitmap), WithChecksum(555, content));
}

TEST(StoredBlockTest, EveryCountComesBack) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  for (const uint32_t count : {1u, 2u, 128u, 129u, 623u, 624u, 625u, 626u, 5'000u, 10'000u}) {
    const Bitmap bitmap = RandomBitmap(random, count);
    const std::string block = Encode(7, bitmap);
    EXPECT_EQ(block.size(), 3 + std::min<size_t>(2 * count, 1'250) + 8);
    Bitmap decoded;
    const auto result = DecodeStoredBlock(7, block, decoded);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, count);
    EXPECT_EQ(decoded.words, bitmap.words);
    ExpectRefused(8, block);
  }
}

TEST(StoredBlockTest, EveryFlippedBitAndEveryTruncationIsRefused) {
  DNC_SEED_TRACE(TestSeed());
  std::mt19937_64 random(TestSeed());
  for (const uint32_t count : {1u, 40u, 2'000u}) {
    const std::string block = Encode(7, RandomBitmap(random, count));
    for (size_t bit = 0; bit < block.size() * 8; ++bit) {
      std::string damaged = block;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      ExpectRefused(7, damaged);
    }
    for (size_t size = 0; size < block.size(); ++size) ExpectRefused(7, block.substr(0, size));
    ExpectRefused(7, block + '\0');
  }
}

TEST(StoredBlockTest, WhatIsSealedButWrongIsRefused) {
  ExpectRefused(7, WithChecksum(7, ""));
  ExpectRefused(7, WithChecksum(7, std::string("\x02\x00\x00", 3)));                  // empty
  ExpectRefused(7, WithChecksum(7, std::string("\x01\x01\x00\x05\x00", 5)));          // wrong kind
  ExpectRefused(7, WithChecksum(7, std::string("\x02\x02\x00\x05\x00", 5)));          // too short
  ExpectRefused(7, WithChecksum(7, std::string("\x02\x02\x00\x05\x00\x05\x00", 7)));  // twice
  ExpectRefused(7, WithChecksum(7, std::string("\x02\x02\x00\x06\x00\x05\x00", 7)));  // order
  ExpectRefused(7, WithChecksum(7, std::string("\x02\x01\x00\x10\x27", 5)));          // 10,000
  ExpectRefused(7,
                WithChecksum(7, std::string("\x01\x11\x27") + std::string(1'250, -1)));  // 10,001
  std::string full = std::string("\x01\x10\x27") + std::string(1'250, -1);
  Bitmap bitmap;
  EXPECT_TRUE(DecodeStoredBlock(7, WithChecksum(7, full), bitmap).ok());
  full[0] = 2;
  ExpectRefused(7, WithChecksum(7, full));  // wrong kind
  full[0] = 1;
  full[100] = 0;
  ExpectRefused(7, WithChecksum(7, full));  // wrong count
}

}  // namespace
}  // namespace dnc
