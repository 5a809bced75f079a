#include "tools/dncgen/file_name.h"

#include <array>
#include <cstdio>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "server/base/error.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

// Reads the day that `text` starts with, and sets how many characters it takes.
std::optional<absl::CivilDay> ReadDay(const std::string& text, int* length) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, length) != 3) return {};
  const absl::CivilDay civil(year, month, day);
  // CivilDay turns an impossible date into another one.
  if (civil.year() != year || civil.month() != month || civil.day() != day) return {};
  return civil;
}

}  // namespace

absl::CivilDay Today() { return absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()); }

absl::StatusOr<absl::CivilDay> ParseDay(std::string_view text) {
  if (text.empty()) return Today();
  int length = 0;
  const auto day = ReadDay(std::string(text), &length);
  if (day && static_cast<size_t>(length) == text.size()) return *day;
  return Error(reason::kInvalidRequest,
               fmt::format("'{}' is no date; write --date as 2026-08-05", text));
}

std::string DayText(absl::CivilDay day) {
  return fmt::format("{}-{}-{}", day.year(), day.month(), day.day());
}

std::string MakeGuid(uint64_t seed, std::string_view label, absl::CivilDay day) {
  Random random(seed, Purpose::kGuid, {static_cast<uint64_t>(day - absl::CivilDay(1970, 1, 1))});
  uint64_t salt = 0;
  for (char c : label) salt = Mix(salt ^ static_cast<unsigned char>(c));
  const uint64_t high = Mix(random.Next() ^ salt);
  const uint64_t low = Mix(random.Next() ^ high);
  return fmt::format("{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}", high >> 32, high >> 16 & 0xffff,
                     high & 0xfff, 0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
}

std::string RegistryFileName(absl::CivilDay day, std::string_view label, uint64_t seed,
                             std::string_view extension) {
  return fmt::format("{}_{}_{}.{}", DayText(day), label, MakeGuid(seed, label, day), extension);
}

std::optional<absl::CivilDay> DayOfFileName(std::string_view name) {
  int length = 0;
  const std::string text(name);
  const auto day = ReadDay(text, &length);
  if (!day || text.size() <= static_cast<size_t>(length) ||
      text[static_cast<size_t>(length)] != '_') {
    return {};
  }
  return day;
}

}  // namespace dnc
