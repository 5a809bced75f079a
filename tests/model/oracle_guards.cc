// What the guards must find, by the plain rules of docs/operations.md.
#include <algorithm>

#include "server/rules/area_codes.h"
#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {

uint64_t Oracle::LifeBefore(const std::string& list, uint64_t root) const {
  uint64_t newest = 0;
  for (const OracleRelease& release : ever_.at(list)) {
    if (release.serial < root) newest = std::max(newest, release.serial);
  }
  const auto retired = retirements_.find(list);
  if (retired == retirements_.end()) return newest;
  for (auto turn = retired->second.rbegin(); turn != retired->second.rend(); ++turn) {
    // What was newer then had been rolled back.
    if (turn->second < root) return newest <= turn->first ? turn->second : newest;
  }
  return newest;
}

const OracleRelease* Oracle::LastWith(const std::string& list, int area_code) const {
  const auto ever = ever_.find(list);
  if (ever == ever_.end()) return nullptr;
  std::map<uint64_t, const OracleRelease*> by_serial;
  for (const OracleRelease& release : ever->second) by_serial[release.serial] = &release;
  uint64_t from = loaded(list) ? lists_.at(list).now().serial : LifeBefore(list, ~uint64_t{0});
  while (from != 0) {
    bool searching = true;
    uint64_t root = from;
    for (uint64_t id = from; id != 0; id = parents_.at(id)) {
      root = id;
      const OracleRelease& release = *by_serial.at(id);
      if (searching && release.obtained_at.count(area_code) != 0) return &release;
      searching = searching && !release.vanished.empty();
    }
    from = LifeBefore(list, root);
  }
  return nullptr;
}

std::set<uint64_t> Oracle::Denied(int area_code) const {
  std::set<uint64_t> denied;
  for (const auto& [name, list] : lists_) {
    if (name == "wireline" || !list.loaded()) continue;
    const auto area = list.now().numbers.find(area_code);
    if (area != list.now().numbers.end()) denied.insert(area->second.begin(), area->second.end());
  }
  return denied;
}

uint64_t Oracle::BecomesCallable(const Oracle& after, int area_code, std::time_t now) const {
  const std::set<uint64_t> was = Denied(area_code);
  const std::set<uint64_t> is = after.Denied(area_code);
  uint64_t free = static_cast<uint64_t>(area_code) * 10'000'000;  // on no list
  while (was.count(free) + is.count(free) > 0) ++free;
  const auto callable = [&](const Oracle& oracle) {
    return oracle.Ask(free, now, std::nullopt).verdict == v1::VERDICT_CLEAR;
  };
  if (!callable(after)) return 0;
  return callable(*this) ? LostOf(was, is) : 10'000'000 - is.size();
}

std::set<int> Oracle::InUse(const Oracle& after) const {
  std::set<int> area_codes;
  const auto in_use = KnownAreaCodes();
  for (int area_code = 200; area_code < 1000; ++area_code) {
    const bool known = in_use[static_cast<size_t>(area_code)];
    const bool has = !Denied(area_code).empty() || !after.Denied(area_code).empty();
    if (known || has) area_codes.insert(area_code);
  }
  return area_codes;
}

uint64_t Oracle::BecomeCallable(const Oracle& after, std::time_t now) const {
  uint64_t all = 0;
  for (const int area_code : InUse(after)) all += BecomesCallable(after, area_code, now);
  return all;
}

bool Oracle::IsKept(const std::string& list, const OracleRelease& release) const {
  if (left_.count(release.serial) != 0) return true;
  if (!loaded(list)) return false;
  const OracleList& state = lists_.at(list);
  auto kept = state.lineage.end();
  for (int i = -1; i < state.kept; ++i) {
    if ((--kept)->serial == release.serial) return true;
  }
  return false;
}

bool Oracle::LosesAdditions(const Oracle& after, const OracleRelease& last, int area_code) const {
  const OracleRelease& now = after.lists_.at("national").now();
  const std::time_t date = now.full_at.at(area_code);
  std::map<uint64_t, OracleEvent> told;  // the last change of a number that a change list gave
  std::set<uint64_t> repeated;
  for (const OracleRelease& release : ever_.at("national")) {
    bool leads = false;
    for (uint64_t id = last.serial; id != 0; id = parents_.at(id)) leads |= id == release.serial;
    if (!leads || release.serial < last.first_release.at(area_code)) continue;
    for (const OracleEvent& event : release.events) {
      if (event.exact) told[event.number] = event;
    }
    for (const OracleEvent& event : release.repeated) {
      if (date - event.time <= kDay) repeated.insert(event.number);
    }
  }
  const std::set<uint64_t>& is = now.numbers.at(area_code);
  const std::set<uint64_t>& was = last.numbers.at(area_code);
  return std::any_of(was.begin(), was.end(), [&](uint64_t number) {
    if (is.count(number) != 0) return false;
    const auto event = told.find(number);
    const bool stands =
        event != told.end() && event->second.added && date - event->second.time <= kDay;
    return stands || repeated.count(number) != 0;
  });
}

