// What a change of a list does to what may be called: the list before and after, an area code at a
// time. What is callable is counted by callable_count.h.
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

// What a change makes of one area code; dnc.v1.AreaPlan says what each field means.
struct AreaPlan {
  int area_code = 0;
  bool answered_before = false;
  bool answers_after = false;
  uint64_t numbers_before = 0;  // by the seal where they can't be read
  uint64_t numbers_after = 0;
  uint64_t added = 0;
  uint64_t lost = 0;
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;
};

// dnc.v1.LoadPlan.
struct LoadPlan {
  std::string list;
  bool first = false;  // the list was not loaded before
  // Those that differ in their numbers, their data's date or whether they are answered for.
  std::vector<AreaPlan> areas;  // ascending
  // Over all area codes, also those of a list that covers all and has no number there.
  uint64_t becomes_callable = 0;
  uint64_t no_longer_callable = 0;

  // Whether the list answers for an area code afterwards and did not before.
  bool HasFirstData() const;
};

// Compares two versions of one list, `before` being that of `state`; either may be not loaded.
// Numbers of `before` that can't be read count by their seals: as many as come are taken to be the
// same ones.
LoadPlan ComparePlan(const RegistryState& state, const ListState& before, const ListState& after,
                     const Policy& policy, const Askers& askers, absl::Time now);

}  // namespace dnc
