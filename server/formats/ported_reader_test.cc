#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error.h"
#include "server/formats/test_files.h"

namespace dnc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PortedReaderTest : public ::testing::Test {
 protected:
  absl::StatusOr<FileFacts> Read(std::string_view content) {
    sink_ = {};
    return ReadContent(content, request_, sink_);
  }
  void Refused(std::string_view content, const std::string& hint) {
    const absl::Status status = Read(content).status();
    EXPECT_EQ(ErrorReason(status), reason::kBadFile) << content;
    EXPECT_THAT(std::string(status.message()), HasSubstr(hint)) << content;
  }

  ReadRequest request_{.name = "WIRELINE-TO-WIRELESS.TXT", .dialect = FileDialect::kPorted};
  CollectingSink sink_;
};

TEST_F(PortedReaderTest, ReadsNumbersAndRanges) {
  for (const char* content :
       {"2015550123\n2015550130,0132\n2125550124\n",
        "2015550123\r\n2015550130|0132\r\n2125550124\r\n",
        "WIRELINE TO WIRELESS 20260805\n2015550123\n2015550130,0132\n2125550124\n\n"}) {
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_EQ(facts->kind, FileKind::kFull);
    EXPECT_EQ(facts->format, FileFormat::kPorted);
    EXPECT_EQ(facts->records, 5);
    EXPECT_THAT(sink_.numbers,
                ElementsAre(2015550123, 2015550130, 2015550131, 2015550132, 2125550124));
  }
}

TEST_F(PortedReaderTest, ReadsWholeExchangesAndOneColumn) {
  ASSERT_TRUE(Read("2015550000,9999\n").ok());
  EXPECT_EQ(sink_.numbers.size(), 10'000);
  EXPECT_EQ(sink_.numbers.back(), 2015559999);
  ASSERT_TRUE(Read("phone\n\"(201) 555-0123\"\n").ok());
  EXPECT_THAT(sink_.numbers, ElementsAre(2015550123));
}

TEST_F(PortedReaderTest, RefusesTheRest) {
  Refused("", "no record");
  Refused("PHONE\n", "no record");
  Refused("2015550123\n201555012\n", "line 2");
  Refused("2015550123,0122\n", "ends before");
  Refused("2015550123,012\n", "four digits");
  Refused("2015550123,\n", "four digits");
  Refused("2015550123,01245\n", "four digits");
  Refused("2015550123,0124,0125\n", "four digits");
  Refused("1185550123\n", "line 1");
  Refused("tel:201-555-0123x5\n", "line 1");
  Refused("2015550123\nPHONE\n", "line 2");
  Refused("2015550123\n\n2015550123\n", "line 3");
  Refused("Company_Phone_Number,Created_Date\n2015550123,2026-08-05\n", "line 2");
  Refused("<html>\n", "web page");
  EXPECT_EQ(ErrorGuard(Read("2015550123").status()), "unterminated");
}

TEST_F(PortedReaderTest, DoesNotBelieveARangeThatMayBeCutOff) {
  request_.allow_unterminated = true;
  const std::string line = "2015550123,0129";
  for (size_t length = 1; length < line.size(); ++length) {
    EXPECT_FALSE(Read("2015550100\n" + line.substr(0, length)).ok()) << length;
  }
  Refused("2015550100\n2015550123", "line 2: the last line has no line end and may be the start");
  const absl::StatusOr<FileFacts> facts = Read("2015550100\n" + line);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->records, 8);
}

TEST_F(PortedReaderTest, CountsRangesOutsideTheLabel) {
  request_.name = "2026-8-5_212.txt";
  const absl::StatusOr<FileFacts> facts = Read("2015550120,0129\n2125550124\n");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->outside_label, 10);
  EXPECT_EQ(facts->records, 1);
}

}  // namespace
}  // namespace dnc
