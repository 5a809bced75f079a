#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/error.h"
#include "server/formats/test_files.h"

namespace dnc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class XmlReaderTest : public ::testing::Test {
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

  ReadRequest request_{.name = "list.xml"};
  CollectingSink sink_;
};

constexpr std::string_view kFull =
    "<?xml version='1.0'?>\n<list type='x' val='423'>\n<ac val='423'><ph val='0000000' />"
    "<ph val='17'/><ph val='4235550123'></ph></ac>\n</list>\n";

TEST_F(XmlReaderTest, ReadsFullLists) {
  const absl::StatusOr<FileFacts> facts = Read(kFull);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(sink_.numbers, ElementsAre(4230000000, 4230000017, 4235550123));
  EXPECT_EQ(facts->kind, FileKind::kFull);
  EXPECT_EQ(facts->format, FileFormat::kXml);
  EXPECT_EQ(facts->unassignable, 2);
}

TEST_F(XmlReaderTest, ReadsEmptyChangeLists) {
  for (const char* content : {"<list type='change' val='423'/>", "<list type='Delta'></list>",
                              "<list type='change'><ac val='423'/></list>"}) {
    const absl::StatusOr<FileFacts> facts = Read(content);
    ASSERT_TRUE(facts.ok()) << facts.status();
    EXPECT_EQ(facts->kind, FileKind::kChange);
    EXPECT_EQ(facts->records, 0);
  }
  Refused("<list type='full' val='423'/>", "speak of a full list");
  Refused("<list val='423'/>", "no record");
  request_.name = "2026-8-5_423_change.xml";
  EXPECT_TRUE(Read("<list val='423'/>").ok());
  Refused("<list type='full'/>", "speak");
  Refused("<list type='change'>", "ends too early");
}

TEST_F(XmlReaderTest, ReadsSeveralAreaCodesAgainstTheLabel) {
  request_.name = "2026-8-5_423.xml";
  const absl::StatusOr<FileFacts> facts = Read(
      "<list>\n<ac val='423'><ph val='5550123'/></ac>\n<ac val='424'>\n<ph val='1'/></ac></list>");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(sink_.numbers, ElementsAre(4235550123));
  EXPECT_EQ(facts->outside_label, 1);
  EXPECT_EQ(facts->first_outside_line, 4);
  EXPECT_EQ(facts->first_outside_area, 424);
}

TEST_F(XmlReaderTest, ReadsChangeLists) {
  const absl::StatusOr<FileFacts> facts = Read(
      "<list><ac val='423'><ph val='5550123' action='A' date='2026-08-05'/>"
      "<ph val='5550124' t='2026-08-05T14:30:00' what='Delete'/></ac></list>");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->kind, FileKind::kChange);
  ASSERT_EQ(sink_.changes.size(), 2);
  EXPECT_TRUE(sink_.changes[0].added);
  EXPECT_FALSE(sink_.changes[1].added);
  EXPECT_EQ(sink_.changes[1].time - sink_.changes[0].time, absl::Minutes(14 * 60 + 30));
}

std::string InArea(std::string_view content) {
  return "<list><ac val='423'>" + std::string(content) + "</ac></list>";
}

TEST_F(XmlReaderTest, RefusesForeignContent) {
  Refused(InArea(""), "no record");
  Refused(InArea("<ph/>"), "seven digits");
  Refused(InArea("<ph val=''/>"), "seven digits");
  Refused(InArea("<ph val='55501234'/>"), "seven digits");
  Refused(InArea("<ph val='555-0123'/>"), "seven digits");
  Refused(InArea("<ph val='4245550123'/>"), "another area code");
  Refused(InArea("<ph val='5550123' action='R'/>"), "neither an action");
  Refused(InArea("<ph val='5550123' action='A'/>"), "no time");
  Refused(InArea("<ph val='5550123' date='2026-08-05'/>"), "no action");
  Refused(InArea("\n<ph val='5550123' date='2026-08-05' action='D'/>\n<ph val='5550124'/>"),
          "line 3");
  Refused(InArea("<ph val='5550123' date='2026-08-05' action='D' x='A'/>"), "two actions");
  Refused(InArea("<ph val='5550123' date='2026-08-05' action='D' x='2026-08-05'/>"), "two times");
  Refused(InArea("<ph val='5550123'><ph val='5550124'/></ph>"), "unexpected element");
  Refused(InArea("<tel val='5550123'/>"), "unexpected element");
  Refused(InArea("5550123"), "text between");
  Refused("<list><ac val='123'><ph val='5550123'/></ac></list>", "200 to 999");
  Refused("<list><ac><ph val='5550123'/></ac></list>", "200 to 999");
  Refused("<list><ac val='423' action='D'><ph val='5550123'/></ac></list>", "unknown attribute");
  Refused("<list val='423'><ac val='424'><ph val='5550123'/></ac></list>", "<list> has 423");
  Refused("<list type='changes'><ac val='424'><ph val='5550123'/></ac></list>", "change list");
  Refused("<html><body>Sorry</body></html>", "unexpected element");
  Refused("<!DOCTYPE list [<!ENTITY a 'b'>]>" + InArea("<ph val='5550123'/>"), "document type");
  Refused(InArea("<ph val='5550123'/>") + "<list/>", "line 1");
  Refused(InArea("<ph val='" + std::string(200'000, '1') + "'/>"), "longer");
}

TEST_F(XmlReaderTest, RefusesEveryTruncation) {
  const size_t whole = kFull.rfind('>') + 1;
  for (size_t length = 0; length < whole; ++length) {
    EXPECT_FALSE(Read(kFull.substr(0, length)).ok()) << length;
  }
  EXPECT_TRUE(Read(kFull.substr(0, whole)).ok());
}

TEST_F(XmlReaderTest, ReadsLongLists) {
  std::string content = "<list>";
  for (int area = 201; area < 205; ++area) {
    content += "<ac val='" + std::to_string(area) + "'>";
    for (int i = 0; i < 20'000; ++i) content += "<ph val='" + std::to_string(i) + "' />\n";
    content += "</ac>";
  }
  const absl::StatusOr<FileFacts> facts = Read(content + "</list>");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->records, 80'000);
  Refused(content + "<ac val='205'>\n<ph val='x'/></ac></list>", "line 80002");
}

TEST_F(XmlReaderTest, RefusesTheNameOfATextFile) {
  request_.name = "2026-8-5_423.txt";
  Refused(kFull, "text file");
}

}  // namespace
}  // namespace dnc
