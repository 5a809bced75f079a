// Writes what dialers are told about the lists that hold a number.
//
//   National (USA) 2026-03-01;State (TX);;;       national, state, other, litigator;
//   ;;;;Blocked: this area code is not loaded     behind them why it is blocked or invalid
//
// A date stands there only where a change list gave it: what the first full list brought may have
// been listed for years, and a date that is too late could pass for a reason to call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/numbers/phone_number.h"
#include "server/scrub/explanation.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/verdict.h"

namespace dnc {

// Whether lists hold the number of which a date may be known.
bool HasDatedMatch(ReasonSet reasons);

// Writes the reasons of one call's numbers, all from one snapshot, which must outlive it. Not
// thread-safe.
class DialerReasons {
 public:
  explicit DialerReasons(const Snapshot* snapshot) : snapshot_(*snapshot) {}

  // `report` has the dates; null: none are told. Valid until the next call.
  std::string_view Of(Number number, ReasonSet reasons, char letter, const NumberReport* report);

 private:
  std::string Write(Number number, ReasonSet reasons, char letter,
                    const NumberReport* report) const;
  void AddLists(ListKind kind, std::string_view shown, Number number, const NumberReport* report,
                std::string* out) const;

  const Snapshot& snapshot_;
  // Most numbers have one of a few reasons: those of letters and reasons that were written already.
  std::vector<std::pair<uint64_t, std::string>> written_;
  std::string named_;
};

}  // namespace dnc
