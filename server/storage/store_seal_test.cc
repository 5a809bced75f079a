#include "server/storage/store_seal.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/base/str_cat.h"
#include "server/storage/storage_test_util.h"
#include "server/storage/store.h"

namespace dnc {
namespace {

namespace fs = std::filesystem;

class StoreSealTest : public testing::Test {
 protected:
  StoreSealTest() : dir_(StrCat(testing::TempDir(), "/dnc_store_seal_", getpid())) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  ~StoreSealTest() override { fs::remove_all(dir_); }

  std::string folder() const { return dir_ + "/store"; }

  // Opens the store, writes something, and closes it.
  absl::Status Run(
      bool seal, const std::function<void()>& while_open = [] {}) {
    const auto store = Store::Open({.path = folder()});
    if (!store.ok()) return store.status();
    StoreBatch batch;
    // The file is larger than the tail that the seal covers, so some of it is not in the seal.
    for (int i = 0; i < 500; ++i) {
      batch.Put(Column::kBlocks, StrCat("key", i), std::string(50, static_cast<char>(i)));
    }
    EXPECT_TRUE((*store)->Write(batch).ok());
    while_open();
    if (seal) (*store)->SealWhenClosed();
    return (*store)->sealed();
  }
  // Leaves a closed store with table files and a log, and its seal.
  void Prepare() {
    ASSERT_TRUE(absl::IsNotFound(Run(false)));
    ASSERT_TRUE(absl::IsNotFound(Run(true)));
    fs::copy(dir_, whole_, fs::copy_options::recursive);
  }
  void PutBack() {
    fs::remove_all(dir_);
    fs::copy(whole_, dir_, fs::copy_options::recursive);
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder())) {
      if (entry.path().filename() != "LOCK") names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  void TearDown() override { fs::remove_all(whole_); }

  static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Flip(const std::string& path, std::streamoff at) { FlipBit(path, at, 0); }
  // Expects that the files differ, and that the message says where.
  void ExpectDifference(const std::string& file, const std::string& how) {
    const absl::Status status = TakeStoreSeal(folder());
    EXPECT_TRUE(absl::IsDataLoss(status)) << how << " " << file << ": " << status;
    EXPECT_NE(std::string(status.message()).find(file), std::string::npos) << how << status;
    EXPECT_FALSE(fs::exists(StoreSealPath(folder()))) << how << " " << file;
    EXPECT_TRUE(absl::IsNotFound(TakeStoreSeal(folder())));
  }

  const std::string dir_;
  const std::string whole_ = dir_ + "_whole";
};

TEST_F(StoreSealTest, HoldsForOneStartThatFindsTheSameFiles) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  EXPECT_TRUE(Run(true).ok());
  EXPECT_TRUE(Run(false).ok()) << "sealed anew";
  EXPECT_TRUE(absl::IsNotFound(Run(false))) << "and not when it was not asked for";
}

TEST_F(StoreSealTest, ACopyTakenWhileTheStoreIsOpenHasNone) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  EXPECT_TRUE(Run(true, [&] { EXPECT_FALSE(fs::exists(StoreSealPath(folder()))); }).ok());
}

// The form is that of docs/internals/disk-format.md.
TEST_F(StoreSealTest, WritesAsDocumented) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  const auto digest = [](std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
  };
  std::string seal = "dncd seal of a store, version 1\n";
  for (const std::string& file : Files()) {
    const std::string content = Content(folder() + "/" + file);
    const bool table = file.ends_with(".sst");
    const size_t from = table && content.size() > 4096 ? content.size() - 4096 : 0;
    seal += StrCat(table ? "tail " : "whole ", content.size(), " ", digest(content.substr(from)),
                   " ", file, "\n");
  }
  seal += StrCat("seal ", digest(seal), "\n");
  EXPECT_EQ(Content(StoreSealPath(folder())), seal);
}

