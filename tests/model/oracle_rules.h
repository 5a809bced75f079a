// Plain rules that the oracle's loads and its guards share.
#pragma once

#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/model/oracle.h"

namespace dnc::blackbox {

inline constexpr size_t kGapMinNumbers = 10'000;

inline bool IsNational(const std::string& list) { return list == "national"; }
inline bool IsPorted(const std::string& list) { return list == "wireless" || list == "wireline"; }
inline std::time_t MaxAge(const std::string& list) { return (IsPorted(list) ? 15 : 31) * kDay; }

// Returns whether the list says anything about numbers of the area code that it does not hold.
bool AppliesTo(const std::string& list, int area_code);

// Returns the key of the coverage. A list of CSV files is kept under area code 0: it speaks for
// all.
inline int CoverageKey(const std::string& list, int area_code) {
  return IsNational(list) ? area_code : 0;
}

// Returns what overrides a finding.
std::string Allow(v1::Guard guard, const std::string& target);

// Returns how many of `before` are not in `after`.
uint64_t LostOf(const std::set<uint64_t>& before, const std::set<uint64_t>& after);

// Returns the numbers of an area code, or of all (0).
std::set<uint64_t> OfKey(const NumberSets& sets, int key);

inline bool Holds(const NumberSets& sets, uint64_t number) {
  const auto area = sets.find(AreaOf(number));
  return area != sets.end() && area->second.count(number) != 0;
}

// Returns when a change takes effect, for comparing. An addition with a date alone may be as late
// as the end of that day. Of two changes at the same time the addition counts.
inline std::pair<std::time_t, bool> TakesEffect(const OracleEvent& change) {
  const bool day = change.added && change.time % kDay == 0;
  return {change.time + (day ? kDay : 0), change.added};
}

// Returns the times of a load's changes, ascending; of one area code, or of all (0).
std::vector<std::time_t> TimesOf(const OracleLoad& load, int area_code);

// Returns the latest moment that a time means: a date alone is written as midnight.
inline std::time_t EndOfMoment(std::time_t time) { return time % kDay == 0 ? time + kDay : time; }

// What is usual for the change lists of a list, by the latest ones that are in effect.
struct OracleUsual {
  size_t lists = 0;
  double per_day = 0;                      // changes
  std::optional<std::time_t> between;      // quiet seconds between two lists
  std::optional<std::time_t> before_date;  // between a list's last change and its date
  std::time_t end = 0;                     // of the last change
};
OracleUsual UsualPaceOf(const OracleList& list);

// Returns up to when the list tells about an area code that it names, or about all (0).
std::time_t EndOf(const OracleLoad& load, int area_code, bool many, const OracleUsual& usual);
// Returns up to when the list's changes tell. The load must have some.
std::time_t ToldBy(const OracleLoad& load, int area_code, bool many, const OracleUsual& usual);
// Returns whether the load has hardly a change where hundreds are usual, so that it shows nothing
// else.
bool IsThin(const OracleLoad& load, bool many, const OracleUsual& usual);

// Returns whether a full list that holds the number may be later than a deletion.
inline bool MayPrecedeFull(std::time_t deleted, std::time_t full) {
  return full % kDay == 0 ? deleted < full + kDay : deleted <= full;
}

// Returns whether a change on the day of a full list may be earlier than the list.
inline bool IsOfDayOfFull(std::time_t changed, std::time_t full) {
  return changed >= full / kDay * kDay && MayPrecedeFull(changed, full);
}

}  // namespace dnc::blackbox
