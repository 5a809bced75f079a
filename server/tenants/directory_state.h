// The directory in memory: the view that calls read without a lock, and beside it what operators
// ask for in order, by owner, or of tenants that are gone.
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

// What a command changes of it.
struct DirectoryDelta {
  std::vector<TenantViewPtr> tenants;     // new or changed
  std::vector<KeyEntryPtr> keys;          // new or changed
  std::string removed_tenant;             // id; empty: none
  std::vector<std::string> dropped_keys;  // ids
};

// Thread-safe; Load and Publish are called by one thread at a time.
class DirectoryState {
 public:
  // At the start. DATA_LOSS if the contents do not fit together; `next_number` is the number that
  // the next tenant gets.
  absl::Status Load(DirectoryStore::Contents contents, TenantNumber next_number)
      ABSL_LOCKS_EXCLUDED(index_);
  // The directory with the delta, from now on. `before` is what was published last. Whoever sees a
  // part of it in an answer here finds it in the view, too.
  DirectoryViewPtr Publish(const DirectoryViewPtr& before, const DirectoryDelta& delta)
      ABSL_LOCKS_EXCLUDED(index_);

  // As DirectoryViewCell::Get.
  const DirectoryView& view() const { return cell_.Get(); }
  // The same to keep.
  DirectoryViewPtr latest() const ABSL_LOCKS_EXCLUDED(index_);

  size_t tenants() const ABSL_LOCKS_EXCLUDED(index_);
  // At most `limit`, with ids above `after`, ascending.
  std::vector<TenantViewPtr> List(std::string_view after, size_t limit) const
      ABSL_LOCKS_EXCLUDED(index_);
  // Of the tenants that were removed, ascending.
  std::vector<TenantNumber> Removed() const ABSL_LOCKS_EXCLUDED(index_);
  // Also of a tenant that was removed.
  std::optional<TenantNumber> NumberOf(std::string_view tenant_id) const
      ABSL_LOCKS_EXCLUDED(index_);
  // The ids of a tenant's keys in whatever state, ascending. An empty id: the operator's.
  std::vector<std::string> KeysOf(std::string_view tenant_id) const ABSL_LOCKS_EXCLUDED(index_);
  // How many of them are live.
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
  // Ids by tenant id.
  absl::flat_hash_map<std::string, std::set<std::string>> keys_of_ ABSL_GUARDED_BY(index_);
};

// Whether the key ended long enough ago to be forgotten.
bool IsForgotten(const ApiKey& key, absl::Time now);
bool IsLive(const ApiKey& key, absl::Time now);

// The key as operators see it.
ApiKey WithLastUse(const KeyEntry& entry);

}  // namespace dnc
