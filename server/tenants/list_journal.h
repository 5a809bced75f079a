// The directory notes new lists and changes of blocks here, so that watchers see them in one order
// with the changes of records.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/storage/store.h"
#include "server/tenants/tenant.h"

namespace dnc {

// A change of one list: it was made, or blocks were added to it or removed from it.
struct ListChange {
  ListNumber list = 0;
  bool removed = false;             // the blocks were removed
  std::vector<std::string> blocks;  // empty: the list was made
};

// Thread-safe.
class ListJournal {
 public:
  virtual ~ListJournal() = default;

  // Puts a change of a list into the batch that makes it durable under `revision`.
  using Put =
      absl::FunctionRef<void(const ListChange& change, uint64_t revision, StoreBatch& batch)>;

  // Calls `write` while nobody else writes changes, and returns its result. `write` begins a change
  // of the order of revisions, calls `put` at most once, and writes the batch. After an error the
  // journal is unchanged. `time` is when the change was requested.
  virtual absl::Status Note(TenantNumber tenant, absl::Time time,
                            absl::FunctionRef<absl::Status(Put put)> write) = 0;
};

}  // namespace dnc
