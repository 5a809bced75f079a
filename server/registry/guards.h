// The guards of a load: what they are called and where their limits lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dnc {

// The values of dnc.v1.Guard, which says what each means.
enum class Guard : uint8_t {
  kUnspecified = 0,
  kShrink = 1,
  kVanished = 2,
  kOutsideLabel = 3,
  kOlderDate = 4,
  kFutureDate = 5,
  kSameFile = 6,
  kMisfit = 7,
  kChangeGap = 8,
  kArchiveSize = 9,
  kOutsideBase = 10,
  kUnterminated = 11,
  kFewNumbers = 12,
  kLostWeek = 13,
  kTwoDates = 14,
};
inline constexpr int kGuardCount = 15;

// "shrink", "outside-label", ...: as operators name them.
std::string_view GuardName(Guard guard);
std::optional<Guard> GuardFromName(std::string_view name);

// Configuration section `guards`.
struct GuardLimits {
  double max_shrink = 0.01;     // share of an area code's numbers (of the list's for CSV lists)
  double max_misfit = 0.01;     // share of a change list's numbers
  int max_change_gap_days = 7;  // see docs/configuration.md
  uint64_t gap_min_numbers = 10'000;  // lists for fewer have no `change-gap`
  int max_clock_skew_seconds = 300;   // how far ahead of the clock a date may lie
};

}  // namespace dnc
