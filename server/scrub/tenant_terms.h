// The terms on which a scrub is decided: what the tenant may ask about, which lists count, and
// which exemptions lift which rules. Also what the tenant's records say about a number.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// The lists that an exemption may lift, as bits.
enum Liftable : uint8_t {
  kLiftsNothing = 0,
  kLiftsNational = 1,
  kLiftsState = 2,
  kLiftsWireless = 4,
};
inline constexpr uint8_t kAllLifts = kLiftsNational | kLiftsState | kLiftsWireless;

// What dnc.v1.Entitlement and dnc.v1.TenantPolicy say. The default is the server's own policy.
struct TenantTerms {
  std::bitset<kAreaCodes> entitled;  // none until set
  // The published lists that count beside the required ones. Like a required list, each of them
  // must cover the numbers that are asked about. Empty: all lists of the server's policy count.
  std::vector<std::string> lists;
  uint8_t consent_lifts = kLiftsNational | kLiftsState;
  uint8_t ebr_lifts = kLiftsNational | kLiftsState;  // never wireless
  bool wireless_counts = true;
  friend bool operator==(const TenantTerms&, const TenantTerms&) = default;
};

// What a tenant's records say about a number. These are bits, so that a batch needs one byte for
// each number.
enum RecordFact : uint8_t {
  kNoRecord = 0,
  kRecordDoNotCall = 1,  // on a do-not-call list of the tenant, or in a block of one
  kRecordConsent = 2,    // a consent that is valid now
  kRecordEbr = 4,        // a business relationship that is valid now
  kRecordUnknown = 8,    // could not be read, or is known to be damaged: never clear
  kRecordEbrEnded = 16,  // a business relationship that is over; decides nothing
};

// A moment from which a tenant's records say something else about a number, as far as is known now,
// because one of its records ends or begins to count.
struct FactChange {
  uint32_t index = 0;  // the number's place in the question
  absl::Time at;
  uint8_t facts = kNoRecord;  // what they say from then on
};

}  // namespace dnc
