// Works out what a load makes of each area code that it touches. Used by DraftRelease alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/registry/area_draft.h"
#include "server/registry/release_draft.h"

namespace dnc {

// A moment as messages write it.
inline std::string Date(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// Works on the area codes that a load touches.
class Drafter {
 public:
  Drafter(const DraftInputs& inputs, StagedFiles staged, GuardCheck& guards)
      : in_(inputs), before_(*inputs.before), staged_(std::move(staged)), guards_(guards) {}

  absl::Status CheckFiles();
  absl::Status ApplyFullLists();
  absl::Status ApplyChangeLists();
  absl::StatusOr<ReleaseDraft> Finish();

 private:
  AreaDraft& Area(int area_code);
  // Those that the list has before the load or by its full lists, without what vanishes.
  std::set<int> BaseAreas() const;
  bool CoversNow(int area_code);
  absl::Status CheckShrink(int area_code, uint64_t before, uint64_t after);
  absl::Status ReplaceArea(int area_code, const StagedArea& staged);
  // A full list obtained at a moment, with the numbers that a change list added later than that.
  absl::StatusOr<AreaSetPtr> WithLaterAdditions(int area_code, const StagedArea& staged);
  absl::Status ReplaceWholeList();
  absl::Status DropVanished();
  absl::Status ApplyChangeList(const StagedChanges& list);
  std::set<int> Gaps(const StagedChanges& list, int64_t first_change);
  absl::Status CheckChangeDates(const StagedChanges& list, const std::set<int>& gaps,
                                const std::map<int, std::vector<TimedChange>>& sorted);
  absl::StatusOr<std::map<int, std::vector<TimedChange>>> Sort(const StagedChanges& list);
  absl::Status DropSuperseded(int area_code, std::vector<TimedChange>& changes);
  void Refresh(int area_code, const StagedChanges& list, const std::set<int>& gaps, bool named);
  absl::Status CheckMisfit();
  void RebaseOld();
  void FillRelease(ListState& list, storage::Release& release) const;

  const DraftInputs& in_;
  const ListState& before_;
  StagedFiles staged_;
  GuardCheck& guards_;
  std::map<int, AreaDraft> areas_;
  std::set<int> vanished_;
  bool repeated_file_ = false;
  uint64_t changed_numbers_ = 0;
  uint64_t no_effect_ = 0;
};

}  // namespace dnc
