#include "server/records/tenants_position.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "server/base/status_macros.h"
#include "server/records/change_log.h"
#include "server/tenants/directory_records.h"
#include "server/tenants/directory_store.h"

namespace dnc {
absl::StatusOr<absl::Time> NewestInDirectory(Store* store) {
  DirectoryStore directory(store, 1);
  DNC_ASSIGN_OR_RETURN(const DirectoryStore::Contents contents, directory.Read());
  absl::Time newest = absl::InfinitePast();
  const auto note = [&newest](absl::Time time) {
    if (time != absl::InfiniteFuture()) newest = std::max(newest, time);
  };
  for (const StoredTenant& tenant : contents.tenants) {
    note(tenant.tenant.created_at);
    note(tenant.removed_at);
  }
  for (const StoredKey& key : contents.keys) {
    note(key.key.created_at);
    note(key.key.revoked_at);
    note(key.key.last_used_at);
  }
  for (const StoredList& list : contents.lists) note(list.list.created_at);
  return newest;
}

absl::StatusOr<TenantsPosition> ReadTenantsPosition(const Store& store, uint64_t newest_after) {
  TenantsPosition position;
  const std::unique_ptr<StoreSnapshot> snapshot = store.Snapshot();
  DNC_ASSIGN_OR_RETURN(const uint64_t records, StoredRevision(*snapshot));
  DNC_ASSIGN_OR_RETURN(const std::optional<DirectoryHead> stored, ReadDirectoryHead(store));
  const DirectoryHead head = stored.value_or(DirectoryHead());
  position.revision = std::max(records, head.revision);
  ChangeLog changes;
  DNC_RETURN_IF_ERROR(changes.Read(*snapshot));
  position.newest = changes.newest(newest_after);
  if (head.revision > newest_after) position.newest = std::max(position.newest, head.changed_at);
  position.reads_all = head.revision > 0 && head.changed_at == absl::UnixEpoch();
  return position;
}

}  // namespace dnc
