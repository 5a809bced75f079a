// Lists the area codes of the United States and its territories that are in service, with their
// states.
//
//   AreaCodesOfState("TX")[512]   // true
//
// The table has only geographic codes, none for toll-free, premium or personal numbers. New area
// codes come into service every year, so no verdict rests on a code's absence: a code that the
// table does not know may belong to any state.
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

// Returns the table, ascending by area code, without duplicates. Thread-safe.
absl::Span<const AreaCodeInfo> UsAreaCodes();

// Returns the area codes of a state, given its postal code in either case; none for an unknown
// state.
std::bitset<1000> AreaCodesOfState(std::string_view state);

// Returns all area codes of the table.
std::bitset<1000> KnownAreaCodes();

// Returns the postal code of an area code's state; empty if it is not a US area code.
std::string_view StateOfAreaCode(int area_code);

}  // namespace dnc
