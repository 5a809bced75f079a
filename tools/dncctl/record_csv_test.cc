#include "tools/dncctl/record_csv.h"

#include <gtest/gtest.h>

namespace dnc::ctl {
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

}  // namespace
}  // namespace dnc::ctl
