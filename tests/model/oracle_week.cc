// What a load removes, alone and together with all loads of a week, in all lives of the list.
#include <algorithm>
#include <cctype>

#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {

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

namespace {

std::set<uint64_t> All(const NumberSets& sets) {
  std::set<uint64_t> all;
  for (const auto& [area_code, numbers] : sets) all.insert(numbers.begin(), numbers.end());
  return all;
}

}  // namespace

std::set<uint64_t> OfKey(const NumberSets& sets, int key) {
  if (key == 0) return All(sets);
  const auto area = sets.find(key);
  return area == sets.end() ? std::set<uint64_t>{} : area->second;
}

bool Oracle::Covers(const std::string& list, int key) const {
  return loaded(list) && lists_.at(list).now().obtained_at.count(key) != 0;
}

std::optional<std::set<uint64_t>> Oracle::Had(const std::string& list, int key) const {
  if (Covers(list, key)) return OfKey(Numbers(list), key);
  const OracleRelease* const last = LastWith(list, key);
  if (last == nullptr) return std::set<uint64_t>{};
  if (!IsKept(list, *last)) return std::nullopt;
  return OfKey(last->numbers, key);
}

Oracle::Loss Oracle::LossOf(const Oracle& after, const std::string& list, int key) const {
  const std::set<uint64_t> is = OfKey(after.Numbers(list), key);
  if (const auto had = Had(list, key)) return {LostOf(*had, is), had->size()};
  // What is not kept can only be compared by its count.
  const uint64_t of = OfKey(LastWith(list, key)->numbers, key).size();
  return {of - std::min<uint64_t>(of, is.size()), of, true};
}

void Oracle::Replace(const std::string& list, OracleRelease release) {
  const auto shared = std::make_shared<const OracleRelease>(std::move(release));
  for (OracleReleases* releases : {&ever_[list], &lists_.at(list).lineage}) {
    releases->pop_back();
    releases->push_back(shared);
  }
}

void Oracle::CountLosses(const Oracle& before, const std::string& list) {
  OracleRelease now = lists_.at(list).now();
  for (const auto& [key, obtained_at] : now.obtained_at) {
    const OracleRelease* const last = before.LastWith(list, key);
    if (last == nullptr) continue;
    const auto allowed = last->loss_allowed_by.find(key);
    if (allowed != last->loss_allowed_by.end()) now.loss_allowed_by[key] = allowed->second;
    const auto total = last->lost_total.find(key);
    now.lost_total[key] = (total == last->lost_total.end() ? 0 : total->second) +
                          before.LossOf(*this, list, key).lost;
  }
  Replace(list, std::move(now));
}

// Finds the parts, area code by area code, for a list that covers all.
void Oracle::FindParts(const Oracle& after, const std::string& list,
                       OracleFindings& findings) const {
  const OracleRelease* const last = LastWith(list, 0);
  if (last == nullptr) return;
  const bool kept = Covers(list, 0) || IsKept(list, *last);
  for (const auto& [area_code, numbers] : Covers(list, 0) ? Numbers(list) : last->numbers) {
    const std::set<uint64_t> is = OfKey(after.Numbers(list), area_code);
    const uint64_t of = numbers.size();
    const uint64_t lost = kept ? LostOf(numbers, is) : of - std::min<uint64_t>(of, is.size());
    if (lost < 10 || static_cast<double>(lost) <= 0.1 * static_cast<double>(of)) continue;
    const v1::Guard guard = is.empty() ? v1::GUARD_VANISHED : v1::GUARD_SHRINK;
    findings[Allow(guard, std::to_string(area_code))] = {guard, lost, of, 0};
  }
}

