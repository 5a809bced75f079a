// The guards of a load: what each is called, what it tells when it finds something, and where its
// limits lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

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

// What a guard found in a load; dnc.v1.GuardFinding says what each field means.
struct GuardFinding {
  Guard guard = Guard::kUnspecified;
  int area_code = 0;    // 0: not about one
  std::string file;     // empty: not about one
  std::string message;  // what was measured, with what it was compared, over which time
  std::string allow;    // what overrides exactly this; empty: nothing does
  bool overridden = false;
  uint64_t becomes_callable = 0;
  uint64_t lost = 0;
  uint64_t of = 0;
  absl::Time since = absl::InfinitePast();  // InfinitePast: no time is compared
};

// Limits of what a load may be asked to override, and of what is kept of its findings.
inline constexpr size_t kMaxFindings = 10'000;
inline constexpr size_t kMaxAllowBytes = 400;  // a guard's name and a file's

// What overrides a finding of `guard` about `target`, an area code, a file or a list:
// "shrink:201".
std::string AllowFor(Guard guard, std::string_view target);

// INVALID_ARGUMENT, INVALID_REQUEST unless each of them has the form of an override and there are
// not too many.
absl::Status CheckAllow(const std::vector<std::string>& allow);

// Configuration section `guards`.
struct GuardLimits {
  // Share of its numbers that an area code (a list that covers all area codes: the list) may lose
  // by one load, and within seven days.
  double max_shrink = 0.01;
  double max_lost_week = 0.03;
  uint64_t min_first_numbers = 1'000;  // of an area code in the national registry
  double max_misfit = 0.01;            // share of a change list's numbers
  int max_change_gap_days = 7;         // see docs/configuration.md
  uint64_t gap_min_numbers = 10'000;   // lists for fewer have no `change-gap`
  int max_clock_skew_seconds = 300;    // how far ahead of the clock a date may lie
};

}  // namespace dnc
