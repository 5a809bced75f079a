#include "server/formats/record_time.h"

#include "absl/time/civil_time.h"
#include "server/numbers/digits.h"

namespace dnc {
namespace {

// The `count` digits from `at` on; -1 if they are not all digits.
int DigitsAt(std::string_view text, size_t at, size_t count) {
  if (text.size() < at + count) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!IsDigit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool HasChar(std::string_view text, size_t at, char c) { return at < text.size() && text[at] == c; }

// Reads `.` and one to nine digits.
std::optional<absl::Duration> Fraction(std::string_view text) {
  if (text.size() < 2 || text.size() > 10 || text[0] != '.') return std::nullopt;
  int64_t nanoseconds = 0;
  for (size_t i = 1; i < 10; ++i) {
    if (i < text.size() && !IsDigit(text[i])) return std::nullopt;
    nanoseconds = nanoseconds * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  return absl::Nanoseconds(nanoseconds);
}

// Reads `hh:mm[:ss[.fraction]]`.
std::optional<absl::Duration> TimeOfDay(std::string_view text) {
  const int hour = DigitsAt(text, 0, 2);
  const int minute = DigitsAt(text, 3, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !HasChar(text, 2, ':')) {
    return std::nullopt;
  }
  const absl::Duration to_minute = absl::Hours(hour) + absl::Minutes(minute);
  if (text.size() == 5) return to_minute;
  const int second = DigitsAt(text, 6, 2);
  if (!HasChar(text, 5, ':') || second < 0 || second > 59) return std::nullopt;
  const absl::Duration to_second = to_minute + absl::Seconds(second);
  if (text.size() == 8) return to_second;
  const std::optional<absl::Duration> fraction = Fraction(text.substr(8));
  if (!fraction.has_value()) return std::nullopt;
  return to_second + *fraction;
}

}  // namespace

std::optional<absl::Time> ParseRecordTime(std::string_view text) {
  const int year = DigitsAt(text, 0, 4);
  const int month = DigitsAt(text, 5, 2);
  const int day = DigitsAt(text, 8, 2);
  if (year < 1 || month < 1 || day < 1 || !HasChar(text, 4, '-') || !HasChar(text, 7, '-')) {
    return std::nullopt;
  }
  const absl::CivilDay date(year, month, day);
  if (date.month() != month || date.day() != day) return std::nullopt;
  const absl::Time midnight = absl::FromCivil(date, absl::UTCTimeZone());
  text.remove_prefix(10);
  if (text.empty()) return midnight;
  if (text[0] != 'T' && text[0] != 't' && text[0] != ' ') return std::nullopt;
  text.remove_prefix(1);
  if (!text.empty() && (text.back() == 'Z' || text.back() == 'z')) text.remove_suffix(1);
  const std::optional<absl::Duration> time = TimeOfDay(text);
  if (!time.has_value()) return std::nullopt;
  return midnight + *time;
}

}  // namespace dnc
