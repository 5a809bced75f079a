// Works out what a load makes of each area code that it touches. Used by BuildRelease alone.
//
// What the guards find is noted, and the work goes on as if it were overridden: so all findings are
// told at once, and the plan shows what the load would do with its overrides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/registry/area_builder.h"
#include "server/registry/built_release.h"
#include "server/registry/change_pace.h"

namespace dnc {

// A moment as messages write it.
inline std::string Date(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// Whether so many numbers are more than a share.
inline bool Exceeds(uint64_t lost, uint64_t of, double share) {
  return static_cast<double>(lost) > static_cast<double>(of) * share;
}

// Works on the area codes that a load touches.
class ReleaseBuilder {
 public:
  ReleaseBuilder(const BuilderInputs& inputs, ParsedFiles staged, GuardCheck& guards)
      : in_(inputs), before_(*inputs.before), staged_(std::move(staged)), guards_(guards) {}

  absl::Status CheckFiles();
  absl::Status ApplyFullLists();
  absl::Status ApplyChangeLists();
  void CheckLosses();
  absl::StatusOr<BuiltRelease> Finish();

 private:
  // A file that this list was loaded from once.
  struct PastFile {
    uint64_t release_id = 0;
    bool in_lineage = false;  // of the release in force
    storage::File file;
  };
  // What a release stored of an area code.
  struct StoredArea {
    bool readable = false;
    bool covered = false;
    std::vector<StoredChange> changes;
  };
  // The times of a change list: of all of it, and of each area code that it names.
  struct Pace {
    PaceLimits limits;
    std::optional<ChangePace> all;
    std::map<int, ChangePace> areas;
    std::optional<UsualPace> usual;  // of the lists before
    absl::Time end;                  // up to when it tells
    std::optional<absl::Time> told;  // ChangePace::ToldUntil of all; nullopt: it has no changes
    bool thin = false;               // it shows nothing of what it does not hold
  };
  // Numbers that a load takes away.
  struct Loss {
    uint64_t lost = 0;
    uint64_t of = 0;
    bool by_count = false;  // what it had can't be read
  };

  // The seal that losses of a week are measured against.
  struct WeekBase {
    uint64_t release_id = 0;
    uint64_t line = 0;  // the last release that covers the area code without a break since then
    absl::Time since;   // when its data was obtained
    storage::Seal seal;
  };
  struct WeekLoss {
    uint64_t before = 0;  // by earlier loads
    uint64_t now = 0;     // by this one
  };
  // What an area code came to in a line of releases, and how.
  struct Line {
    AreaSetPtr numbers;
    AreaHistoryPtr history;
  };

  AreaBuilder& Area(int area_code);
  // Those that the list has before the load or by its full lists, without what vanishes.
  std::set<int> BaseAreas() const;
  bool CoversNow(int area_code);
  // The last seal of an area code, also if its data is damaged, or if the area code or the list is
  // not loaded any more; null if it never had one.
  const storage::Seal* KnownSeal(int area_code);
  // The release with which the life of the list ended whose releases are those before `below`; 0:
  // there is none.
  uint64_t LifeBefore(uint64_t below) const;
  // The releases of the list, newest first: those that led to the one in force, then those of each
  // life before it, which ended when the list was retired.
  std::vector<std::vector<uint64_t>> Lives() const;
  void FindGoneSeals();
  void AddGoneSeals(const storage::Seals& seals, uint64_t release_id);
  // The release that the known seal of an area code is of; 0 if it never had one.
  uint64_t KnownRelease(int area_code);
  // Its numbers by then; null if they are not kept any more or can't be read.
  AreaSetPtr KnownNumbers(int area_code);
  // The same of any release and its seal of an area code.
  AreaSetPtr KeptNumbers(uint64_t release_id, const storage::Seal& seal) const;

  absl::Status ReadPastFiles();
  // Whether what the file brought counts for the area code: its release is among those that the
  // area code's data has come from.
  bool InEffect(const PastFile& past, int area_code) const;
  void NoteSpan(const storage::File& file);
  // Whether the area code has a full list that is newer than this one, and whole.
  bool HasNewerThan(const storage::File& file, int area_code) const;
  std::set<int> AreasOf(size_t file) const;
  void CheckSameFile(size_t file);

  void MergeFullLists();
  void MergeWholeList();
  absl::Status ReplaceArea(int area_code, const ParsedArea& staged);
  // A full list obtained at a moment, with the numbers that a change list added later than that.
  absl::StatusOr<AreaSetPtr> WithLaterAdditions(int area_code, const ParsedArea& staged);
  void PrepareWholeList();
  void DropVanished();

  absl::Status ApplyChangeList(const ParsedChanges& list);
  absl::StatusOr<std::map<int, std::vector<TimedChange>>> Sort(const ParsedChanges& list);
  Pace PaceOf(const ParsedChanges& list, const std::map<int, std::vector<TimedChange>>& sorted);
  absl::Duration UsualInterval();
  // Holes by what is usual, of area codes that are told of up to the same moment.
  std::optional<ChangeHole> SparseAfter(
      absl::Time told, const Pace& pace,
      std::map<absl::Time, std::optional<ChangeHole>>& found) const;
  const std::vector<const PastFile*>& AbsentLists();
  const StoredArea& ChangesOf(uint64_t release_id, int area_code);
  const std::optional<std::map<int, int64_t>>& SealsOf(uint64_t release_id);
  bool HasChangesOf(const PastFile& past, int area_code);
  bool IsMissing(const PastFile& past, const std::vector<const PastFile*>& absent, int area_code);
  const storage::File* MissingList(const std::vector<const PastFile*>& absent, int area_code,
                                   absl::Time known, absl::Time date);
  std::map<int, std::string> Gaps(const ParsedChanges& list, const Pace& pace);
  void CheckChangeDates(const ParsedChanges& list, const Pace& pace,
                        const std::map<int, std::string>& gaps);
  absl::Status DropSuperseded(int area_code, std::vector<TimedChange>& changes);
  uint64_t KnownToFull(int area_code, const std::vector<TimedChange>& changes);
  void Refresh(int area_code, const Pace& pace);
  void RefreshBySilence(int area_code, const Pace& pace);
  void CheckMisfit(const ParsedChanges& list);

  // What the load takes away from an area code, at least.
  Loss LossOf(int area_code, const AreaBuilder& area);
  void CheckFirstData(int area_code, const AreaBuilder& area);
  // Whether the load lacks an addition of before that stands against its full list, or may lack it.
  bool LosesAdditions(int area_code, const AreaBuilder& area);
  // `area_code` negative: of the list as a whole. Returns whether it found something.
  bool CheckShrink(int area_code, const Loss& loss);
  // Of a list that covers all: whether an area code loses a good part, or all, of its numbers.
  void CheckPart(int area_code, const Loss& loss);
  void CarryLosses(int area_code, AreaBuilder& area);
  // The release that was told last that an area code or the list lost too much; 0: none.
  uint64_t LossAllowedBy(int area_code) const;
  // What is known of seven days ago, of the area codes in `wanted`.
  std::map<int, WeekBase> FindWeekBases(std::set<int> wanted);
  // Whether the area code is covered without a break since then, and can be read.
  bool IsOfPresentLine(int area_code, const WeekBase& base) const;
  // Nullopt: it is not kept or can't be read.
  std::optional<Line> ReadLine(int area_code, const WeekBase& base);
  // What the area code has lost since, and would lose by this load.
  WeekLoss WeekLossOf(int area_code, const WeekBase& base, uint64_t lost_now);
  WeekLoss WeekLossByCount(int area_code, const WeekBase& base, uint64_t lost_now) const;
  void NoteLostWeek(int area_code, const WeekLoss& loss, uint64_t of, absl::Time since);
  void CheckLostWeek(const std::map<int, uint64_t>& lost_now);
  void RebaseOld();
  void FillRelease(ListState& list, storage::Release& release) const;
  // Fills in how many numbers become callable by what each finding is about.
  void CountFindings(const LoadPlan& plan);

  const BuilderInputs& in_;
  const ListState& before_;
  ParsedFiles staged_;
  GuardCheck& guards_;
  std::map<int, ParsedArea> full_;                       // what the full lists hold together
  absl::Time whole_obtained_at_ = absl::InfinitePast();  // of a list that covers all
  std::map<int, AreaBuilder> areas_;
  std::set<int> vanished_;
  std::set<int> repeated_;  // that a file holds as it is loaded already
  std::vector<PastFile> past_files_;
  // Of these, once asked for: a load may be of hundreds of change lists after tens of thousands.
  std::optional<std::vector<const PastFile*>> absent_;
  std::optional<std::set<int64_t>> past_dates_;
  std::multimap<std::string, std::set<int>> file_areas_;  // what the files speak of, by their names
  std::optional<std::map<int, storage::Seal>> gone_seals_;       // once they were looked for
  std::map<int, uint64_t> gone_releases_;                        // that those seals are of
  std::map<uint64_t, ListStatePtr> past_lines_;                  // that losses were looked up in
  std::map<std::pair<uint64_t, int>, StoredArea> past_changes_;  // by release and area code
  std::map<uint64_t, std::optional<std::map<int, int64_t>>> past_fulls_;     // by release
  std::optional<std::vector<std::pair<uint64_t, int64_t>>> staged_changes_;  // once asked for
  std::vector<int64_t> change_dates_;                   // of the change lists that were applied
  std::map<std::string, std::vector<ListSpan>> spans_;  // of change lists in effect, by their label
  // Of a change list: numbers that it speaks of, and those of which nothing came.
  uint64_t changed_numbers_ = 0;
  uint64_t no_effect_ = 0;
  uint64_t not_believed_ = 0;  // of the day of the full list: deletions, and what it knew of
  uint64_t all_no_effect_ = 0;
};

}  // namespace dnc
