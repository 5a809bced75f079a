#include "server/intake/loss_guard.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/base/str_cat.h"
#include "server/intake/week_losses.h"
#include "server/registry/change_time.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

// An area code of a list that covers all may be small, and in the list as a whole nobody sees that
// it is gone: a file that is cut off, or one of other states. It loses so large a share at most, or
// so few numbers that they come and go.
constexpr double kPartShare = 0.1;
constexpr uint64_t kFewestOfPart = 10;

}  // namespace

void LossGuard::Check() {
  Loss whole;
  std::map<int, Loss> parts;
  std::map<int, uint64_t> lost_now;
  for (auto& [area_code, area] : build_.areas) {
    if (!area.covered() || build_.vanished.count(area_code) != 0) continue;
    const Loss loss = LossOf(area_code, area);
    if (area.before() == nullptr) CarryLosses(area_code, area);
    area.seal().set_lost_total(area.seal().lost_total() + loss.lost);
    if (loss.lost > 0 || loss.by_count) lost_now[area_code] = loss.lost;
    if (before_.covers_all()) {
      whole.lost += loss.lost;
      parts[area_code] = loss;
      continue;
    }
    if (area.before() == nullptr) CheckFirstData(area_code, area);
    CheckShrink(area_code, loss);
  }
  if (before_.covers_all()) {
    AddAbsentAreas(whole, parts, lost_now);
    if (!CheckShrink(-1, whole)) {
      for (const auto& [area_code, loss] : parts) CheckPart(area_code, loss);
    }
  }
  WeekLosses(build_, past_).Check(lost_now);
}

void LossGuard::AddAbsentAreas(Loss& whole, std::map<int, Loss>& parts,
                               std::map<int, uint64_t>& lost_now) {
  if (before_.loaded() && !before_.damaged.all()) {
    for (const auto& [area_code, seal] : before_.seals) whole.of += seal.count();
    return;
  }
  for (const auto& [area_code, seal] : past_.GoneSeals()) {
    whole.of += seal.count();
    if (build_.areas.find(area_code) != build_.areas.end()) continue;
    whole.lost += seal.count();
    if (seal.count() > 0) lost_now[area_code] = seal.count();
    parts[area_code] = {seal.count(), seal.count()};
  }
}

LossGuard::Loss LossGuard::LossOf(int area_code, const AreaBuilder& area) {
  Loss loss;
  if (area.before() != nullptr) {
    loss.of = area.before()->size();
    if (area.before() == area.numbers()) return loss;
    ForEachDifference(area.before().get(), area.numbers().get(),
                      [&loss](Change change) { loss.lost += change.added ? 0U : 1U; });
    return loss;
  }
  const storage::Seal* const known = past_.Seal(area_code);
  if (known == nullptr) return loss;
  loss.of = known->count();
  if (const AreaSetPtr numbers = past_.Numbers(area_code); numbers != nullptr) {
    ForEachDifference(numbers.get(), area.numbers().get(),
                      [&loss](Change change) { loss.lost += change.added ? 0U : 1U; });
    return loss;
  }
  loss.lost = loss.of - std::min<uint64_t>(loss.of, area.numbers()->size());
  loss.by_count = true;
  return loss;
}

void LossGuard::CarryLosses(int area_code, AreaBuilder& area) {
  const storage::Seal* const known = past_.Seal(area_code);
  if (known == nullptr) return;
  area.seal().set_lost_total(known->lost_total());
  area.seal().set_loss_allowed_by(known->loss_allowed_by());
}

void LossGuard::CheckFirstData(int area_code, const AreaBuilder& area) {
  const storage::Seal* const known = past_.Seal(area_code);
  const int64_t obtained_at = area.seal().obtained_at();
  const bool older = known != nullptr && obtained_at < known->obtained_at();
  if (older || LosesAdditions(area_code, area)) {
    const absl::Time loaded = FromMicros(known->obtained_at());
    build_.guards.NoteArea(
        area_code,
        {.guard = Guard::kOlderDate,
         .message = StrCat("area code ", area_code, ": the data is of ",
                           Date(FromMicros(obtained_at)), ", but it had data of ", Date(loaded),
                           older ? "" : ", with additions since a day before that are not in it",
                           before_.damaged[area_code] ? ", which is damaged" : "",
                           "; load what came since together with it"),
         .since = loaded});
  }
  const uint64_t numbers = area.numbers()->size();
  if (known != nullptr || numbers >= build_.guards.limits().min_first_numbers) return;
  build_.guards.NoteArea(
      area_code, {.guard = Guard::kFewNumbers,
                  .message = StrCat("area code ", area_code, " is loaded for the first time, and ",
                                    "with ", numbers, " numbers alone (guards.min_first_numbers ",
                                    build_.guards.limits().min_first_numbers,
                                    "): every other number of it would not be listed")});
}

