// Verdicts, reasons and rules. Their values are those of dnc.v1.Verdict, Reason and Rule, and a
// test keeps them equal. The proto file says what each means.
#pragma once

#include <cstdint>
#include <string_view>

namespace dnc {

enum class Verdict : uint8_t {
  kUnspecified = 0,  // never sent
  kClear = 1,
  kListed = 2,
  kNotCovered = 3,
  kStale = 4,
  kInvalid = 5,
  kWireless = 6,
};

enum class Reason : uint8_t {
  kUnspecified = 0,
  kMalformed = 1,
  kListNotLoaded = 2,
  kAreaCodeNotLoaded = 3,
  kAreaCodeDamaged = 4,
  kReleaseStale = 5,
  kHistoryNotReached = 6,
  kNational = 8,
  kState = 9,
  kLitigator = 10,
  kOtherList = 11,
  kWireless = 12,
  kWireline = 13,
  kNotEntitled = 14,
  kRecordDoNotCall = 15,
  kConsent = 16,
  kEbr = 17,
  kOwnListsUnknown = 18,
};

// Ordered by precedence: the least of all rules that apply to a number decides.
enum class Rule : uint8_t {
  kUnspecified = 0,
  kMalformed = 1,
  kRecordDoNotCall = 2,
  kLitigator = 3,
  kNotCovered = 4,
  kStale = 5,
  kOtherList = 6,
  kNational = 7,
  kState = 8,
  kWireless = 9,
  kConsent = 10,
  kEbr = 11,
  kClear = 12,
};

// A set of reasons; bit i stands for the reason with value i.
using ReasonSet = uint32_t;
constexpr ReasonSet ReasonBit(Reason reason) { return 1U << static_cast<int>(reason); }

}  // namespace dnc
