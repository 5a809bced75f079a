#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error.h"
#include "server/formats/test_files.h"

namespace dnc {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CsvReaderTest : public ::testing::Test {
 protected:
  absl::StatusOr<FileFacts> Read(std::string_view content) {
    sink_ = {};
    return ReadContent(content, request_, sink_);
  }
  void Refused(std::string_view content, const std::string& hint) {
    const absl::Status status = Read(content).status();
    EXPECT_EQ(ErrorReason(status), reason::kBadFile) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr(hint)) << content;
    EXPECT_THAT(std::string(status.message()), Not(ContainsRegex("[0-9]{5}"))) << content;
  }
  void ReadsTwo(std::string_view content) {
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status() << content;
    EXPECT_EQ(facts->kind, FileKind::kFull);
    EXPECT_THAT(sink_.numbers, ElementsAre(2015550123, 2125550124)) << content;
  }

  ReadRequest request_{.name = "TX.csv", .dialect = FileDialect::kCsv};
  CollectingSink sink_;
};

TEST_F(CsvReaderTest, FindsTheUsualColumn) {
  ReadsTwo("name,Phone\nAnn,(201) 555-0123\nBob,+1.212.555.0124\n");
  ReadsTwo("Telephone;name\r\n201-555-0123;Ann\r\n212-555-0124;Bob\r\n");
  ReadsTwo("id\tPhone Number\n1\t2015550123\n2\t12125550124\n\n");
  ReadsTwo("a|NUMBER\n1|2015550123\n2|2125550124\n");
  ReadsTwo("\xEF\xBB\xBFphone\n2015550123\n2125550124\n");
  ReadsTwo("2015550123\n2125550124\n");
  ReadsTwo("whatever\n2015550123\n2125550124\n");
  ReadsTwo("\"name, first\",\"phone\"\n\"Ann \"\"A\"\", Smith\",\"2015550123\"\n,2125550124\n");
}

TEST_F(CsvReaderTest, TakesTheNamedColumn) {
  request_.csv.column = "fax";
  ReadsTwo("phone,Fax \n1,2015550123\n2,2125550124\n");
  Refused("phone,other\n1,2015550123\n",
          "there is no column `fax`; the headings are `phone`, `other`");
  Refused("2015550123,2125550124\n", "no column `fax`");
  Refused("fax,FAX\n2015550123,2015550123\n", "several");
  request_.csv.column = "";
  request_.csv.column_number = 2;
  ReadsTwo("phone,Fax\n1,2015550123\n2,2125550124\n");
  ReadsTwo("1,2015550123\n2,2125550124\n");
  Refused("2015550123\n", "there is no column 2");
}

TEST_F(CsvReaderTest, ReadsTheFtcsFlatForm) {
  ReadsTwo("201,5550123\n212,5550124\n");
  EXPECT_EQ(Read("201,5550123\n212,5550124\n")->format, FileFormat::kFlat);
  Refused("201,5550123\n2125550124,2026-08-05,A\n", "line 2");
}

TEST_F(CsvReaderTest, DropsNothing) {
  Refused("phone\n2015550123\n201555012\n", "line 3");
  Refused("phone\n2015550123 x5\n", "line 2");
  Refused("201555012\n2015550123\n", "line 1");
  Refused("201-555-0123 x5\n2015550123\n", "line 1");
  Refused("a,phone\n1,\n", "empty");
  Refused("a,phone\n1,2015550123,3\n", "line 2");
  Refused("a,phone\n1\n", "line 2");
  Refused("phone\n2015550123\n\n2015550124\n", "line 4");
  Refused("a,phone\n\"Ann\",2015550123\n\"B\"b,2015550124\n", "line 3");
  Refused("a,phone\n\"Ann,2015550123\n", "never closed");
  Refused("a,phone\n\"Ann,2015550123\n" + std::string(5000, 'x'), "longer");
  Refused("", "no record");
  Refused("phone\n", "no record");
}

