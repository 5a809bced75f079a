// The drafter's part for what a load takes away, and for what is loaded for the first time:
// measured against what is known of before, which is the seals where the numbers can't be read.
#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/str_cat.h"
#include "server/registry/registry_state_loader.h"
#include "server/registry/release_builder.h"

namespace dnc {
namespace {

// An area code of a list that covers all may be small, and in the list as a whole nobody sees that
// it is gone: a file that is cut off, or one of other states. It loses so large a share at most, or
// so few numbers that they come and go.
constexpr double kPartShare = 0.1;
constexpr uint64_t kFewestOfPart = 10;

}  // namespace

uint64_t ReleaseBuilder::LifeBefore(uint64_t below) const {
  uint64_t newest = 0;
  for (const auto& [id, release] : in_.state->releases) {
    if (id >= below) break;
    if (release->list_id() == before_.list_id) newest = id;
  }
  if (newest == 0) return 0;
  // A newer one may have been taken back before the list was retired.
  for (auto turn = before_.turns.rbegin(); turn != before_.turns.rend(); ++turn) {
    if (turn->to() != 0 || turn->from() >= below) continue;
    const bool ended_it = in_.state->releases.at(newest)->revision() < turn->revision();
    return ended_it && in_.state->releases.count(turn->from()) != 0 ? turn->from() : newest;
  }
  return newest;
}

std::vector<std::vector<uint64_t>> ReleaseBuilder::Lives() const {
  std::vector<std::vector<uint64_t>> lives;
  uint64_t below = ~uint64_t{0};
  uint64_t from = before_.head.id();
  if (from == 0) from = LifeBefore(below);
  while (from != 0) {
    std::vector<uint64_t> life = Lineage(*in_.state, from);
    // The life before this one ended before its first release.
    if (!life.empty()) {
      below = life.back();
      lives.push_back(std::move(life));
    }
    from = LifeBefore(below);
  }
  return lives;
}

// Looks for the last seals of area codes that are not covered any more, or that can't be read: in
// the releases that led to the one in force, and in earlier lives of the list.
void ReleaseBuilder::FindGoneSeals() {
  if (gone_seals_.has_value()) return;
  gone_seals_.emplace();
  for (const std::vector<uint64_t>& life : Lives()) {
    for (const uint64_t id : life) {
      const absl::StatusOr<storage::Seals> seals = in_.store->ReadSeals(id);
      if (!seals.ok()) continue;
      AddGoneSeals(*seals, id);
      // What the last life of a list that covers all did not have, it had no more.
      if (before_.covers_all()) return;
      // Nothing can have vanished before a release that lacks nothing.
      if (seals->vanished().empty() && !seals->seals().empty()) break;
    }
  }
}

void ReleaseBuilder::AddGoneSeals(const storage::Seals& seals, uint64_t release_id) {
  for (const storage::Seal& seal : seals.seals()) {
    const auto [it, fresh] = gone_seals_->try_emplace(static_cast<int>(seal.area_code()), seal);
    if (fresh) gone_releases_[it->first] = release_id;
    // A list that covers all keeps its date apart.
    if (fresh && before_.covers_all()) it->second.set_obtained_at(seals.obtained_at());
  }
}

const storage::Seal* ReleaseBuilder::KnownSeal(int area_code) {
  const auto now = before_.seals.find(area_code);
  if (now != before_.seals.end()) return &now->second;
  FindGoneSeals();
  const auto last = gone_seals_->find(area_code);
  return last == gone_seals_->end() ? nullptr : &last->second;
}

uint64_t ReleaseBuilder::KnownRelease(int area_code) {
  if (before_.seals.count(area_code) != 0) return before_.head.id();
  FindGoneSeals();
  const auto last = gone_releases_.find(area_code);
  return last == gone_releases_.end() ? 0 : last->second;
}

AreaSetPtr ReleaseBuilder::KnownNumbers(int area_code) {
  const uint64_t id = KnownRelease(area_code);
  const storage::Seal* const known = KnownSeal(area_code);
  return id == 0 || known == nullptr ? nullptr : KeptNumbers(id, *known);
}

// Kept is what can be gone back to, and what was in force when somebody went back or retired it.
AreaSetPtr ReleaseBuilder::KeptNumbers(uint64_t release_id, const storage::Seal& seal) const {
  bool kept =
      std::any_of(before_.turns.begin(), before_.turns.end(),
                  [release_id](const storage::Turn& turn) { return turn.from() == release_id; });
  if (!kept && before_.loaded() && release_id >= before_.life.kept_from) {
    const std::vector<uint64_t> lineage = Lineage(*in_.state, before_.head.id(), release_id);
    kept = !lineage.empty() && lineage.back() == release_id;
  }
  if (!kept) return nullptr;
  absl::StatusOr<AreaSetPtr> numbers =
      ReadArea(*in_.store, before_.list_id, seal, Lineage(*in_.state, release_id));
  return numbers.ok() ? *std::move(numbers) : nullptr;
}

// As a full list of an area code that is loaded is measured (WithLaterAdditions), by what is stored
// of the changes: the numbers themselves may be damaged.
bool ReleaseBuilder::LosesAdditions(int area_code, const AreaBuilder& area) {
  const storage::Seal* const known = KnownSeal(area_code);
  const int64_t full_at = area.seal().full_obtained_at();
  if (known == nullptr || known->last_event_at() == 0) return false;
  if (!StandsAgainstFull(known->last_event_at(), full_at)) return false;
  const std::vector<uint64_t> lineage = Lineage(*in_.state, KnownRelease(area_code));
  std::map<uint32_t, bool> listed;  // at last, by the changes seen so far
  std::set<uint32_t> dated;         // of which the last change of a change list was seen
  for (const uint64_t id : lineage) {
    if (id < known->first_release()) return false;
    const auto changes = in_.store->ReadChanges(before_.list_id, id, area_code);
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
         StandsAgainstFull(in_.state->releases.at(lineage.back())->published_at(), full_at);
}

ReleaseBuilder::Loss ReleaseBuilder::LossOf(int area_code, const AreaBuilder& area) {
  Loss loss;
  if (area.before() != nullptr) {
    loss.of = area.before()->size();
    if (area.before() == area.numbers()) return loss;
    ForEachDifference(area.before().get(), area.numbers().get(),
                      [&loss](Change change) { loss.lost += change.added ? 0U : 1U; });
    return loss;
  }
  const storage::Seal* const known = KnownSeal(area_code);
  if (known == nullptr) return loss;
  loss.of = known->count();
  if (const AreaSetPtr numbers = KnownNumbers(area_code); numbers != nullptr) {
    ForEachDifference(numbers.get(), area.numbers().get(),
                      [&loss](Change change) { loss.lost += change.added ? 0U : 1U; });
    return loss;
  }
  loss.lost = loss.of - std::min<uint64_t>(loss.of, area.numbers()->size());
  loss.by_count = true;
  return loss;
}

bool ReleaseBuilder::CheckShrink(int area_code, const Loss& loss) {
  if (!Exceeds(loss.lost, loss.of, guards_.limits().max_shrink)) return false;
  const bool whole = area_code < 0;
  const storage::Seal* const known = whole ? nullptr : KnownSeal(area_code);
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
    guards_.Note(before_.name, std::move(finding));
  } else {
    guards_.NoteArea(area_code, std::move(finding));
  }
  return true;
}

void ReleaseBuilder::CheckPart(int area_code, const Loss& loss) {
  const double share = std::max(kPartShare, guards_.limits().max_shrink);
  if (loss.lost < kFewestOfPart || !Exceeds(loss.lost, loss.of, share)) return;
  const auto area = areas_.find(area_code);
  const bool vanished = area == areas_.end() || area->second.numbers()->size() == 0;
  guards_.NoteArea(area_code,
                   {.guard = vanished ? Guard::kVanished : Guard::kShrink,
                    .message = StrCat("area code ", area_code, " of the list ", before_.name,
                                      " would lose ", loss.lost, " of its ", loss.of, " numbers",
                                      vanished ? ", and would have none" : ""),
                    .lost = loss.lost,
                    .of = loss.of});
}

void ReleaseBuilder::CheckFirstData(int area_code, const AreaBuilder& area) {
  const storage::Seal* const known = KnownSeal(area_code);
  const int64_t obtained_at = area.seal().obtained_at();
  const bool older = known != nullptr && obtained_at < known->obtained_at();
  if (older || LosesAdditions(area_code, area)) {
    const absl::Time loaded = FromMicros(known->obtained_at());
    guards_.NoteArea(
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
  if (known != nullptr || numbers >= guards_.limits().min_first_numbers) return;
  guards_.NoteArea(
      area_code, {.guard = Guard::kFewNumbers,
                  .message = StrCat("area code ", area_code, " is loaded for the first time, and ",
                                    "with ", numbers, " numbers alone (guards.min_first_numbers ",
                                    guards_.limits().min_first_numbers,
                                    "): every other number of it would not be listed")});
}

// Losses add up over the lives of a list, and over times in which the area code was not covered or
// could not be read.
void ReleaseBuilder::CarryLosses(int area_code, AreaBuilder& area) {
  const storage::Seal* const known = KnownSeal(area_code);
  if (known == nullptr) return;
  area.seal().set_lost_total(known->lost_total());
  area.seal().set_loss_allowed_by(known->loss_allowed_by());
}

void ReleaseBuilder::CheckLosses() {
  Loss whole;
  std::map<int, Loss> parts;
  std::map<int, uint64_t> lost_now;
  for (auto& [area_code, area] : areas_) {
    if (!area.covered() || vanished_.count(area_code) != 0) continue;
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
    // Also of area codes that are not among the files.
    if (before_.loaded() && !before_.damaged.all()) {
      for (const auto& [area_code, seal] : before_.seals) whole.of += seal.count();
    } else {
      FindGoneSeals();
      for (const auto& [area_code, seal] : *gone_seals_) {
        whole.of += seal.count();
        if (areas_.find(area_code) != areas_.end()) continue;
        whole.lost += seal.count();
        if (seal.count() > 0) lost_now[area_code] = seal.count();
        parts[area_code] = {seal.count(), seal.count()};
      }
    }
    if (!CheckShrink(-1, whole)) {
      for (const auto& [area_code, loss] : parts) CheckPart(area_code, loss);
    }
  }
  CheckLostWeek(lost_now);
}

}  // namespace dnc
