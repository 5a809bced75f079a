// The registry as a person would write it down: sets of numbers, and events with their times.
//
// Slow, plain and obviously right. It knows nothing of files, blocks or snapshots; what the real
// server answers must be what the oracle answers.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dnc/v1/verdict.pb.h"

namespace dnc::blackbox {

inline constexpr std::time_t kDay = 24 * 3600;

using NumberSets = std::map<int, std::set<uint64_t>>;  // by area code

inline int AreaOf(uint64_t number) { return static_cast<int>(number / 10'000'000); }

// Something that happened to a number.
struct OracleEvent {
  uint64_t number = 0;
  std::time_t time = 0;
  bool added = false;
  bool exact = false;  // a change list told the time
};

// How the area codes of a load lie in its files.
enum class Packing {
  kLabelled,  // a file each, whose name has the area code
  kApart,     // a file each
  kTogether,  // all in one
};

// A release, whole: nothing is shared, nothing is clever.
struct OracleRelease {
  NumberSets numbers;
  // By area code; for lists of CSV files under 0:
  std::map<int, std::time_t> obtained_at;
  std::map<int, std::time_t> since;  // covered without a break
  // By area code: when a full list, or a change list that named it, was obtained.
  std::map<int, std::time_t> known_until;
  std::map<int, uint64_t> file;     // the file without a label that it came in; 0: none
  std::vector<OracleEvent> events;  // against the release before, in order of time
};

// A list with the releases that led to the one in force.
struct OracleList {
  std::vector<OracleRelease> lineage;  // oldest first; empty: not loaded
  int kept = 0;                        // how many releases can be gone back to

  bool loaded() const { return !lineage.empty(); }
  const OracleRelease& now() const { return lineage.back(); }
};

// The answer for a number.
struct OracleAnswer {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::Rule rule = v1::RULE_UNSPECIFIED;
  uint32_t reasons = 0;
  std::map<std::string, std::optional<OracleEvent>> matches;  // by list: the event that added it
};

class Oracle {
 public:
  // How many releases before the one in force a server keeps.
  static constexpr int kKeepReleases = 1;

  bool loaded(const std::string& list) const;
  // Empty if the list is not loaded.
  NumberSets Numbers(const std::string& list) const;
  std::set<int> AreaCodes(const std::string& list) const;
  const std::map<std::string, OracleList>& lists() const { return lists_; }

  // A full list that replaces the area codes that it names. What vanishes is covered no longer.
  void LoadFull(const NumberSets& numbers, std::time_t obtained_at, Packing packing);
  // The area codes that lie in a file which such a load replaces, but not in the load.
  std::set<int> Vanishing(const NumberSets& numbers, Packing packing) const;
  // A full list of another kind: replaces everything.
  void LoadWhole(const std::string& list, const NumberSets& numbers, std::time_t obtained_at);
  // The area codes for which a list of such changes, for all area codes, begins too late.
  std::set<int> Gaps(const std::vector<OracleEvent>& changes) const;
  // A change list; `changes` in any order, applied by time; a number may change several times.
  // Of two at one time the addition counts. Refreshes `area_codes`; `overridden`: although changes
  // before it may be missing. Returns how many numbers it did not move.
  uint64_t LoadChanges(std::vector<OracleEvent> changes, const std::set<int>& area_codes,
                       std::time_t obtained_at, bool overridden);
  // Whether the server must be able to go back; and whether it may be, because it has not yet
  // thrown away what it need not keep.
  bool MustGoBack(const std::string& list) const;
  bool MayGoBack(const std::string& list) const;
  void RollBack(const std::string& list);
  void Retire(const std::string& list);
  // As if there had never been such a list, for those for whom it does not count.
  void LeaveOut(const std::string& list);

  // `number` 0: malformed. `as_of` empty: now; else before the server began.
  OracleAnswer Ask(uint64_t number, std::time_t now, std::optional<std::time_t> as_of) const;

  // Since when anything of the list is known; an as-of question before cannot be answered.
  std::time_t FirstRelease(const std::string& list) const;
  // Whether an as-of question may be refused because history does not reach so far.
  bool MayNotReach(std::time_t as_of) const;

 private:
  void Publish(const std::string& list, OracleRelease release);
  void NoteCoverage(const std::string& name, const OracleList& list, int area_code,
                    std::time_t moment, bool as_of, OracleAnswer& answer) const;

  std::map<std::string, OracleList> lists_;
  std::set<std::string> retired_;  // once, perhaps loaded again since
  uint64_t files_ = 0;
};

}  // namespace dnc::blackbox
