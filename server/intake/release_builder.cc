// How a release is built. Each step works on the area codes of one BuildState:
//
//   files of the load ----> FileGuard      are they of the future, are they loaded already
//                             |
//                           FullLists      replace the area codes that they name
//                             |
//                           ChangeLists    move numbers, oldest list first
//                             |              ChangeDates   is a list complete, up to when does it
//                             tell |              MissingLists  is one missing that was loaded once
//                           LossGuard      what do area codes lose by all this
//                             |              WeekLosses    and within a week, over all loads
//                           Finish         seals each area code, and compares before and after
//
// The steps note what they find and go on. What was before comes from PastFiles and PastAreas,
// which read the disk; nothing here writes to it.
#include "server/intake/release_builder.h"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "server/base/status_macros.h"
#include "server/intake/build_state.h"
#include "server/intake/change_lists.h"
#include "server/intake/file_guard.h"
#include "server/intake/full_lists.h"
#include "server/intake/loss_guard.h"
#include "server/intake/past_areas.h"
#include "server/intake/past_files.h"
#include "server/registry/data_age.h"
#include "server/registry/load_plan.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

class ReleaseBuilder {
 public:
  ReleaseBuilder(const ReleaseBase& base, ParsedFiles files, GuardCheck& guards)
      : build_(base, std::move(files), guards),
        past_files_(base),
        past_areas_(base),
        file_guard_(build_, past_files_),
        change_lists_(build_, past_files_) {}

  absl::StatusOr<BuiltRelease> Build() {
    DNC_RETURN_IF_ERROR(past_files_.Read());
    file_guard_.Check();
    DNC_RETURN_IF_ERROR(FullLists(build_, past_areas_).Apply());
    DNC_RETURN_IF_ERROR(change_lists_.Apply());
    LossGuard(build_, past_areas_).Check();
    RebaseOld();
    return Finish();
  }

 private:
  void RebaseOld();
  BuiltRelease Finish();
  void FinishAreas(BuiltRelease& built);
  void FillRelease(ListState& list, storage::Release& release) const;
  // Fills in how many numbers become callable by what each finding is about.
  void CountFindings(const LoadPlan& plan);

  BuildState build_;
  PastFiles past_files_;
  PastAreas past_areas_;
  FileGuard file_guard_;
  ChangeLists change_lists_;
};

// What needs the changes of releases that the limit will soon cut off is written whole.
void ReleaseBuilder::RebaseOld() {
  const ListState& before = build_.before;
  for (const auto& [area_code, seal] : before.seals) {
    if (seal.chain_length() == 0 || seal.generation() >= build_.base.rebase_below) continue;
    if (before.damaged[area_code] || build_.vanished.count(area_code) != 0) continue;
    build_.Area(area_code).Rebase();
  }
}

void ReleaseBuilder::FinishAreas(BuiltRelease& built) {
  ListState& list = *built.list;
  uint64_t added = 0;
  uint64_t deleted = 0;
  for (auto& [area_code, area] : build_.areas) {
    if (!area.covered() || build_.vanished.count(area_code) != 0) continue;
    area.Finish(build_.base.release_id, built.content);
    list.seals[area_code] = area.seal();
    list.numbers.set_area(area_code, area.numbers());
    list.damaged[area_code] = false;
    list.vanished[area_code] = false;
    added += area.added();
    deleted += area.deleted();
  }
  for (const int area_code : build_.vanished) {
    list.seals.erase(area_code);
    list.numbers.set_area(area_code, nullptr);
    list.damaged[area_code] = false;
    list.vanished[area_code] = true;
  }
  built.release.set_added(added);
  built.release.set_deleted(deleted);
}

BuiltRelease ReleaseBuilder::Finish() {
  const ReleaseBase& base = build_.base;
  const ListState& before = build_.before;
  BuiltRelease built;
  built.list = std::make_shared<ListState>(before);
  ListState& list = *built.list;
  FinishAreas(built);
  if (list.covers_all()) {
    list.damaged.reset();
    list.whole_obtained_at = build_.whole_obtained_at;
    if (!before.loaded() || before.whole_first_release == 0) {
      list.whole_first_release = base.release_id;
      list.whole_history_since = list.whole_obtained_at;
    }
  }
  FillRelease(list, built.release);
  for (const auto& [area_code, numbers] : build_.full) built.reloaded.insert(area_code);
  NoteBrought(*base.state, before, built.reloaded, base.now, list);
  built.plan = ComparePlan(*base.state, before, list, *base.policy, base.askers, base.now);
  CountFindings(built.plan);
  return built;
}

void ReleaseBuilder::FillRelease(ListState& list, storage::Release& release) const {
  release.set_id(build_.base.release_id);
  release.set_list_id(list.list_id);
  release.set_list(list.name);
  // After a release that cannot be read, history starts anew.
  release.set_parent_id(build_.before.damaged.all() ? 0 : build_.before.head.id());
  release.set_no_effect(change_lists_.no_effect());
  SumUp(list, release);
  list.head = release;
  for (const storage::File& file : build_.files.files) *release.add_files() = file;
}

void ReleaseBuilder::CountFindings(const LoadPlan& plan) {
  std::map<int, uint64_t> callable;
  for (const AreaPlan& area : plan.areas) callable[area.area_code] = area.becomes_callable;
  for (GuardFinding& finding : build_.guards.findings()) {
    if (finding.area_code != 0) {
      const auto area = callable.find(finding.area_code);
      finding.becomes_callable = area == callable.end() ? 0 : area->second;
    } else if (finding.file.empty() || build_.before.covers_all()) {
      finding.becomes_callable = plan.becomes_callable;
    } else {
      for (const int area_code : file_guard_.AreasOf(finding.file)) {
        const auto area = callable.find(area_code);
        if (area != callable.end()) finding.becomes_callable += area->second;
      }
    }
  }
}

}  // namespace

absl::StatusOr<BuiltRelease> BuildRelease(const ReleaseBase& base, ParsedFiles files,
                                          GuardCheck& guards) {
  return ReleaseBuilder(base, std::move(files), guards).Build();
}

}  // namespace dnc
