#include "server/storage/manifest_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/storage/store.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteAll(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class ManifestCheckTest : public testing::Test {
 protected:
  ManifestCheckTest() : dir_(testing::TempDir() + "/dnc_manifest_check_test") {
    fs::remove_all(dir_);
    for (int round = 0; round < 3; ++round) {
      auto store = Store::Open({.path = dir_});
      EXPECT_TRUE(store.ok()) << store.status();
      auto ingest = (*store)->NewIngest(Column::kBlocks);
      EXPECT_TRUE((*ingest)->Add("key" + std::to_string(round), "value").ok());
      EXPECT_TRUE((*ingest)->Finish().ok());
    }
    std::string current = ReadAll(dir_ + "/CURRENT");
    current.pop_back();
    manifest_ = dir_ + "/" + current;
  }
  ~ManifestCheckTest() override { fs::remove_all(dir_); }

  std::string dir_;
  std::string manifest_;
};

TEST(Crc32cTest, KnownValue) { EXPECT_EQ(Crc32c(0, "123456789"), 0xE3069283U); }

TEST_F(ManifestCheckTest, EveryFlippedBitIsRefused) {
  const std::string content = ReadAll(manifest_);
  ASSERT_FALSE(content.empty());
  EXPECT_TRUE(CheckManifest(dir_).ok()) << CheckManifest(dir_);
  for (size_t i = 0; i < content.size() * 8; ++i) {
    std::string damaged = content;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(CheckManifestRecords(damaged).ok()) << i;
  }
  EXPECT_FALSE(CheckManifestRecords(content + std::string(100, '\0')).ok());
  // A crash can leave these.
  EXPECT_TRUE(CheckManifestRecords(content.substr(0, content.size() - 1)).ok());
  EXPECT_TRUE(CheckManifestRecords(content + "abc").ok());
}

TEST_F(ManifestCheckTest, OpenRefusesADamagedOrMissingManifest) {
  const std::string content = ReadAll(manifest_);
  std::string damaged = content;
  damaged[damaged.size() - 2] ^= 1;
  WriteAll(manifest_, damaged);
  EXPECT_EQ(Store::Open({.path = dir_}).status().code(), absl::StatusCode::kDataLoss);
  fs::remove(manifest_);
  EXPECT_EQ(Store::Open({.path = dir_}).status().code(), absl::StatusCode::kDataLoss);
  WriteAll(manifest_, content);
  EXPECT_TRUE(Store::Open({.path = dir_}).ok());
}

TEST_F(ManifestCheckTest, OpenRefusesAMissingCurrentOrTable) {
  const std::string current = ReadAll(dir_ + "/CURRENT");
  fs::remove(dir_ + "/CURRENT");
  EXPECT_EQ(Store::Open({.path = dir_}).status().code(), absl::StatusCode::kDataLoss);
  WriteAll(dir_ + "/CURRENT", current);
  for (const auto& entry : fs::directory_iterator(dir_)) {
    if (entry.path().extension() != ".sst") continue;
    fs::remove(entry.path());
    break;
  }
  EXPECT_FALSE(Store::Open({.path = dir_}).ok());
}

}  // namespace
}  // namespace dnc
