#include "tools/cli/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "server/numbers/digits.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

constexpr size_t kLongestTime = 64;

// A text that is read from its front. All functions leave it as it is where they find nothing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool empty() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  size_t CountDigits() const {
    size_t count = 0;
    while (count < rest_.size() && IsDigit(rest_[count])) ++count;
    return count;
  }

  // Takes the next `count` characters, which must be digits.
  std::optional<int> Digits(size_t count) {
    if (count == 0 || count > 9 || CountDigits() < count) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) value = value * 10 + (c - '0');
    rest_.remove_prefix(count);
    return value;
  }

  bool TakeOneOf(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool TakeBlanks() {
    const size_t before = rest_.size();
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    return rest_.size() < before;
  }

  // Returns the letters that come next, in lower case.
  std::string Letters() const {
    std::string letters;
    for (const char c : rest_) {
      if (!absl::ascii_isalpha(static_cast<unsigned char>(c))) break;
      letters += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
    return letters;
  }

  void Skip(size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

 private:
  std::string_view rest_;
};

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

struct DayTime {
  int hour = 0;
  int minute = 0;
  int second = 0;
  absl::Duration fraction;
};

constexpr std::array<const char*, 12> kMonths = {"january",   "february", "march",    "april",
                                                 "may",       "june",     "july",     "august",
                                                 "september", "october",  "november", "december"};

// Returns 1 to 12 for a month's name or its first three letters; 0 for other texts.
int MonthOf(const std::string& letters) {
  for (size_t i = 0; i < kMonths.size(); ++i) {
    const std::string name = kMonths[i];
    if (letters == name || letters == name.substr(0, 3)) return static_cast<int>(i) + 1;
  }
  return letters == "sept" ? 9 : 0;
}

void SkipWeekday(Scanner* text) {
  constexpr std::array<const char*, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                "friday", "saturday", "sunday"};
  const std::string letters = text->Letters();
  for (const std::string day : kDays) {
    if (letters != day && letters != day.substr(0, 3)) continue;
    text->Skip(letters.size());
    text->TakeOneOf(",");
    text->TakeBlanks();
    return;
  }
}

// Reads the rest of 2026-08-05 and 2026/8/5 after the year.
std::optional<Date> AfterYear(Scanner* text, int year) {
  const char separator = text->front();
  if (!text->TakeOneOf("-/.")) return std::nullopt;
  const auto month = text->Digits(std::min<size_t>(text->CountDigits(), 2));
  if (!month.has_value() || !text->TakeOneOf(std::string_view(&separator, 1))) return std::nullopt;
  const auto day = text->Digits(std::min<size_t>(text->CountDigits(), 2));
  if (!day.has_value()) return std::nullopt;
  return Date{year, *month, *day};
}

// Reads 8/25/2026 and 25.8.2026, but only if it is clear which is the month.
std::optional<Date> MonthAndDay(Scanner* text, int first) {
  const char separator = text->front();
  if (!text->TakeOneOf("/.-")) return std::nullopt;
  const auto second = text->Digits(std::min<size_t>(text->CountDigits(), 2));
  if (!second.has_value() || !text->TakeOneOf(std::string_view(&separator, 1)) ||
      text->CountDigits() != 4) {
    return std::nullopt;
  }
  const int year = *text->Digits(4);
  if (first == *second || *second > 12) return Date{year, first, *second};
  if (first > 12) return Date{year, *second, first};
  return std::nullopt;
}

// Reads the rest of 05-Aug-2026 after the day.
std::optional<Date> DayThenName(Scanner* text, int day) {
  text->TakeOneOf("- ");
  const std::string letters = text->Letters();
  const int month = MonthOf(letters);
  if (month == 0) return std::nullopt;
  text->Skip(letters.size());
  text->TakeOneOf("- ,.");
  text->TakeBlanks();
  if (text->CountDigits() != 4) return std::nullopt;
  return Date{*text->Digits(4), month, day};
}

// Reads Aug 5, 2026.
std::optional<Date> NameThenDay(Scanner* text) {
  const std::string letters = text->Letters();
  const int month = MonthOf(letters);
  if (month == 0) return std::nullopt;
  text->Skip(letters.size());
  text->TakeOneOf(".");
  text->TakeBlanks();
  const auto day = text->Digits(std::min<size_t>(text->CountDigits(), 2));
  if (!day.has_value()) return std::nullopt;
  const bool comma = text->TakeOneOf(",");
  if (!(text->TakeBlanks() || comma) || text->CountDigits() != 4) return std::nullopt;
  return Date{*text->Digits(4), month, *day};
}

std::optional<Date> ReadDate(Scanner* text) {
  SkipWeekday(text);
  switch (text->CountDigits()) {
    case 0:
      return NameThenDay(text);
    case 1:
    case 2: {
      const int first = *text->Digits(text->CountDigits());
      if (text->front() == '/' || text->front() == '.') return MonthAndDay(text, first);
      Scanner named = *text;
      if (auto date = DayThenName(&named, first); date.has_value()) {
        *text = named;
        return date;
      }
      return MonthAndDay(text, first);
    }
    case 4:
      return AfterYear(text, *text->Digits(4));
    case 8: {
      const int year = *text->Digits(4);
      const int month = *text->Digits(2);
      return Date{year, month, *text->Digits(2)};
    }
    default:
      return std::nullopt;
  }
}

// Reads the digits after a point as a part of a second; digits beyond nanoseconds are dropped.
absl::Duration ReadFraction(Scanner* text) {
  int64_t nanos = 0;
  int64_t unit = 100'000'000;
  while (const auto digit = text->Digits(1)) {
    nanos += *digit * unit;
    unit /= 10;
  }
  return absl::Nanoseconds(nanos);
}

// Applies AM and PM, which go with the hours 1 to 12. Returns false if that makes no sense.
bool ReadHalfDay(Scanner* text, DayTime* time) {
  Scanner behind = *text;
  behind.TakeBlanks();
  const std::string letters = behind.Letters();
  if (letters != "am" && letters != "pm") return true;
  if (time->hour < 1 || time->hour > 12) return false;
  time->hour = time->hour % 12 + (letters == "pm" ? 12 : 0);
  behind.Skip(2);
  *text = behind;
  return true;
}

std::optional<DayTime> ReadDayTime(Scanner* text) {
  DayTime time;
  const size_t digits = text->CountDigits();
  if (digits == 6 || digits == 4) {  // like 140059 or 1400
    time.hour = *text->Digits(2);
    time.minute = *text->Digits(2);
    time.second = digits == 6 ? *text->Digits(2) : 0;
  } else if (digits == 1 || digits == 2) {
    time.hour = *text->Digits(digits);
    if (!text->TakeOneOf(":") || text->CountDigits() != 2) return std::nullopt;
    time.minute = *text->Digits(2);
    if (text->TakeOneOf(":")) {
      if (text->CountDigits() != 2) return std::nullopt;
      time.second = *text->Digits(2);
    }
  } else {
    return std::nullopt;
  }
  if (text->TakeOneOf(".,")) {
    if (text->CountDigits() == 0) return std::nullopt;
    time.fraction = ReadFraction(text);
  }
  if (!ReadHalfDay(text, &time)) return std::nullopt;
  const bool midnight = time.hour == 24 && time.minute == 0 && time.second == 0;
  // A leap second is read as the second after it.
  if ((time.hour > 23 && !midnight) || time.minute > 59 || time.second > 60) return std::nullopt;
  return time;
}

// Reads the offset that is to be added to UTC; nullopt if something else stands there.
std::optional<absl::Duration> ReadOffset(Scanner* text) {
  text->TakeBlanks();
  if (text->empty()) return absl::ZeroDuration();
  const std::string letters = text->Letters();
  if (letters == "z" || letters == "utc" || letters == "gmt") {
    text->Skip(letters.size());
    if (text->empty()) return absl::ZeroDuration();
    if (letters == "z") return std::nullopt;
  } else if (!letters.empty()) {
    return std::nullopt;
  }
  const bool west = text->front() == '-';
  if (!text->TakeOneOf("+-")) return std::nullopt;
  const auto hours = text->Digits(2);
  const bool colon = text->TakeOneOf(":");
  const auto minutes = text->Digits(2);
  if (!hours.has_value() || (colon && !minutes.has_value())) return std::nullopt;
  if (*hours > 23 || minutes.value_or(0) > 59) return std::nullopt;
  const absl::Duration offset = absl::Hours(*hours) + absl::Minutes(minutes.value_or(0));
  return west ? -offset : offset;
}

std::optional<absl::Time> ToMoment(const Date& date, const DayTime& time, absl::Duration offset) {
  const absl::CivilDay day(date.year, date.month, date.day);
  // CivilDay would turn a day that the month lacks into one of the next month.
  if (date.year < 1 || day.month() != date.month || day.day() != date.day) return std::nullopt;
  const absl::Time moment = absl::FromCivil(absl::CivilSecond(day), absl::UTCTimeZone()) +
                            absl::Hours(time.hour) + absl::Minutes(time.minute) +
                            absl::Seconds(time.second) + time.fraction - offset;
  // An offset may lead out of the years that a Timestamp has.
  const absl::CivilYear year = absl::ToCivilYear(moment, absl::UTCTimeZone());
  if (year.year() < 1 || year.year() > 9999) return std::nullopt;
  return moment;
}

// Reads seconds or milliseconds since 1970. They begin with 1, which no phone number of ten digits
// does.
std::optional<absl::Time> ReadUnixTime(std::string_view text) {
  const bool millis = text.size() == 13;
  if ((text.size() != 10 && !millis) || text.front() != '1' ||
      !std::all_of(text.begin(), text.end(), IsDigit)) {
    return std::nullopt;
  }
  int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return millis ? absl::FromUnixMillis(value) : absl::FromUnixSeconds(value);
}

}  // namespace