// Notes are ignored, whatever they hold.
TEST_F(CsvReaderTest, ReadsQuotedCellsOfSeveralLines) {
  ReadsTwo("phone,note\n2015550123,\"call me at\n2125550199\nthanks\"\n2125550124,x\n");
  ReadsTwo("phone,note\r\n2015550123,\"a\r\n\r\n2125550199\"\r\n2125550124,x\r\n");
  ReadsTwo("note,phone\n\"a\n2125550199\nb\",2015550123\n\"c\nd\",2125550124\n");
  ReadsTwo("phone;note;city\n2015550123;\"a\n2125550199; or so\nb\";Paris\n2125550124;;\n");
  ReadsTwo("phone,note\n2015550123,\"Dear all,\nsee you, bye\"\n2125550124,\"\n\n\"\n");
  ReadsTwo("phone,note\n\"2015550123\n\",\n2125550124,\n");
  Refused("phone,note\n2015550123,\"a\n2125550199\nthanks", "never closed");
  // Errors after such a cell name the right line.
  Refused("phone,note\n2015550123,\"a\nb\"\n2125550124,x\n5,\n", "line 5");
}

TEST_F(CsvReaderTest, PassesOverEmptyRowsAtTheEnd) {
  ReadsTwo("name,phone\na,2015550123\nb,2125550124\n,\n,\n");
  ReadsTwo("name,phone\na,2015550123\nb,2125550124\n , \n\n\"\",\n");
  ReadsTwo("phone\n2015550123\n2125550124\n,\n,,,\n   \n");
  ReadsTwo("201,5550123\n212,5550124\n,\n");
  Refused("name,phone\na,2015550123\n,\nb,2125550124\n", "line 4: data follows a blank line");
  Refused("name,phone\na,2015550123\nb,\n,\n", "line 3: column 2 is empty");
  Refused("name,phone\na,2015550123\n,", "may be the start of");
  request_.allow_unterminated = true;
  Refused("name,phone\na,2015550123\n,", "may be the start of");
}