void Oracle::FindLosses(const Oracle& after, const OracleLoad& load,
                        OracleFindings& findings) const {
  const bool national = load.list == "national";
  std::set<int> keys = {0};
  if (national) keys = after.AreaCodes(load.list);
  std::map<int, Loss> losses;
  for (const int key : keys) {
    if (!Covers(load.list, key)) {
      national ? FindFirstData(after, key, findings) : FindReloaded(after, load.list, findings);
    }
    const Loss loss = LossOf(after, load.list, key);
    if (static_cast<double>(loss.lost) > 0.01 * static_cast<double>(loss.of)) {
      const std::string target = national ? std::to_string(key) : load.list;
      findings[Allow(v1::GUARD_SHRINK, target)] = {v1::GUARD_SHRINK, loss.lost, loss.of, 0};
    } else if (!national) {
      FindParts(after, load.list, findings);
    }
    if (loss.lost > 0 || loss.by_count) losses[key] = loss;
  }
  FindLostWeek(after, load, losses, findings);
}

// Everything was published within minutes, so the dates of the data tell what is a week ago.
Oracle::WeekBase Oracle::BaseOfWeek(const OracleRelease& now, const std::string& list,
                                    int key) const {
  WeekBase base;
  const OracleRelease* const last = LastWith(list, key);
  if (last == nullptr) return base;
  const auto told = last->loss_allowed_by.find(key);
  const uint64_t allowed = told == last->loss_allowed_by.end() ? 0 : told->second;
  std::map<uint64_t, const OracleRelease*> by_serial;
  for (const OracleRelease& release : ever_.at(list)) by_serial[release.serial] = &release;
  uint64_t from = loaded(list) ? lists_.at(list).now().serial : LifeBefore(list, ~uint64_t{0});
  while (from != 0) {
    const OracleRelease* line = nullptr;
    uint64_t root = from;
    for (uint64_t id = from; id != 0; id = parents_.at(id)) {
      root = id;
      const OracleRelease& release = *by_serial.at(id);
      if (release.obtained_at.count(key) == 0) continue;
      const bool goes_on =
          line != nullptr && line->first_release.at(key) == release.first_release.at(key);
      if (!goes_on) line = &release;
      base = {&release, line};
      if (release.serial <= allowed) return base;
      if (release.obtained_at.at(key) <= now.obtained_at.at(key) - 7 * kDay) return base;
    }
    from = LifeBefore(list, root);
  }
  return base;
}

void Oracle::FindLostWeek(const Oracle& after, const OracleLoad& load,
                          const std::map<int, Loss>& losses, OracleFindings& findings) const {
  for (const auto& [key, loss] : losses) {
    const OracleRelease& now = after.lists_.at(load.list).now();
    const WeekBase base = BaseOfWeek(now, load.list, key);
    if (base.release == nullptr) continue;
    const std::set<uint64_t> then = OfKey(base.release->numbers, key);
    const std::set<uint64_t> is = OfKey(after.Numbers(load.list), key);
    const auto was = Had(load.list, key);
    uint64_t lost = LostOf(then, is);
    uint64_t before = 0;  // removed by earlier loads, and not brought back by this one
    const bool readable = IsKept(load.list, *base.line);
    if (readable && was) {
      before = static_cast<uint64_t>(std::count_if(then.begin(), then.end(), [&](uint64_t number) {
        return was->count(number) == 0 && is.count(number) == 0;
      }));
    } else {
      if (!readable) {
        lost = then.size() - std::min(then.size(), is.size());
        const auto total = base.release->lost_total.find(key);
        const uint64_t since = total == base.release->lost_total.end() ? 0 : total->second;
        lost = std::max(lost, std::min<uint64_t>(then.size(), now.lost_total.at(key) - since));
      }
      before = lost - std::min(lost, loss.lost);
    }
    if (before == 0 || static_cast<double>(lost) <= 0.03 * static_cast<double>(then.size())) {
      continue;
    }
    const std::string target = key == 0 ? load.list : std::to_string(key);
    findings[Allow(v1::GUARD_LOST_WEEK, target)] = {v1::GUARD_LOST_WEEK, lost, then.size(), 0};
  }
}

}  // namespace dnc::blackbox
