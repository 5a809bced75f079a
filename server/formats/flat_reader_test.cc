#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/formats/test_files.h"

namespace dnc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FlatReaderTest : public ::testing::Test {
 protected:
  absl::StatusOr<FileFacts> Read(std::string_view content) {
    sink_ = {};
    return ReadContent(content, request_, sink_);
  }
  // Expects BAD_FILE, and `hint` in its message.
  void Refused(std::string_view content, const std::string& hint) {
    const absl::Status status = Read(content).status();
    EXPECT_EQ(ErrorReason(status), reason::kBadFile) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr(hint));
  }

  ReadRequest request_{.name = "list.txt"};
  CollectingSink sink_;
};

absl::Time At(int hour, int minute) {
  return absl::FromCivil(absl::CivilMinute(2026, 8, 5, hour, minute), absl::UTCTimeZone());
}

TEST_F(FlatReaderTest, ReadsFullLists) {
  for (const char* content :
       {"201,5550123\n818,0000818\n", "201,5550123\r\n818,0000818\r\n", "2015550123\n8180000818\n",
        "\xEF\xBB\xBF"
        "201,5550123\n8180000818\n",
        "Area Code,Phone\n201,5550123\n818,0000818\n\n\r\n"}) {
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status() << content;
    EXPECT_THAT(sink_.numbers, ElementsAre(2015550123, 8180000818));
    EXPECT_EQ(facts->kind, FileKind::kFull);
    EXPECT_EQ(facts->format, FileFormat::kFlat);
    EXPECT_EQ(facts->records, 2);
    EXPECT_EQ(facts->unassignable, 1);
    EXPECT_EQ(facts->size_bytes, std::string_view(content).size());
  }
}

TEST_F(FlatReaderTest, HashesTheFile) {
  const absl::StatusOr<FileFacts> facts = Read("201,5550123\n");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->sha256, "15e20cd52407e8d6e31132a8ebc5c55bf8a3871b4f6b3a7ecb1b1fcdfc8ef788");
}

TEST_F(FlatReaderTest, ReadsChangeLists) {
  const absl::StatusOr<FileFacts> facts = Read(
      "Number,Time,Action\n2015550123,2026-08-05T14:30:00,A\r\n818,0000818,2026-08-05T02:00:00Z,d\n"
      "2015550124,2026-08-05,a\n2015550125,2026-08-05T02:00:00.5,D\n");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->kind, FileKind::kChange);
  EXPECT_EQ(facts->records, 4);
  ASSERT_EQ(sink_.changes.size(), 4);
  EXPECT_EQ(sink_.changes[0].number, 2015550123);
  EXPECT_EQ(sink_.changes[0].time, At(14, 30));
  EXPECT_TRUE(sink_.changes[0].added);
  EXPECT_EQ(sink_.changes[1].number, 8180000818);
  EXPECT_EQ(sink_.changes[1].time, At(2, 0));
  EXPECT_FALSE(sink_.changes[1].added);
  EXPECT_EQ(sink_.changes[2].time, At(0, 0));
  EXPECT_EQ(sink_.changes[3].time, At(2, 0) + absl::Milliseconds(500));
}

TEST_F(FlatReaderTest, RefusesForeignText) {
  Refused("", "no record");
  Refused("\n\n", "no record");
  Refused("not found\n", "no record");
  Refused("201,5550123\nnot found\n", "line 2");
  Refused("201,5550123\n201,555012\n", "line 2");
  Refused("201,5550123\n201,55501234\n", "line 2");
  Refused("201,5550123\n201;5550123\n", "line 2");
  Refused("201,5550123\n 201,5550123\n", "line 2");
  Refused("201,5550123\n201,5550123 \n", "line 2");
  Refused("201,5550123\n\n201,5550123\n", "line 3: data follows a blank line");
  Refused("201,5550123\n118,5550123\n", "line 2: the area code 118");
  Refused("0005550123\n", "the area code 000");
  Refused(std::string("201,555") + '\0' + "123\n", "line 1");
  Refused("phone 1\n", "line 1");
  Refused(std::string(5000, '7') + "\n", "longer");
  Refused("\x1F\x8B\x08", "gzip");
  Refused("\xFF\xFE\x32\x00", "UTF-16");
}

