// The tenants, their keys and their lists: on disk in the tenants' store, and in memory as a view
// that calls read without a lock.
//
// Changes are commands (directory_commands.h): values that are fixed before they are ordered.
// Besides Apply there is a method for each command, which makes it with the present time; `by` is
// the id of the key that asked for it.
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

// Who calls, what the caller may do, and as of which revision. An answer rests on terms at least as
// new as these.
struct Caller {
  TenantViewPtr tenant;                            // null: the operator
  std::string key_id;                              // `local` without a key
  uint8_t scopes = 0;                              // bit KeyScope
  uint64_t revision = 0;                           // every change up to this one is reflected here
  absl::Time expires_at = absl::InfiniteFuture();  // when the key expires
  bool Has(KeyScope scope) const { return (scopes >> static_cast<int>(scope) & 1) != 0; }
};

struct DirectoryLimits {
  uint32_t max_tenants = 100'000;
  uint32_t max_keys = 100;        // live keys per tenant
  uint32_t max_lists = 1'000;     // per tenant
  uint32_t max_blocks = 10'000;   // per tenant
  uint32_t max_changes = 10'000;  // recorded per tenant; older ones are dropped
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
  // Reads everything. At the first start it makes the tenant `default`, which is entitled to all
  // area codes. Fails with DATA_LOSS if a record is damaged: callers could then not be told apart,
  // so the server must not start.
  static absl::StatusOr<std::unique_ptr<TenantDirectory>> Open(Store* store, RevisionOrder* order,
                                                               const Clock* clock,
                                                               DirectoryLimits limits);
  ~TenantDirectory();

  // Makes the directory note new lists and changes of blocks in `journal`, which must outlive it.
  // Call it before others use the directory.
  void SetJournal(ListJournal* journal);

  // Returns the caller with this secret (`dnck_...`), and marks the key as used. Fails with
  // UNAUTHENTICATED UNAUTHENTICATED if the key is malformed, unknown, expired or revoked; the
  // message does not tell an unknown key from a revoked one. Fails with PERMISSION_DENIED
  // TENANT_SUSPENDED.
  absl::StatusOr<Caller> Authenticate(std::string_view secret) const;
  // Returns a caller without a key: the default tenant with every scope, even if it is suspended.
  // The code that serves calls for the tenant checks its state, so that an operator can still
  // resume it.
  Caller LocalCaller() const;

  // Returns whether an operator's key is live. Without one nobody could administer a server that
  // needs keys.
  bool HasOperatorKey() const;
  // Returns whether there is an operator's key in any state. A server that once asked for keys
  // never stops asking, not even when all of them are revoked or have expired.
  bool HadOperatorKey() const;

  // Fails with NOT_FOUND.
  absl::StatusOr<TenantViewPtr> Find(std::string_view tenant_id) const;
  // Returns at most `limit` tenants with ids above `after`.
  std::vector<TenantViewPtr> List(std::string_view after, size_t limit) const;
  // Returns every tenant, for the start and for statistics.
  std::vector<TenantViewPtr> All() const;
  // Reads every tenant and key, which takes a few milliseconds for a hundred thousand.
  DirectoryCounts Counts() const;
  // Returns the numbers of all removed tenants, ascending: a crash may have come between a removal
  // and the drop of the tenant's records.
  std::vector<TenantNumber> Removed() const;

  // Returns the tenant as it is after the command. After a removal, returns what was removed, with
  // the removal's revision; the caller must drop the tenant's records (TenantRecords::Drop). A
  // tenant's revision is that of its configuration, so keys, lists and blocks do not change it.
  // Fails with NOT_FOUND, ALREADY_EXISTS, LIMIT_REACHED, INVALID_REQUEST, CHANGED_MEANWHILE or
  // NOT_SUSPENDED.
  absl::StatusOr<TenantViewPtr> Apply(const TenantCommand& command);
  // Returns the key as it is after the command. Fails with ALREADY_EXISTS if there is a key with
  // that id: then draw another one.
  absl::StatusOr<ApiKey> Apply(const KeyCommand& command);
  // Ignores blocks that exist already, or that are to end and do not exist.
  absl::StatusOr<ListOutcome> Apply(const ListCommand& command);
  absl::Status Apply(const ServerCommand& command);

  absl::StatusOr<TenantViewPtr> Create(const Tenant& tenant, std::string_view by);
  absl::StatusOr<TenantViewPtr> Update(const Tenant& tenant, std::string_view by);
  absl::StatusOr<Tenant> Remove(std::string_view tenant_id, std::string_view by);
  // Returns changes, newest first, with revisions below `before` (0: all). Also works for a removed
  // tenant; an empty id asks for those of the operator's keys.
  absl::StatusOr<std::vector<TenantChange>> Changes(std::string_view tenant_id, size_t limit,
                                                    uint64_t before) const;

  using CreatedKey = MadeApiKey;
  // Uses tenant_id, scopes, display_name and expires_at of `key`.
  absl::StatusOr<CreatedKey> CreateKey(const ApiKey& key, std::string_view by);
  absl::StatusOr<std::vector<ApiKey>> Keys(std::string_view tenant_id) const;
  absl::StatusOr<ApiKey> RevokeKey(std::string_view key_id, std::string_view by);

  // Ends the keys that had expired by `stores_time`, which the clock is now behind. Recorded with
  // `description` among the changes of the operator's keys.
  absl::Status AcceptClock(absl::Time stores_time, std::string_view by,
                           const std::string& description);
  // Records a change of the server as a whole among those of the operator's keys.
  absl::Status Record(std::string_view by, const std::string& description);

  absl::StatusOr<TenantList> CreateList(std::string_view tenant_id, const TenantList& list,
                                        std::string_view by);
  // Return the revision from which on the blocks exist, or have ended.
  absl::StatusOr<uint64_t> AddBlocks(std::string_view tenant_id, std::string_view list_id,
                                     const std::vector<std::string>& blocks, std::string_view by);
  absl::StatusOr<uint64_t> RemoveBlocks(std::string_view tenant_id, std::string_view list_id,
                                        const std::vector<std::string>& blocks,
                                        std::string_view by);

  // Writes the last uses of keys that are newer than those on disk. Called now and then, and at the
  // end.
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
