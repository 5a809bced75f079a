#include "server/registry/load_plan.h"

#include <algorithm>
#include <memory>

#include "server/registry/registry_state.h"

namespace dnc {
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

}  // namespace

bool LoadPlan::HasFirstData() const {
  return first || std::any_of(areas.begin(), areas.end(), [](const AreaPlan& area) {
           return area.answers_after && !area.answered_before;
         });
}

LoadPlan ComparePlan(const RegistryState& state, const ListState& before, const ListState& after,
                     const Policy& policy, const Askers& askers, absl::Time now) {
  RegistryState changed = state;
  changed.lists[after.name] = std::make_shared<const ListState>(after);
  const CallableCount count(MakeSnapshot(state, policy), MakeSnapshot(changed, policy), after.name,
                            askers, now);
  const auto was = ListInSnapshot(state, policy, before);
  const auto is = ListInSnapshot(state, policy, after);
  LoadPlan plan;
  plan.list = after.name;
  plan.first = !before.loaded();
  for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
    AreaPlan area;
    area.area_code = area_code;
    const bool has = before.seals.count(area_code) + after.seals.count(area_code) > 0;
    if (!has && !count.IsInUse(area_code)) continue;
    CountDifference(before, after, area);
    const CallableChange callable = count.Of(area_code);
    area.becomes_callable = callable.becomes;
    area.no_longer_callable = callable.no_longer;
    area.answered_before = Answers(*was, area_code, now);
    area.answers_after = Answers(*is, area_code, now);
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
