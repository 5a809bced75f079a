#include "tools/cli/time_text.h"

#include <gtest/gtest.h>

#include <string>

namespace dnc::cli {
namespace {

TEST(ReadTimeTest, OneMomentInTheWritingsOfOtherPrograms) {
  for (const char* const text : {"2026-08-05T14:00Z",
                                 "2026-08-05T14:00:00Z",
                                 "2026-08-05t14:00:00z",
                                 "2026-08-05 14:00",
                                 "2026-08-05  14:00:00",
                                 "2026-08-05 14:00:00+00:00",
                                 "2026-08-05 14:00:00 +0000",
                                 "2026-08-05T14:00:00+00",
                                 "2026-08-05T14:00:00.000Z",
                                 "2026-08-05T14:00:00,000000Z",
                                 "2026-08-05 14:00:00 UTC",
                                 "2026-08-05 14:00:00.000 GMT",
                                 "2026-08-05T10:00:00-04:00",
                                 "2026-08-05T10:00-0400",
                                 "20260805T140000Z",
                                 "20260805T1400Z",
                                 "2026/08/05 14:00",
                                 "2026/8/5 14:00",
                                 "2026-08-05 2:00 PM",
                                 "2026-08-05 02:00:00 pm",
                                 " 2026-08-05T14:00Z ",
                                 "Wed, 05 Aug 2026 14:00:00 +0000",
                                 "Wed, 5 Aug 2026 14:00:00 GMT",
                                 "Aug 5, 2026, 2:00 PM",
                                 "August 5, 2026 14:00",
                                 "05-Aug-2026 14:00",
                                 "1785938400",
                                 "1785938400000"}) {
    ASSERT_TRUE(ReadTime(text).has_value()) << text;
    EXPECT_EQ(absl::ToUnixSeconds(*ReadTime(text)), 1785938400) << text;
  }
}

TEST(ReadTimeTest, DatesBeginAtMidnightInUtc) {
  for (const char* const text : {"2026-08-25", "20260825", "2026/8/25", "8/25/2026", "08/25/2026",
                                 "25/08/2026", "25.8.2026", "25-Aug-2026", "Aug 25, 2026"}) {
    ASSERT_TRUE(ReadTime(text).has_value()) << text;
    EXPECT_EQ(absl::ToUnixSeconds(*ReadTime(text)), 1787616000) << text;
  }
  EXPECT_EQ(absl::ToUnixSeconds(*ReadTime("8/8/2026")), 1786147200);
  EXPECT_EQ(absl::ToUnixSeconds(*ReadTime("2024-02-29")), 1709164800);
}

TEST(ReadTimeTest, FinePartsAndEdges) {
  EXPECT_EQ(*ReadTime("2026-08-05T14:00:00.123456789Z"), absl::FromUnixNanos(1785938400123456789));
  EXPECT_EQ(*ReadTime("2026-08-05T24:00Z"), *ReadTime("2026-08-06"));
  EXPECT_EQ(*ReadTime("2016-12-31T23:59:60Z"), *ReadTime("2017-01-01"));
  EXPECT_EQ(*ReadTime("2026-08-05 12:00 AM"), *ReadTime("2026-08-05"));
  EXPECT_EQ(*ReadTime("1785938400123"), absl::FromUnixMillis(1785938400123));
}

TEST(ReadTimeTest, WhatHasTwoReadingsOrNoneIsNotRead) {
  for (const std::string text : {"",
                                 " ",
                                 "yesterday",
                                 "never",
                                 "8/5/2026",
                                 "05.08.2026",
                                 "08-05-2026",
                                 "2026",
                                 "2026-08",
                                 "2026-13-05",
                                 "2026-02-30",
                                 "2025-02-29",
                                 "0000-00-00",
                                 "0000-00-00 00:00:00",
                                 "26-08-05",
                                 "8/25/26",
                                 "2026-08-05T",
                                 "2026-08-05T14",
                                 "2026-08-05T25:00",
                                 "2026-08-05T14:60",
                                 "2026-08-05T14:00:61",
                                 "2026-08-05T24:00:01",
                                 "2026-08-05T14:00 EST",
                                 "2026-08-05T14:00+24:00",
                                 "2026-08-05T14:00+0",
                                 "2026-08-05T14:00Zx",
                                 "2026-08-05x",
                                 "2026-08-05 13:00 PM",
                                 "2026-08-05 0:00 AM",
                                 "2026-08/05",
                                 "2015550123",
                                 "12015550123",
                                 "5550123",
                                 "2026-08-05T14:00:00.Z",
                                 "-2026-08-05",
                                 "+2026-08-05",
                                 "Foo 5, 2026",
                                 "2026-08-05T14:00:00Z2026-08-05",
                                 "9999-12-31T23:59-05:00",
                                 "0001-01-01T00:00+05:00"}) {
    EXPECT_FALSE(ReadTime(text).has_value()) << text;
  }
  EXPECT_FALSE(ReadTime(std::string(1000, '1')).has_value());
  EXPECT_FALSE(ReadTime(std::string("2026-08-05\0", 11)).has_value());
}

TEST(ReadTimeTest, MessagesSayWhatToWrite) {
  EXPECT_EQ(WhyNoTime("never"), "'never' is no time; write 2026-08-05 or 2026-08-05T14:00:00Z");
  EXPECT_NE(WhyNoTime("8/5/2026").find("does not tell the month from the day"), std::string::npos);
  EXPECT_EQ(WhyNoTime("\x1b[2J").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace dnc::cli
