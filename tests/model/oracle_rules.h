// Plain rules that the oracle's loads and its guards share.
#pragma once

#include <ctime>
#include <set>
#include <string>
#include <utility>

#include "tests/model/oracle.h"

namespace dnc::blackbox {

inline constexpr size_t kGapMinNumbers = 10'000;

inline bool IsNational(const std::string& list) { return list == "national"; }
inline bool IsPorted(const std::string& list) { return list == "wireless" || list == "wireline"; }
inline std::time_t MaxAge(const std::string& list) { return (IsPorted(list) ? 15 : 31) * kDay; }

// Whether the list says anything of numbers of the area code that it does not hold.
bool AppliesTo(const std::string& list, int area_code);

// The coverage of a list of CSV files is kept under area code 0: it speaks for all.
inline int CoverageKey(const std::string& list, int area_code) {
  return IsNational(list) ? area_code : 0;
}

// What overrides a finding.
std::string Allow(v1::Guard guard, const std::string& target);

// How many of `before` are not in `after`.
uint64_t LostOf(const std::set<uint64_t>& before, const std::set<uint64_t>& after);

// The numbers of an area code, or of all (0).
std::set<uint64_t> OfKey(const NumberSets& sets, int key);

inline bool Holds(const NumberSets& sets, uint64_t number) {
  const auto area = sets.find(AreaOf(number));
  return area != sets.end() && area->second.count(number) != 0;
}

// When a change takes effect, for comparing: an addition with a date alone may be as late as the
// end of that day. Of two at one time the addition counts.
inline std::pair<std::time_t, bool> TakesEffect(const OracleEvent& change) {
  const bool day = change.added && change.time % kDay == 0;
  return {change.time + (day ? kDay : 0), change.added};
}

// The times of a load's changes, ascending; of one area code, or of all (0).
std::vector<std::time_t> TimesOf(const OracleLoad& load, int area_code);

// Up to when the list tells, of an area code that it names, or of all (0).
std::time_t EndOf(const OracleLoad& load, int area_code, bool many);

}  // namespace dnc::blackbox
