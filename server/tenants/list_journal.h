// Where the directory notes lists that are made and blocks that come and go, so that watchers are
// told of them in one order with the changes of records.
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

  // Puts a change of a list into the batch that makes it durable under `revision`.
  using Put =
      absl::FunctionRef<void(const ListChange& change, uint64_t revision, StoreBatch& batch)>;

  // Calls `write` while nobody else writes changes. `write` begins a change of the order of
  // revisions, calls `put` at most once, and writes the batch; what it returns is returned. After
  // an error the journal is as it was. `time` is when the change was asked for.
  virtual absl::Status Note(TenantNumber tenant, absl::Time time,
                            absl::FunctionRef<absl::Status(Put put)> write) = 0;
};

}  // namespace dnc
