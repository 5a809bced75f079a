// The registry as a person would write it down: sets of numbers, and events with their times.
//
// It is slow, plain and obviously right. It knows nothing of files, blocks or snapshots. The real
// server must answer what the oracle answers.
#pragma once

#include <cstdint>
#include <ctime>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dnc/v1/load.pb.h"
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
  bool exact = false;  // a change list gave the time
};

// How the area codes of a load are distributed over its files.
enum class Packing {
  kLabelled,  // one file each, whose name has the area code
  kApart,     // one file each
  kTogether,  // all in one
};

// A file of a release, as far as it matters for what is missing.
struct OracleFile {
  std::string id;  // equal for equal bytes
  std::time_t date = 0;
  bool changes = false;
  size_t count = 0;
  std::time_t first = 0;  // change
  std::time_t last = 0;
  std::time_t told = 0;  // the end of the last one that is no straggler
};

// A whole release: nothing is shared, nothing is clever.
struct OracleRelease {
  uint64_t serial = 0;  // counts all releases of all lists, in their order
  NumberSets numbers;
  // By area code; lists of CSV files are under 0:
  std::map<int, std::time_t> obtained_at;  // of data that names it
  std::map<int, std::time_t> since;        // covered without a break
  std::map<int, uint64_t> first_release;   // the serial
  // These are by area code: when a full list, or a change list that named it, was obtained; until
  // when others were silent; until when the changes themselves tell; when its full list was
  // obtained; and the release that was allowed to lose too much.
  std::map<int, std::time_t> known_until;
  std::map<int, std::time_t> silent_until;
  std::map<int, std::time_t> told_until;
  std::map<int, std::time_t> full_at;
  std::map<int, uint64_t> loss_allowed_by;
  // By area code: what all earlier loads removed, in all lives of the list.
  std::map<int, uint64_t> lost_total;
  std::map<int, uint64_t> file;       // the file without a label that it came in; 0: none
  std::set<int> vanished;             // once covered, and not since
  std::vector<OracleEvent> events;    // against the release before, in order of time
  std::vector<OracleEvent> repeated;  // additions of what was listed already
  std::vector<OracleFile> files;
};

// Releases that never change, so copies of an oracle share them.
class OracleReleases {
 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = OracleRelease;
    using difference_type = std::ptrdiff_t;
    using pointer = const OracleRelease*;
    using reference = const OracleRelease&;

    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    Iterator& operator++() { return ++at_, *this; }
    Iterator& operator--() { return --at_, *this; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    friend class OracleReleases;
    using Inner = std::vector<std::shared_ptr<const OracleRelease>>::const_iterator;
    explicit Iterator(Inner at) : at_(at) {}
    Inner at_;
  };

  bool empty() const { return all_.empty(); }
  size_t size() const { return all_.size(); }
  const OracleRelease& back() const { return *all_.back(); }
  Iterator begin() const { return Iterator(all_.begin()); }
  Iterator end() const { return Iterator(all_.end()); }
  void push_back(std::shared_ptr<const OracleRelease> release) {
    all_.push_back(std::move(release));
  }
  void pop_back() { all_.pop_back(); }

 private:
  std::vector<std::shared_ptr<const OracleRelease>> all_;
};

// A list with the releases that led to the one in force.
struct OracleList {
  OracleReleases lineage;  // oldest first; empty: not loaded
  int kept = 0;            // how many releases can be gone back to

  bool loaded() const { return !lineage.empty(); }
  const OracleRelease& now() const { return lineage.back(); }
};

// What a guard must find in a load.
struct OracleFinding {
  v1::Guard guard = v1::GUARD_UNSPECIFIED;
  uint64_t lost = 0;  // of guards that count losses
  uint64_t of = 0;
  uint64_t becomes_callable = 0;
};
using OracleFindings = std::map<std::string, OracleFinding>;  // by what overrides them

// A load in the oracle's terms: full lists or a change list of the national registry, or a list of
// another kind.
struct OracleLoad {
  std::string list = "national";
  NumberSets full;
  Packing packing = Packing::kTogether;
  std::vector<OracleEvent> changes;
  bool is_change_list = false;
  std::time_t obtained_at = 0;
  std::string file;  // the change list's name
  std::string id;    // of its bytes
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
  // Returns the list's numbers; none if it is not loaded.
  NumberSets Numbers(const std::string& list) const;
  std::set<int> AreaCodes(const std::string& list) const;
  const std::map<std::string, OracleList>& lists() const { return lists_; }

  // Returns what the guards must find in the load at the moment `now`, by the plain rules.
  OracleFindings Findings(const OracleLoad& load, std::time_t now) const;
  // Makes the load, with everything that is found overridden. What vanishes is covered no longer.
  // For a change list, returns how many changes had no effect.
  uint64_t Load(const OracleLoad& load);
  // Returns the area codes that are in a file which such a load replaces, but not in the load.
  std::set<int> Vanishing(const NumberSets& numbers, Packing packing) const;
  // The first says whether the server must be able to go back; the second, whether it may be,
  // because it has not yet removed what it need not keep.
  bool MustGoBack(const std::string& list) const;
  bool MayGoBack(const std::string& list) const;
  void RollBack(const std::string& list);
  void Retire(const std::string& list);
  // Returns whether the list has anything to say now, or about a moment before the server began.
  bool Answers(const std::string& list, bool as_of) const;
  // Returns how many numbers are callable in `after` and are not here, for a caller who counts all
  // lists.
  uint64_t BecomeCallable(const Oracle& after, std::time_t now) const;
  // Forgets the list, for those for whom it does not count.
  void LeaveOut(const std::string& list);

