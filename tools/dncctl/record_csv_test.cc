#include "tools/dncctl/record_csv.h"

#include <gtest/gtest.h>

namespace dnc::cli {
namespace {

TEST(RecordCsvTest, FieldsByTheNamesOfTheirColumns) {
  v1::Record record;
  EXPECT_TRUE(SetField("number", "(201) 555-0123", &record).ok());
  EXPECT_TRUE(SetField("made_at", "2026-08-05T14:00:00Z", &record).ok());
  EXPECT_TRUE(SetField("channel", "TEXT", &record).ok());
  EXPECT_TRUE(SetField("ebr_kind", "inquiry", &record).ok());
  EXPECT_TRUE(SetField("note", "grö\"ßer,", &record).ok());
  EXPECT_TRUE(SetField("expires_at", "", &record).ok());
  EXPECT_EQ(record.made_at().seconds(), 1785938400);
  EXPECT_EQ(record.channel(), v1::CHANNEL_TEXT);
  EXPECT_FALSE(record.has_expires_at());
  record.set_list_id("internal");
  EXPECT_EQ(ExportHeading(),
            "list_id,number,made_at,made_by,channel,reason,note,expires_at,ebr_kind,last_event_at,"
            "source");
  EXPECT_EQ(ExportRow(record),
            "internal,(201) 555-0123,2026-08-05T14:00:00Z,,TEXT,,\"grö\"\"ßer,\",,INQUIRY,,");
}

TEST(RecordCsvTest, WhatAFieldCannotHoldIsRefused) {
  v1::Record record;
  for (const auto& [column, text] :
       {std::pair("made_at", "yesterday"), std::pair("channel", "pigeon"),
        std::pair("note", "\xff"), std::pair("no_such", "x")}) {
    EXPECT_EQ(SetField(column, text, &record).code(), absl::StatusCode::kInvalidArgument) << column;
  }
  EXPECT_EQ(record.ByteSizeLong(), 0U);
  EXPECT_TRUE(SetField("number", "\xff", &record).ok());
  EXPECT_EQ(record.number(), "?");
}

TEST(RecordCsvTest, WhatStandsForNothingLeavesAFactUnset) {
  for (const char* const text : {"", " ", "NULL", "null", "\\N", "N/A", "-", "#N/A", "None"}) {
    const std::string_view view = text;
    const bool surely = view.empty() || view == " " || view == "NULL" || view == "\\N";
    v1::Record record;
    for (const char* const column : {"made_at", "expires_at", "channel", "ebr_kind"}) {
      EXPECT_TRUE(SetFact(column, text, FactReading::kLoose, &record).ok()) << column << text;
      EXPECT_EQ(SetFact(column, text, FactReading::kExact, &record).ok(), surely) << column << text;
    }
    EXPECT_EQ(record.ByteSizeLong(), 0U) << text;
  }
  v1::Record record;
  EXPECT_TRUE(SetFact("note", "-", FactReading::kExact, &record).ok());
  EXPECT_EQ(record.note(), "-");
  EXPECT_TRUE(SetFact("expires_at", "0000-00-00", FactReading::kLoose, &record).ok());
  EXPECT_FALSE(record.has_expires_at());
  EXPECT_FALSE(SetFact("expires_at", "0000-00-00", FactReading::kExact, &record).ok());
}

TEST(RecordCsvTest, LongTextsAreCutAtACharacter) {
  std::string text;
  for (int i = 0; i < 501; ++i) text += "\xC3\xB6";
  v1::Record record;
  EXPECT_FALSE(SetFact("note", "x" + text, FactReading::kLoose, &record).ok());
  EXPECT_EQ(record.note(), "x" + text.substr(0, 998));
  EXPECT_TRUE(SetFact("note", text, FactReading::kExact, &record).ok());
  EXPECT_EQ(record.note(), text);
}

TEST(RecordCsvTest, UnsetsTheFactsThatAreNamed) {
  v1::Record record;
  record.set_number("2015550123");
  record.set_note("x");
  record.mutable_expires_at()->set_seconds(1);
  EXPECT_FALSE(UnsetNamedFacts("the number is none", &record));
  EXPECT_FALSE(UnsetNamedFacts("`made_at` lies in the future", &record));
  EXPECT_TRUE(UnsetNamedFacts("leave `expires_at` out or set a later one", &record));
  EXPECT_FALSE(record.has_expires_at());
  EXPECT_EQ(record.note(), "x");
  EXPECT_FALSE(UnsetNamedFacts("`number` is none", &record));
  EXPECT_EQ(record.number(), "2015550123");
}

}  // namespace
}  // namespace dnc::cli