TEST_F(CsvReaderTest, ReadsOldLineEndsAndCtrlZ) {
  ReadsTwo("name,phone\ra,2015550123\rb,2125550124\r");
  ReadsTwo("201,5550123\r212,5550124\r");
  ReadsTwo("name,phone\r\na,2015550123\r\nb,2125550124\r\n\x1A");
  ReadsTwo("201,5550123\n212,5550124\n" + std::string(100, '\x1A'));
  EXPECT_EQ(ErrorGuard(Read("phone\r2015550123\r2125550124").status()), "unterminated");
  EXPECT_EQ(ErrorGuard(Read("phone\n2015550123\n2125550124\x1A").status()), "unterminated");
  Refused("phone\n2015550123\n\x1A\n2125550124\n", "Ctrl-Z");
  Refused("name,phone\n\"a\n\",2015550123\rb,2125550124\n", "carriage returns");
  Refused("phone\n2015550123\r2125550124\n", "carriage return");
  Refused(std::string("phone\n2015550123\n") + std::string(8, '\0') + "\n", "NUL");
  Refused(std::string("2\0"
                      "0\0"
                      "1\0",
                      6) +
              "\n",
          "NUL bytes at its start");
  Refused(
      "\xFF\xFE"
      "2\n",
      "UTF-16");
  // The text is longer than one piece of the reader.
  std::string list = "phone\r";
  for (int i = 0; i < 100'000; ++i) list += "201" + std::to_string(5'000'000 + i) + "\r";
  const absl::StatusOr<FileFacts> facts = Read(list);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->records, 100'000);
  EXPECT_THAT(std::string(Read(list + "x\r").status().message()), HasSubstr("line 100002"));
}

TEST_F(CsvReaderTest, ReadsWhatSpreadsheetsMakeOfNumbers) {
  ReadsTwo("phone\n2015550123.0\n=\"2125550124\"\n");
  ReadsTwo("name,phone\nx,\"=\"\"2015550123\"\"\"\nx,\u202A212-555-0124\u202C\n");
  Refused("phone\n2.01555E+09\n", "scientific notation");
  Refused("phone\n\u202E3210555102\u202C\n", "U+202E (right-to-left override");
  Refused("phone\n2015550123\u2026\n", "U+2026");
}

// Two stray quotes turn everything between them into one cell.
TEST_F(CsvReaderTest, RefusesQuotesThatSwallowRows) {
  const std::string swallowed = "goes on over further lines";
  Refused("phone,note\n2015550123,\"a\n2125550124,b\"\n", swallowed);
  Refused("phone,note\n2015550123,\"a\r\n(212) 555-0124,b\"\r\n", swallowed);
  Refused("name,phone\n\"Ann,2015550123\nBob\",2125550124\n", swallowed);
  Refused("phone,note\n2015550123,\"a\n2125550124 x5,b\"\n", swallowed);
  Refused("phone,note\n2015550123,\"a\nx\n2125550124,\nb\"\n", swallowed);
  Refused("phone,note\n\"2015550123,a\n2125550124\",b\n", swallowed);
  Refused("note,phone\n\"a\nx,2125550124\nb\",2015550123\n", swallowed);
  Refused("\"phone\nnumber\",note\n2015550123,a\n", swallowed);
  request_.allow_unterminated = true;
  Refused("phone,note\n2125550124,\n2015550123,\"a\n2125550124,b\"", swallowed);
}

// The file has no headings, and its first line has digits that are not read as a number.
TEST_F(CsvReaderTest, TakesForeignDigitsForData) {
  Refused(
      "\xD9\xA2\xD9\xA0\xD9\xA1\xD9\xA5\xD9\xA5\xD9\xA5\xD9\xA0\xD9\xA1\xD9\xA2\xD9\xA3\n"
      "2125550124\n",
      "line 1");
  Refused("\xEF\xBC\x92\xEF\xBC\x90\xEF\xBC\x91\xEF\xBC\x95\xEF\xBC\x95\n", "line 1");
  ReadsTwo("\xE9\x9B\xBB\xE8\xA9\xB1\n2015550123\n2125550124\n");
}

TEST_F(CsvReaderTest, AsksWhichColumn) {
  Refused("a,b\n1,2015550123\n", "not clear");
  Refused("phone,telephone\n2015550123,2015550124\n", "not clear");
  Refused("2015550123,2125550124\n", "`##########`");
}

TEST_F(CsvReaderTest, RefusesForeignFiles) {
  Refused("Company_Phone_Number,Created_Date,Violation_Date\n2015550123,a,b\n", "reported calls");
  Refused("<html>\n", "web page");
  request_.csv.column = "company_phone_number";
  Refused("Company_Phone_Number,Created_Date,Violation_Date\n2015550123,a,b\n", "reported calls");
}

TEST_F(CsvReaderTest, AsksForTheLastLineEnd) {
  EXPECT_EQ(ErrorGuard(Read("phone\n2015550123").status()), "unterminated");
  request_.allow_unterminated = true;
  EXPECT_TRUE(Read("phone\n2015550123").ok());
  Refused("phone\n201555012", "line 2");
  Refused("a,b\n2015550123,201555012", "line");
  // This may be only the first column of two.
  Refused("2015550123", "may be the start of a line of more columns");
}

TEST_F(CsvReaderTest, ReadsLongFiles) {
  std::string content = "name,phone\n";
  for (int i = 0; i < 100'000; ++i) {
    content += "\"Ann, B\",(201) 5" + std::to_string(10 + i / 10'000) + "-" +
               std::to_string(10'000 + i % 10'000).substr(1) + "\n";
  }
  const absl::StatusOr<FileFacts> facts = Read(content);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->records, 100'000);
  EXPECT_EQ(sink_.numbers[99'999], 2015199999);
  EXPECT_THAT(std::string(Read(content + "x,y\n").status().message()), HasSubstr("line 100002"));
}

}  // namespace
}  // namespace dnc
