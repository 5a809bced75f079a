// The oracle's loads: what a list becomes.
#include <algorithm>
#include <limits>
#include <utility>

#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {
namespace {

// Appends the events that turn `before` into `after`, all at `time`.
void AppendDifference(const std::set<uint64_t>& before, const std::set<uint64_t>& after,
                      std::time_t time, std::vector<OracleEvent>& events) {
  for (const uint64_t number : after) {
    if (before.count(number) == 0) events.push_back({number, time, true, false});
  }
  for (const uint64_t number : before) {
    if (after.count(number) == 0) events.push_back({number, time, false, false});
  }
}

void Forget(OracleRelease& release, int area_code) {
  release.numbers.erase(area_code);
  for (auto* times : {&release.obtained_at, &release.since, &release.known_until,
                      &release.silent_until, &release.told_until, &release.full_at}) {
    times->erase(area_code);
  }
  release.file.erase(area_code);
  release.first_release.erase(area_code);
  release.loss_allowed_by.erase(area_code);
  release.lost_total.erase(area_code);
  release.vanished.insert(area_code);
}

OracleFile FileOf(const OracleLoad& load) {
  OracleFile file{load.id, load.obtained_at, load.is_change_list, 1};
  if (!load.is_change_list) return file;
  file.count = load.changes.size();
  for (const OracleEvent& change : load.changes) {
    file.first = file.first == 0 ? change.time : std::min(file.first, change.time);
    file.last = std::max(file.last, change.time);
  }
  return file;
}

}  // namespace

void Oracle::Publish(const std::string& list, OracleRelease release) {
  OracleList& state = lists_[list];
  if (state.loaded()) state.kept = std::min(kKeepReleases, state.kept + 1);
  parents_[release.serial] = state.loaded() ? state.now().serial : 0;
  const auto shared = std::make_shared<const OracleRelease>(std::move(release));
  ever_[list].push_back(shared);
  state.lineage.push_back(shared);
}

std::set<int> Oracle::Vanishing(const NumberSets& numbers, Packing packing) const {
  std::set<int> vanishing;
  if (!loaded("national") || packing == Packing::kLabelled) return vanishing;
  const std::map<int, uint64_t>& files = lists_.at("national").now().file;
  std::set<uint64_t> replaced;
  for (const auto& [area_code, file] : files) {
    if (file != 0 && numbers.count(area_code) != 0) replaced.insert(file);
  }
  for (const auto& [area_code, file] : files) {
    if (replaced.count(file) != 0 && numbers.count(area_code) == 0) vanishing.insert(area_code);
  }
  return vanishing;
}

std::set<uint64_t> Oracle::WithLaterAdditions(const OracleList& list, int area_code,
                                              const std::set<uint64_t>& numbers,
                                              std::time_t date) const {
  std::set<uint64_t> result = numbers;
  const auto since = list.now().first_release.find(area_code);
  if (since == list.now().first_release.end()) return result;
  std::map<uint64_t, OracleEvent> last;  // the last change that a change list gave
  for (const OracleRelease& release : list.lineage) {
    if (release.serial < since->second) continue;
    for (const OracleEvent& event : release.events) {
      if (event.exact && AreaOf(event.number) == area_code) last[event.number] = event;
    }
    for (const OracleEvent& event : release.repeated) {
      const bool listed = Holds(list.now().numbers, event.number);
      const bool here = AreaOf(event.number) == area_code;
      if (here && listed && date - event.time <= kDay) result.insert(event.number);
    }
  }
  for (const auto& [number, event] : last) {
    const bool listed = Holds(list.now().numbers, number);
    if (listed && event.added && date - event.time <= kDay) result.insert(number);
  }
  return result;
}

void Oracle::LoadFull(const OracleLoad& load) {
  OracleRelease release = loaded(load.list) ? lists_.at(load.list).now() : OracleRelease{};
  release.events.clear();
  release.repeated.clear();
  release.serial = ++serial_;
  release.files = {FileOf(load)};
  for (const int area_code : Vanishing(load.full, load.packing)) Forget(release, area_code);
  ++files_;
  const std::time_t date = load.obtained_at;
  for (const auto& [area_code, listed] : load.full) {
    std::set<uint64_t> after = listed;
    if (loaded(load.list)) {
      after = WithLaterAdditions(lists_.at(load.list), area_code, listed, date);
    }
    AppendDifference(release.numbers[area_code], after, date, release.events);
    const bool older = release.full_at.count(area_code) != 0 && date < release.full_at[area_code];
    std::time_t& known = release.known_until[area_code];
    known = older ? date : std::max(known, date);
    std::time_t& told = release.told_until[area_code];
    told = older ? EndOfMoment(date) : std::max(told, EndOfMoment(date));
    std::time_t& silent = release.silent_until[area_code];
    if (older || silent <= date) silent = 0;
    release.numbers[area_code] = after;
    release.obtained_at[area_code] = release.full_at[area_code] = date;
    release.since.try_emplace(area_code, date);
    release.first_release.try_emplace(area_code, release.serial);
    release.file[area_code] = load.packing == Packing::kLabelled ? 0 : files_;
    release.vanished.erase(area_code);
    if (load.packing == Packing::kApart) ++files_;
  }
  Publish(load.list, std::move(release));
}

