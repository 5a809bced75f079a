// What a start with the filter's image rests on: the seal over the store's files, or the reading of
// all records, and until then nothing is clear that the filter lets through.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "server/records/records_fixture.h"
#include "server/storage/storage_test_util.h"
#include "server/storage/store_seal.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

constexpr Number kOptedOut = 2'015'550'101;
constexpr Number kConsented = 2'015'550'102;
constexpr Number kRemoved = 2'015'550'103;  // the filter lets it through all the same
constexpr Number kNeverSeen = 2'015'550'104;

class RecordsProofsTest : public TenantRecordsTest {
 protected:
  RecordsProofsTest() {
    options_.image_min_records = 0;
    options_.read_in_background = false;
  }
  ~RecordsProofsTest() override { fs::remove_all(copy()); }

  std::string copy() const { return dir_ + "_copy"; }
  std::string seal() const { return StoreSealPath(dir_ + "/tenants"); }

  void Fill() {
    Open();
    // So many that the store has table files with more than their sealed tails.
    std::vector<Number> many;
    for (Number i = 0; i < 2'000; ++i) many.push_back(3'015'550'000 + i * 7);
    ASSERT_TRUE(Do(Write(one_, "internal", many)).ok());
    DoOne(Write(one_, "internal", {kOptedOut}));
    Reopen();
    DoOne(Write(one_, "consent", {kConsented}));
    DoOne(Write(one_, "internal", {kRemoved}));
    DoOne(Write(one_, "internal", {kRemoved}, /*remove=*/true));
  }
  void CopyAway() { CopyOpenFolder(dir_, copy()); }
  void PutBack() {
    Close();
    fs::remove_all(dir_);
    fs::copy(copy(), dir_, fs::copy_options::recursive);
  }
  void ExpectAnswers(bool proven, const std::string& why) {
    const uint8_t unproven = proven ? kNoRecord : kRecordUnknown;
    EXPECT_EQ(Facts(one_, kOptedOut), kRecordDoNotCall) << why;
    EXPECT_EQ(Facts(one_, kConsented), kRecordConsent | unproven) << why;
    EXPECT_EQ(Facts(one_, kRemoved), unproven) << why;
    EXPECT_EQ(Facts(one_, kNeverSeen), kNoRecord) << why;
    EXPECT_FALSE(lists_->stats().verified) << why;
    EXPECT_EQ(lists_->stats().proven, proven) << why;
  }
  std::vector<std::string> Files(std::string_view part) const {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(dir_ + "/tenants")) {
      const std::string path = entry.path();
      if (path.find(part) != std::string::npos) files.push_back(path);
    }
    EXPECT_FALSE(files.empty()) << part;
    return files;
  }
  // Where the records of a MANIFEST of less than one block end.
  static std::vector<uint64_t> RecordEnds(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    std::vector<uint64_t> ends;
    for (uint64_t at = 0; at + 7 <= content.size();) {
      at += 7 + static_cast<uint8_t>(content[at + 4]) +
            (uint64_t{static_cast<uint8_t>(content[at + 5])} << 8);
      ends.push_back(at);
    }
    EXPECT_EQ(ends.empty() ? 0 : ends.back(), content.size());
    return ends;
  }
  static void Flip(const std::string& path, std::streamoff at) { FlipBit(path, at, 0); }
};

TEST_F(RecordsProofsTest, ASealedStoreNeedsNoReading) {
  Fill();
  for (int round = 0; round < 3; ++round) {  // a proof goes on from stop to stop
    Reopen();
    ExpectAnswers(true, "sealed");
    EXPECT_FALSE(fs::exists(seal()));
  }
}

TEST_F(RecordsProofsTest, WithoutASealWhatTheFilterLetsThroughIsUnknown) {
  Fill();
  Close();
  fs::remove(seal());
  for (int round = 0; round < 3; ++round) {
    Open();
    ExpectAnswers(false, "no seal");
    Close();
    EXPECT_FALSE(fs::exists(seal())) << "what was not proven is not sealed";
  }
  options_.read_in_background = true;
  Open();
  EXPECT_TRUE(WaitUntil([this] { return lists_->stats().verified; }));
  EXPECT_EQ(Facts(one_, kConsented), kRecordConsent) << "all was read";
  options_.read_in_background = false;
  Reopen();
  ExpectAnswers(true, "sealed after the reading");
}