std::optional<absl::Time> ReadTime(std::string_view text) {
  const absl::string_view trimmed =
      absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
  if (trimmed.empty() || trimmed.size() > kLongestTime) return std::nullopt;
  const std::string_view whole(trimmed.data(), trimmed.size());
  if (const auto moment = ReadUnixTime(whole); moment.has_value()) return moment;
  Scanner rest(whole);
  const auto date = ReadDate(&rest);
  if (!date.has_value()) return std::nullopt;
  if (rest.empty()) return ToMoment(*date, {}, absl::ZeroDuration());
  rest.TakeOneOf(",");
  if (!rest.TakeBlanks() && !rest.TakeOneOf("Tt_")) return std::nullopt;
  const auto time = ReadDayTime(&rest);
  if (!time.has_value()) return std::nullopt;
  const auto offset = ReadOffset(&rest);
  if (!offset.has_value() || !rest.empty()) return std::nullopt;
  return ToMoment(*date, *time, *offset);
}

std::string WhyNoTime(std::string_view text) {
  constexpr size_t kShown = 40;
  const std::string shown = Printable(text.substr(0, kShown));
  Scanner date(text);
  const auto first = date.Digits(std::min<size_t>(date.CountDigits(), 2));
  const bool ambiguous = first.has_value() && *first <= 12 &&
                         (date.front() == '/' || date.front() == '.' || date.front() == '-') &&
                         !ReadTime(text).has_value();
  return fmt::format("'{}' {}; write 2026-08-05 or 2026-08-05T14:00:00Z", shown,
                     ambiguous ? "does not tell the month from the day" : "is no time");
}

}  // namespace dnc::cli