void Oracle::FindFirstData(const Oracle& after, int area_code, OracleFindings& findings) const {
  const OracleRelease* const last = LastWith("national", area_code);
  if (last == nullptr) return;
  const std::time_t date = after.lists_.at("national").now().obtained_at.at(area_code);
  const std::string target = std::to_string(area_code);
  if (date < last->obtained_at.at(area_code) || LosesAdditions(after, *last, area_code)) {
    findings[Allow(v1::GUARD_OLDER_DATE, target)].guard = v1::GUARD_OLDER_DATE;
  }
}

// Handles a list of another kind that was retired.
void Oracle::FindReloaded(const Oracle& after, const std::string& list,
                          OracleFindings& findings) const {
  const OracleRelease* const last = LastWith(list, 0);
  if (last == nullptr) return;
  const OracleRelease& now = after.lists_.at(list).now();
  if (now.obtained_at.at(0) < last->obtained_at.at(0)) {
    findings[Allow(v1::GUARD_OLDER_DATE, list)].guard = v1::GUARD_OLDER_DATE;
  }
}

void Oracle::FindMisfits(const OracleLoad& load, OracleFindings& findings) const {
  const OracleRelease& now = lists_.at(load.list).now();
  std::map<uint64_t, bool> numbers;  // and whether the full list of the day knew of the additions
  std::set<int> named;
  uint64_t dropped = 0;
  uint64_t uncertain =
      0;  // of the day of the full list: they don't show that the list does not fit
  bool outside = false;
  for (const OracleEvent& change : load.changes) {
    const int area_code = AreaOf(change.number);
    if (now.obtained_at.count(area_code) == 0) {
      outside = true;
      continue;
    }
    named.insert(area_code);
    const std::time_t full_at = now.full_at.at(area_code);
    const bool of_day = IsOfDayOfFull(change.time, full_at);
    const bool listed = Holds(now.numbers, change.number);
    if (!change.added && of_day && (full_at % kDay == 0 || !listed)) {
      ++uncertain;
    } else if (Superseded(lists_.at(load.list), change)) {
      ++dropped;
    } else {
      bool& known = numbers.try_emplace(change.number, true).first->second;
      known = known && change.added && of_day && listed;
    }
  }
  if (outside) {
    findings[Allow(v1::GUARD_OUTSIDE_BASE, load.file)].guard = v1::GUARD_OUTSIDE_BASE;
  }
  Oracle after = *this;
  const auto known = static_cast<uint64_t>(
      std::count_if(numbers.begin(), numbers.end(), [](const auto& one) { return one.second; }));
  const uint64_t no_effect = after.LoadChanges(load) - uncertain - known;
  const uint64_t counted = numbers.size() - known + dropped;
  if (static_cast<double>(no_effect) > 0.01 * static_cast<double>(counted)) {
    findings[Allow(v1::GUARD_MISFIT, load.file)].guard = v1::GUARD_MISFIT;
  }
  const std::set<int> gaps = Gaps(load);
  for (const int area_code : named) {
    const std::string target = std::to_string(area_code);
    if (gaps.count(area_code) != 0) {
      findings[Allow(v1::GUARD_CHANGE_GAP, target)].guard = v1::GUARD_CHANGE_GAP;
    }
    if (load.obtained_at < now.obtained_at.at(area_code)) {
      findings[Allow(v1::GUARD_OLDER_DATE, target)].guard = v1::GUARD_OLDER_DATE;
    }
  }
}

OracleFindings Oracle::Findings(const OracleLoad& load, std::time_t now) const {
  OracleFindings findings;
  Oracle after = *this;
  after.Load(load);
  const bool national = load.list == "national";
  if (load.is_change_list) FindMisfits(load, findings);
  if (national && !load.is_change_list && loaded(load.list)) {
    const OracleRelease& was = lists_.at(load.list).now();
    for (const auto& [area_code, numbers] : load.full) {
      const auto date = was.obtained_at.find(area_code);
      if (date == was.obtained_at.end() || load.obtained_at >= date->second) continue;
      findings[Allow(v1::GUARD_OLDER_DATE, std::to_string(area_code))].guard = v1::GUARD_OLDER_DATE;
    }
    for (const int area_code : Vanishing(load.full, load.packing)) {
      const uint64_t count = was.numbers.at(area_code).size();
      findings[Allow(v1::GUARD_VANISHED, std::to_string(area_code))] = {v1::GUARD_VANISHED, count,
                                                                        count, 0};
    }
  }
  FindLosses(after, load, findings);
  std::map<int, uint64_t> callable;
  uint64_t all = 0;
  for (const int area_code : InUse(after)) {
    callable[area_code] = BecomesCallable(after, area_code, now);
    all += callable[area_code];
  }
  std::set<int> named;
  for (const OracleEvent& change : load.changes) named.insert(AreaOf(change.number));
  for (auto& [allow, finding] : findings) {
    const std::string target = allow.substr(allow.find(':') + 1);
    if (!national) {
      const bool part = target.find_first_not_of("0123456789") == std::string::npos;
      finding.becomes_callable = part ? callable[std::stoi(target)] : all;
    } else if (target == load.file) {
      for (const int area_code : named) finding.becomes_callable += callable[area_code];
    } else {
      finding.becomes_callable = callable[std::stoi(target)];
    }
  }
  return findings;
}

}  // namespace dnc::blackbox
