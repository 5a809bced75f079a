#include "tools/cli/csv_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace dnc::cli {
namespace {

// A pipe that gives `text`, so that reads end at any byte.
class Pipe {
 public:
  explicit Pipe(std::string text) {
    EXPECT_EQ(pipe(fds_), 0);
    writer_ = std::thread([this, text = std::move(text)] {
      for (size_t done = 0; done < text.size();) {
        const ssize_t count = write(fds_[1], text.data() + done, text.size() - done);
        if (count <= 0) break;
        done += static_cast<size_t>(count);
      }
      close(fds_[1]);
    });
  }
  ~Pipe() {
    writer_.join();
    close(fds_[0]);
  }
  int fd() const { return fds_[0]; }

 private:
  int fds_[2];
  std::thread writer_;
};

using Rows = std::vector<std::vector<std::string>>;

struct Parsed {
  Rows rows;
  std::string copy;  // the records as they stood, joined again
  absl::Status status;
};

Parsed ParseAll(const std::string& text, char delimiter = ',') {
  Pipe source(text);
  CsvReader reader(source.fd(), delimiter);
  Parsed parsed;
  CsvRecord record;
  while (true) {
    const auto more = reader.Next(&record);
    parsed.status = more.status();
    if (!more.ok()) {
      char rest[4096];
      while (read(source.fd(), rest, sizeof(rest)) > 0) continue;
      return parsed;
    }
    if (!*more) return parsed;
    parsed.copy += record.raw + record.line_end;
    std::vector<std::string> row;
    for (size_t i = 0; i < record.fields.size(); ++i) row.push_back(record.Text(i));
    parsed.rows.push_back(row);
  }
}

void ExpectRows(const std::string& text, const Rows& rows) {
  const Parsed parsed = ParseAll(text);
  EXPECT_TRUE(parsed.status.ok()) << parsed.status;
  EXPECT_EQ(parsed.rows, rows) << text;
  EXPECT_EQ(parsed.copy, text);
}

TEST(CsvReaderTest, LineEnds) {
  ExpectRows("a,b\nc,d\n", {{"a", "b"}, {"c", "d"}});
  ExpectRows("a,b\r\nc,d\r\n", {{"a", "b"}, {"c", "d"}});
  ExpectRows("a,b\rc,d\r", {{"a", "b"}, {"c", "d"}});
  ExpectRows("a\nb\r\nc\rd", {{"a"}, {"b"}, {"c"}, {"d"}});
  ExpectRows("a\n\nb\n\n", {{"a"}, {}, {"b"}, {}});
  ExpectRows("a\r", {{"a"}});
  ExpectRows("", {});
}

TEST(CsvReaderTest, Quotes) {
  ExpectRows("\"a,b\",\"c\"\"d\",\"e\nf\r\ng\"\n", {{"a,b", "c\"d", "e\nf\r\ng"}});
  ExpectRows("\"\",x\n", {{"", "x"}});
  ExpectRows("a\"b,c\"\n",
             {{"a\"b", "c\""}});  // inside an unquoted field quotes stand for themselves
  EXPECT_EQ(ParseAll("\"a\"b,c\n").status.code(), absl::StatusCode::kInvalidArgument);
  ExpectRows("\"\"\"\"\n", {{"\""}});
}

TEST(CsvReaderTest, EmptyFields) {
  ExpectRows(",\n", {{"", ""}});
  ExpectRows("a,,\n", {{"a", "", ""}});
  ExpectRows(",,c", {{"", "", "c"}});
}

TEST(CsvReaderTest, ByteOrderMark) {
  const Parsed parsed = ParseAll("\xEF\xBB\xBF\"phone\",b\n1,2\n");
  ASSERT_EQ(parsed.rows.size(), 2u);
  EXPECT_EQ(parsed.rows[0], (std::vector<std::string>{"phone", "b"}));
  EXPECT_EQ(parsed.copy.substr(0, 3), "\xEF\xBB\xBF");
}

TEST(CsvReaderTest, OtherDelimiters) {
  EXPECT_EQ(ParseAll("a;b,c\n", ';').rows, (Rows{{"a", "b,c"}}));
  EXPECT_EQ(ParseAll("a\tb\n", '\t').rows, (Rows{{"a", "b"}}));
}

TEST(CsvReaderTest, LostQuoteIsAnErrorWithItsLine) {
  const Parsed open = ParseAll("a\nb\n\"c\nd\n");
  EXPECT_FALSE(open.status.ok());
  EXPECT_NE(open.status.message().find("line 3"), absl::string_view::npos) << open.status;
  const Parsed endless = ParseAll("a\n\"" + std::string(CsvReader::kMaxRecordBytes + 1, 'x'));
  EXPECT_FALSE(endless.status.ok());
  EXPECT_NE(endless.status.message().find("line 2"), absl::string_view::npos) << endless.status;
}

TEST(CsvReaderTest, StrayQuotesSwallowNoRows) {
  EXPECT_EQ(ParseAll("201-555-0123,\"two\nlines\"\n").status, absl::OkStatus());
  EXPECT_EQ(ParseAll("\"Ann\nB\",201-555-0123\n").status, absl::OkStatus());
  for (const char* const text :
       {"a\n201-555-0123,\"x\n(212) 555-0124,y\"\n", "a\n201-555-0123,\"x\r2125550124,y\"\r",
        "a\n\"x,2125550124\ny\",201-555-0123\n", "a\n201-555-0123,\"x\n2125550124,5\" screen\n",
        "a\n\"x\" y,2125550124\n", "a\n\"x\r\ny,12125550124\"\r\n",
        "a\n\"x\n\"\"2125550124\"\",\"\n"}) {
    const absl::Status status = ParseAll(text).status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(status.message()).find("line 2"), std::string::npos) << status;
  }
}

