#include "server/intake/change_pace.h"

#include <algorithm>
#include <functional>

namespace dnc {
namespace {

// Fewer changes have no pace, and so many must be missing to make a hole by pace.
constexpr size_t kFewestChanges = 5;
constexpr double kMissingChanges = 10;

constexpr absl::Duration kDay = absl::Hours(24);

// The latest lists, by which it is judged what is usual.
constexpr size_t kUsualLists = 14;
// Where there are so many times between a list's last change and its date, the longest one does not
// count.
constexpr size_t kManyLags = 5;
// The longest quiet times do not count; so many are left out.
constexpr size_t kOddQuiets = 2;
// It must be quiet for so much longer than usual, since the changes of a night are few.
constexpr absl::Duration kQuieter = absl::Hours(10);
// So many changes must be missing. A subscription of a few area codes has fewer in a day, and so it
// is never judged by its pace: two changes more or less would decide. In made-up years with quiet
// nights, weekends, holidays and monthly removals, with 120 to 4,000 changes a day, this found next
// to all missing days from 400 changes on and nothing else.
constexpr double kFewestMissing = 100;
// A share of the usual changes: so few in a hole, or at the end of a list, are stragglers, which
// prove nothing.
constexpr double kStragglers = 0.01;
// A list with a smaller share of the usual changes shows nothing; holidays have more.
constexpr double kThin = 0.1;
constexpr size_t kListsForThin = 3;

double Days(absl::Duration length) { return absl::FDivDuration(length, kDay); }

// The longest of what is usual, without the very longest if there are many. Nullopt if there are
// none.
std::optional<absl::Duration> LongestUsual(std::vector<absl::Duration> lags) {
  if (lags.empty()) return std::nullopt;
  std::sort(lags.begin(), lags.end());
  if (lags.size() >= kManyLags) lags.pop_back();
  return lags.back();
}

struct Quiet {
  absl::Time end;
  absl::Duration length;
};

// The longest quiet time that is usual. A long one may be a hole that somebody overrode, and then
// another one of its length would pass as usual; so the two longest are left out, or the only one.
// Two that are a week apart stay, because some publishers rest at weekends.
std::optional<absl::Duration> UsualQuiet(std::vector<Quiet> quiets) {
  if (quiets.size() < 2) return std::nullopt;
  std::stable_sort(quiets.begin(), quiets.end(),
                   [](const Quiet& a, const Quiet& b) { return a.length > b.length; });
  const absl::Duration apart = absl::AbsDuration(quiets[0].end - quiets[1].end);
  if (absl::AbsDuration(apart - 7 * kDay) <= kDay / 2) return quiets[1].length;
  return quiets[std::min(kOddQuiets, quiets.size() - 1)].length;
}

}  // namespace

UsualPace::UsualPace(std::vector<ListSpan> lists) {
  std::stable_sort(lists.begin(), lists.end(),
                   [](const ListSpan& a, const ListSpan& b) { return a.last < b.last; });
  const size_t skipped = lists.size() - std::min(lists.size(), kUsualLists);
  std::vector<double> rates;
  std::vector<Quiet> quiets;
  std::vector<absl::Duration> lags;
  for (size_t i = 0; i < lists.size(); ++i) {
    const ListSpan& list = lists[i];
    const absl::Time before = i == 0 ? list.first : end_;
    const bool knows = list.told != absl::InfinitePast();
    end_ = std::max(end_, knows ? list.told : EndOfMoment(list.last));
    if (i < skipped) continue;
    const absl::Duration span = EndOfMoment(list.last) - std::min(list.first, before);
    rates.push_back(static_cast<double>(list.changes) / std::max(1.0, Days(span)));
    if (i > 0) quiets.push_back({list.first, std::max(absl::ZeroDuration(), list.first - before)});
    lags.push_back(std::max(absl::ZeroDuration(), list.date - list.last));
  }
  lists_ = lists.size();
  if (rates.empty()) return;
  std::sort(rates.begin(), rates.end());
  per_day_ = rates[(rates.size() - 1) / 2];
  between_ = UsualQuiet(std::move(quiets));
  before_date_ = LongestUsual(std::move(lags));
}

ChangePace::ChangePace(std::vector<absl::Time> times, const PaceLimits& limits)
    : times_(std::move(times)), limits_(limits) {
  std::sort(times_.begin(), times_.end());
  const auto midnights = std::count_if(times_.begin(), times_.end(), IsMidnight);
  days_alone_ = 2 * static_cast<size_t>(midnights) > times_.size();
  for (size_t i = 1; i < times_.size(); ++i) {
    const absl::Duration length = times_[i] - times_[i - 1];
    if (length <= kPaceGrace) continue;
    if (IsHole(length, last() - first() - length)) inside_.push_back({times_[i - 1], times_[i]});
  }
}

bool ChangePace::IsHole(absl::Duration length, absl::Duration rest) const {
  if (length > limits_.longest) return true;
  if (length <= kPaceGrace) return false;
  if (length > limits_.usual) return true;
  if (!limits_.by_pace || times_.size() < kFewestChanges) return false;
  // As many as come in the rest of the time, and a day so that a moment has no endless pace.
  const double missing =
      static_cast<double>(times_.size()) * absl::FDivDuration(length, rest + absl::Hours(24));
  return missing >= kMissingChanges;
}

std::optional<ChangeHole> ChangePace::HoleAfter(absl::Time known, absl::Time surely) const {
  if (empty()) return std::nullopt;
  if (first() - surely > limits_.longest) return ChangeHole{surely, first()};
  if (first() > known && IsHole(first() - known, last() - first())) {
    return ChangeHole{known, first()};
  }
  for (const ChangeHole& hole : inside_) {
    if (hole.to <= known) continue;
    const absl::Time from = std::max(hole.from, known);
    if (IsHole(hole.to - from, last() - first() - (hole.to - hole.from))) {
      return ChangeHole{from, hole.to};
    }
  }
  return std::nullopt;
}

double ChangePace::ActiveDays() const {
  constexpr int64_t kHalfDay = 12 * 3600;
  const auto half = [](absl::Time time) { return absl::ToUnixSeconds(time) / kHalfDay; };
  const auto halves = static_cast<double>(half(last()) - half(first()) + 1);
  const double fewest = kThin * static_cast<double>(times_.size()) / halves;
  double days = 0;
  for (auto from = times_.begin(); from != times_.end();) {
    const auto to = std::find_if(from, times_.end(),
                                 [&](absl::Time time) { return half(time) != half(*from); });
    if (static_cast<double>(to - from) >= fewest) days += 0.5;
    from = to;
  }
  return days;
}

double ChangePace::ListsPerDay() const {
  // Many changes at once may be what comes once a month.
  size_t most = 0;
  for (size_t from = 0, to = 0; to < times_.size(); ++to) {
    while (times_[to] - times_[from] > absl::Hours(1)) ++from;
    most = std::max(most, to - from + 1);
  }
  return static_cast<double>(times_.size() - most) / std::max(1.0, ActiveDays());
}

double ChangePace::PerDay(const UsualPace& usual, double days) const {
  if (usual.lists() == 0) return ListsPerDay();
  return std::min(usual.per_day(), static_cast<double>(times_.size()) / days);
}

size_t ChangePace::Stragglers(const UsualPace& usual) const {
  // Of one day: the changes of a night are few, and those of a long list's last night are no
  // stragglers. Many at once, as of a monthly removal, don't make them so either.
  const double ordinary = std::min(static_cast<double>(times_.size()), PerDay(usual, ActiveDays()));
  return static_cast<size_t>(kStragglers * ordinary);
}

// Whoever publishes once a day does so at one hour; a hole or two may be those that are looked for.
absl::Duration ChangePace::LongestQuiet() const {
  std::vector<absl::Duration> gaps(3, absl::ZeroDuration());
  for (size_t i = 1; i < times_.size(); ++i) gaps.push_back(times_[i] - EndOfChange(times_[i - 1]));
  std::nth_element(gaps.begin(), gaps.begin() + 2, gaps.end(), std::greater<>());
  return std::max({gaps[2], kQuieter, kDay - (last() - first())});
}

std::optional<ChangeHole> ChangePace::SparseAfter(absl::Time told, const UsualPace& usual) const {
  if (empty() || !limits_.by_pace) return std::nullopt;
  const double per_day = PerDay(usual, ActiveDays());
  if (per_day <= 0) return std::nullopt;
  const absl::Duration quiet = usual.between().value_or(LongestQuiet()) + kQuieter;
  const absl::Duration least = std::max(quiet, kFewestMissing / per_day * kDay);
  // Each stretch begins where one change ends, and goes on to the first one beyond `least`.
  absl::Time from = told;
  auto inside = std::lower_bound(times_.begin(), times_.end(), told);
  auto end = inside;
  const auto last = times_.end() - static_cast<std::ptrdiff_t>(Stragglers(usual));
  for (auto start = inside;; ++start) {
    while (end < last && *end - from <= least) ++end;
    if (end >= last) return std::nullopt;
    const double allowed = kStragglers * per_day * Days(*end - from);
    if (static_cast<double>(end - inside) <= allowed) {
      return ChangeHole{from, *end, per_day};
    }
    from = std::max(from, EndOfChange(*start));
    inside = std::max(start + 1, std::lower_bound(start, times_.end(), from));
  }
}

absl::Time ChangePace::EndOf(absl::Time date, const UsualPace& usual) const {
  if (empty()) return date;
  const absl::Duration lag = date - last();
  if (lag > kPaceGrace) return last();
  if (!limits_.by_pace) return date;
  const double days = Days(std::max(absl::Hours(1), last() - first()));
  const absl::Duration quiet = usual.before_date().value_or(kQuieter) + kQuieter;
  return lag > quiet && PerDay(usual, days) * Days(lag) >= kFewestMissing ? last() : date;
}

bool ChangePace::IsTooThin(absl::Time date, const UsualPace& usual) const {
  if (!limits_.by_pace || usual.lists() < kListsForThin) return false;
  const absl::Time until = empty() ? date : EndOfChange(last());
  const double expected = usual.per_day() * Days(until - usual.end());
  return expected >= kFewestMissing && static_cast<double>(times_.size()) < kThin * expected;
}

absl::Time ChangePace::ToldUntil(const UsualPace& usual) const {
  return EndOfChange(times_[times_.size() - 1 - Stragglers(usual)]);
}

}  // namespace dnc
