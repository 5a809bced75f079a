// Works out what a change of a list does to what may be called, by comparing the list before and
// after, one area code at a time. callable_count.h counts what is callable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/registry/callable_count.h"

namespace dnc {

struct ListState;
struct RegistryState;
struct Policy;

// The effect of a change on one area code; dnc.v1.AreaPlan says what each field means.
struct AreaPlan {
  int area_code = 0;
  bool answered_before = false;
  bool answers_after = false;
  uint64_t numbers_before = 0;  // by the seal if they cannot be read
  uint64_t numbers_after = 0;
  uint64_t added = 0;
  uint64_t lost = 0;
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;
};

// The whole effect; dnc.v1.LoadPlan says what each field means.
struct LoadPlan {
  std::string list;
  bool first = false;  // the list was not loaded before
  // The area codes whose numbers, data date or coverage differ.
  std::vector<AreaPlan> areas;  // ascending
  // Counts over all area codes, including those in which a list that covers all has no number.
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;

  // Returns whether the list covers an area code afterwards that it did not cover before.
  bool HasFirstData() const;
};

// Compares two versions of one list; `before` is the one of `state`. Either may be unloaded. If
// numbers of `before` cannot be read, their seals give the counts: as many of the new numbers as
// there were old ones are assumed to be the same.
LoadPlan ComparePlan(const RegistryState& state, const ListState& before, const ListState& after,
                     const Policy& policy, const Askers& askers, absl::Time now);

}  // namespace dnc
