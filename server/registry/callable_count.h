// How many numbers a change of one list makes callable: the one place that counts it, for loads and
// their overrides, rollbacks and retirements.
//
// Counted are the numbers that are not callable before and CLEAR afterwards, for the server's own
// policy or for at least one tenant, by what the published lists say. That is exact for the policy.
// It is an upper bound where tenants count other lists than the policy, and where they have
// exemptions; opt-outs of tenants, which forbid, are not looked at. It is never too low, but for
// area codes that are not in use.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/rules/area_codes.h"
#include "server/scrub/rules.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/tenant_terms.h"

namespace dnc {

// A tenant, as far as it counts here.
struct Asker {
  TenantTerms terms;
  uint64_t exemptions = 0;  // consents and relationships that it has, at most
};
// All tenants as they are now. Null: there are none.
using Askers = std::function<std::vector<Asker>()>;

// Numbers of an area code that a change concerns.
struct CallableChange {
  uint64_t becomes = 0;    // callable
  uint64_t no_longer = 0;  // callable
};

// Not thread-safe.
class CallableCount {
 public:
  // What scrubs see before and after a change of the list `list` alone, at the moment `now`; in
  // either the list may be missing.
  CallableCount(SnapshotPtr before, SnapshotPtr after, const std::string& list,
                const Askers& askers, absl::Time now);

  CallableChange Of(int area_code) const;

  // Whether anybody can have a number of the area code: it is in use, or a list has one.
  bool IsInUse(int area_code) const;

 private:
  // Tenants that count the same lists, or the policy without a tenant.
  struct Group {
    bool is_policy = false;
    TenantTerms terms;  // entitled to what any of them is
    uint64_t exemptions = 0;
    uint8_t lifts = kLiftsNothing;
  };
  struct Side {
    SnapshotPtr snapshot;
    std::vector<std::vector<ListEffect>> effects;  // of its lists, by group
    size_t changed = 0;                            // the place of the list; past the end: missing
  };

  void AddGroups(const std::vector<Asker>& askers);
  Side SideOf(SnapshotPtr snapshot, const std::string& list) const;
  // Whether a number of the area code that is on no list is callable for the group.
  bool IsOpen(const Side& side, size_t group, int area_code) const;
  // Whether an entry of the list forbids calls for the group.
  static bool Forbids(const Side& side, size_t group, size_t list);
  uint64_t Count(const Side& from, const Side& to, int area_code) const;
  // Of the numbers that the change may open, those that are on none of the lists of `to`.
  static uint64_t Opened(const Side& from, const Side& to, int area_code, bool all,
                         const std::vector<size_t>& lists);

  const absl::Time now_;
  const std::bitset<kAreaCodes> known_ = KnownAreaCodes();
  std::vector<Group> groups_;
  Side before_;
  Side after_;
};

}  // namespace dnc
