#include "server/formats/record_time.h"

#include <gtest/gtest.h>

namespace dnc {
namespace {

TEST(RecordTime, ReadsItsForms) {
  const absl::Time minute =
      absl::FromCivil(absl::CivilMinute(2026, 8, 5, 14, 30), absl::UTCTimeZone());
  EXPECT_EQ(ParseRecordTime("2026-08-05"),
            absl::FromCivil(absl::CivilDay(2026, 8, 5), absl::UTCTimeZone()));
  EXPECT_EQ(ParseRecordTime("2026-08-05T14:30"), minute);
  EXPECT_EQ(ParseRecordTime("2026-08-05t14:30z"), minute);
  EXPECT_EQ(ParseRecordTime("2026-08-05 14:30:59"), minute + absl::Seconds(59));
  EXPECT_EQ(ParseRecordTime("2026-08-05T14:30:59Z"), minute + absl::Seconds(59));
  EXPECT_EQ(ParseRecordTime("2026-08-05T14:30:00.25Z"), minute + absl::Milliseconds(250));
  EXPECT_EQ(ParseRecordTime("2026-08-05T14:30:00.000000001"), minute + absl::Nanoseconds(1));
}

TEST(RecordTime, RefusesTheRest) {
  for (const char* text : {"",
                           "2026",
                           "2026-8-5",
                           "2026-02-30",
                           "2026-13-01",
                           "2026-00-10",
                           "2026-08-05T",
                           "2026-08-05Z",
                           "2026-08-05T24:00",
                           "2026-08-05T14:60",
                           "2026-08-05T14:30:60",
                           "2026-08-05T14:30:",
                           "2026-08-05T14:30:00.",
                           "2026-08-05T14:30:00.1234567890",
                           "2026-08-05T14:30:00+02:00",
                           "2026-08-05T1:30",
                           "2026/08/05",
                           "08-05-2026",
                           "2026-08-05T14:30:00 ",
                           "0000-01-01"}) {
    EXPECT_EQ(ParseRecordTime(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace dnc