TEST_F(StoreSealTest, NamesTheFileThatChanged) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  std::vector<std::string> kinds;
  for (const std::string& file : Files()) {
    kinds.push_back(file.substr(file.find_first_not_of("0123456789")).substr(0, 4));
    const std::string path = folder() + "/" + file;
    const auto size = static_cast<std::streamoff>(fs::file_size(path));
    Flip(path, size - 1);
    ExpectDifference(file, "flipped at the end");
    PutBack();
    const bool table = path.ends_with(".sst");
    Flip(path, table && size > 4096 ? size - 4096 : 0);
    ExpectDifference(file, "flipped");
    PutBack();
    fs::resize_file(path, static_cast<uintmax_t>(size - 1));
    ExpectDifference(file, "cut");
    PutBack();
    fs::remove(path);
    ExpectDifference(file, "lost");
    PutBack();
  }
  for (const char* kind : {".sst", ".log", "MANI", "CURR", "IDEN", "OPTI"}) {
    EXPECT_NE(std::find(kinds.begin(), kinds.end(), kind), kinds.end()) << kind;
  }
  for (const char* file : {"000999.log", "000999.sst", "MANIFEST-000999"}) {
    std::ofstream(folder() + "/" + file) << "something";
    ExpectDifference(file, "new");
    PutBack();
  }
  EXPECT_TRUE(TakeStoreSeal(folder()).ok()) << "what was put back is the same";
}

// The middle of a table file is not in the seal; RocksDB's checksums protect it.
TEST_F(StoreSealTest, ABlockOfATableFileIsCheckedWhenItIsRead) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  for (const std::string& file : Files()) {
    const std::string path = folder() + "/" + file;
    if (path.ends_with(".sst") && fs::file_size(path) > 8192) Flip(path, 1000);
  }
  const auto store = Store::Open({.path = folder()});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->sealed().ok()) << (*store)->sealed();
  const auto take = [](std::string_view, std::string_view) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsDataLoss((*store)->Scan(Column::kBlocks, "", "", take)));
}

TEST_F(StoreSealTest, TheNoteOfTheOtherStoreIsNotSealed) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  for (const char* const name : {"/other.revision", "/other.revisions"}) {
    std::ofstream(folder() + name) << "as far as 7";
    const bool note = std::string_view(name) == "/other.revision";
    EXPECT_EQ(TakeStoreSeal(folder()).ok(), note) << name;
    fs::copy_file(whole_ + "/store.seal", StoreSealPath(folder()));
  }
}

TEST_F(StoreSealTest, ADamagedSealProvesNothing) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  const std::string path = StoreSealPath(folder());
  const uint64_t size = fs::file_size(path);
  for (uint64_t at = 0; at < size; ++at) {
    Flip(path, static_cast<std::streamoff>(at));
    ExpectDifference("store.seal is damaged", "flipped");
    fs::copy_file(whole_ + "/store.seal", path);
    fs::resize_file(path, at);
    ExpectDifference("store.seal is damaged", "cut");
    fs::copy_file(whole_ + "/store.seal", path);
  }
  fs::resize_file(path, (16 << 20) + 1);
  ExpectDifference("too large", "grown");
  fs::create_directory(path);
  EXPECT_FALSE(TakeStoreSeal(folder()).ok());
}

TEST_F(StoreSealTest, AManifestThatLostItsEndInUseIsNotSealed) {
  for (const bool replaced : {false, true}) {
    fs::remove_all(dir_);
    fs::create_directories(dir_);
    EXPECT_TRUE(absl::IsNotFound(Run(true, [&] {
      for (const std::string& file : Files()) {
        if (file.rfind("MANIFEST", 0) != 0) continue;
        const std::string path = folder() + "/" + file;
        if (replaced) {  // RocksDB goes on with the file that it has open
          fs::copy_file(path, path + ".other");
          fs::rename(path + ".other", path);
        }
        fs::resize_file(path, fs::file_size(path) - 1);
      }
    })));
    EXPECT_FALSE(fs::exists(StoreSealPath(folder()))) << replaced;
  }
}

TEST_F(StoreSealTest, IsNotTakenFromAStoreThatIsOpen) {
  ASSERT_NO_FATAL_FAILURE(Prepare());
  EXPECT_TRUE(Run(true, [&] {
                fs::copy_file(whole_ + "/store.seal", StoreSealPath(folder()));
                EXPECT_TRUE(absl::IsFailedPrecondition(TakeStoreSeal(folder())));
                EXPECT_TRUE(fs::exists(StoreSealPath(folder())));
              }).ok());
}

}  // namespace
}  // namespace dnc
