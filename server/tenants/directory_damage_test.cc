// Whatever happens to the stored directory must be noticed: a lost revocation is an open door, and
// a lost block is a false clear.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "server/storage/checked_value.h"
#include "server/storage/mark_file.h"
#include "server/tenants/directory_fixture.h"
#include "server/tenants/directory_records.h"

namespace dnc {
namespace {

using Records = std::map<std::string, std::string>;

class DirectoryDamageTest : public DirectoryFixture {
 protected:
  DirectoryDamageTest() {
    Open();
    Make("acme");
    MakeKey("");
    key_ = MakeKey("acme").key.id;
    EXPECT_TRUE(directory_->AddBlocks("acme", "internal", {"212", "415555"}, "opkey001").ok());
    directory_.reset();
  }

  Records Read() {
    Records records;
    EXPECT_TRUE(store_
                    ->Scan(Column::kMeta, "", "\xff",
                           [&](std::string_view key, std::string_view value) {
                             records[std::string(key)] = std::string(value);
                             return absl::OkStatus();
                           })
                    .ok());
    return records;
  }

  // Leaves the store with exactly these records.
  void Replace(const Records& now, const Records& wanted) {
    StoreBatch batch;
    for (const auto& [key, value] : now) {
      if (wanted.count(key) == 0) batch.Delete(Column::kMeta, key);
    }
    for (const auto& [key, value] : wanted) {
      const auto old = now.find(key);
      if (old == now.end() || old->second != value) batch.Put(Column::kMeta, key, value);
    }
    ASSERT_TRUE(store_->Write(batch).ok());
  }

  void ExpectRefused(std::string_view what) {
    const absl::Status status = OpenDirectory();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << what << ": " << status;
    EXPECT_NE(std::string(status.message()).find("docs/operations.md"), std::string::npos);
  }

  static bool IsChange(std::string_view key) { return key.rfind(kChangePrefix, 0) == 0; }

  std::string key_;
};

TEST_F(DirectoryDamageTest, EveryFlippedBitIsSeenByTheSeal) {
  for (const auto& [key, value] : Read()) {
    ASSERT_TRUE(RemoveCheck(key, value).has_value());
    for (size_t bit = 0; bit < 8 * value.size(); ++bit) {
      std::string flipped = value;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      ASSERT_FALSE(RemoveCheck(key, flipped).has_value());
    }
    for (size_t size = 0; size < value.size(); ++size) {
      ASSERT_FALSE(RemoveCheck(key, std::string_view(value).substr(0, size)).has_value());
    }
    EXPECT_FALSE(RemoveCheck(key + "x", value).has_value());
  }
}

TEST_F(DirectoryDamageTest, EveryFlippedBitOfARecordRefusesTheStart) {
  const Records whole = Read();
  int tried = 0;
  for (const auto& [key, value] : whole) {
    if (IsChange(key)) continue;
    for (size_t bit = 0; bit < 8 * value.size(); ++bit) {
      Records damaged = whole;
      char& byte = damaged[key][bit / 8];
      byte = static_cast<char>(byte ^ 1 << bit % 8);
      Replace(whole, damaged);
      ExpectRefused(key);
      Replace(damaged, whole);
      ++tried;
    }
  }
  EXPECT_GT(tried, 1000);
  EXPECT_TRUE(OpenDirectory().ok());
}

TEST_F(DirectoryDamageTest, EveryMissingRecordRefusesTheStart) {
  const Records whole = Read();
  for (const auto& [key, value] : whole) {
    if (IsChange(key)) continue;
    Records damaged = whole;
    damaged.erase(key);
    Replace(whole, damaged);
    ExpectRefused(key);
    Replace(damaged, whole);
  }
  Replace(whole, {});
  ExpectRefused("all");
  Replace({}, whole);
  EXPECT_TRUE(OpenDirectory().ok());
}

TEST_F(DirectoryDamageTest, AnOldRecordPutBackRefusesTheStart) {
  const Records before = Read();
  ASSERT_TRUE(OpenDirectory().ok());
  ASSERT_TRUE(directory_->RevokeKey(key_, "opkey001").ok());
  ASSERT_TRUE(directory_->AddBlocks("acme", "internal", {"999"}, "opkey001").ok());
  directory_.reset();
  const Records after = Read();
  int tried = 0;
  for (const auto& [key, value] : before) {
    if (after.at(key) == value) continue;
    Records damaged = after;
    damaged[key] = value;
    Replace(after, damaged);
    ExpectRefused(key);
    Replace(damaged, after);
    ++tried;
  }
  EXPECT_EQ(tried, 3);  // the key, the list, and the counter
  // If everything is old, the mark shows it.
  Replace(after, before);
  ExpectRefused("an older copy");
  Replace(before, after);
  EXPECT_TRUE(OpenDirectory().ok());
}

TEST_F(DirectoryDamageTest, ADamagedChangeIsNotShown) {
  const Records whole = Read();
  for (const auto& [key, value] : whole) {
    if (!IsChange(key)) continue;
    Records damaged = whole;
    damaged[key][0] = static_cast<char>(damaged[key][0] ^ 1);
    Replace(whole, damaged);
    ASSERT_TRUE(OpenDirectory().ok());
    int lost = 0;
    for (const char* id : {"", "acme", "default"}) {
      const auto changes = directory_->Changes(id, 100, 0);
      lost += changes.status().code() == absl::StatusCode::kDataLoss ? 1 : 0;
    }
    EXPECT_EQ(lost, 1);
    Replace(damaged, whole);
  }
}

TEST_F(DirectoryDamageTest, TheMarkIsCaughtUpAndBelievedOnlyWhole) {
  const std::string path = dir_ + "/tenants.directory";
  const uint64_t mark = ReadMark(path)->value();
  ASSERT_TRUE(OpenDirectory().ok());
  EXPECT_EQ(order_->last(), mark);
  // A crash comes between the write and the mark.
  ASSERT_TRUE(WriteMark(path, mark - 1).ok());
  ASSERT_TRUE(OpenDirectory().ok());
  EXPECT_EQ(ReadMark(path)->value(), mark);
  ASSERT_TRUE(WriteMark(path, mark + 1).ok());
  ExpectRefused("a mark ahead");
  std::filesystem::resize_file(path, 5);
  EXPECT_EQ(OpenDirectory().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace dnc
