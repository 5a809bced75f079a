// Collects what the guards find in one load. Nothing is refused at the first finding: whoever loads
// is told everything at once, and overrides each finding by its own name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/intake/guards.h"

namespace dnc {

// A moment as findings write it.
inline std::string Date(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// Whether so many numbers are more than a share.
inline bool Exceeds(uint64_t lost, uint64_t of, double share) {
  return static_cast<double>(lost) > static_cast<double>(of) * share;
}

// Not thread-safe.
class GuardCheck {
 public:
  // `allow`: what is overridden, each as GuardFinding.allow has it.
  GuardCheck(GuardLimits limits, std::vector<std::string> allow);

  const GuardLimits& limits() const { return limits_; }
  // Whether a finding of `guard` about `target` is overridden.
  bool Allows(Guard guard, std::string_view target) const;

  // Notes a finding; sets its `allow` from `target`, an area code, a file or a list. True if it is
  // overridden. Beyond kMaxFindings it counts and is not kept.
  bool Note(std::string_view target, GuardFinding finding);
  bool NoteArea(int area_code, GuardFinding finding);
  bool NoteFile(const std::string& file, GuardFinding finding);

  // OK if each finding is overridden and each override named a finding. Otherwise GUARD_REFUSED,
  // with the first findings and how many there are, or INVALID_REQUEST for an override of nothing.
  absl::Status Outcome() const;
  // INVALID_REQUEST for an override that named no finding: it may have meant another one.
  absl::Status CheckUnused() const;

  const std::vector<GuardFinding>& findings() const { return findings_; }
  std::vector<GuardFinding>& findings() { return findings_; }
  // The guards with a finding that is overridden.
  std::vector<Guard> overridden() const;

 private:
  const GuardLimits limits_;
  const std::set<std::string> allow_;
  std::set<std::string> used_;  // of `allow_`
  std::vector<GuardFinding> findings_;
  uint64_t not_kept_ = 0;
};

}  // namespace dnc