// As a full list of an area code that is loaded is measured (WithLaterAdditions), by what is stored
// of the changes: the numbers themselves may be damaged.
bool LossGuard::LosesAdditions(int area_code, const AreaBuilder& area) {
  const storage::Seal* const known = past_.Seal(area_code);
  const int64_t full_at = area.seal().full_obtained_at();
  if (known == nullptr || known->last_event_at() == 0) return false;
  if (!StandsAgainstFull(known->last_event_at(), full_at)) return false;
  const std::vector<uint64_t> lineage = Lineage(*build_.base.state, past_.Release(area_code));
  std::map<uint32_t, bool> listed;  // at last, by the changes seen so far
  std::set<uint32_t> dated;         // of which the last change of a change list was seen
  for (const uint64_t id : lineage) {
    if (id < known->first_release()) return false;
    const auto changes = build_.base.store->ReadChanges(before_.list_id, id, area_code);
    if (!changes.ok()) return true;
    for (auto change = changes->rbegin(); change != changes->rend(); ++change) {
      if (area.numbers()->Contains(change->subscriber)) continue;
      const bool on_list = listed.try_emplace(change->subscriber, change->added).first->second;
      if (!change->exact) continue;
      const bool counts = change->repeated || dated.insert(change->subscriber).second;
      if (!on_list || !change->added || !counts) continue;
      if (!StandsAgainstFull(change->at_micros, full_at)) continue;
      // Unless this load itself tells that it was taken away later.
      if (!area.IsSuperseded(change->subscriber, true, change->at_micros)) return true;
    }
  }
  if (lineage.empty()) return true;
  // Nothing that is cut off is later than the publication of the oldest release that is left.
  return lineage.back() > known->first_release() &&
         StandsAgainstFull(build_.base.state->releases.at(lineage.back())->published_at(), full_at);
}

bool LossGuard::CheckShrink(int area_code, const Loss& loss) {
  if (!Exceeds(loss.lost, loss.of, build_.guards.limits().max_shrink)) return false;
  const bool whole = area_code < 0;
  const storage::Seal* const known = whole ? nullptr : past_.Seal(area_code);
  GuardFinding finding;
  finding.guard = Guard::kShrink;
  finding.lost = loss.lost;
  finding.of = loss.of;
  if (known != nullptr) {
    finding.since = FromMicros(known->obtained_at());
  } else if (whole && before_.loaded()) {
    finding.since = before_.whole_obtained_at;
  }
  const bool dated = finding.since > FromMicros(0);
  finding.message =
      StrCat(whole ? StrCat("list ", before_.name) : StrCat("area code ", area_code),
             " would lose ", loss.lost, " of its ", loss.of, " numbers",
             dated ? StrCat(" of ", Date(finding.since)) : "", ", whatever comes instead");
  if (whole) {
    build_.guards.Note(before_.name, std::move(finding));
  } else {
    build_.guards.NoteArea(area_code, std::move(finding));
  }
  return true;
}

void LossGuard::CheckPart(int area_code, const Loss& loss) {
  const double share = std::max(kPartShare, build_.guards.limits().max_shrink);
  if (loss.lost < kFewestOfPart || !Exceeds(loss.lost, loss.of, share)) return;
  const auto area = build_.areas.find(area_code);
  const bool vanished = area == build_.areas.end() || area->second.numbers()->size() == 0;
  build_.guards.NoteArea(
      area_code, {.guard = vanished ? Guard::kVanished : Guard::kShrink,
                  .message = StrCat("area code ", area_code, " of the list ", before_.name,
                                    " would lose ", loss.lost, " of its ", loss.of, " numbers",
                                    vanished ? ", and would have none" : ""),
                  .lost = loss.lost,
                  .of = loss.of});
}

}  // namespace dnc
