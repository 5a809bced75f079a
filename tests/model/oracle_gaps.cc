// What the oracle knows about missing lists, written independently of the server.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "server/rules/area_codes.h"
#include "tests/model/oracle.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {
namespace {

constexpr std::time_t kGrace = 2 * kDay;
constexpr std::time_t kNever = std::numeric_limits<std::time_t>::max() / 4;

// Returns whether `length` without a change is long for `times`, which go on for `rest` without it.
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

// Returns three times the usual interval between the dates of the lists so far.
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

std::optional<std::time_t> LongestUsual(std::vector<std::time_t> lags) {
  if (lags.empty()) return std::nullopt;
  std::sort(lags.begin(), lags.end());
  return lags[lags.size() < 5 ? lags.size() - 1 : lags.size() - 2];
}

// Returns the third longest quiet time, or the second if there are only two. Also the second if it
// is a week away from the longest one. Each quiet time is its length and its end.
std::optional<std::time_t> UsualQuiet(std::vector<std::pair<std::time_t, std::time_t>> quiets) {
  if (quiets.size() < 2) return std::nullopt;
  std::stable_sort(quiets.begin(), quiets.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const std::time_t later = std::max(quiets[0].second, quiets[1].second);
  const std::time_t days = later - std::min(quiets[0].second, quiets[1].second);
  const bool week = 2 * days >= 13 * kDay && 2 * days <= 15 * kDay;
  return quiets[week || quiets.size() == 2 ? 1 : 2].first;
}

double DaysOf(std::time_t seconds) {
  return static_cast<double>(seconds) / static_cast<double>(kDay);
}

// Returns in how many half days there are more than a few changes, in days.
double ActiveDays(const std::vector<std::time_t>& times) {
  std::map<std::time_t, size_t> halves;
  for (const std::time_t time : times) ++halves[time / (kDay / 2)];
  const auto span = static_cast<double>(halves.rbegin()->first - halves.begin()->first + 1);
  const double fewest = 0.1 * static_cast<double>(times.size()) / span;
  const auto active = std::count_if(halves.begin(), halves.end(), [&](const auto& half) {
    return static_cast<double>(half.second) >= fewest;
  });
  return 0.5 * static_cast<double>(active);
}

// Returns how many changes a day certainly should have come.
double PerDay(const std::vector<std::time_t>& times, const OracleUsual& usual, double days) {
  const auto count = static_cast<double>(times.size());
  if (usual.lists > 0) return std::min(usual.per_day, count / days);
  std::ptrdiff_t most = 0;  // within an hour
  for (auto from = times.begin(); from != times.end(); ++from) {
    most = std::max(most, std::upper_bound(from, times.end(), *from + 3600) - from);
  }
  return (count - static_cast<double>(most)) / std::max(1.0, ActiveDays(times));
}

// Returns the latest moment that a time in a list means: if most times are midnight, the list gives
// days alone.
std::time_t EndIn(const std::vector<std::time_t>& times, std::time_t time) {
  const auto midnights =
      std::count_if(times.begin(), times.end(), [](std::time_t one) { return one % kDay == 0; });
  return 2 * static_cast<size_t>(midnights) > times.size() ? EndOfMoment(time) : time;
}

std::time_t QuietOf(const std::vector<std::time_t>& times) {
  std::vector<std::time_t> gaps(3, 0);
  const bool days = EndIn(times, 0) != 0;
  for (size_t i = 1; i < times.size(); ++i)
    gaps.push_back(times[i] - (days ? EndOfMoment(times[i - 1]) : times[i - 1]));
  std::sort(gaps.rbegin(), gaps.rend());
  return std::max({gaps[2], std::time_t{10 * 3600}, kDay - (times.back() - times.front())});
}

// Returns how many of the last changes may be stragglers.
std::ptrdiff_t Stragglers(const std::vector<std::time_t>& times, const OracleUsual& usual) {
  const double ordinary =
      std::min(static_cast<double>(times.size()), PerDay(times, usual, ActiveDays(times)));
  return static_cast<std::ptrdiff_t>(0.01 * ordinary);
}

// Returns whether there is hardly a change in some stretch from `told` on, or from a change after
// it.
bool SparseAfter(const std::vector<std::time_t>& times, std::time_t told,
                 const OracleUsual& usual) {
  if (times.empty()) return false;
  const double per_day = PerDay(times, usual, ActiveDays(times));
  if (per_day <= 0) return false;
  const auto quiet = static_cast<double>(usual.between.value_or(QuietOf(times)) + 10 * 3600);
  const double least = std::max(quiet, 100.0 / per_day * static_cast<double>(kDay));
  const bool days = EndIn(times, 0) != 0;
  const std::ptrdiff_t stragglers = Stragglers(times, usual);
  std::time_t from = told;
  auto inside = std::lower_bound(times.begin(), times.end(), told);
  for (auto start = inside;; ++start) {
    const auto end = std::partition_point(inside, times.end(), [&](std::time_t time) {
      return static_cast<double>(time - from) <= least;
    });
    if (times.end() - end <= stragglers) return false;
    if (static_cast<double>(end - inside) <= 0.01 * per_day * DaysOf(*end - from)) return true;
    from = std::max(from, days ? EndOfMoment(*start) : *start);
    inside = std::max(start + 1, std::lower_bound(times.begin(), times.end(), from));
  }
}

// Returns whether the release is of a full list that had the area code.
bool BroughtFull(const OracleRelease& release, int area_code) {
  const OracleFile& file = release.files.front();
  const auto full = release.full_at.find(area_code);
  return !file.changes && full != release.full_at.end() && full->second == file.date;
}

// Returns whether the load contains everything that a change list did to the area code.
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

OracleUsual UsualPaceOf(const OracleList& list) {
  std::vector<OracleFile> files;
  for (const OracleRelease& release : list.lineage) {
    for (const OracleFile& file : release.files) {
      if (file.changes && file.count > 0) files.push_back(file);
    }
  }
  std::stable_sort(files.begin(), files.end(),
                   [](const OracleFile& a, const OracleFile& b) { return a.last < b.last; });
  OracleUsual usual;
  usual.lists = files.size();
  std::vector<double> rates;
  std::vector<std::pair<std::time_t, std::time_t>> quiets;
  std::vector<std::time_t> lags;
  for (size_t i = 0; i < files.size(); ++i) {
    const OracleFile& file = files[i];
    const std::time_t before = i == 0 ? file.first : usual.end;
    usual.end = std::max(usual.end, file.told);
    if (i + 14 < files.size()) continue;
    const std::time_t span = EndOfMoment(file.last) - std::min(before, file.first);
    rates.push_back(static_cast<double>(file.count) / std::max(1.0, DaysOf(span)));
    if (i > 0) quiets.emplace_back(std::max<std::time_t>(0, file.first - before), file.first);
    lags.push_back(std::max<std::time_t>(0, file.date - file.last));
  }
  if (rates.empty()) return usual;
  std::sort(rates.begin(), rates.end());
  usual.per_day = rates[(rates.size() - 1) / 2];
  usual.between = UsualQuiet(quiets);
  usual.before_date = LongestUsual(lags);
  return usual;
}

namespace {

std::time_t EndOfAll(const OracleLoad& load, bool many, const OracleUsual& usual) {
  const std::vector<std::time_t> all = TimesOf(load, 0);
  if (all.empty()) return load.obtained_at;
  const std::time_t lag = load.obtained_at - all.back();
  if (lag > kGrace) return all.back();
  const std::time_t quiet = usual.before_date.value_or(10 * 3600) + 10 * 3600;
  const double days = DaysOf(std::max<std::time_t>(3600, all.back() - all.front()));
  const bool early = many && lag > quiet && PerDay(all, usual, days) * DaysOf(lag) >= 100;
  return early ? all.back() : load.obtained_at;
}

// Returns whether the area code's own changes end before the list does.
bool EndsEarly(const std::vector<std::time_t>& own, std::time_t end, bool many) {
  return end > own.back() &&
         IsLong(own, end - own.back(), own.back() - own.front(), kNever, kNever, many);
}

}  // namespace

std::time_t EndOf(const OracleLoad& load, int area_code, bool many, const OracleUsual& usual) {
  const std::time_t end = EndOfAll(load, many, usual);
  if (area_code == 0) return end;
  const std::vector<std::time_t> own = TimesOf(load, area_code);
  return EndsEarly(own, end, many) ? own.back() : end;
}

std::time_t ToldBy(const OracleLoad& load, int area_code, bool many, const OracleUsual& usual) {
  std::vector<std::time_t> times = TimesOf(load, 0);
  OracleUsual lists = usual;
  if (area_code != 0) {
    std::vector<std::time_t> own = TimesOf(load, area_code);
    if (EndsEarly(own, EndOfAll(load, many, usual), many)) {
      times = std::move(own);
      lists = OracleUsual{};
    }
  }
  const std::ptrdiff_t left_out = Stragglers(times, lists);
  return EndIn(times, times[times.size() - 1 - static_cast<size_t>(left_out)]);
}

bool IsThin(const OracleLoad& load, bool many, const OracleUsual& usual) {
  if (!many || usual.lists < 3) return false;
  const std::vector<std::time_t> all = TimesOf(load, 0);
  const std::time_t until = all.empty() ? load.obtained_at : EndIn(all, all.back());
  const double expected = usual.per_day * DaysOf(until - usual.end);
  return expected >= 100 && static_cast<double>(all.size()) < 0.1 * expected;
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
  if (HoleAfter(TimesOf(load, area_code), known, kNever, kNever, many)) return true;
  return many && SparseAfter(all, now.told_until.at(area_code), UsualPaceOf(list));
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
