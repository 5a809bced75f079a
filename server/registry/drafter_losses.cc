// The drafter's part for what a load takes away, and for what is loaded for the first time:
// measured against what is known of before, which is the seals where the numbers can't be read.
#include <algorithm>
#include <utility>

#include "server/base/str_cat.h"
#include "server/registry/drafter.h"
#include "server/registry/world_reader.h"

namespace dnc {
namespace {

// What is lost within so long is added up.
constexpr absl::Duration kLossWindow = absl::Hours(7 * 24);

// An area code of a list that covers all may be small, and in the list as a whole nobody sees that
// it is gone: a file that is cut off, or one of other states. It loses so large a share at most, or
// so few numbers that they come and go.
constexpr double kPartShare = 0.1;
constexpr uint64_t kFewestOfPart = 10;

bool Exceeds(uint64_t lost, uint64_t of, double share) {
  return static_cast<double>(lost) > static_cast<double>(of) * share;
}

}  // namespace

// Looks for the last seals of area codes that are not covered any more, or that can't be read: in
// the releases that led to the one in force, and in earlier lives of the list.
void Drafter::FindGoneSeals() {
  if (gone_seals_.has_value()) return;
  gone_seals_.emplace();
  uint64_t from = before_.head.id();
  uint64_t below = ~uint64_t{0};
  while (true) {
    for (auto it = in_.world->releases.rbegin(); from == 0 && it != in_.world->releases.rend();
         ++it) {
      if (it->second->list_id() == before_.list_id && it->first < below) from = it->first;
    }
    if (from == 0) return;
    for (const uint64_t id : Lineage(*in_.world, from)) {
      below = id;
      const absl::StatusOr<storage::Seals> seals = in_.store->ReadSeals(id);
      if (!seals.ok()) continue;
      AddGoneSeals(*seals, id);
      // Nothing can have vanished before a release that lacks nothing.
      if (seals->vanished().empty() && !seals->seals().empty()) break;
    }
    // The life before this one ended before its first release.
    for (const uint64_t id : Lineage(*in_.world, from)) below = std::min(below, id);
    from = 0;
  }
}

void Drafter::AddGoneSeals(const storage::Seals& seals, uint64_t release_id) {
  for (const storage::Seal& seal : seals.seals()) {
    const auto [it, fresh] = gone_seals_->try_emplace(static_cast<int>(seal.area_code()), seal);
    if (fresh) gone_releases_[it->first] = release_id;
    // A list that covers all keeps its date apart.
    if (fresh && before_.covers_all()) it->second.set_obtained_at(seals.obtained_at());
  }
}

const storage::Seal* Drafter::KnownSeal(int area_code) {
  const auto now = before_.seals.find(area_code);
  if (now != before_.seals.end()) return &now->second;
  FindGoneSeals();
  const auto last = gone_seals_->find(area_code);
  return last == gone_seals_->end() ? nullptr : &last->second;
}

uint64_t Drafter::KnownRelease(int area_code) {
  if (before_.seals.count(area_code) != 0) return before_.head.id();
  FindGoneSeals();
  const auto last = gone_releases_.find(area_code);
  return last == gone_releases_.end() ? 0 : last->second;
}

// Kept is what can be gone back to, and what was in force when somebody went back or retired it.
AreaSetPtr Drafter::KnownNumbers(int area_code) {
  const uint64_t id = KnownRelease(area_code);
  const storage::Seal* const known = KnownSeal(area_code);
  if (id == 0 || known == nullptr) return nullptr;
  bool kept = std::any_of(before_.turns.begin(), before_.turns.end(),
                          [id](const storage::Turn& turn) { return turn.from() == id; });
  if (!kept && before_.loaded() && id >= before_.life.kept_from) {
    const std::vector<uint64_t> lineage = Lineage(*in_.world, before_.head.id(), id);
    kept = !lineage.empty() && lineage.back() == id;
  }
  if (!kept) return nullptr;
  absl::StatusOr<AreaSetPtr> numbers =
      ReadArea(*in_.store, before_.list_id, *known, Lineage(*in_.world, id));
  return numbers.ok() ? *std::move(numbers) : nullptr;
}

// As a full list of an area code that is loaded is measured (WithLaterAdditions), by what is stored
// of the changes: the numbers themselves may be damaged.
bool Drafter::LosesAdditions(int area_code, const AreaDraft& area) {
  const storage::Seal* const known = KnownSeal(area_code);
  const int64_t full_at = area.seal().full_obtained_at();
  if (known == nullptr || known->last_event_at() == 0) return false;
  if (!StandsAgainstFull(known->last_event_at(), full_at)) return false;
  const std::vector<uint64_t> lineage = Lineage(*in_.world, KnownRelease(area_code));
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
         StandsAgainstFull(in_.world->releases.at(lineage.back())->published_at(), full_at);
}

Drafter::Loss Drafter::LossOf(int area_code, const AreaDraft& area) {
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
  return loss;
}

bool Drafter::CheckShrink(int area_code, const Loss& loss) {
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

void Drafter::CheckPart(int area_code, const Loss& loss) {
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

void Drafter::CheckFirstData(int area_code, const AreaDraft& area) {
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

void Drafter::CheckLosses() {
  Loss whole;
  std::map<int, Loss> parts;
  std::map<int, uint64_t> lost_now;
  for (auto& [area_code, area] : areas_) {
    if (!area.covered() || vanished_.count(area_code) != 0) continue;
    const Loss loss = LossOf(area_code, area);
    area.seal().set_lost_total(area.seal().lost_total() + loss.lost);
    if (loss.lost > 0 && area.before() != nullptr) lost_now[area_code] = loss.lost;
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
        parts[area_code] = {seal.count(), seal.count()};
      }
    }
    if (!CheckShrink(-1, whole)) {
      for (const auto& [area_code, loss] : parts) CheckPart(area_code, loss);
    }
  }
  CheckLostWeek(lost_now);
}

// The seals of seven days ago, by when they were published or by the date of their data, whichever
// is later: whoever catches up after an outage loads weeks within minutes. Of what is younger, the
// oldest; and nothing before a loss that was allowed.
std::map<int, Drafter::WeekBase> Drafter::FindWeekBases(std::set<int> wanted) {
  std::map<int, WeekBase> bases;
  uint64_t allowed_whole = 0;
  for (const auto& [area_code, seal] : before_.seals) {
    allowed_whole = std::max<uint64_t>(allowed_whole, seal.loss_allowed_by());
  }
  const auto allowed = [&](const storage::Seal& seal) {
    return before_.covers_all() ? allowed_whole : seal.loss_allowed_by();
  };
  for (const uint64_t id : Lineage(*in_.world, before_.head.id())) {
    if (wanted.empty()) break;
    const absl::StatusOr<storage::Seals> seals = in_.store->ReadSeals(id);
    if (!seals.ok()) break;  // what can't be read begins anew
    std::map<int, const storage::Seal*> by_area;
    for (const storage::Seal& seal : seals->seals()) {
      by_area[static_cast<int>(seal.area_code())] = &seal;
    }
    const absl::Time published = FromMicros(in_.world->releases.at(id)->published_at());
    for (auto area_code = wanted.begin(); area_code != wanted.end();) {
      const storage::Seal& after = areas_.at(*area_code).seal();
      const auto found = by_area.find(*area_code);
      bool last = !before_.covers_all() && (found == by_area.end() || id < after.first_release());
      if (!last) {
        WeekBase& base = bases[*area_code];
        base = {id, FromMicros(seals->obtained_at()), storage::Seal()};
        base.seal.set_lost_total(0);
        if (found != by_area.end()) base.seal = *found->second;
        if (!before_.covers_all()) base.since = FromMicros(base.seal.obtained_at());
        last = published <= in_.now - kLossWindow || id <= allowed(after) ||
               base.since <= FromMicros(after.obtained_at()) - kLossWindow;
      }
      area_code = last ? wanted.erase(area_code) : std::next(area_code);
    }
  }
  return bases;
}

// Exactly, from history: a number that came back is not lost, and neither is one that came in
// between.
Drafter::WeekLoss Drafter::WeekLossOf(int area_code, const WeekBase& base, uint64_t lost_now) {
  const AreaDraft& area = areas_.at(area_code);
  WeekLoss loss;
  const absl::StatusOr<AreaHistoryPtr> history = in_.histories->Get(*in_.world, before_, area_code);
  if (!history.ok()) {  // then as much as it may be
    loss.now = lost_now;
    loss.before = area.seal().lost_total() - base.seal.lost_total() - lost_now;
    return loss;
  }
  const auto was_listed = [&](uint32_t subscriber, bool listed) {
    for (const AreaEvent& event : (*history)->Of(subscriber)) {
      if (event.release_id > base.release_id) return !event.added;
    }
    return listed;
  };
  ForEachDifference(area.before().get(), area.numbers().get(), [&](Change change) {
    if (!change.added && was_listed(change.subscriber, true)) ++loss.now;
  });
  (*history)->ForEachNumber([&](uint32_t subscriber) {
    if (area.before()->Contains(subscriber) || area.numbers()->Contains(subscriber)) return;
    if (was_listed(subscriber, false)) ++loss.before;
  });
  return loss;
}

void Drafter::CheckLostWeek(const std::map<int, uint64_t>& lost_now) {
  if (lost_now.empty() || !before_.loaded()) return;
  std::set<int> wanted;
  for (const auto& [area_code, lost] : lost_now) wanted.insert(area_code);
  if (before_.covers_all()) {
    for (const auto& [area_code, area] : areas_) {
      if (area.before() != nullptr && area.covered()) wanted.insert(area_code);
    }
  }
  const std::map<int, WeekBase> bases = FindWeekBases(std::move(wanted));
  WeekLoss whole;
  uint64_t whole_of = 0;
  absl::Time whole_since = absl::InfiniteFuture();
  for (const auto& [area_code, base] : bases) {
    const auto now = lost_now.find(area_code);
    const uint64_t lost = now == lost_now.end() ? 0 : now->second;
    const uint64_t of = base.seal.count();
    // All that was taken away since is no less than what is lost; most loads end here.
    const uint64_t most = areas_.at(area_code).seal().lost_total() - base.seal.lost_total();
    const bool counted = base.seal.has_lost_total() || base.release_id == before_.head.id();
    const bool few = counted && !Exceeds(most, of, guards_.limits().max_lost_week);
    if (!before_.covers_all()) {
      if (few || (counted && most == lost)) continue;
      NoteLostWeek(area_code, WeekLossOf(area_code, base, lost), of, base.since);
      continue;
    }
    whole_of += of;
    whole_since = std::min(whole_since, base.since);
    if (counted && most == 0) continue;
    const WeekLoss loss = WeekLossOf(area_code, base, lost);
    whole.before += loss.before;
    whole.now += loss.now;
  }
  if (before_.covers_all()) NoteLostWeek(-1, whole, whole_of, whole_since);
}

// What this load alone takes away is for `shrink` to tell.
void Drafter::NoteLostWeek(int area_code, const WeekLoss& loss, uint64_t of, absl::Time since) {
  const uint64_t lost = loss.before + loss.now;
  if (loss.before == 0 || !Exceeds(lost, of, guards_.limits().max_lost_week)) return;
  const bool whole = area_code < 0;
  GuardFinding finding{
      .guard = Guard::kLostWeek,
      .message = StrCat(whole ? StrCat("list ", before_.name) : StrCat("area code ", area_code),
                        " would have lost ", lost, " of the ", of,
                        " numbers that it had a week ago or when it began, by data of ",
                        Date(since), ", ", loss.before, " of them by earlier loads"),
      .lost = lost,
      .of = of,
      .since = since};
  const bool overridden = whole ? guards_.Note(before_.name, std::move(finding))
                                : guards_.NoteArea(area_code, std::move(finding));
  if (!overridden) return;
  for (auto& [touched, area] : areas_) {
    if (whole || touched == area_code) area.seal().set_loss_allowed_by(in_.release_id);
  }
}

}  // namespace dnc
