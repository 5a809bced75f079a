// The tenants, their keys and their lists: on disk in the tenants' store, in memory as a view that
// calls read without a lock.
//
// Changes are commands (directory_commands.h): values that are fixed before they are ordered.
// Beside Apply stands a method for each, which makes the command as of now; `by` is the id of the
// key that asked for it.
//
// All methods are thread-safe. Changes are durable and visible when they return.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/storage/store.h"
#include "server/tenants/api_key.h"
#include "server/tenants/directory_commands.h"
#include "server/tenants/list_journal.h"
#include "server/tenants/tenant.h"

namespace dnc {

// Who calls, what for, and as of when: the answer rests on no later terms than these.
struct Caller {
  TenantViewPtr tenant;   // null: the operator
  std::string key_id;     // `local` without a key
  uint8_t scopes = 0;     // bit KeyScope
  uint64_t revision = 0;  // every change up to this one is in what is said here
  absl::Time expires_at = absl::InfiniteFuture();  // of the key
  bool Has(KeyScope scope) const { return (scopes >> static_cast<int>(scope) & 1) != 0; }
};

struct DirectoryLimits {
  uint32_t max_tenants = 100'000;
  uint32_t max_keys = 100;        // live ones of a tenant
  uint32_t max_lists = 1'000;     // of a tenant
  uint32_t max_blocks = 10'000;   // of a tenant
  uint32_t max_changes = 10'000;  // recorded of a tenant; older ones are dropped
};

struct DirectoryCounts {
  uint64_t active = 0;     // tenants
  uint64_t suspended = 0;  // tenants
  uint64_t live_keys = 0;  // the operator's too
};

class DirectoryCommitter;
class DirectoryState;

class TenantDirectory {
 public:
  // Reads all. Makes the tenant `default` (entitled to all) at the first start. DATA_LOSS if a
  // record is damaged: then nobody can be told apart, and the server must not start.
  static absl::StatusOr<std::unique_ptr<TenantDirectory>> Open(Store* store, RevisionOrder* order,
                                                               const Clock* clock,
                                                               DirectoryLimits limits);
  ~TenantDirectory();

  // From now on lists that are made and blocks that come and go are noted in `journal`, which must
  // outlive the directory. Before others use the directory.
  void SetJournal(ListJournal* journal);

  // The caller with this secret (`dnck_...`). UNAUTHENTICATED UNAUTHENTICATED: malformed, unknown,
  // expired, revoked, all with a message that does not tell an unknown key from a revoked one.
  // PERMISSION_DENIED TENANT_SUSPENDED. Marks the key as used.
  absl::StatusOr<Caller> Authenticate(std::string_view secret) const;
  // A caller without a key: the default tenant with every scope. Also if that is suspended: who
  // serves calls for it asks its state, while an operator can still resume it.
  Caller LocalCaller() const;

  // Whether an operator's key is live: without one nobody could administer a server that needs
  // keys.
  bool HasOperatorKey() const;
  // Whether there is one in any state: a server that once asked for keys never stops asking, not
  // even when all of them are revoked or have run out.
  bool HadOperatorKey() const;

  // NOT_FOUND.
  absl::StatusOr<TenantViewPtr> Find(std::string_view tenant_id) const;
  // At most `limit`, with ids above `after`.
  std::vector<TenantViewPtr> List(std::string_view after, size_t limit) const;
  // Every tenant, for start and statistics.
  std::vector<TenantViewPtr> All() const;
  // Looks at every tenant and key, a few milliseconds for a hundred thousand.
  DirectoryCounts Counts() const;
  // The numbers of all tenants that were removed, ascending: a crash may have come between a
  // removal and the drop of the tenant's records.
  std::vector<TenantNumber> Removed() const;

  // Returns the tenant as it is after the command; of a removal what was removed, with the revision
  // of the removal: its records are the caller's to drop (TenantRecords::Drop). A tenant's revision
  // is that of its configuration, so keys, lists and blocks do not move it. NOT_FOUND,
  // ALREADY_EXISTS, LIMIT_REACHED, INVALID_REQUEST, CHANGED_MEANWHILE, NOT_SUSPENDED.
  absl::StatusOr<TenantViewPtr> Apply(const TenantCommand& command);
  // Returns the key as it is after the command. ALREADY_EXISTS if there is a key of that id: then
  // draw another one.
  absl::StatusOr<ApiKey> Apply(const KeyCommand& command);
  // Blocks that stand already, or do not stand, are passed over.
  absl::StatusOr<ListOutcome> Apply(const ListCommand& command);
  absl::Status Apply(const ServerCommand& command);

  absl::StatusOr<TenantViewPtr> Create(const Tenant& tenant, std::string_view by);
  absl::StatusOr<TenantViewPtr> Update(const Tenant& tenant, std::string_view by);
  absl::StatusOr<Tenant> Remove(std::string_view tenant_id, std::string_view by);
  // Also of a removed tenant; an empty id: of the operator's keys. Newest first, with revisions
  // below `before` (0: all).
  absl::StatusOr<std::vector<TenantChange>> Changes(std::string_view tenant_id, size_t limit,
                                                    uint64_t before) const;

  using CreatedKey = MadeApiKey;
  // `key`: tenant_id, scopes, display_name, expires_at.
  absl::StatusOr<CreatedKey> CreateKey(const ApiKey& key, std::string_view by);
  absl::StatusOr<std::vector<ApiKey>> Keys(std::string_view tenant_id) const;
  absl::StatusOr<ApiKey> RevokeKey(std::string_view key_id, std::string_view by);

  // Ends the keys that had run out by `stores_time`, which the clock now lies before; recorded with
  // `description` among the changes of the operator's keys.
  absl::Status AcceptClock(absl::Time stores_time, std::string_view by,
                           const std::string& description);
  // A change of the server as a whole, recorded among those of the operator's keys.
  absl::Status Record(std::string_view by, const std::string& description);

  absl::StatusOr<TenantList> CreateList(std::string_view tenant_id, const TenantList& list,
                                        std::string_view by);
  // Return the revision from which on the blocks stand, or have ended.
  absl::StatusOr<uint64_t> AddBlocks(std::string_view tenant_id, std::string_view list_id,
                                     const std::vector<std::string>& blocks, std::string_view by);
  absl::StatusOr<uint64_t> RemoveBlocks(std::string_view tenant_id, std::string_view list_id,
                                        const std::vector<std::string>& blocks,
                                        std::string_view by);

  // Writes the last uses of keys that are newer than on disk; called now and then and at the end.
  absl::Status FlushLastUsed();

 private:
  TenantDirectory(Store* store, RevisionOrder* order, const Clock* clock,
                  const DirectoryLimits& limits);
  absl::StatusOr<uint64_t> ChangeBlocks(ListCommand::What what, std::string_view tenant_id,
                                        std::string_view list_id,
                                        const std::vector<std::string>& blocks,
                                        std::string_view by);

  const Clock* const clock_;
  const std::unique_ptr<DirectoryState> state_;
  const std::unique_ptr<DirectoryCommitter> committer_;
};

}  // namespace dnc
