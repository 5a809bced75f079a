#include "server/storage/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "server/base/error.h"
#include "server/storage/mark_file.h"
#include "server/storage/tenant_columns.h"

namespace dnc {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() : dir_(testing::TempDir() + "/dnc_store_test") { std::filesystem::remove_all(dir_); }
  ~StoreTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Store> Open() {
    auto store = Store::Open({.path = dir_ + "/store"});
    EXPECT_TRUE(store.ok()) << store.status();
    return std::move(*store);
  }

  std::string dir_;
};

TEST_F(StoreTest, KeepsABatchOverAReopen) {
  {
    auto store = Open();
    StoreBatch batch;
    batch.Put(Column::kMeta, "a", "1");
    batch.Put(Column::kBlocks, "a", "2");
    ASSERT_TRUE(store->Write(batch).ok());
  }
  auto store = Open();
  EXPECT_EQ(*store->Get(Column::kMeta, "a"), "1");
  EXPECT_EQ(*store->Get(Column::kBlocks, "a"), "2");
  EXPECT_EQ(*store->Get(Column::kChanges, "a"), std::nullopt);
}

TEST_F(StoreTest, IngestsScansAndDrops) {
  auto store = Open();
  auto ingest = store->NewIngest(Column::kBlocks);
  ASSERT_TRUE(ingest.ok()) << ingest.status();
  for (const char* key : {"a1", "a2", "b1"}) ASSERT_TRUE((*ingest)->Add(key, key).ok());
  ASSERT_TRUE((*ingest)->Finish().ok());
  EXPECT_EQ(*store->FirstKey(Column::kBlocks, "a2", "c"), "a2");
  EXPECT_EQ(*store->LastKey(Column::kBlocks, "a", "b"), "a2");
  ASSERT_TRUE(store->Drop(Column::kBlocks, "a", "b").ok());
  std::string seen;
  ASSERT_TRUE(store
                  ->Scan(Column::kBlocks, "a", "z",
                         [&seen](std::string_view key, std::string_view) {
                           seen += key;
                           return absl::OkStatus();
                         })
                  .ok());
  EXPECT_EQ(seen, "b1");
}

TEST_F(StoreTest, AnIngestThatIsNotFinishedLeavesNothing) {
  auto store = Open();
  {
    auto ingest = store->NewIngest(Column::kBlocks);
    ASSERT_TRUE(ingest.ok());
    ASSERT_TRUE((*ingest)->Add("a", "1").ok());
  }
  EXPECT_EQ(*store->Get(Column::kBlocks, "a"), std::nullopt);
}

TEST_F(StoreTest, ASecondOpenSaysWhoHasIt) {
  auto store = Open();
  auto second = Store::Open({.path = dir_ + "/store"});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << second.status();
}

TEST_F(StoreTest, ReadsPrefixesAndSnapshots) {
  auto opened = Store::Open({.path = dir_ + "/store", .columns = TenantColumns()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  auto& store = *opened;
  StoreBatch batch;
  for (const char* key : {"aaaaaaaaa1", "aaaaaaaaa2", "bbbbbbbbb1", "ccccccccc1"}) {
    batch.Put(Column::kRecords, key, "v");
  }
  ASSERT_TRUE(store->Write(batch).ok());
  const auto snapshot = store->Snapshot();
  batch.Clear();
  batch.Delete(Column::kRecords, "aaaaaaaaa1");
  batch.Put(Column::kRecords, "ddddddddd1", "v");
  ASSERT_TRUE(store->Write(batch).ok());
  const auto prefix = [](char c) {
    StorePrefix bytes{};
    bytes.fill(c);
    return bytes;
  };
  std::string seen;
  ASSERT_TRUE(store
                  ->ReadPrefixes({prefix('a'), prefix('c'), prefix('e')},
                                 [&seen](size_t index, std::string_view key, std::string_view) {
                                   seen += std::to_string(index) + std::string(key) + " ";
                                   return absl::OkStatus();
                                 })
                  .ok());
  EXPECT_EQ(seen, "0aaaaaaaaa2 1ccccccccc1 ");
  seen.clear();
  ASSERT_TRUE(snapshot
                  ->Scan(Column::kRecords, "aaaaaaaaa2", "",
                         [&seen](std::string_view key, std::string_view) {
                           seen += key[0];
                           return absl::OkStatus();
                         })
                  .ok());
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(*snapshot->Get(Column::kRecords, "ddddddddd1"), std::nullopt);
  EXPECT_EQ(*store->LastKey(Column::kRecords, "a", "z"), "ddddddddd1");
}

TEST_F(StoreTest, MarkFile) {
  std::filesystem::create_directories(dir_);
  const std::string path = dir_ + "/mark";
  EXPECT_EQ(*ReadMark(path), std::nullopt);
  ASSERT_TRUE(WriteMark(path, 41).ok());
  ASSERT_TRUE(WriteMark(path, 42).ok());
  EXPECT_EQ(*ReadMark(path), 42U);
  std::ifstream in(path);
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  for (size_t i = 0; i < content.size(); ++i) {  // every flipped bit is noticed
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = content;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
      EXPECT_FALSE(ReadMark(path).ok()) << i << " " << bit;
    }
  }
}

TEST_F(StoreTest, OldRequestsAreLeftOutWhenTheirFileIsRewritten) {
  StoreOptions options{.path = dir_ + "/store", .columns = {Column::kMeta, Column::kRequests}};
  options.request_is_old = [](std::string_view, std::string_view value) { return value == "old"; };
  auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  StoreBatch batch;
  batch.Put(Column::kRequests, "a", "old");
  batch.Put(Column::kRequests, "b", "gone");
  batch.Put(Column::kRequests, "c", "young");
  batch.Put(Column::kRequests, "d", "old");
  batch.Put(Column::kMeta, "a", "old");
  ASSERT_TRUE((*store)->Write(batch).ok());
  EXPECT_EQ((*store)->EstimateCount(Column::kRequests), 4U);
  ASSERT_TRUE((*store)->Drop(Column::kRequests, "b", "b1").ok());  // this rewrites the whole file
  EXPECT_EQ(*(*store)->Get(Column::kRequests, "a"), std::nullopt);
  EXPECT_EQ(*(*store)->Get(Column::kRequests, "c"), "young");
  EXPECT_EQ(*(*store)->Get(Column::kRequests, "d"), std::nullopt);
  EXPECT_EQ(*(*store)->Get(Column::kMeta, "a"), "old");
}

}  // namespace
}  // namespace dnc
