#include "server/index/bloom_image.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <limits>

#include "server/base/error.h"
#include "server/index/bloom_test_util.h"
#include "server/index/page_pool.h"

namespace dnc {
namespace {

constexpr BloomImageOwner kOwner = {0x1111, 0x2222, 42};
constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

class BloomImageTest : public testing::Test {
 protected:
  // Returns the bytes of an image of a filter with some keys.
  std::string MakeImage(uint64_t blocks, uint64_t keys) {
    BloomFilter filter({blocks, keys, /*seed=*/5});
    for (uint64_t i = 0; i < keys; ++i) filter.Insert(RegularKey(i));
    filter.NoteDeleted(3);
    EXPECT_TRUE(WriteBloomImage(filter, kOwner, folder_.image()).ok());
    return FileContent(folder_.image());
  }

  absl::Status Read(const std::string& content) {
    WriteFile(folder_.image(), content);
    return ReadBloomImage(folder_.image(), kOwner, kNoLimit).status();
  }

  ImageFolder folder_;
};

// Gives a changed image fitting checksums, as if it had been written so.
std::string WithChecksum(std::string image) {
  const uint64_t of_header = XXH3_64bits(image.data(), 120);
  image.replace(120, 8, reinterpret_cast<const char*>(&of_header), 8);
  image.resize(image.size() - 16);
  XXH128_canonical_t checksum;
  XXH128_canonicalFromHash(&checksum, XXH3_128bits(image.data(), image.size()));
  return image.append(reinterpret_cast<const char*>(checksum.digest), 16);
}

std::string WithField(std::string image, size_t offset, uint64_t value, size_t bytes = 8) {
  return WithChecksum(image.replace(offset, bytes, reinterpret_cast<const char*>(&value), bytes));
}

TEST_F(BloomImageTest, AFilterComesBackAsItWas) {
  for (const uint64_t blocks : {1, 100, 8'192, 8'193, 20'000}) {
    BloomFilter filter({blocks, 12'345, 678});
    for (uint64_t i = 0; i < blocks * 40; ++i) filter.Insert(RegularKey(i));
    filter.NoteDeleted(17);
    ASSERT_TRUE(WriteBloomImage(filter, kOwner, folder_.image()).ok());
    const auto read = ReadBloomImage(folder_.image(), kOwner, kNoLimit);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->design(), filter.design());
    EXPECT_EQ((*read)->keys(), filter.keys());
    EXPECT_EQ((*read)->deleted(), 17);
    EXPECT_EQ(Content(**read), Content(filter));
    EXPECT_TRUE((*read)->MayContain(RegularKey(0)));
    EXPECT_EQ(folder_.files(), 1);
  }
}

// The layout of docs/internals/disk-format.md, written a second time.
TEST_F(BloomImageTest, TheLayoutIsTheOneOfTheDocuments) {
  BloomFilter filter({2, 3, 4});
  filter.Insert({6, 7});
  filter.NoteDeleted(5);
  ASSERT_TRUE(WriteBloomImage(filter, kOwner, folder_.image()).ok());
  std::string expected = "DNCBLOOM";
  for (const uint64_t word :
       {uint64_t{1} | uint64_t{1} << 32, uint64_t{0x1111}, uint64_t{0x2222}, uint64_t{42},
        uint64_t{2}, uint64_t{3}, uint64_t{4}, uint64_t{1}, uint64_t{5}, uint64_t{0}, uint64_t{0},
        uint64_t{0}, uint64_t{0}, uint64_t{0}, uint64_t{0}}) {
    expected.append(reinterpret_cast<const char*>(&word), 8);
  }
  expected += Content(filter) + std::string(16, '\0');
  EXPECT_EQ(FileContent(folder_.image()), WithChecksum(expected));
}

TEST_F(BloomImageTest, NoFileIsNotFound) {
  const auto status = ReadBloomImage(folder_.image(), kOwner, kNoLimit).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

TEST_F(BloomImageTest, EveryTruncationIsRefused) {
  const std::string image = MakeImage(3, 60);
  ASSERT_EQ(image.size(), 128 + 3 * 64 + 16);
  for (size_t bytes = 0; bytes < image.size(); ++bytes) {
    ASSERT_EQ(Read(image.substr(0, bytes)).code(), absl::StatusCode::kDataLoss) << bytes;
  }
  EXPECT_EQ(Read(image + '\0').code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Read(image + image).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Read(image).ok());
}

TEST_F(BloomImageTest, EveryFlippedBitIsRefused) {
  const std::string image = MakeImage(3, 60);
  const size_t before = PagePool::Instance().used_bytes();
  for (size_t bit = 0; bit < image.size() * 8; ++bit) {
    std::string damaged = image;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(Read(damaged).code(), absl::StatusCode::kDataLoss) << bit;
  }
  EXPECT_EQ(PagePool::Instance().used_bytes(), before);
}

TEST_F(BloomImageTest, PartsOfTwoImagesAreRefused) {
  const std::string first = MakeImage(64, 500);
  const std::string second = MakeImage(64, 600);
  for (size_t at = 64; at < first.size(); at += 64) {
    ASSERT_EQ(Read(first.substr(0, at) + second.substr(at)).code(), absl::StatusCode::kDataLoss);
  }
}

TEST_F(BloomImageTest, AnotherVersionStoreOrRevisionIsRefused) {
  const std::string image = MakeImage(3, 60);
  EXPECT_TRUE(Read(WithChecksum(image)).ok());
  for (const std::string& foreign :
       {WithField(image, 8, 2, 4), WithField(image, 8, 0, 4), WithField(image, 12, 2, 4),
        WithField(image, 16, 0x1112), WithField(image, 24, 0x2223), WithField(image, 32, 41),
        WithField(image, 32, 43)}) {
    EXPECT_EQ(Read(foreign).code(), absl::StatusCode::kFailedPrecondition);
  }
}

TEST_F(BloomImageTest, ImpossibleHeadersAreRefused) {
  const std::string image = MakeImage(3, 60);
  for (const uint64_t blocks :
       {uint64_t{0}, uint64_t{2}, uint64_t{4}, kMaxBloomBlocks, kMaxBloomBlocks + 1,
        uint64_t{3} + (uint64_t{1} << 58), std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(Read(WithField(image, 40, blocks)).code(), absl::StatusCode::kDataLoss) << blocks;
  }
  EXPECT_EQ(Read(WithField(image, 80, 1)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Read(WithField(image, 112, 1)).code(), absl::StatusCode::kDataLoss);
}

TEST_F(BloomImageTest, AnImageAboveTheLimitIsRefused) {
  MakeImage(3, 60);
  EXPECT_TRUE(ReadBloomImage(folder_.image(), kOwner, 192).ok());
  const auto status = ReadBloomImage(folder_.image(), kOwner, 191).status();
  EXPECT_EQ(ErrorReason(status), reason::kLimitReached);
}

TEST_F(BloomImageTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(mkdir(folder_.image().c_str(), 0755), 0);
  EXPECT_EQ(ReadBloomImage(folder_.image(), kOwner, kNoLimit).status().code(),
            absl::StatusCode::kInternal);
  ASSERT_EQ(rmdir(folder_.image().c_str()), 0);
  ASSERT_EQ(mkfifo(folder_.image().c_str(), 0644), 0);
  EXPECT_FALSE(ReadBloomImage(folder_.image(), kOwner, kNoLimit).ok());
}

TEST_F(BloomImageTest, AFailedWriteLeavesTheOldImage) {
  const std::string image = MakeImage(3, 60);
  const BloomFilter large({40'000, 0, 0});
  // Limits files to a million bytes, as a full disk would.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {1'000'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const absl::Status status = WriteBloomImage(large, kOwner, folder_.image());
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(ErrorReason(status), reason::kDiskFull) << status;
  EXPECT_EQ(FileContent(folder_.image()), image);
  EXPECT_EQ(folder_.files(), 1);
  EXPECT_FALSE(WriteBloomImage(large, kOwner, folder_.image() + "/no/folder").ok());
}

}  // namespace
}  // namespace dnc
