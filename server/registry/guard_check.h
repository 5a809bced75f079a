// Asks the guards on behalf of one load, and remembers which of them the operator overrode.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/registry/guards.h"

namespace dnc {

// Not thread-safe.
class GuardCheck {
 public:
  GuardCheck(GuardLimits limits, std::vector<Guard> overrides)
      : limits_(limits), overrides_(std::move(overrides)) {}

  const GuardLimits& limits() const { return limits_; }
  bool Overrides(Guard guard) const {
    return std::find(overrides_.begin(), overrides_.end(), guard) != overrides_.end();
  }

  // What a guard says that has found something: a refusal, or OK if it is overridden.
  absl::Status Refuse(Guard guard, std::string_view found) {
    if (!Overrides(guard)) {
      return GuardError(
          GuardName(guard),
          StrCat(found, ". If this is right, load again with --allow ", GuardName(guard)));
    }
    if (std::find(overridden_.begin(), overridden_.end(), guard) == overridden_.end()) {
      overridden_.push_back(guard);
    }
    return absl::OkStatus();
  }

  // The guards that would have refused.
  const std::vector<Guard>& overridden() const { return overridden_; }

 private:
  GuardLimits limits_;
  std::vector<Guard> overrides_;
  std::vector<Guard> overridden_;
};

}  // namespace dnc
