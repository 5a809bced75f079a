#include "server/formats/file_name.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/base/error.h"

namespace dnc {
namespace {

absl::Time Day(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}

TEST(FileName, ReadsTheFtcsForm) {
  const FileNameFacts facts =
      ParseFileName("in/2026-8-5_818_36554E44-EAB3-4167-B3BF-13E73EE57B8A.txt.zip");
  EXPECT_EQ(facts.date, Day(2026, 8, 5));
  EXPECT_EQ(facts.label, "818");
  EXPECT_EQ(facts.area_code, 818);
}

TEST(FileName, ReadsLabels) {
  const std::string guid = "36554E44-EAB3-4167-B3BF-13E73EE57B8A";
  EXPECT_EQ(ParseFileName("2026-12-31_NEW_YORK_" + guid + ".txt").label, "NEW_YORK");
  EXPECT_EQ(ParseFileName("2026-8-5_818_" + guid + " (1).txt").area_code, 818);
  EXPECT_EQ(ParseFileName("2026-8-5_818_again.txt").area_code, 818);
  EXPECT_EQ(ParseFileName("2026-8-5_818.txt").area_code, 818);
  EXPECT_EQ(ParseFileName("2026-8-5_118.txt").area_code, std::nullopt);
  EXPECT_EQ(ParseFileName("2026-8-5_8181.txt").area_code, std::nullopt);
  EXPECT_EQ(ParseFileName("2026-8-5_818_").area_code, 818);
  EXPECT_EQ(ParseFileName("C:\\lists\\2026-8-5_818.txt").area_code, 818);
}

TEST(FileName, ReadsDates) {
  EXPECT_EQ(ParseFileName("2026-08-05.csv").date, Day(2026, 8, 5));
  EXPECT_EQ(ParseFileName("2026-08-05.csv").label, "");
  EXPECT_EQ(ParseFileName("2024-2-29_818.txt").date, Day(2024, 2, 29));
  for (const char* name :
       {"2026-13-40_818.txt", "2026-2-29_818.txt", "2026-0-1_818.txt", "0000-1-1_818.txt"}) {
    EXPECT_EQ(ParseFileName(name).date, std::nullopt) << name;
    EXPECT_EQ(ParseFileName(name).label, "818") << name;
  }
  for (const char* name :
       {"", "/", "818.txt", "20260805_818.txt", "2026-8-5x_818.txt", "26-8-5_818.txt",
        "2026-8-123_818.txt", "2026-8_818.txt", "2026-8-5/x"}) {
    EXPECT_EQ(ParseFileName(name).date, std::nullopt) << name;
    EXPECT_EQ(ParseFileName(name).label, "") << name;
  }
}

TEST(FileName, IsCheckedAgainstTheContent) {
  const auto check = [](std::string_view name, FileKind kind, FileFormat format) {
    return CheckNameAgainstContent("the name", LowerBaseName(name), kind, format);
  };
  const auto full = FileKind::kFull;
  const auto change = FileKind::kChange;
  EXPECT_TRUE(check("2026-8-5_818.txt.zip", full, FileFormat::kFlat).ok());
  EXPECT_TRUE(check("2026-8-5_818.xml.zip", full, FileFormat::kXml).ok());
  EXPECT_TRUE(check("2026-8-5_change.txt", change, FileFormat::kFlat).ok());
  EXPECT_TRUE(check("changes/818.txt", full, FileFormat::kFlat).ok()) << "a folder tells nothing";
  EXPECT_TRUE(check("full-and-change", full, FileFormat::kFlat).ok());
  for (const char* name : {"exchange.txt", "2026-8-5_818_Exchanges.txt", "interchange.txt",
                           "unchanged.txt", "exchange/2026-8-5_818.txt", "interchanges.txt"}) {
    EXPECT_TRUE(check(name, full, FileFormat::kFlat).ok()) << name;
  }
  EXPECT_TRUE(check("successfully.txt", change, FileFormat::kFlat).ok());
  EXPECT_TRUE(check("fullerton_fuller.txt", change, FileFormat::kFlat).ok());
  for (const char* folder : {"exchange/", "exchanges\\old/", "fullerton/", "deltaville/"}) {
    const std::string member = std::string(folder) + "2026-8-5_818.txt";
    for (const FileKind kind : {full, change}) {
      EXPECT_TRUE(CheckNameAgainstContent("x", member, kind, FileFormat::kFlat).ok()) << member;
    }
  }
  const auto member = [&](std::string_view name, FileKind kind) {
    return ErrorReason(CheckNameAgainstContent("x", name, kind, FileFormat::kFlat));
  };
  EXPECT_EQ(member("changes/818.txt", full), reason::kBadFile);
  EXPECT_EQ(member("x\\full lists/818.txt", change), reason::kBadFile);
  EXPECT_EQ(member("exchange/full-lists/818.txt", change), reason::kBadFile);
  for (const absl::Status& status : {check("2026-8-5_Change_818.txt", full, FileFormat::kFlat),
                                     check("acmechange.txt", full, FileFormat::kFlat),
                                     check("FullRefresh.txt", change, FileFormat::kFlat),
                                     check("2026-8-5_DELTA.txt", full, FileFormat::kFlat),
                                     check("2026-8-5_Full.txt", change, FileFormat::kFlat),
                                     check("2026-8-5_818.xml.zip", full, FileFormat::kFlat),
                                     check("2026-8-5_818.XML", full, FileFormat::kFlat),
                                     check("2026-8-5_818.txt", full, FileFormat::kXml)}) {
    EXPECT_EQ(ErrorReason(status), reason::kBadFile) << status;
  }
}

// Only whole words count, in folders too.
TEST(FileName, AKindIsAWordOfItsOwn) {
  for (const char* name : {"change", "2026-8-5_changes.txt", "DNCchange201.txt", "changelist.csv",
                           "deltas/818.txt", "ChangedNumbers/NJ_delta.txt", "daily-change-file",
                           "exchange/818_change.txt", "fullerton/changes_818.txt"}) {
    EXPECT_EQ(KindInWords(name), FileKind::kChange) << name;
  }
  for (const char* name :
       {"full", "FullList.txt", "dnc_full_201.txt", "exchange/full.txt", "FTCfullfile.txt"}) {
    EXPECT_EQ(KindInWords(name), FileKind::kFull) << name;
  }
  for (const char* name :
       {"", "exchange/818.txt", "exchanges", "interchange", "unchanged", "deltacom", "fuller",
        "fullerton/818", "successfully", "full_change", "changeling", "2026-8-5_818.txt"}) {
    EXPECT_EQ(KindInWords(name), FileKind::kUnknown) << name;
  }
  EXPECT_EQ(KindInWords(std::string(60'000, 'd') + "change"), FileKind::kUnknown);
}

TEST(FileName, TheOldestDateCounts) {
  EXPECT_EQ(ParseFileName("2026-8-5_818_2026-7-1.txt").date, Day(2026, 7, 1));
  EXPECT_EQ(ParseFileName("2026-8-5_818_2026-9-1.txt").date, Day(2026, 8, 5));
  EXPECT_EQ(ParseFileName("2026-8-5_818_12026-7-1.txt").date, Day(2026, 8, 5));
  EXPECT_EQ(ParseFileName("2026-8-5_818_2026-7-123.txt").date, Day(2026, 8, 5));
  EXPECT_EQ(ParseFileName("2026-8-5_818_2026-13-1.txt").date, Day(2026, 8, 5));
}

TEST(FileName, AMemberIsComparedWithItsArchive) {
  const auto facts = [](std::string_view name, std::string_view member) {
    const absl::StatusOr<FileNameFacts> both = NameFactsOf(name, member);
    EXPECT_TRUE(both.ok()) << both.status();
    return both.value_or(FileNameFacts{});
  };
  for (const char* member :
       {"2026-7-1_818_x.txt", "2026-07-01_818_x.txt", "old/2026-7-1_818_x.txt",
        "2026-7-1/2026-8-5_818_x.txt", "2026-7-1\\818.txt", "818 of 2026-7-1.txt"}) {
    EXPECT_EQ(facts("2026-8-5_818_x.txt.zip", member).date, Day(2026, 7, 1)) << member;
    EXPECT_EQ(facts("2026-8-5_818_x.ZIP", member).area_code, 818) << member;
  }
  EXPECT_EQ(facts("2026-7-1_818.zip", "2026-8-5_818.txt").date, Day(2026, 7, 1));
  EXPECT_EQ(facts("list.zip", "2026-8-5_818.txt").date, Day(2026, 8, 5));
  EXPECT_EQ(facts("list.zip", "2026-8-5_818.txt").area_code, 818);
  EXPECT_EQ(facts("list.zip", "818 of 2026-7-1.txt").date, std::nullopt);
  EXPECT_EQ(facts("2026-8-5_US.zip", "2026-8-5_818.txt").area_code, 818);
  EXPECT_EQ(facts("2026-8-5_818.zip", "2026-8-5_US.txt").area_code, 818);
  EXPECT_EQ(facts("2026-8-5_us.zip", "2026-8-5_US.txt").area_code, std::nullopt);
  for (const auto& [name, member] : std::vector<std::pair<std::string, std::string>>{
           {"2026-8-5_818.zip", "2026-8-5_201.txt"},
           {"2026-8-5_818.zip", "2026-8-5_201/2026-8-5_818.txt"},
           {"list.zip", "2026-8-5_201/2026-8-5_818.txt"},
           {"2026-8-5_NJ.zip", "2026-8-5_NY.txt"}}) {
    EXPECT_EQ(ErrorReason(NameFactsOf(name, member).status()), reason::kBadFile) << member;
  }
}

TEST(FileName, TheDirectionOfPortedNumbersInAnyWriting) {
  for (const char* name :
       {"WIRELINE-TO-WIRELESS-NORANGE.TXT", "wireline-to-wireless-norange.txt",
        "Wireline_To_Wireless.txt", "wireline to wireless (1).txt", "WIRELINETOWIRELESS.txt.zip",
        "x/wireline-to-wireless/1.txt", "2026-8-5_wireline2wireless.csv",
        "wireline%20to%20wireless.txt", "landline-to-wireless.txt", "my_wireless.txt",
        "wireline-wireless.txt"}) {
    EXPECT_EQ(DirectionOf(name), PortedDirection::kToWireless) << name;
  }
  for (const char* name :
       {"WIRELESS-TO-WIRELINE-NORANGE.TXT", "wireless-to-wireline-norange.txt",
        "wireless.to.wireline", "Wireless_To_Wireline", "wireless-to-landline", "wireline.txt",
        "Wireless2Landline.txt", "wireless-wireline.txt", "wireless-into-wireline.txt"}) {
    EXPECT_EQ(DirectionOf(name), PortedDirection::kToWireline) << name;
  }
  EXPECT_EQ(DirectionOf("wireless-to-wireline/wireline-to-wireless.txt"), PortedDirection::kBoth);
  for (const char* name : {"", "ports.txt", "wireless-and-wireline.txt", "2026-8-5_818_x.txt"}) {
    EXPECT_EQ(DirectionOf(name), PortedDirection::kUntold) << name;
  }
}

TEST(FileName, AWordThatIsNotKnownMayMeanAPart) {
  for (const char* name :
       {"2026-8-5_changes_36554E44-EAB3-4167-B3BF-13E73EE57B8A.txt.zip", "delta.txt", "",
        "FTC national DNC changes 2026-08-05 (2).csv", "2026-8-5_US_B.txt", "changes.xml"}) {
    EXPECT_TRUE(NamesNoPart(name)) << name;
  }
  for (const char* name : {"2026-11-21_changes_201.txt", "NJ_201_change.txt", "changes/NJ.txt",
                           "201-changes.txt", "2026-8-5_east_delta.txt"}) {
    EXPECT_FALSE(NamesNoPart(name)) << name;
  }
}

}  // namespace
}  // namespace dnc
