// Reads file names: an area code must be the label, and a date must be in the calendar.
#include <string>

#include "server/base/check.h"
#include "server/formats/file_name.h"
#include "server/formats/record_time.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string name(reinterpret_cast<const char*>(data), size);
  const dnc::FileNameFacts facts = dnc::ParseFileName(name);
  if (facts.area_code.has_value()) {
    DNC_CHECK(dnc::IsAreaCode(*facts.area_code), "an area code");
    DNC_CHECK(std::to_string(*facts.area_code) == facts.label, "the label");
  }
  DNC_CHECK(name.find(facts.label) != std::string::npos, "the label is of the name");
  if (facts.date.has_value()) {
    const absl::CivilSecond date = absl::ToCivilSecond(*facts.date, absl::UTCTimeZone());
    DNC_CHECK(date == absl::CivilDay(date) && date.year() > 0 && date.year() < 10'000, "a date");
    DNC_CHECK(name.find(std::to_string(date.day())) != std::string::npos, "its day");
  }
  dnc::CheckNameAgainstContent("the name", name, dnc::FileKind::kFull, dnc::FileFormat::kFlat)
      .IgnoreError();
  const auto both = dnc::NameFactsOf("2026-8-5_201.txt.zip", name);
  if (both.ok()) {
    DNC_CHECK(*both->date <= absl::FromCivil(absl::CivilDay(2026, 8, 5), absl::UTCTimeZone()),
              "a member makes nothing younger");
  }
  DNC_CHECK(dnc::DirectionOf(name) <= dnc::PortedDirection::kBoth, "a direction or none");
  const std::optional<absl::Time> time = dnc::ParseRecordTime(name);
  if (time.has_value()) {
    DNC_CHECK(name.starts_with(absl::FormatTime("%E4Y-%m-%d", *time, absl::UTCTimeZone())),
              "a time's day");
  }
  return 0;
}
