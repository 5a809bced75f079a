// The inside of TenantDirectory: how a change goes from a draft to the store and to the view.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/tenants/directory_store.h"
#include "server/tenants/directory_view.h"
#include "server/tenants/list_journal.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// A change before it is accepted: what to write, and what the view will have.
struct DirectoryDraft {
  explicit DirectoryDraft(RevisionOrder::Change begun) : turn(std::move(begun)) {}
  RevisionOrder::Change turn;
  absl::Time now;
  DirectoryBatch batch;
  std::vector<TenantViewPtr> tenants;     // new or changed
  std::vector<KeyEntryPtr> keys;          // new or changed
  std::string removed_tenant;             // empty: none
  std::vector<std::string> dropped_keys;  // ids
};

struct TenantDirectory::Impl {
  Impl(Store* store_in, RevisionOrder* order_in, const Clock* clock_in, DirectoryLimits limits_in)
      : store(store_in, limits_in.max_changes),
        order(order_in),
        clock(clock_in),
        limits(limits_in) {}

  absl::Status Load();
  absl::Status LoadTenants(std::vector<StoredTenant> tenants, std::vector<StoredList> lists,
                           DirectoryView& view);
  absl::Status LoadKeys(std::vector<StoredKey> keys, DirectoryView& view);
  absl::Status MakeDefaultTenant();

  // Writes the last uses of these keys.
  absl::Status WriteUses(absl::Span<const std::string> key_ids);

  // All of these but ChangeBlocks ask for `changing` to be held.
  DirectoryDraft Begin();
  // Writes the draft with its sentence, publishes it and ends its turn. `tenant` 0: the operator.
  absl::Status Finish(DirectoryDraft& draft, TenantNumber tenant, std::string_view by,
                      std::string description, std::optional<Tenant> after);
  // The same for a change of a list, which is noted in the journal.
  absl::Status FinishListChange(DirectoryDraft& draft, TenantNumber tenant, std::string_view by,
                                std::string description, const ListChange& change);
  // Before such a change begins: the journal is not written by others until the lock is gone.
  std::unique_lock<std::mutex> LockJournal() const;
  absl::StatusOr<TenantViewPtr> CreateTenant(Tenant tenant, std::string_view by);
  absl::StatusOr<TenantViewPtr> FindForChange(std::string_view tenant_id) const;
  // Live ones; takes `index` itself.
  size_t LiveOperatorKeys();
  absl::Status CheckKeyLimit(std::string_view tenant_id, absl::Time now) const;
  void DropOldKeys(std::string_view tenant_id, DirectoryDraft& draft) const;
  absl::StatusOr<uint64_t> ChangeBlocks(std::string_view tenant_id, std::string_view list_id,
                                        const std::vector<std::string>& blocks, bool add,
                                        std::string_view by);
  void Publish(DirectoryDraft& draft);

  DirectoryStore store;
  RevisionOrder* order;
  const Clock* clock;
  DirectoryLimits limits;
  ListJournal* journal = nullptr;  // null: nothing is noted
  DirectoryViewCell cell;

  // Held by the one change under way. Taken before a turn of `order`.
  std::mutex changing;
  DirectoryViewPtr latest;  // under `changing`

  // For the operator's questions. Written only with `changing` held too.
  mutable std::mutex index;
  std::map<std::string, TenantViewPtr, std::less<>> by_id;
  absl::flat_hash_map<std::string, TenantNumber> removed;
  absl::flat_hash_map<std::string, std::set<std::string>> keys_of;  // ids by tenant id
};

// NOT_FOUND.
absl::Status NoSuchTenant();

// Whether the key ended long enough ago to be forgotten.
bool IsForgotten(const ApiKey& key, absl::Time now);
bool IsLive(const ApiKey& key, absl::Time now);

// The key as operators see it.
ApiKey WithLastUse(const KeyEntry& entry);

}  // namespace dnc
