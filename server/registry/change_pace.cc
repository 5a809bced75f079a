#include "server/registry/change_pace.h"

#include <algorithm>

namespace dnc {
namespace {

// So many changes have a pace, and so many that should have come make a hole.
constexpr size_t kFewestChanges = 5;
constexpr double kMissingChanges = 10;

}  // namespace

ChangePace::ChangePace(std::vector<absl::Time> times, const PaceLimits& limits)
    : times_(std::move(times)), limits_(limits) {
  std::sort(times_.begin(), times_.end());
  for (size_t i = 1; i < times_.size(); ++i) {
    const absl::Duration length = times_[i] - times_[i - 1];
    if (length <= std::min(kPaceGrace, limits_.longest)) continue;
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

absl::Time ChangePace::EndOf(absl::Time date) const {
  if (empty() || date - last() <= kPaceGrace) return date;
  return last();
}

}  // namespace dnc
