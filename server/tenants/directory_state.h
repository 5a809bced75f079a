// The directory in memory: the view that calls read without a lock, and indexes for operators, who
// ask in order, by owner, or about removed tenants.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/tenants/directory_store.h"
#include "server/tenants/directory_view.h"

namespace dnc {

// What a command changes in the directory.
struct DirectoryDelta {
  std::vector<TenantViewPtr> tenants;     // new or changed
  std::vector<KeyEntryPtr> keys;          // new or changed
  std::string removed_tenant;             // an id; empty: none
  std::vector<std::string> dropped_keys;  // ids
};

// Thread-safe, but Load and Publish must be called by one thread at a time.
class DirectoryState {
 public:
  // Call at the start. Fails with DATA_LOSS if the contents do not fit together. `next_number` is
  // the number that the next tenant gets.
  absl::Status Load(DirectoryStore::Contents contents, TenantNumber next_number)
      ABSL_LOCKS_EXCLUDED(index_);
  // Publishes the directory with the delta, and returns it. `before` is what was published last.
  // Whatever an answer of this object shows is also in the view.
  DirectoryViewPtr Publish(const DirectoryViewPtr& before, const DirectoryDelta& delta)
      ABSL_LOCKS_EXCLUDED(index_);

  // Does what DirectoryViewCell::Get promises.
  const DirectoryView& view() const { return cell_.Get(); }
  // Returns the same view, to keep.
  DirectoryViewPtr latest() const ABSL_LOCKS_EXCLUDED(index_);

  size_t tenants() const ABSL_LOCKS_EXCLUDED(index_);
  // Returns at most `limit` tenants with ids above `after`, ascending.
  std::vector<TenantViewPtr> List(std::string_view after, size_t limit) const
      ABSL_LOCKS_EXCLUDED(index_);
  // Returns the numbers of the removed tenants, ascending.
  std::vector<TenantNumber> Removed() const ABSL_LOCKS_EXCLUDED(index_);
  // Also finds a tenant that was removed.
  std::optional<TenantNumber> NumberOf(std::string_view tenant_id) const
      ABSL_LOCKS_EXCLUDED(index_);
  // Returns the ids of a tenant's keys, in whatever state, ascending. An empty id asks for the
  // operator's.
  std::vector<std::string> KeysOf(std::string_view tenant_id) const ABSL_LOCKS_EXCLUDED(index_);
  // Returns how many of them are live.
  size_t LiveKeysOf(std::string_view tenant_id, absl::Time now) const ABSL_LOCKS_EXCLUDED(index_);

 private:
  absl::Status LoadTenants(std::vector<StoredTenant> tenants, std::vector<StoredList> lists,
                           TenantNumber next_number, DirectoryView& view)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(index_);
  absl::Status LoadKeys(std::vector<StoredKey> keys, DirectoryView& view)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(index_);

  DirectoryViewCell cell_;
  mutable absl::Mutex index_;
  DirectoryViewPtr latest_ ABSL_GUARDED_BY(index_);
  std::map<std::string, TenantViewPtr, std::less<>> by_id_ ABSL_GUARDED_BY(index_);
  absl::flat_hash_map<std::string, TenantNumber> removed_ ABSL_GUARDED_BY(index_);
  // The ids of keys, by tenant id.
  absl::flat_hash_map<std::string, std::set<std::string>> keys_of_ ABSL_GUARDED_BY(index_);
};

// Returns whether the key ended long enough ago to be forgotten.
bool IsForgotten(const ApiKey& key, absl::Time now);
bool IsLive(const ApiKey& key, absl::Time now);

// Returns the key as operators see it.
ApiKey WithLastUse(const KeyEntry& entry);

}  // namespace dnc
