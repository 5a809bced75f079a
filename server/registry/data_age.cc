// An area code's seal names the release that brought its data, and when that was published. The age
// counts from the earlier of that time and the date of the data itself:
//
//   release 5   full list                        brought_by 5
//   release 6   change list with newer data      brought_by 6
//   release 7   change lists of other codes      brought_by stays 6
//
// An age can be in doubt: the release was once dated in the future, or the data was too old by the
// stores' time when an operator accepted a clock behind them. Only a full list ends the doubt,
// because a change list does not say how old the data is that it changes.
#include "server/registry/data_age.h"

#include <algorithm>
#include <map>

namespace dnc {
namespace {

// Returns when the data was published, as ages count it.
absl::Time PublishedAt(const RegistryState& state, absl::Time obtained_at, uint64_t brought_by,
                       int64_t brought_at) {
  if (state.future_releases.count(brought_by) != 0) return absl::InfinitePast();
  if (brought_at == 0) return absl::InfiniteFuture();
  const absl::Time published_at = FromMicros(brought_at);
  return obtained_at - published_at >= kMaxFuture ? absl::InfinitePast() : published_at;
}

// Returns from when the data's age counted when a clock was accepted; InfiniteFuture means that the
// data came later. What change lists have brought since does not count, because each of them rests
// on the age that the data had before.
absl::Time AgedBefore(const AcceptedClock& accepted, const AreaCoverage& coverage,
                      uint64_t brought_by, int64_t aged_from_before) {
  const absl::Time before =
      aged_from_before == 0 ? absl::InfiniteFuture() : FromMicros(aged_from_before);
  if (brought_by >= accepted.release_id) return before;
  if (coverage.obtained_at > accepted.accepted_at) return absl::InfinitePast();
  return std::min(before, AgedFrom(coverage));
}

absl::Time AgedBefore(const AcceptedClock& accepted, const AreaCoverage& coverage,
                      const storage::Seal& seal) {
  return AgedBefore(accepted, coverage, seal.brought_by(), seal.aged_from_before());
}

}  // namespace

AreaCoverage CoverageOf(const RegistryState& state, const ListState& list, int area_code) {
  if (!list.loaded()) return {};
  if (list.covers_all()) {
    return {
        AreaState::kLoaded, list.whole_obtained_at,
        PublishedAt(state, list.whole_obtained_at, list.whole_brought_by, list.whole_brought_at)};
  }
  const auto seal = list.seals.find(area_code);
  if (seal == list.seals.end()) return {};
  const absl::Time obtained_at = FromMicros(seal->second.obtained_at());
  AreaCoverage coverage{
      AreaState::kLoaded, obtained_at,
      PublishedAt(state, obtained_at, seal->second.brought_by(), seal->second.brought_at())};
  if (seal->second.known_by_silence_at() != 0) {
    coverage.known_by_silence_at = FromMicros(seal->second.known_by_silence_at());
  }
  return coverage;
}

AreaCoverage CoverageUnder(const RegistryState& state, const ListState& list, int area_code,
                           absl::Duration max_age) {
  AreaCoverage coverage = CoverageOf(state, list, area_code);
  const AcceptedClock& accepted = state.accepted;
  if (coverage.state != AreaState::kLoaded || accepted.revision == 0) return coverage;
  const absl::Time aged_from = list.covers_all()
                                   ? AgedBefore(accepted, coverage, list.whole_brought_by, 0)
                                   : AgedBefore(accepted, coverage, list.seals.at(area_code));
  if (aged_from + max_age <= accepted.stores_time) coverage.published_at = absl::InfinitePast();
  return coverage;
}

AreaCoverage CoverageThen(const RegistryState& state, const ListState& list, int area_code,
                          absl::Duration max_age, absl::Time moment) {
  return moment < state.accepted.accepted_at ? CoverageOf(state, list, area_code)
                                             : CoverageUnder(state, list, area_code, max_age);
}

void NoteBrought(const RegistryState& state, const ListState& before, const std::set<int>& reloaded,
                 absl::Time now, ListState& list) {
  for (auto& [area_code, seal] : list.seals) {
    const auto old = before.seals.find(area_code);
    const bool changed = old != before.seals.end() && reloaded.count(area_code) == 0;
    seal.set_aged_from_before(changed ? old->second.aged_from_before() : 0);
    if (changed && old->second.obtained_at() == seal.obtained_at()) continue;
    const AreaCoverage was = CoverageOf(state, before, area_code);
    // If the data's age was unknown before, it is unknown after a change list too.
    if (changed && was.published_at == absl::InfinitePast()) continue;
    if (changed && state.accepted.revision != 0) {
      const absl::Time aged_from = AgedBefore(state.accepted, was, old->second);
      if (aged_from != absl::InfiniteFuture()) {
        seal.set_aged_from_before(std::max<int64_t>(1, ToMicros(aged_from)));
      }
    }
    seal.set_brought_by(list.head.id());
    seal.set_brought_at(ToMicros(now));
  }
  if (!list.covers_all()) return;
  list.whole_brought_by = list.head.id();
  list.whole_brought_at = ToMicros(now);
}

void FindBrought(const ReleaseStore& store, const RegistryState& state, ListState& list) {
  std::set<int> open;
  for (const auto& [area_code, seal] : list.seals) {
    if (seal.brought_by() == 0) open.insert(area_code);
  }
  bool whole_open = list.covers_all() && list.loaded() && list.whole_brought_by == 0;
  for (const uint64_t id : Lineage(state, list.head.id())) {
    if (open.empty() && !whole_open) return;
    ListState then;
    then.kind = list.kind;
    if (id == list.head.id()) {
      then.seals = list.seals;
      then.whole_obtained_at = list.whole_obtained_at;
    } else {
      const absl::StatusOr<storage::Seals> seals = store.ReadSeals(id);
      if (!seals.ok()) return;
      FromRecord(*seals, then);
    }
    const int64_t published_at = state.releases.at(id)->published_at();
    for (auto area = open.begin(); area != open.end();) {
      storage::Seal& seal = list.seals.at(*area);
      const auto old = then.seals.find(*area);
      if (old == then.seals.end() || old->second.obtained_at() != seal.obtained_at()) {
        area = open.erase(area);
        continue;
      }
      seal.set_brought_by(id);
      seal.set_brought_at(published_at);
      ++area;
    }
    whole_open = whole_open && then.whole_obtained_at == list.whole_obtained_at;
    if (!whole_open) continue;
    list.whole_brought_by = id;
    list.whole_brought_at = published_at;
  }
}

bool NoteFuture(absl::Time now, RegistryState& state) {
  const size_t before = state.future_releases.size();
  const auto look = [&](uint64_t release_id, absl::Time obtained_at, int64_t published_at) {
    const absl::Time newest = std::max(obtained_at, FromMicros(published_at));
    if (release_id != 0 && newest - now >= kMaxFuture) state.future_releases.insert(release_id);
  };
  for (const auto& [id, release] : state.releases) {
    look(id, absl::InfinitePast(), release->published_at());
  }
  for (const auto& [name, list] : state.lists) {
    if (list->loaded() && list->covers_all()) {
      look(list->whole_brought_by, list->whole_obtained_at, list->whole_brought_at);
    }
    for (const auto& [area_code, seal] : list->seals) {
      look(seal.brought_by(), FromMicros(seal.obtained_at()), seal.brought_at());
    }
  }
  return state.future_releases.size() != before;
}

}  // namespace dnc
