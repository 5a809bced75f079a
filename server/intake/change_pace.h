// Whether a change list is complete as far as its own times tell: where its changes begin and end,
// and whether in between there is a hole that is long compared with their pace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "server/registry/change_time.h"

namespace dnc {

// A time in which changes seem to be missing.
struct ChangeHole {
  absl::Time from;
  absl::Time to;
  double usual_per_day = 0;  // 0: it is long by itself or by the list's own pace
};

// A change list that is loaded already, as far as its file's record tells.
struct ListSpan {
  absl::Time date;
  absl::Time first;  // change
  absl::Time last;
  uint64_t changes = 0;
  // The end of its last change, but for a few stragglers; InfinitePast: not known.
  absl::Time told = absl::InfinitePast();
};

// What is usual for the change lists of one label, by the latest of those that are loaded. The
// rate is that of all area codes together: that of one area code goes up and down with the day of
// the week, holidays, and the FTC's own removals of disconnected numbers; of all together a few
// hundred changes do not fail to come for most of a day. Each is a middle or an upper value, so
// that no single list moves it.
class UsualPace {
 public:
  explicit UsualPace(std::vector<ListSpan> lists);

  size_t lists() const { return lists_; }
  double per_day() const { return per_day_; }  // 0: not known
  // How long it may be quiet between the last change of a list and the first of the next; not known
  // before the third list.
  std::optional<absl::Duration> between() const { return between_; }
  // How long before a list's date its changes may end.
  std::optional<absl::Duration> before_date() const { return before_date_; }
  // Up to when the lists tell. InfinitePast: there is none.
  absl::Time end() const { return end_; }

 private:
  size_t lists_ = 0;
  double per_day_ = 0;
  std::optional<absl::Duration> between_;
  std::optional<absl::Duration> before_date_;
  absl::Time end_ = absl::InfinitePast();
};

struct PaceLimits {
  // Longer than this is a hole, whatever the pace.
  absl::Duration longest = absl::InfiniteDuration();
  // Longer than this, too, if the dates of the lists before tell it.
  absl::Duration usual = absl::InfiniteDuration();
  // Whether the changes' own pace counts.
  bool by_pace = true;
};

// A shorter silence is no hole by the pace: a date may mean any moment of its day, and a publisher
// may rest over a weekend.
inline constexpr absl::Duration kPaceGrace = absl::Hours(48);

// The times of the changes of one list, or of one area code in it.
class ChangePace {
 public:
  ChangePace(std::vector<absl::Time> times, const PaceLimits& limits);

  // The first hole after `known`, the moment up to which all is known, and before the last change.
  // `surely`: the same without what is known by silence alone; no later than `known`.
  std::optional<ChangeHole> HoleAfter(absl::Time known, absl::Time surely) const;
  // The first stretch after `told`, the end of the last change that is known, in which hardly a
  // change lies though a hundred or more are usual: a day's list that is missing or cut off. It
  // needs limits().by_pace.
  std::optional<ChangeHole> SparseAfter(absl::Time told, const UsualPace& usual) const;
  // Up to when a list that is of `date` tells: its date, or its last change if that is long before,
  // by itself or by what is usual.
  absl::Time EndOf(absl::Time date, const UsualPace& usual) const;
  // Whether it holds so few of the changes that are usual from the lists before to its own end that
  // it shows nothing of that time: it may be cut off, in whichever order its lines are.
  bool IsTooThin(absl::Time date, const UsualPace& usual) const;
  // The end of its last change, but for a few stragglers. It must not be empty.
  absl::Time ToldUntil(const UsualPace& usual) const;

  // Whether, by their pace, changes are missing between the last one and `end`.
  bool EndsBefore(absl::Time end) const {
    return !empty() && end > last() && IsHole(end - last(), last() - first());
  }

  bool empty() const { return times_.empty(); }
  absl::Time first() const { return times_.front(); }
  absl::Time last() const { return times_.back(); }

 private:
  // `rest`: how long the changes go on without the hole.
  bool IsHole(absl::Duration length, absl::Duration rest) const;
  // On how many days its changes lie, in halves and without stragglers.
  double ActiveDays() const;
  // How many changes a day are usual, by this list alone.
  double ListsPerDay() const;
  // How many are surely usual: no more than this list has in its `days`, since it may be of fewer
  // area codes than those before.
  double PerDay(const UsualPace& usual, double days) const;
  // How many of its last changes may be stragglers: they show nothing.
  size_t Stragglers(const UsualPace& usual) const;
  // As UsualPace::between, of this list alone.
  absl::Duration LongestQuiet() const;

  // As EndOfMoment, if the list tells days and not times.
  absl::Time EndOfChange(absl::Time time) const { return days_alone_ ? EndOfMoment(time) : time; }

  std::vector<absl::Time> times_;  // ascending
  bool days_alone_ = false;        // most of them are midnight
  const PaceLimits limits_;
  std::vector<ChangeHole> inside_;
};

}  // namespace dnc
