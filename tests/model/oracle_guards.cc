// What the guards must find, by the plain rules of docs/operations.md.
#include <algorithm>

#include "server/numbers/area_codes.h"
#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {
namespace {

std::string Allow(v1::Guard guard, const std::string& target) {
  std::string name = v1::Guard_Name(guard).substr(std::string("GUARD_").size());
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return name + ":" + target;
}

uint64_t LostOf(const std::set<uint64_t>& before, const std::set<uint64_t>& after) {
  return static_cast<uint64_t>(std::count_if(
      before.begin(), before.end(), [&](uint64_t number) { return after.count(number) == 0; }));
}

std::set<uint64_t> All(const NumberSets& sets) {
  std::set<uint64_t> all;
  for (const auto& [area_code, numbers] : sets) all.insert(numbers.begin(), numbers.end());
  return all;
}

std::set<uint64_t> OfKey(const NumberSets& sets, int key) {
  if (key == 0) return All(sets);
  const auto area = sets.find(key);
  return area == sets.end() ? std::set<uint64_t>{} : area->second;
}

}  // namespace

const OracleRelease* Oracle::LastWith(const std::string& list, int area_code) const {
  const auto ever = ever_.find(list);
  if (ever == ever_.end()) return nullptr;
  std::map<uint64_t, const OracleRelease*> by_serial;
  for (const OracleRelease& release : ever->second) by_serial[release.serial] = &release;
  uint64_t from = loaded(list) ? lists_.at(list).now().serial : ever->second.back().serial;
  while (from != 0) {
    bool searching = true;
    uint64_t root = from;
    for (uint64_t id = from; id != 0; id = parents_.at(id)) {
      root = id;
      const OracleRelease& release = *by_serial.at(id);
      if (searching && release.obtained_at.count(area_code) != 0) return &release;
      searching = searching && !release.vanished.empty();
    }
    from = 0;  // the life before
    for (const auto& [serial, release] : by_serial) {
      if (serial < root) from = serial;
    }
  }
  return nullptr;
}

uint64_t Oracle::BecomesCallable(const Oracle& after, const std::string& list, int area_code,
                                 std::time_t now) const {
  const auto answers = [&](const Oracle& oracle) {
    if (!oracle.loaded(list)) return false;
    const auto& times = oracle.lists_.at(list).now().obtained_at;
    const auto time = times.find(CoverageKey(list, area_code));
    return time != times.end() &&
           (now - time->second <= MaxAge(list) || !AppliesTo(list, area_code));
  };
  if (list == "wireline" || !answers(after)) return 0;
  const std::set<uint64_t> then = OfKey(after.Numbers(list), area_code);
  if (answers(*this)) return LostOf(OfKey(Numbers(list), area_code), then);
  // What a list that is not asked for does not cover, it lets be called.
  if (!loaded(list) && list != "national") return 0;
  return 10'000'000 - then.size();
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
  std::map<uint64_t, OracleEvent> told;  // the last that a change list told of a number
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
  const std::set<uint64_t> was = last->numbers.at(area_code);
  const std::set<uint64_t> is = after.Numbers("national").at(area_code);
  uint64_t lost = LostOf(was, is);
  // What is not kept can't be compared but by how many they are.
  if (!IsKept("national", *last)) lost = was.size() - std::min(was.size(), is.size());
  if (static_cast<double>(lost) > 0.01 * static_cast<double>(was.size())) {
    findings[Allow(v1::GUARD_SHRINK, target)] = {v1::GUARD_SHRINK, lost, was.size(), 0};
  }
}

// A list of another kind that was retired.
void Oracle::FindReloaded(const Oracle& after, const std::string& list,
                          OracleFindings& findings) const {
  const auto ever = ever_.find(list);
  if (ever == ever_.end()) return;
  const OracleRelease& last = ever->second.back();
  const OracleRelease& now = after.lists_.at(list).now();
  if (now.obtained_at.at(0) < last.obtained_at.at(0)) {
    findings[Allow(v1::GUARD_OLDER_DATE, list)].guard = v1::GUARD_OLDER_DATE;
  }
  uint64_t of = 0;
  uint64_t lost = 0;
  for (const auto& [area_code, numbers] : last.numbers) {
    of += numbers.size();
    lost += LostOf(numbers, OfKey(now.numbers, area_code));
  }
  if (static_cast<double>(lost) > 0.01 * static_cast<double>(of)) {
    findings[Allow(v1::GUARD_SHRINK, list)] = {v1::GUARD_SHRINK, lost, of, 0};
  } else {
    FindParts(last.numbers, now.numbers, findings);
  }
}

