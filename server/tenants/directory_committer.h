// Changes the directory. A command is checked against the state, written durably together with the
// sentence that records it, and published. There is one command at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/revision_order.h"
#include "server/tenants/directory_commands.h"
#include "server/tenants/directory_state.h"
#include "server/tenants/directory_store.h"
#include "server/tenants/list_journal.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Thread-safe.
class DirectoryCommitter {
 public:
  // `store`, `order` and `state` must outlive this object.
  DirectoryCommitter(Store* store, RevisionOrder* order, const DirectoryLimits& limits,
                     DirectoryState* state)
      : order_(*order), limits_(limits), state_(*state), store_(store, limits.max_changes) {}

  // Call at the start. Fills the state from the store; in a new store, makes the tenant `default`
  // with the time `now`. Fails with DATA_LOSS if a record is damaged.
  absl::Status Load(absl::Time now) ABSL_LOCKS_EXCLUDED(changing_);
  // Does what TenantDirectory::SetJournal promises.
  void SetJournal(ListJournal* journal) ABSL_LOCKS_EXCLUDED(changing_);

  // These do what TenantDirectory::Apply promises.
  absl::StatusOr<TenantViewPtr> Apply(const TenantCommand& command) ABSL_LOCKS_EXCLUDED(changing_);
  absl::StatusOr<ApiKey> Apply(const KeyCommand& command) ABSL_LOCKS_EXCLUDED(changing_);
  absl::StatusOr<ListOutcome> Apply(const ListCommand& command) ABSL_LOCKS_EXCLUDED(changing_);
  absl::Status Apply(const ServerCommand& command) ABSL_LOCKS_EXCLUDED(changing_);

  // Does what TenantDirectory::FlushLastUsed promises. It is no change and has no revision, so the
  // writes of other stores need not wait for it.
  absl::Status FlushLastUsed() ABSL_LOCKS_EXCLUDED(changing_);

  // Does what DirectoryStore::Changes promises.
  absl::StatusOr<std::vector<TenantChange>> Changes(TenantNumber tenant, size_t limit,
                                                    uint64_t before) const {
    return store_.Changes(tenant, limit, before);
  }

 private:
  // What a command writes, and what the state will have afterwards.
  struct Update {
    uint64_t revision = 0;
    absl::Time time;
    std::string by;
    TenantNumber tenant = 0;  // whose change it is; 0: the operator's
    std::string description;
    std::optional<Tenant> after;  // the same as in TenantChange
    DirectoryBatch batch;
    DirectoryDelta delta;
  };

  absl::StatusOr<TenantViewPtr> Create(const TenantCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<TenantViewPtr> Change(const TenantCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<TenantViewPtr> Remove(const TenantCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<ApiKey> CreateKey(const KeyCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<ApiKey> RevokeKey(const KeyCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<ListOutcome> CreateList(const ListCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  absl::StatusOr<ListOutcome> ChangeBlocks(const ListCommand& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);

  absl::StatusOr<TenantViewPtr> Find(std::string_view tenant_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  void DropForgottenKeys(std::string_view tenant_id, Update& update) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  // Writes the update with its sentence, and publishes it.
  absl::Status Finish(Update update) ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  // Replaces the tenant's list of that id by `list`, in the order of revisions and with the change
  // noted in the journal. Returns the revision.
  absl::StatusOr<uint64_t> FinishList(const ListCommand& command, const TenantView& before,
                                      const TenantList& list, std::string description,
                                      const ListChange& noted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(changing_);
  // Writes when these keys were last used.
  absl::Status WriteUses(absl::Span<const std::string> key_ids) ABSL_LOCKS_EXCLUDED(changing_);

  RevisionOrder& order_;
  const DirectoryLimits limits_;
  DirectoryState& state_;

  // The one command under way holds it. It is taken before the journal's lock, and before a change
  // of the order of revisions begins.
  absl::Mutex changing_;
  DirectoryStore store_;  // only Changes is called without `changing_`
  DirectoryViewPtr latest_ ABSL_GUARDED_BY(changing_);
  ListJournal* journal_ ABSL_GUARDED_BY(changing_) = nullptr;  // null: nothing is noted
};

// Makes a NOT_FOUND error.
absl::Status NoSuchTenant();

}  // namespace dnc