TEST_F(FlatReaderTest, RefusesForeignChanges) {
  Refused("2015550123,2026-08-05,X\n", "unknown action `X`");
  Refused("2015550123,2026-08-05,\n", "unknown action");
  Refused("2015550123,2026-08-05,A,\n", "unknown action");
  Refused("2015550123,2026-08-05\n", "line 1");
  Refused("2015550123,2026-08-35,A\n", "no time");
  Refused("2015550123,,A\n", "no time");
  Refused("2015550123,A\n", "line 1");
  Refused("2015550123,2026-08-05,A\n201,5550123\n", "line 2: a record of a full list");
  Refused("201,5550123\n2015550123,2026-08-05,A\n", "line 2: a record of a change list");
}

// If nothing changed, a change list has no records: only its name says what it is.
TEST_F(FlatReaderTest, ReadsEmptyChangeLists) {
  const std::string zip = MakeZip({{"2026-8-5_201_change.txt", ""}});
  for (const auto& [name, content] : std::vector<std::pair<std::string, std::string>>{
           {"2026-8-5_201_change.txt", ""},
           {"2026-8-5_201_Delta.txt", "\n"},
           {"2026-8-5_201_change.txt.zip", MakeZip({{"201.txt", ""}})},
           {"2026-8-5_201.txt.zip", zip}}) {
    request_.name = name;
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status() << name;
    EXPECT_EQ(facts->kind, FileKind::kChange) << name;
    EXPECT_EQ(facts->records, 0) << name;
  }
  for (const char* name : {"2026-8-5_201.txt", "2026-8-5_201_full.txt",
                           "2026-8-5_201_full_change.txt", "2026-8-5_201_change.xml"}) {
    request_.name = name;
    EXPECT_EQ(ErrorReason(Read("").status()), reason::kBadFile) << name;
  }
  request_.name = "2026-8-5_201_full.txt.zip";
  EXPECT_EQ(ErrorReason(Read(zip).status()), reason::kBadFile);
  // Servers send this in place of a list.
  request_.name = "2026-8-5_201_change.txt";
  for (const char* text :
       {"Service Unavailable\n", "{\"message\":\"Forbidden\"}\n", "Not Found\n\n"}) {
    EXPECT_EQ(ErrorReason(Read(text).status()), reason::kBadFile) << text;
  }
  request_.name = "2026-8-5_201_change.txt.zip";
  EXPECT_EQ(ErrorReason(Read(zip.substr(0, zip.size() - 1)).status()), reason::kDamagedFile);
  request_.name = "change.csv";
  request_.dialect = FileDialect::kCsv;
  EXPECT_EQ(ErrorReason(Read("").status()), reason::kBadFile);
}

TEST_F(FlatReaderTest, NamesWhatNoListHolds) {
  Refused("201,5550123\n\u202A201,5550124\n", "line 2");
  Refused("201,5550123\n\u202A201,5550124\n", "U+202A");
  Refused("201,5550123\n201,5550124 \x1A x\n", "Ctrl-Z");
}

TEST_F(FlatReaderTest, AsksForTheLastLineEnd) {
  for (const char* content : {"201,5550123\n201,5550124", "2015550123,2026-08-05,A", "201,555"}) {
    EXPECT_EQ(ErrorGuard(Read(content).status()), "unterminated") << content;
  }
  request_.allow_unterminated = true;
  EXPECT_TRUE(Read("201,5550123\n201,5550124").ok());
  EXPECT_THAT(sink_.numbers, ElementsAre(2015550123, 2015550124));
  EXPECT_TRUE(Read("2015550123,2026-08-05,A").ok());
  Refused("201,5550123\n201,555012", "line 2");
  // Wherever the last line of a change list is cut, it is refused, or all of it is there.
  for (const std::string begin : {"", "phone,date,action\n", "2015550122,2026-08-05,A\n"}) {
    const std::string line = "2015550123,2026-08-05T10:00:00,D";
    for (size_t length = 1; length < line.size(); ++length) {
      EXPECT_FALSE(Read(begin + line.substr(0, length)).ok()) << begin << length;
    }
    EXPECT_TRUE(Read(begin + line).ok()) << begin;
  }
}

TEST_F(FlatReaderTest, CountsWhatIsOutsideTheLabel) {
  request_.name = "2026-8-5_201.txt";
  const absl::StatusOr<FileFacts> facts =
      Read("201,5550123\n202,5550123\n203,5550123\n201,5550124\n");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(sink_.numbers, ElementsAre(2015550123, 2015550124));
  EXPECT_EQ(facts->records, 2);
  EXPECT_EQ(facts->outside_label, 2);
  EXPECT_EQ(facts->first_outside_line, 2);
  EXPECT_EQ(facts->first_outside_area, 202);
}