void Oracle::LoadWhole(const OracleLoad& load) {
  OracleRelease release;
  release.serial = ++serial_;
  release.files = {FileOf(load)};
  NumberSets before = Numbers(load.list);
  for (const auto& [area_code, after] : load.full) {
    AppendDifference(before[area_code], after, load.obtained_at, release.events);
  }
  for (const auto& [area_code, gone] : before) {
    if (load.full.count(area_code) == 0) {
      AppendDifference(gone, {}, load.obtained_at, release.events);
    }
  }
  release.numbers = load.full;
  release.obtained_at[0] = load.obtained_at;
  const bool had = loaded(load.list);
  release.since[0] = had ? lists_.at(load.list).now().since.at(0) : load.obtained_at;
  release.first_release[0] = had ? lists_.at(load.list).now().first_release.at(0) : release.serial;
  Publish(load.list, std::move(release));
}

bool Oracle::Superseded(const OracleList& list, const OracleEvent& change) const {
  const int area_code = AreaOf(change.number);
  const OracleRelease& now = list.now();
  if (!change.added && MayPrecedeFull(change.time, now.full_at.at(area_code))) return true;
  for (const OracleRelease& release : list.lineage) {
    if (release.serial < now.first_release.at(area_code)) continue;
    for (const auto* events : {&release.events, &release.repeated}) {
      for (const OracleEvent& event : *events) {
        if (event.number != change.number || !event.exact) continue;
        if (TakesEffect(event) > TakesEffect(change)) return true;
      }
    }
  }
  return false;
}

uint64_t Oracle::LoadChanges(const OracleLoad& load) {
  const OracleList& before = lists_.at(load.list);
  const std::set<int> gaps = Gaps(load);
  OracleRelease release = before.now();
  release.events.clear();
  release.repeated.clear();
  release.serial = ++serial_;
  release.files = {FileOf(load)};
  std::vector<OracleEvent> changes = load.changes;
  std::stable_sort(changes.begin(), changes.end(), [](const OracleEvent& a, const OracleEvent& b) {
    return TakesEffect(a) < TakesEffect(b);
  });
  uint64_t no_effect = 0;
  std::map<uint64_t, bool> moved;
  std::set<int> named;
  for (const OracleEvent& change : changes) {
    const int area_code = AreaOf(change.number);
    if (release.obtained_at.count(area_code) == 0) continue;  // not in the base
    named.insert(area_code);
    if (Superseded(before, change)) {
      ++no_effect;
      continue;
    }
    std::set<uint64_t>& numbers = release.numbers[area_code];
    const bool listed = numbers.count(change.number) != 0;
    if (change.added && listed) release.repeated.push_back(change);
    moved[change.number] |= listed != change.added;
    if (listed == change.added) continue;
    if (change.added) {
      numbers.insert(change.number);
    } else {
      numbers.erase(change.number);
    }
    release.events.push_back({change.number, change.time, change.added, true});
  }
  const bool many = Many(load);
  const OracleUsual usual = UsualPaceOf(before);
  const bool thin = IsThin(load, many, usual);
  if (!load.changes.empty()) release.files[0].told = ToldBy(load, 0, many, usual);
  for (const auto& [area_code, obtained_at] : before.now().obtained_at) {
    if (thin) break;
    std::time_t& told = release.told_until[area_code];
    if (named.count(area_code) != 0) {
      const std::time_t end = EndOf(load, area_code, many, usual);
      told = std::max(told, ToldBy(load, area_code, many, usual));
      release.known_until[area_code] = std::max(release.known_until[area_code], end);
      release.obtained_at[area_code] = std::max(obtained_at, end);
      if (release.silent_until[area_code] <= release.obtained_at[area_code]) {
        release.silent_until[area_code] = 0;
      }
    } else if (gaps.count(area_code) == 0) {
      if (!load.changes.empty()) told = std::max(told, ToldBy(load, 0, many, usual));
      const std::time_t end = std::min(EndOf(load, 0, many, usual), obtained_at + 31 * kDay);
      std::time_t& silent = release.silent_until[area_code];
      if (end > obtained_at) silent = std::max(silent, end);
    }
  }
  Publish(load.list, std::move(release));
  return no_effect + static_cast<uint64_t>(std::count_if(moved.begin(), moved.end(),
                                                         [](const auto& e) { return !e.second; }));
}

uint64_t Oracle::Load(const OracleLoad& load) {
  OracleFindings lost;
  const Oracle before = *this;
  uint64_t no_effect = 0;
  if (load.is_change_list) {
    no_effect = LoadChanges(load);
  } else if (load.list == "national") {
    LoadFull(load);
  } else {
    LoadWhole(load);
  }
  CountLosses(before, load.list);
  // An operator who allowed a week's losses has allowed all losses up to here.
  before.FindLosses(*this, load, lost);
  OracleRelease now = lists_.at(load.list).now();
  bool allowed = false;
  for (const auto& [allow, finding] : lost) {
    if (finding.guard != v1::GUARD_LOST_WEEK) continue;
    const bool whole = load.list != "national";
    now.loss_allowed_by[whole ? 0 : std::stoi(allow.substr(allow.find(':') + 1))] = now.serial;
    allowed = true;
  }
  if (!allowed) return no_effect;
  Replace(load.list, std::move(now));
  return no_effect;
}

}  // namespace dnc::blackbox
