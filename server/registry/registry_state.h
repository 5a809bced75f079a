// Everything that is loaded at some moment: an immutable value that a load replaces as a whole.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/index/number_set.h"
#include "server/registry/policy.h"
#include "server/registry/records.pb.h"
#include "server/registry/stored_values.h"
#include "server/scrub/snapshot.h"
#include "server/storage/store_head.h"

namespace dnc {

// What is known about a list over time. A time is InfiniteFuture where it is not known.
struct ListLife {
  // The list was certainly not loaded from `absent_since` until `loaded_since`.
  absl::Time absent_since = absl::InfiniteFuture();
  absl::Time loaded_since = absl::InfiniteFuture();   // also set while it is retired
  absl::Time first_loaded_at = absl::InfinitePast();  // over all its lives; InfinitePast: not known
  // Where the limit of releases cut the history off; 0 and InfinitePast if it did not.
  uint64_t oldest_release = 0;
  absl::Time history_since = absl::InfinitePast();
  // The oldest release that can be gone back to.
  uint64_t kept_from = 0;
};

// A list with its release in force.
struct ListState {
  uint32_t list_id = 0;
  std::string name;
  ListKind kind = ListKind::kNational;
  // The release in force, without its files. Its id is 0 if the list is retired, or if none is
  // loaded yet.
  storage::Release head;
  // The seals of the release, by area code.
  std::map<int, storage::Seal> seals;
  // For lists that cover every area code as a whole.
  absl::Time whole_obtained_at = absl::InfinitePast();
  absl::Time whole_history_since = absl::InfinitePast();
  uint64_t whole_first_release = 0;
  uint64_t whole_brought_by = 0;  // as in storage::Seal
  int64_t whole_brought_at = 0;
  // The numbers, and the area codes whose stored data does not match their seals.
  NumberSet numbers;
  std::bitset<kAreaCodes> damaged;
  std::bitset<kAreaCodes> vanished;  // left out by a full list, so no longer covered
  ListLife life;
  std::vector<storage::Turn> turns;  // rollbacks and retirements, oldest first

  bool loaded() const { return head.id() != 0; }
  bool covers_all() const { return CoversAll(kind); }
  bool Covers(int area_code) const {
    return loaded() && (covers_all() || seals.find(area_code) != seals.end());
  }
};
using ListStatePtr = std::shared_ptr<const ListState>;

struct RegistryState {
  uint64_t revision = 0;
  // When the first release of any list was published; InfiniteFuture if not known.
  absl::Time begun_at = absl::InfiniteFuture();
  // What was published before this counts as too old if it was too old then.
  AcceptedClock accepted;
  // The time in which releases answered that a restore has lost; what they answered is not known.
  Untold untold;
  std::map<std::string, ListStatePtr> lists;
  // The published releases by id, without their files: all except those that the limit cut off.
  std::map<uint64_t, std::shared_ptr<const storage::Release>> releases;
  // The releases that were once dated in the future (data_age.h).
  std::set<uint64_t> future_releases;
};
using RegistryStatePtr = std::shared_ptr<const RegistryState>;

// Returns a list by its name, written in any case, loaded or not; null if there never was one.
ListStatePtr ListOf(const RegistryState& state, std::string_view name);
// Returns a list that is loaded; NOT_FOUND if there is none of this name.
absl::StatusOr<ListStatePtr> FindLoaded(const RegistryState& state, std::string_view name);

// Returns the state with another version of one list, or with one more list.
std::shared_ptr<RegistryState> WithList(const RegistryState& state, ListStatePtr list);

// Returns the release, the one it followed, and so on: newest first. Stops below `down_to`.
std::vector<uint64_t> Lineage(const RegistryState& state, uint64_t release_id,
                              uint64_t down_to = 0);

// Returns the releases that led to the one in force, newest first, as far as the limit kept them.
// Fails with DATA_LOSS if one is missing for another reason, since the history would then be wrong.
absl::StatusOr<std::vector<uint64_t>> WholeLineage(const RegistryState& state,
                                                   const ListState& list);

// Returns whether the list was certainly not loaded at `moment`.
bool SurelyAbsent(const RegistryState& state, const ListState& list, absl::Time moment);

// Since when the history of an area code answers, and the first release that is part of it.
struct Beginning {
  absl::Time since = absl::InfiniteFuture();  // InfiniteFuture if the list does not cover it
  uint64_t release_id = 0;
};
Beginning BeginningOf(const RegistryState& state, const ListState& list, int area_code);

// Computes the digest of a release over its seals, in order of area codes
// (docs/internals/disk-format.md).
Digest DigestOfSeals(const std::map<int, storage::Seal>& seals);

// Returns how a list counts under the policy; nullopt if it does not.
std::optional<PolicyList> PolicyOf(const Policy& policy, const ListState& list);

// Returns the list as it counts under the policy; null if it does not.
SnapshotListPtr LoadedList(const RegistryState& state, const Policy& policy, const ListState& list);

// Returns the list as it counts while nothing of it is loaded, under a policy that names it or
// takes all lists; null under any other policy.
SnapshotListPtr UnloadedList(const Policy& policy, const std::string& name);

// Returns the list as scrubs see it under the policy, or as it would count by default.
SnapshotListPtr ListInSnapshot(const RegistryState& state, const Policy& policy,
                               const ListState& list);

// Makes the view for scrubs: the policy's lists in their order, then the others that count.
SnapshotPtr MakeSnapshot(const RegistryState& state, const Policy& policy);

}  // namespace dnc
