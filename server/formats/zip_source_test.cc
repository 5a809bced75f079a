#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/formats/test_files.h"

namespace dnc {
namespace {

class ZipSourceTest : public ::testing::TestWithParam<ZipOptions> {
 protected:
  absl::StatusOr<FileFacts> Read(std::string_view content) {
    sink_ = {};
    return ReadContent(content, request_, sink_);
  }
  std::string Reason(std::string_view content) { return ErrorReason(Read(content).status()); }
  bool IsRefused(std::string_view content) {
    const absl::Status status = Read(content).status();
    const std::string why = ErrorReason(status);
    return !status.ok() && (why == reason::kDamagedFile || why == reason::kBadFile);
  }

  ReadRequest request_{.name = "2026-8-5_201.txt.zip"};
  CollectingSink sink_;
};

std::string SmallList() {
  std::string list;
  for (int i = 0; i < 40; ++i) list += StrCat("201,", 5'550'100 + i * i % 97, "\n");
  return list;
}

TEST_P(ZipSourceTest, ReadsTheOnlyMember) {
  const std::string zip = MakeZip({{"any name", SmallList()}}, GetParam());
  const absl::StatusOr<FileFacts> facts = Read(zip);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(sink_.numbers.size(), 40);
  EXPECT_EQ(facts->size_bytes, zip.size());
  // The digest is that of the packed bytes in their order, although they are read in another order.
  unsigned char digest[32];
  EVP_Digest(zip.data(), zip.size(), digest, nullptr, EVP_sha256(), nullptr);
  EXPECT_EQ(facts->sha256, absl::BytesToHexString({reinterpret_cast<char*>(digest), 32}));
}

TEST_P(ZipSourceTest, RefusesEveryTruncation) {
  const std::string zip = MakeZip({{"list.txt", SmallList()}}, GetParam());
  for (size_t length = 0; length < zip.size(); ++length) {
    // Without its first four bytes, it is no archive at all.
    const std::string_view why = length < 4 ? reason::kBadFile : reason::kDamagedFile;
    EXPECT_EQ(Reason(zip.substr(0, length)), why) << length;
  }
}

// A flipped bit is refused, or what was read is the list itself: names, times and the like do not
// matter.
TEST_P(ZipSourceTest, ReadsNoFlippedBit) {
  const std::string zip = MakeZip({{"list.txt", SmallList()}}, GetParam());
  ASSERT_TRUE(Read(zip).ok());
  const std::vector<Number> expected = sink_.numbers;
  size_t passed = 0;
  for (size_t bit = 0; bit < zip.size() * 8; ++bit) {
    std::string damaged = zip;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    if (!Read(damaged).ok()) continue;
    ++passed;
    EXPECT_TRUE(sink_.numbers == expected) << bit;
  }
  RecordProperty("passed", static_cast<int>(passed));
}

TEST_P(ZipSourceTest, RefusesWhatFollowsOrPrecedes) {
  const std::string zip = MakeZip({{"list.txt", SmallList()}}, GetParam());
  EXPECT_EQ(Reason(zip + "x"), reason::kDamagedFile);
  EXPECT_EQ(Reason(zip + zip), reason::kDamagedFile);
  // The last block may be filled up, as bsdtar does; but a cut archive that is filled up is
  // refused.
  ASSERT_TRUE(Read(zip + std::string(10'000, '\0')).ok());
  EXPECT_EQ(sink_.numbers.size(), 40);
  EXPECT_EQ(Reason(zip + std::string(100, '\0') + "x"), reason::kDamagedFile);
  EXPECT_EQ(Reason(zip + std::string(100'000, '\0')), reason::kDamagedFile);
  EXPECT_EQ(Reason(zip.substr(0, zip.size() - 30) + std::string(100, '\0')), reason::kDamagedFile);
  EXPECT_TRUE(IsRefused("x" + zip));
  EXPECT_EQ(Reason("PK\x03\x04" + zip), reason::kDamagedFile);
}

TEST_P(ZipSourceTest, WantsExactlyOneRegularMember) {
  const ZipEntry list{"list.txt", SmallList()};
  EXPECT_EQ(Reason(MakeZip({}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({list, list}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({list, {"README", "x"}}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({{"folder/", ""}}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({{"x.zip", MakeZip({list})}}, GetParam())), reason::kBadFile);
  ZipOptions encrypted = GetParam();
  encrypted.flags = 1;
  EXPECT_EQ(Reason(MakeZip({list}, encrypted)), reason::kBadFile);
}

// An empty file beside the list holds nothing, unless it is what was left of another list.
TEST_P(ZipSourceTest, PassesOverWhatIsEmpty) {
  const ZipEntry list{"list.txt", SmallList()};
  for (const std::vector<ZipEntry>& entries :
       {std::vector<ZipEntry>{list, {"README", ""}},
        {{"README", ""}, list},
        {{"folder", ""}, {"notes/empty.txt", ""}, list, {"x.csv", ""}}}) {
    const std::string zip = MakeZip(entries, GetParam());
    const absl::StatusOr<FileFacts> facts = Read(zip);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_EQ(sink_.numbers.size(), 40);
    EXPECT_EQ(facts->member, "list.txt");
    for (size_t length = 0; length < zip.size(); length += 7) {
      EXPECT_TRUE(IsRefused(zip.substr(0, length))) << length;
    }
  }
  EXPECT_EQ(Reason(MakeZip({list, {"2026-8-5_212.txt", ""}}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({list, {"x/2026-8-5_212.txt", ""}}, GetParam())), reason::kBadFile);
  EXPECT_EQ(Reason(MakeZip({{"a.txt", ""}, {"b.txt", ""}}, GetParam())), reason::kBadFile);
}

// The comment is as long as the format allows; libarchive alone looks for the end within 16 KiB.
TEST_P(ZipSourceTest, ReadsBeforeACommentOfAnyLength) {
  ZipOptions options = GetParam();
  for (const size_t length : {16'000U, 16'362U, 16'384U, 20'000U, 65'534U, 65'535U}) {
    options.comment = std::string(length, 'c');
    const std::string zip = MakeZip({{"list.txt", SmallList()}}, options);
    const absl::StatusOr<FileFacts> facts = Read(zip);
    ASSERT_TRUE(facts.ok()) << facts.status() << length;
    EXPECT_EQ(sink_.numbers.size(), 40);
    EXPECT_EQ(facts->size_bytes, zip.size());
    EXPECT_EQ(Reason(zip.substr(0, zip.size() - 1)), reason::kDamagedFile);
    EXPECT_EQ(Reason(zip + "c"), reason::kDamagedFile);
  }
  // More than a block of zeros follows the archive.
  ASSERT_TRUE(
      Read(MakeZip({{"list.txt", SmallList()}}, GetParam()) + std::string(40'000, '\0')).ok());
  EXPECT_EQ(sink_.numbers.size(), 40);
}

// Such files stand beside the list, and may come first.
TEST_P(ZipSourceTest, PassesOverWhatFileManagersAdd) {
  const ZipEntry list{"folder/list.txt", SmallList()};
  const std::vector<ZipEntry> beside = {{"folder/", ""},
                                        {"__MACOSX/", ""},
                                        {"__MACOSX/folder/._list.txt", std::string(120, '\1')},
                                        {"folder/.DS_Store", "2015550199\n"},
                                        {"folder/Thumbs.db", "x"},
                                        {"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n"}};
  for (size_t at = 0; at <= beside.size(); ++at) {
    std::vector<ZipEntry> entries = beside;
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(at), list);
    const std::string zip = MakeZip(entries, GetParam());
    const absl::StatusOr<FileFacts> facts = Read(zip);
    ASSERT_TRUE(facts.ok()) << facts.status() << at;
    EXPECT_EQ(sink_.numbers.size(), 40);
    EXPECT_EQ(facts->member, "folder/list.txt");
    for (size_t length = 0; length < zip.size(); length += 29) {
      EXPECT_TRUE(IsRefused(zip.substr(0, length))) << length;
    }
  }
  EXPECT_EQ(Reason(MakeZip(beside, GetParam())), reason::kBadFile);
}

// The same holds with other members: what loads is the list itself.
TEST_P(ZipSourceTest, ReadsNoFlippedBitBesideOthers) {
  const std::string zip =
      MakeZip({{"__MACOSX/._list.txt", "2015550199\n"}, {"list.txt", SmallList()}, {"folder/", ""}},
              GetParam());
  ASSERT_TRUE(Read(zip).ok());
  const std::vector<Number> expected = sink_.numbers;
  for (size_t bit = 0; bit < zip.size() * 8; ++bit) {
    std::string damaged = zip;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    const bool read = Read(damaged).ok();
    EXPECT_TRUE(!read || sink_.numbers == expected) << bit;
  }
}

TEST_P(ZipSourceTest, NamesTheMethodThatItDoesNotRead) {
  ZipOptions options = GetParam();
  const std::vector<std::pair<int, std::string>> methods = {
      {1, "Shrink"},   {6, "Implode"},         {9, "Deflate64"},
      {97, "WavPack"}, {55, "unknown method"}, {99, "encrypted"}};
  for (const auto& [method, name] : methods) {
    options.method = method;
    const absl::Status status = Read(MakeZip({{"list.txt", SmallList()}}, options)).status();
    EXPECT_EQ(ErrorReason(status), reason::kBadFile);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(name));
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("unpack it"));
  }
}

TEST_P(ZipSourceTest, GoesByContentNotByName) {
  request_.name = "2026-8-5_201.txt";
  EXPECT_EQ(Reason(MakeZip({{"list.txt", SmallList()}}, GetParam())), reason::kBadFile);
}

TEST_P(ZipSourceTest, ReportsAnErrorBehindTheLastRecord) {
  std::string list;
  for (int i = 0; i < 200'000; ++i) list += StrCat("201,", 2'000'000 + i * 37, "\n");
  std::string zip = MakeZip({{"list.txt", list}}, GetParam());
  ASSERT_TRUE(Read(zip).ok());
  // The checksum is in the directory and, if there is a descriptor, behind the member.
  const size_t directory = zip.rfind("PK\x01\x02");
  zip[directory + 16] = static_cast<char>(zip[directory + 16] ^ 1);
  EXPECT_EQ(Reason(zip), reason::kDamagedFile);
}

TEST_P(ZipSourceTest, GuardsAgainstBombs) {
  std::string list;
  for (int i = 0; i < 100'000; ++i) list += "201,5550123\n";
  const std::string zip = MakeZip({{"list.txt", list}}, GetParam());
  EXPECT_EQ(ErrorGuard(Read(zip).status()), GetParam().deflate ? "archive-size" : "");
  request_.limits.max_ratio = 1'000'000;
  EXPECT_TRUE(Read(zip).ok());
  request_.limits.max_unpacked_bytes = 1'199'999;
  EXPECT_EQ(ErrorGuard(Read(zip).status()), "archive-size");
  request_.ignore_archive_limits = true;
  EXPECT_TRUE(Read(zip).ok());
  EXPECT_EQ(sink_.numbers.size(), 100'000);
}

INSTANTIATE_TEST_SUITE_P(
    Zips, ZipSourceTest,
    ::testing::Values(ZipOptions{}, ZipOptions{.deflate = false}, ZipOptions{.descriptor = true},
                      ZipOptions{.zip64 = true}, ZipOptions{.zip64 = true, .short_end = true},
                      ZipOptions{.deflate = true, .descriptor = true, .comment = "a comment"}));

}  // namespace
}  // namespace dnc