void Oracle::FindParts(const NumberSets& before, const NumberSets& after,
                       OracleFindings& findings) {
  for (const auto& [area_code, numbers] : before) {
    const std::set<uint64_t> is = OfKey(after, area_code);
    const uint64_t lost = LostOf(numbers, is);
    if (lost < 10 || static_cast<double>(lost) <= 0.1 * static_cast<double>(numbers.size())) {
      continue;
    }
    const v1::Guard guard = is.empty() ? v1::GUARD_VANISHED : v1::GUARD_SHRINK;
    findings[Allow(guard, std::to_string(area_code))] = {guard, lost, numbers.size(), 0};
  }
}

void Oracle::FindLosses(const Oracle& after, const OracleLoad& load,
                        OracleFindings& findings) const {
  const bool national = load.list == "national";
  std::set<int> keys;
  if (national) {
    keys = after.AreaCodes(load.list);
  } else {
    keys = {0};
  }
  std::set<int> losing;
  for (const int key : keys) {
    const bool covered =
        loaded(load.list) && lists_.at(load.list).now().obtained_at.count(key) != 0;
    if (!covered) {
      national ? FindFirstData(after, key, findings) : FindReloaded(after, load.list, findings);
      continue;
    }
    const std::set<uint64_t> was = OfKey(Numbers(load.list), key);
    const uint64_t lost = LostOf(was, OfKey(after.Numbers(load.list), key));
    const std::string target = national ? std::to_string(key) : load.list;
    if (static_cast<double>(lost) > 0.01 * static_cast<double>(was.size())) {
      findings[Allow(v1::GUARD_SHRINK, target)] = {v1::GUARD_SHRINK, lost, was.size(), 0};
    } else if (!national) {
      FindParts(Numbers(load.list), after.Numbers(load.list), findings);
    }
    if (lost > 0) losing.insert(key);
  }
  FindLostWeek(after, load, losing, findings);
}

void Oracle::FindLostWeek(const Oracle& after, const OracleLoad& load,
                          const std::set<int>& area_codes, OracleFindings& findings) const {
  for (const int key : area_codes) {
    const OracleRelease& now = after.lists_.at(load.list).now();
    // All of this life was published within minutes, so the dates of the data tell.
    const OracleRelease* base = nullptr;
    const auto& lineage = lists_.at(load.list).lineage;
    for (auto release = std::make_reverse_iterator(lineage.end());
         release != std::make_reverse_iterator(lineage.begin()); ++release) {
      if (release->serial < now.first_release.at(key)) break;
      base = &*release;
      const auto allowed = lineage.back().loss_allowed_by.find(key);
      const bool told = allowed != lineage.back().loss_allowed_by.end();
      if (told && release->serial <= allowed->second) break;
      if (release->obtained_at.at(key) <= now.obtained_at.at(key) - 7 * kDay) break;
    }
    if (base == nullptr) continue;
    const std::set<uint64_t> then = OfKey(base->numbers, key);
    const std::set<uint64_t> was = OfKey(Numbers(load.list), key);
    const std::set<uint64_t> is = OfKey(after.Numbers(load.list), key);
    const uint64_t lost = LostOf(then, is);
    // By earlier loads, and not back by this one.
    const auto before =
        static_cast<uint64_t>(std::count_if(then.begin(), then.end(), [&](uint64_t number) {
          return was.count(number) == 0 && is.count(number) == 0;
        }));
    if (before == 0 || static_cast<double>(lost) <= 0.03 * static_cast<double>(then.size())) {
      continue;
    }
    const std::string target = key == 0 ? load.list : std::to_string(key);
    findings[Allow(v1::GUARD_LOST_WEEK, target)] = {v1::GUARD_LOST_WEEK, lost, then.size(), 0};
  }
}

void Oracle::FindMisfits(const OracleLoad& load, OracleFindings& findings) const {
  const OracleRelease& now = lists_.at(load.list).now();
  std::set<uint64_t> numbers;
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
    if (!change.added && change.time >= full_at && MayPrecedeFull(change.time, full_at)) {
      ++uncertain;
    } else if (Superseded(lists_.at(load.list), change)) {
      ++dropped;
    } else {
      numbers.insert(change.number);
    }
  }
  if (outside) {
    findings[Allow(v1::GUARD_OUTSIDE_BASE, load.file)].guard = v1::GUARD_OUTSIDE_BASE;
  }
  Oracle after = *this;
  const uint64_t no_effect = after.LoadChanges(load) - uncertain;
  if (static_cast<double>(no_effect) > 0.01 * static_cast<double>(numbers.size() + dropped)) {
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
  for (int area_code = 200; area_code < 1000; ++area_code) {
    const bool known = KnownAreaCodes()[static_cast<size_t>(area_code)];
    const bool has = OfKey(Numbers(load.list), area_code).size() +
                         OfKey(after.Numbers(load.list), area_code).size() >
                     0;
    if (!known && !has) continue;
    callable[area_code] = BecomesCallable(after, load.list, area_code, now);
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