TEST(CsvReaderTest, RowsInANoteHaveTheFieldsOfTheHeading) {
  const auto status_of = [](const std::string& text, TableShape shape) {
    Pipe source(text);
    CsvReader reader(source.fd(), ',');
    reader.set_shape(std::move(shape));
    CsvRecord record;
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = reader.Next(&record);
    return more.status();
  };
  const TableShape shape = {3, {1}, {}, false};
  for (const char* const text : {"a,2015550123,\"x\n2125550124\ny\"\n",
                                 "\"x\n2125550124\",2015550123,\n", "\"x\ny\",2015550123,\n",
                                 "a,\"2015550123\n\",\n", "a,2015550123,\"x\n2125550124,y,z\"\n"}) {
    EXPECT_EQ(status_of(text, shape), absl::OkStatus()) << text;
  }
  for (const char* const text :
       {"a,2015550123,\"x\nb,2125550124,y\"\n", "\"a,2125550124,x\nb\",2015550123,y\n",
        "a,2015550123,\"x\r\nb,\"\"2125550124\"\",y\"\r\n"}) {
    EXPECT_FALSE(status_of(text, shape).ok()) << text;
  }
  EXPECT_EQ(status_of("a,2015550123,\"x\nb,2125550124,y\"\n", {3, {1}, {2}, false}),
            absl::OkStatus());
  EXPECT_FALSE(status_of("\"2015550123\n2125550124\"\n", {1, {0}, {}, false}).ok());
  EXPECT_FALSE(status_of("a,\"b,2015550123\nd,y\",2015550125\n", {3, {2}, {}, false}).ok());
  EXPECT_FALSE(status_of("201,5550123,\"x\n212,5550124,y\"\n", {3, {1}, {}, true}).ok());
}

TEST(CsvReaderTest, FindsTheDelimiter) {
  const auto rows_of = [](const std::string& text) { return ParseAll(text, '\0').rows; };
  EXPECT_EQ(rows_of("a;b\n1,5;2\n"), (Rows{{"a", "b"}, {"1,5", "2"}}));
  EXPECT_EQ(rows_of("\"a;b;c\",d\n"), (Rows{{"a;b;c", "d"}}));
  EXPECT_EQ(rows_of("a\tb\n"), (Rows{{"a", "b"}}));
  EXPECT_EQ(rows_of("a|b\r\n"), (Rows{{"a", "b"}}));
  EXPECT_EQ(rows_of("a\n1;2\n"), (Rows{{"a"}, {"1;2"}}));
}

TEST(CsvReaderTest, Utf16BecomesUtf8) {
  const std::string little(
      "\xFF\xFE"
      "a\0,\0\xE4\0\n\0",
      10);
  EXPECT_EQ(ParseAll(little).rows, (Rows{{"a", "\xC3\xA4"}}));
  const std::string big(
      "\xFE\xFF"
      "\0a\0,\xD8\x3D\xDE\x00\0\n",
      12);
  EXPECT_EQ(ParseAll(big).rows, (Rows{{"a", "\xF0\x9F\x98\x80"}}));
  EXPECT_FALSE(ParseAll(little + "x").status.ok());
  std::string long_text("\xFF\xFE", 2);
  for (int i = 0; i < 300'000; ++i) long_text += std::string("a\0\n\0", 4);
  EXPECT_EQ(ParseAll(long_text).rows.size(), 300'000u);
}

TEST(CsvReaderTest, WhatIsNoTableIsNamed) {
  for (const auto& [text, word] : {std::pair<std::string, std::string>{"PK\x03\x04xl/", "Excel"},
                                   {"BZh91AY", "bzip2"},
                                   {"%PDF-1.4\n", "PDF"},
                                   {"\xEF\xBB\xBF <HTML>", "HTML"}}) {
    const absl::Status status = ParseAll(text).status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find(word), std::string::npos) << status;
  }
}

TEST(CsvReaderTest, WhatIsPackedAndCutOffIsDamaged) {
  const absl::Status status = ParseAll("\x1F\x8B\x08").status;
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(status.message()).find("gzip"), std::string::npos) << status;
}

TEST(CsvReaderTest, RecordsAcrossBuffers) {
  std::string text;
  Rows rows;
  for (int i = 0; i < 60'000; ++i) {
    text += std::to_string(i) + ",\"x\r\n\"\"y\"\r\n";
    rows.push_back({std::to_string(i), "x\r\n\"y"});
  }
  ExpectRows(text, rows);
}

TEST(CsvReaderTest, UnreadableInputIsAnError) {
  CsvReader reader(-1, ',');
  CsvRecord record;
  EXPECT_FALSE(reader.Next(&record).ok());
}

}  // namespace
}  // namespace dnc::cli
