// Reads and writes releases on disk, as typed records over the key-value store.
//
// Everything that a release holds is written under the release's own id before the catalog names
// it. So a crash leaves either the old catalog or the new one, and what no catalog names is removed
// later. Each value carries its own checksum. release_store.cc shows the keys.
//
// As thread-safe as the store; only one thread at a time may write.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/index/area_set.h"
#include "server/registry/records.pb.h"
#include "server/storage/store.h"
#include "server/storage/store_head.h"

namespace dnc {

// A number that a release added or deleted. Sorted by number.
struct StoredChange {
  uint32_t subscriber = 0;
  bool added = false;
  bool exact = false;  // `at_micros` is the time that a change list gave
  int64_t at_micros = 0;
  // The number was added by a change list although it was listed already. That changed nothing, but
  // the addition counts against every older deletion, and against a full list that is older.
  bool repeated = false;
};

// What a new release writes besides its seals.
struct ReleaseContent {
  // The area codes that are written whole.
  std::map<int, AreaSetPtr> blocks;
  // The changes against the release before, by area code.
  std::map<int, std::vector<StoredChange>> changes;
};

class ReleaseStore {
 public:
  // `mark_path` is the file that holds the last acknowledged revision.
  ReleaseStore(Store* store, std::string mark_path)
      : store_(store), mark_path_(std::move(mark_path)) {}

  // Reads the catalog; a new store gives an empty one. Fails with DATA_LOSS, STORAGE if the store
  // is behind the mark, because acknowledged changes are then missing.
  absl::StatusOr<storage::Catalog> ReadCatalog();

  // Returns the time between a backup and its restore; what was answered in it is not known.
  absl::StatusOr<Untold> ReadUntold() const;

  absl::StatusOr<std::vector<storage::Release>> ReadReleases() const;
  absl::StatusOr<storage::Release> ReadRelease(uint64_t id) const;
  absl::StatusOr<storage::Seals> ReadSeals(uint64_t release_id) const;
  absl::StatusOr<std::vector<storage::Load>> ReadLoads(size_t limit) const;

  // Returns an id that no release has had, not even one that a crash interrupted.
  absl::StatusOr<uint64_t> ReserveReleaseId();

  absl::Status WriteContent(uint32_t list_id, uint64_t release_id, const ReleaseContent& content);
  // Makes `catalog` durable as a whole, together with the release and its seals if it brings one,
  // and deletes the records of the releases `cut_off`.
  absl::Status Commit(const storage::Catalog& catalog, const storage::Release* release,
                      const storage::Seals* seals, const std::vector<uint64_t>& cut_off = {});
  absl::Status WriteLoad(const storage::Load& load, uint64_t drop_id);

  // Adds the blocks of an area code to `builder`. Fails with DATA_LOSS if one is damaged.
  absl::Status ReadBlocks(uint32_t list_id, uint64_t generation, int area_code,
                          AreaSetBuilder& builder) const;
  // Returns the changes of a release in an area code; empty if it had none there.
  absl::StatusOr<std::vector<StoredChange>> ReadChanges(uint32_t list_id, uint64_t release_id,
                                                        int area_code) const;

  // Removes the blocks (or changes) of the releases for which `keeps` returns false.
  absl::Status CollectBlocks(uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);
  absl::Status CollectChanges(uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);

 private:
  absl::Status Collect(Column column, uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);

  Store* store_;
  std::string mark_path_;
};

}  // namespace dnc
