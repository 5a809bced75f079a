// Where the directory notes lists that are made and blocks that come and go, so that watchers are
// told of them in one order with the changes of records.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/storage/store.h"
#include "server/tenants/tenant.h"

namespace dnc {

// What became of one list: it was made, or blocks were added to it or removed from it.
struct ListChange {
  ListNumber list = 0;
  bool removed = false;             // the blocks were removed
  std::vector<std::string> blocks;  // empty: the list was made
};

// Thread-safe.
class ListJournal {
 public:
  virtual ~ListJournal() = default;

  // Keeps all others from writing changes until the lock is gone. Taken before the change takes its
  // turn in the order of revisions.
  virtual std::unique_lock<std::mutex> LockChanges() = 0;

  // Puts changes of the tenant's lists into the batch that makes them durable. With the lock held.
  virtual void PutListChanges(TenantNumber tenant, uint64_t revision,
                              absl::Span<const ListChange> changes, StoreBatch& batch) = 0;

  // That batch is written. With the lock held.
  virtual void ListChangesWritten() = 0;
};

}  // namespace dnc