  // `number` is 0 if malformed. `as_of` is empty for now, or else before the server began.
  OracleAnswer Ask(uint64_t number, std::time_t now, std::optional<std::time_t> as_of) const;

  // Returns whether an as-of question may be refused because history does not reach so far.
  bool MayNotReach(std::time_t as_of) const;

 private:
  // Returns the lists that answer a question about now, or about a moment before the server began.
  std::map<std::string, const OracleList*> Answering(bool as_of) const;
  // Returns since when anything of the list is known; earlier as-of questions cannot be answered.
  static std::time_t FirstRelease(const OracleList& list);
  void Publish(const std::string& list, OracleRelease release);
  void LoadFull(const OracleLoad& load);
  void LoadWhole(const OracleLoad& load);
  uint64_t LoadChanges(const OracleLoad& load);
  // Returns a full list together with what was added less than a day before it, or later.
  std::set<uint64_t> WithLaterAdditions(const OracleList& list, int area_code,
                                        const std::set<uint64_t>& numbers, std::time_t date) const;
  // Returns whether something later is known about the number.
  bool Superseded(const OracleList& list, const OracleEvent& change) const;
  std::set<int> Gaps(const OracleLoad& load) const;
  // Returns whether the list speaks for many numbers.
  bool Many(const OracleLoad& load) const;
  bool HasHole(const OracleLoad& load, int area_code, bool many) const;
  bool MissesAList(const OracleLoad& load, int area_code, std::time_t known) const;
  // What a load removes from an area code (0: from a list of CSV files).
  struct Loss {
    uint64_t lost = 0;
    uint64_t of = 0;
    bool by_count = false;  // what was there is not kept
  };
  // The release that a week's losses are measured against, and the last one of its line: that one
  // covers the area code without a break since.
  struct WeekBase {
    const OracleRelease* release = nullptr;  // null: there is none
    const OracleRelease* line = nullptr;
  };
  bool Covers(const std::string& list, int key) const;
  Loss LossOf(const Oracle& after, const std::string& list, int key) const;
  void CountLosses(const Oracle& before, const std::string& list);
  void Replace(const std::string& list, OracleRelease release);
  void FindLosses(const Oracle& after, const OracleLoad& load, OracleFindings& findings) const;
  WeekBase BaseOfWeek(const OracleRelease& now, const std::string& list, int key) const;
  void FindLostWeek(const Oracle& after, const OracleLoad& load, const std::map<int, Loss>& losses,
                    OracleFindings& findings) const;
  // Returns the numbers of an area code; nullopt if the list does not cover it and they are not
  // kept.
  std::optional<std::set<uint64_t>> Had(const std::string& list, int key) const;
  void FindFirstData(const Oracle& after, int area_code, OracleFindings& findings) const;
  // Returns whether the numbers of an earlier release are kept.
  bool IsKept(const std::string& list, const OracleRelease& release) const;
  // Returns whether an addition after `last` began is lost that counts against the present full
  // list.
  bool LosesAdditions(const Oracle& after, const OracleRelease& last, int area_code) const;
  // Finds the area codes that lose a large part of their numbers, for a list that covers all.
  void FindParts(const Oracle& after, const std::string& list, OracleFindings& findings) const;
  void FindReloaded(const Oracle& after, const std::string& list, OracleFindings& findings) const;
  void FindMisfits(const OracleLoad& load, OracleFindings& findings) const;
  // Returns the release with which the life of the list ended before the release `root`; 0 if there
  // is none.
  uint64_t LifeBefore(const std::string& list, uint64_t root) const;
  // Returns the last release that had the area code, in all lives of the list; null if none had it.
  const OracleRelease* LastWith(const std::string& list, int area_code) const;
  // Returns how many numbers of an area code are callable after the load and are not now.
  uint64_t BecomesCallable(const Oracle& after, int area_code, std::time_t now) const;
  // Returns the area codes in use, and those that any list has numbers of.
  std::set<int> InUse(const Oracle& after) const;
  // Returns what the lists that count hold of an area code.
  std::set<uint64_t> Denied(int area_code) const;
  void NoteCoverage(const std::string& name, const OracleList& list, int area_code,
                    std::time_t moment, bool as_of, OracleAnswer& answer) const;

  std::map<std::string, OracleList> lists_;
  // All releases that ever existed, by list, and whom they followed.
  std::map<std::string, OracleReleases> ever_;
  std::map<uint64_t, uint64_t> parents_;
  // When a list was retired: the last serial by then, and the release that was in force.
  std::map<std::string, std::vector<std::pair<uint64_t, uint64_t>>> retirements_;
  uint64_t serial_ = 0;
  // The lists as they were when they were retired for the first time. That is later than any moment
  // that an as-of question names, so these answer it, whether the list is loaded again or not.
  std::map<std::string, OracleList> retired_;
  uint64_t files_ = 0;
  std::set<uint64_t> left_;  // the releases that somebody rolled back or retired
};

}  // namespace dnc::blackbox
