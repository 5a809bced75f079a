// Counts how many numbers a change of one list makes callable. Loads and their overrides, rollbacks
// and retirements all use this count, and nothing else counts it.
//
// It counts the numbers that are not callable before the change and CLEAR after it, by what the
// published lists say, for the server's own policy or for at least one tenant. The count is exact
// for the policy. It is an upper bound where tenants count other lists than the policy does, and
// where tenants have exemptions. It ignores the tenants' opt-outs, which only forbid calls. It is
// never too low, except that area codes that are not in use are left out.
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

// A tenant, reduced to what matters for this count.
struct Asker {
  TenantTerms terms;
  uint64_t exemptions = 0;  // an upper bound of its consents and relationships
};
// Returns all tenants as they are now. Null if there are none.
using Askers = std::function<std::vector<Asker>()>;

// How many numbers of an area code a change affects.
struct CallableChange {
  uint64_t becomes = 0;    // become callable
  uint64_t no_longer = 0;  // are callable no longer
};

// Not thread-safe.
class CallableCount {
 public:
  // Compares what scrubs see before and after a change of the list `list` alone, at the moment
  // `now`. The list may be missing on either side.
  CallableCount(SnapshotPtr before, SnapshotPtr after, const std::string& list,
                const Askers& askers, absl::Time now);

  CallableChange Of(int area_code) const;

  // Returns whether anybody can have a number of the area code: the area code is in use, or a list
  // has a number of it.
  bool IsInUse(int area_code) const;

 private:
  // Tenants that count the same lists, or the policy without a tenant.
  struct Group {
    bool is_policy = false;
    TenantTerms terms;  // entitled to every area code that any tenant of the group is
    uint64_t exemptions = 0;
    uint8_t lifts = kLiftsNothing;
  };
  struct Side {
    SnapshotPtr snapshot;
    std::vector<std::vector<ListEffect>> effects;  // the effects of its lists, for each group
    size_t changed = 0;  // the changed list's place; past the end if it is missing
  };

  void AddGroups(const std::vector<Asker>& askers);
  Side SideOf(SnapshotPtr snapshot, const std::string& list) const;
  // Returns whether the group may call a number of the area code that is on no list.
  bool IsOpen(const Side& side, size_t group, int area_code) const;
  // Returns whether being on the list forbids calls for the group.
  static bool Forbids(const Side& side, size_t group, size_t list);
  uint64_t Count(const Side& from, const Side& to, int area_code) const;
  // Counts the numbers that the change may open and that none of the lists `lists` of `to` has.
  // With `all`, those are all numbers of the area code; otherwise, those that the changed list
  // loses.
  static uint64_t Opened(const Side& from, const Side& to, int area_code, bool all,
                         const std::vector<size_t>& lists);

  const absl::Time now_;
  const std::bitset<kAreaCodes> known_ = KnownAreaCodes();
  std::vector<Group> groups_;
  Side before_;
  Side after_;
};

}  // namespace dnc
