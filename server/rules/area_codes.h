// The area codes of the United States and its territories that are in service, and their states.
//
//   AreaCodesOfState("TX")[512]   // true
//
// The table has geographic codes only, and none of toll-free, premium or personal numbers. New area
// codes come into service every year, so no verdict rests on a code's absence: one that the table
// does not know may belong to any state.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace dnc {

struct AreaCodeInfo {
  uint16_t area_code;      // 201 to 989
  std::string_view state;  // postal code of the state, district or territory: "NJ", "DC", "PR"
};

// Ascending by area code, without duplicates. Thread-safe.
absl::Span<const AreaCodeInfo> UsAreaCodes();

// The area codes of a state by its postal code, in either case. Empty for an unknown state.
std::bitset<1000> AreaCodesOfState(std::string_view state);

// All area codes of the table.
std::bitset<1000> KnownAreaCodes();

// The postal code of an area code's state; empty if it is not a US area code.
std::string_view StateOfAreaCode(int area_code);

}  // namespace dnc