TEST_F(FlatReaderTest, CountsChangesOutsideTheLabel) {
  request_.name = "2026-8-5_201.txt";
  const absl::StatusOr<FileFacts> facts =
      Read("2015550123,2026-08-05,A\n2025550123,2026-08-05,A\n");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(sink_.changes.size(), 1);
  EXPECT_EQ(facts->outside_label, 1);
}

TEST_F(FlatReaderTest, ReadsLongListsInAnyForm) {
  std::mt19937_64 random(7);
  std::vector<Number> expected;
  std::string exact;
  std::string mixed;
  for (int i = 0; i < 300'000; ++i) {
    const Number number = 2'000'000'000 + random() % 8'000'000'000;
    expected.push_back(number);
    const std::string digits = std::to_string(number);
    const std::string record = digits.substr(0, 3) + "," + digits.substr(3);
    exact += record + "\n";
    const auto form = random() % 100;
    mixed += form == 0 ? digits + "\n" : (form == 1 ? record + "\r\n" : record + "\n");
  }
  for (const std::string& content : {exact, mixed}) {
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_EQ(facts->records, expected.size());
    EXPECT_TRUE(sink_.numbers == expected);
  }
  Refused(exact + "201,555012x\n", "line 300001");
}

// Every byte of a record is changed to every other value: the record is read as it then stands, or
// refused.
TEST_F(FlatReaderTest, TakesNoDamagedRecord) {
  const std::string record = "201,5550123\n";
  for (size_t at = 0; at < record.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string damaged = record;
      damaged[at] = static_cast<char>(byte);
      const std::string content = "201,5550000\n" + damaged + "201,5550001\n";
      const absl::StatusOr<FileFacts> facts = Read(content);
      const bool digit = byte >= '0' && byte <= '9';
      const bool good = at == 3 ? byte == ',' : (at == 11 ? byte == '\n' : digit);
      const bool area = at != 0 || byte >= '2';
      EXPECT_EQ(facts.ok(), good && area) << at << " " << byte;
      if (facts.ok()) {
        std::string digits = damaged.substr(0, 11);
        digits.erase(3, 1);
        EXPECT_EQ(std::to_string(sink_.numbers[1]), digits);
      }
    }
  }
}

TEST_F(FlatReaderTest, ShowsNoNumberInErrors) {
  for (const char* content :
       {"201,5550123\n2015550123,5550123\n", "2015550123,2026-08-05,2015550123\n",
        "2015550123 5550123\n", "1185550123\n", "2015550123,5550123,A\n", "<ac val='201'/>5550123",
        "<list><ac val='201'><ph val='5550123' x='2015550123'/>"}) {
    const absl::Status status = Read(content).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.ToString(), ::testing::Not(::testing::ContainsRegex("555|0123"))) << content;
  }
}

TEST_F(FlatReaderTest, StopsWhenAsked) {
  const std::atomic<bool> stop = true;
  uint64_t done = 0;
  request_.on_bytes = [&done](uint64_t bytes) { done += bytes; };
  ASSERT_TRUE(Read("201,5550123\n").ok());
  EXPECT_EQ(done, 12);
  request_.stop = &stop;
  const absl::Status status = Read("201,5550123\n").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ErrorReason(status), reason::kStopping);
}

TEST_F(FlatReaderTest, SaysThatAFileIsMissing) {
  request_.path = "/nonexistent/list.txt";
  EXPECT_EQ(ReadRegistryFile(request_, sink_).status().code(), absl::StatusCode::kNotFound);
  request_.path = "/tmp";
  EXPECT_EQ(ErrorReason(ReadRegistryFile(request_, sink_).status()), reason::kBadFile);
}

TEST_F(FlatReaderTest, ChecksNameAgainstContent) {
  request_.name = "2026-8-5_delta.txt";
  Refused("201,5550123\n", "speaks of a change list");
  request_.name = "2026-8-5_full.txt";
  Refused("2015550123,2026-08-05,A\n", "speaks of a full list");
  request_.name = "2026-8-5_201.xml";
  Refused("201,5550123\n", ".xml");
  request_.name = "2026-8-5_201.txt.zip";
  Refused("201,5550123\n", ".zip");
}

}  // namespace
}  // namespace dnc
