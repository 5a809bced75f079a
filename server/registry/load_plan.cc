#include "server/registry/load_plan.h"

#include <algorithm>

#include "server/numbers/area_codes.h"
#include "server/registry/world.h"

namespace dnc {
Callable CallableOf(const SnapshotList& list, int area_code, absl::Time now) {
  const bool applies = list.applies_to[area_code];
  const Callable silent = list.required && applies ? Callable::kNone : Callable::kAll;
  if (list.effect == ListEffect::kInform) return Callable::kAll;
  if (list.release_id == 0) return silent;
  const AreaCoverage& coverage = list.areas[area_code];
  switch (coverage.state) {
    case AreaState::kLoaded: {
      const bool stale = applies && IsStale(coverage, list.max_age, now);
      return stale ? Callable::kNone : Callable::kAllButListed;
    }
    case AreaState::kNotLoaded:
      return silent;
    case AreaState::kDamaged:
    case AreaState::kBeforeHistory:
      break;
  }
  return Callable::kNone;
}

namespace {

bool Answers(const SnapshotList& list, int area_code, absl::Time now) {
  const AreaCoverage& coverage = list.areas[area_code];
  return list.release_id != 0 && coverage.state == AreaState::kLoaded &&
         !IsStale(coverage, list.max_age, now);
}

uint64_t SizeOf(const AreaSetPtr& numbers) { return numbers == nullptr ? 0 : numbers->size(); }

void CountDifference(const ListState& before, const ListState& after, AreaPlan& area) {
  const AreaSetPtr& old = before.numbers.area(area.area_code);
  const AreaSetPtr& now = after.numbers.area(area.area_code);
  area.numbers_after = SizeOf(now);
  const auto seal = before.seals.find(area.area_code);
  if (before.damaged[area.area_code] && seal != before.seals.end()) {
    const uint64_t sealed = seal->second.count();
    area.numbers_before = sealed;
    area.lost = sealed - std::min(sealed, area.numbers_after);
    area.added = area.numbers_after - std::min(sealed, area.numbers_after);
    return;
  }
  area.numbers_before = SizeOf(old);
  if (old == now) return;
  ForEachDifference(old.get(), now.get(),
                    [&area](Change change) { ++(change.added ? area.added : area.lost); });
}

void CountCallable(Callable before, Callable after, AreaPlan& area) {
  const uint64_t left = kNumbersPerArea - area.numbers_after;
  const uint64_t had = kNumbersPerArea - std::min<uint64_t>(area.numbers_before, kNumbersPerArea);
  if (before == after) {
    if (before != Callable::kAllButListed) return;
    area.becomes_callable = area.lost;
    area.no_longer_callable = area.added;
    return;
  }
  if (before == Callable::kNone) {
    area.becomes_callable = after == Callable::kAll ? kNumbersPerArea : left;
  } else if (after == Callable::kNone) {
    area.no_longer_callable = before == Callable::kAll ? kNumbersPerArea : had;
  } else if (after == Callable::kAll) {
    area.becomes_callable = area.numbers_before;
  } else {
    area.no_longer_callable = area.numbers_after;
  }
}

}  // namespace

bool LoadPlan::HasFirstData() const {
  return first || std::any_of(areas.begin(), areas.end(), [](const AreaPlan& area) {
           return area.answers_after && !area.answered_before;
         });
}

LoadPlan ComparePlan(const World& world, const ListState& before, const ListState& after,
                     const Policy& policy, absl::Time now) {
  const auto was = ListInSnapshot(world, policy, before);
  const auto is = ListInSnapshot(world, policy, after);
  LoadPlan plan;
  plan.list = after.name;
  plan.first = !before.loaded();
  const std::bitset<kAreaCodes> known = KnownAreaCodes();
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    AreaPlan area;
    area.area_code = area_code;
    CountDifference(before, after, area);
    CountCallable(CallableOf(*was, area_code, now), CallableOf(*is, area_code, now), area);
    area.answered_before = Answers(*was, area_code, now);
    area.answers_after = Answers(*is, area_code, now);
    const bool has = before.seals.count(area_code) + after.seals.count(area_code) > 0;
    // Nobody has a number of an area code that is not in use.
    if (!has && !known[area_code]) continue;
    plan.becomes_callable += area.becomes_callable;
    plan.no_longer_callable += area.no_longer_callable;
    const bool dated = was->areas[area_code].state != is->areas[area_code].state ||
                       was->areas[area_code].obtained_at != is->areas[area_code].obtained_at;
    const bool differs = area.added + area.lost > 0 || dated;
    if (has && differs) plan.areas.push_back(area);
  }
  return plan;
}

}  // namespace dnc
