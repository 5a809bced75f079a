// The oracle's knowledge of lists that are missing, written apart from the server's.
#include <algorithm>
#include <limits>

#include "server/numbers/area_codes.h"
#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {
namespace {

constexpr std::time_t kGrace = 2 * kDay;
constexpr std::time_t kNever = std::numeric_limits<std::time_t>::max() / 4;

// Whether `length` without a change is long for `times`, which go on for `rest` without it.
bool IsLong(const std::vector<std::time_t>& times, std::time_t length, std::time_t rest,
            std::time_t longest, std::time_t usual, bool pace) {
  if (length > longest) return true;
  if (length <= kGrace) return false;
  if (length > usual) return true;
  if (!pace || times.size() < 5) return false;
  return static_cast<double>(times.size()) * static_cast<double>(length) >=
         10.0 * static_cast<double>(rest + kDay);
}

bool HoleAfter(const std::vector<std::time_t>& times, std::time_t known, std::time_t longest,
               std::time_t usual, bool pace) {
  if (times.empty()) return false;
  const std::time_t span = times.back() - times.front();
  if (times.front() > known && IsLong(times, times.front() - known, span, longest, usual, pace)) {
    return true;
  }
  for (size_t i = 1; i < times.size(); ++i) {
    const std::time_t length = times[i] - times[i - 1];
    if (times[i] <= known || !IsLong(times, length, span - length, longest, usual, pace)) continue;
    const std::time_t left = times[i] - std::max(times[i - 1], known);
    if (IsLong(times, left, span - length, longest, usual, pace)) return true;
  }
  return false;
}

// Three times the usual interval between the dates of the lists so far.
std::time_t UsualOf(const OracleList& list) {
  std::set<std::time_t> dates;
  for (const OracleRelease& release : list.lineage) {
    for (const OracleFile& file : release.files) {
      if (file.count > 0) dates.insert(file.date);
    }
  }
  std::vector<std::time_t> latest(dates.begin(), dates.end());
  if (latest.size() > 9) latest.erase(latest.begin(), latest.end() - 9);
  if (latest.size() < 2) return kNever;
  std::vector<std::time_t> intervals;
  for (size_t i = 1; i < latest.size(); ++i) intervals.push_back(latest[i] - latest[i - 1]);
  std::sort(intervals.begin(), intervals.end());
  return 3 * intervals[intervals.size() / 2];
}

// Whether the release is of a full list that had the area code.
bool BroughtFull(const OracleRelease& release, int area_code) {
  const OracleFile& file = release.files.front();
  const auto full = release.full_at.find(area_code);
  return !file.changes && full != release.full_at.end() && full->second == file.date;
}

// Whether the load tells all that a change list did to the area code.
bool HasChangesOf(const OracleLoad& load, const OracleRelease& release, int area_code) {
  if (release.obtained_at.count(area_code) == 0) return false;
  for (const auto* events : {&release.events, &release.repeated}) {
    for (const OracleEvent& event : *events) {
      if (!event.exact || AreaOf(event.number) != area_code) continue;
      const bool here =
          std::any_of(load.changes.begin(), load.changes.end(), [&](const OracleEvent& change) {
            return change.number == event.number && change.time == event.time &&
                   change.added == event.added;
          });
      if (!here) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<std::time_t> TimesOf(const OracleLoad& load, int area_code) {
  std::vector<std::time_t> times;
  for (const OracleEvent& change : load.changes) {
    if (area_code == 0 || AreaOf(change.number) == area_code) times.push_back(change.time);
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::time_t EndOf(const OracleLoad& load, int area_code, bool many) {
  const std::vector<std::time_t> all = TimesOf(load, 0);
  std::time_t end = load.obtained_at;
  if (!all.empty() && end - all.back() > kGrace) end = all.back();
  if (area_code == 0) return end;
  const std::vector<std::time_t> own = TimesOf(load, area_code);
  const bool early = end > own.back() &&
                     IsLong(own, end - own.back(), own.back() - own.front(), kNever, kNever, many);
  return early ? own.back() : end;
}

bool Oracle::Many(const OracleLoad& load) const {
  const OracleRelease& now = lists_.at(load.list).now();
  size_t listed = 0;
  for (const auto& [area_code, known] : now.known_until) listed += now.numbers.at(area_code).size();
  return listed >= kGapMinNumbers;
}

bool Oracle::MissesAList(const OracleLoad& load, int area_code, std::time_t known) const {
  const OracleList& list = lists_.at(load.list);
  const auto ever = ever_.find(load.list);
  if (ever == ever_.end()) return false;
  const auto in_effect = [&](const std::string& id) {
    return std::any_of(list.lineage.begin(), list.lineage.end(), [&](const OracleRelease& release) {
      return release.serial >= list.now().first_release.at(area_code) &&
             release.files.front().id == id;
    });
  };
  for (const OracleRelease& release : ever->second) {
    const OracleFile& file = release.files.front();
    if (file.count == 0 || file.id == load.id) continue;
    if (file.date <= known || file.date > load.obtained_at) continue;
    if (!file.changes) {
      const bool newer =
          std::any_of(list.lineage.begin(), list.lineage.end(), [&](const OracleRelease& other) {
            return other.serial >= list.now().first_release.at(area_code) &&
                   other.files.front().date >= file.date && BroughtFull(other, area_code);
          });
      if (BroughtFull(release, area_code) && !newer) return true;
    } else if (!in_effect(file.id) && !HasChangesOf(load, release, area_code)) {
      return true;
    }
  }
  return false;
}

bool Oracle::HasHole(const OracleLoad& load, int area_code, bool many) const {
  const OracleList& list = lists_.at(load.list);
  const OracleRelease& now = list.now();
  const std::time_t named = now.known_until.at(area_code);
  const std::time_t known = std::max(named, now.silent_until.at(area_code));
  const bool few = now.numbers.at(area_code).size() < kGapMinNumbers;
  const std::time_t longest = (many ? 7 : 31) * kDay;
  const std::time_t usual = many ? UsualOf(list) : kNever;
  const std::vector<std::time_t> all = TimesOf(load, 0);
  if (MissesAList(load, area_code, known)) return true;
  if (all.empty()) return load.obtained_at - (few ? known : named) > longest;
  if (all.front() - (few ? known : named) > longest) return true;
  if (HoleAfter(all, known, longest, usual, many)) return true;
  return HoleAfter(TimesOf(load, area_code), known, kNever, kNever, many);
}

std::set<int> Oracle::Gaps(const OracleLoad& load) const {
  std::set<int> gaps;
  const bool many = Many(load);
  for (const auto& [area_code, known] : lists_.at(load.list).now().known_until) {
    if (HasHole(load, area_code, many)) gaps.insert(area_code);
  }
  return gaps;
}

}  // namespace dnc::blackbox