TEST_F(RecordsProofsTest, AKillLeavesNoSeal) {
  Fill();
  Reopen();
  CopyAway();  // as a kill leaves it
  Close();
  const std::string filter = dir_ + "/tenants.filter";
  ASSERT_TRUE(fs::exists(filter));
  fs::copy_file(filter, copy() + "/tenants.filter");
  PutBack();
  Open();
  ExpectAnswers(false, "after a kill");
}

TEST_F(RecordsProofsTest, AnyOtherFileMeansThatNothingIsProven) {
  Fill();
  Close();
  CopyAway();
  const auto expect_unproven = [&](const std::string& why) {
    Open();
    EXPECT_TRUE(absl::IsDataLoss(store_->sealed())) << why << store_->sealed();
    ExpectAnswers(false, why);
    Close();
    EXPECT_FALSE(fs::exists(seal()));
    PutBack();
  };
  // RocksDB opens these without a word, at least at some places.
  for (const std::string& file : Files("OPTIONS-")) {
    Flip(file, 2);  // in the comment at its top
    expect_unproven("an option");
    fs::remove(file);
    expect_unproven("lost options");
  }
  for (const std::string& file : Files("IDENTITY")) {
    Flip(file, 0);
    expect_unproven("the identity");
  }
  std::ofstream(dir_ + "/tenants/000999.sst") << "not RocksDB's";
  expect_unproven("a new file");
  Flip(seal(), 40);
  expect_unproven("the seal");
  Open();
  ExpectAnswers(true, "put back");
}

// What made the seal necessary: the store lacks its newest records, and says nothing.
TEST_F(RecordsProofsTest, AManifestWithoutItsLastRecordsHidesNoOptOut) {
  Fill();
  Reopen();
  Reopen();  // now the table files hold all, and the MANIFEST begins with all of them
  Close();
  CopyAway();
  const std::string manifest = Files("MANIFEST-").at(0);
  const uint64_t whole = fs::file_size(manifest);
  int opened = 0;
  for (const uint64_t end : RecordEnds(manifest)) {
    fs::resize_file(manifest, end);
    if (TryOpen().ok()) {
      ++opened;
      EXPECT_EQ(store_->sealed().ok(), end == whole) << end;
      for (const Number number : {kOptedOut, kConsented}) {
        EXPECT_NE(Facts(one_, number), kNoRecord) << end;
      }
    }
    PutBack();
  }
  // How many more open depends on what RocksDB had done in the background.
  EXPECT_GE(opened, 1) << "the whole one";
}

TEST_F(RecordsProofsTest, ASealedStoreThatCannotBeReadIsUnproven) {
  Fill();
  Reopen();
  Close();
  options_.read_in_background = true;
  // In the first block of the records, not where what we ask lies.
  size_t damaged = 0;
  for (const std::string& file : Files(".sst")) {
    if (fs::file_size(file) < 3 * 4096) continue;
    Flip(file, 4096 * 2);
    ++damaged;
  }
  ASSERT_GT(damaged, 0U);
  Open();
  EXPECT_TRUE(store_->sealed().ok()) << store_->sealed();
  EXPECT_TRUE(WaitUntil([this] { return Facts(one_, kRemoved) != kNoRecord; }));
  ExpectAnswers(false, "the reading failed");
  Close();
  EXPECT_FALSE(fs::exists(seal()));
}

TEST_F(RecordsProofsTest, AStoreWithDamagedRecordsIsNotSealed) {
  Fill();
  StoreBatch batch;
  batch.Put(Column::kRecords, EncodeRecordKey({1, kOptedOut, 1}), "nonsense of some length");
  ASSERT_TRUE(store_->Write(batch).ok());
  options_.read_in_background = true;
  Reopen();
  EXPECT_TRUE(WaitUntil([this] { return lists_->stats().damaged_tenants > 0; }));
  EXPECT_EQ(Facts(one_, kNeverSeen), kRecordUnknown);
  Close();
  EXPECT_FALSE(fs::exists(seal()));
}

// With few records all are read at the start, whatever the seal says: that costs little and finds
// more.
TEST_F(RecordsProofsTest, ASmallStoreIsReadWhole) {
  options_.image_min_records = 1'000'000;
  Fill();
  Reopen();
  EXPECT_TRUE(lists_->stats().verified);
  EXPECT_TRUE(store_->sealed().ok()) << store_->sealed();
  EXPECT_FALSE(fs::exists(dir_ + "/tenants.filter")) << "an image does not outlive a start";
}

}  // namespace
}  // namespace dnc
