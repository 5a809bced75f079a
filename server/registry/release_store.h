// Releases on disk: typed reading and writing over the key-value store.
//
// Everything that a release holds is written under its own id before the catalog names it, so a
// crash leaves the old catalog or the new one, and what nobody names is removed later. Each
// value carries a checksum of its own.
//
// Thread-safe as far as the store is; one thread at a time may write.
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

// A number that came or went with a release; in the order of numbers.
struct StoredChange {
  uint32_t subscriber = 0;
  bool added = false;
  bool exact = false;  // `at` is the time that a change list gave
  int64_t at_micros = 0;
  // Added by a change list although it was listed: nothing came of it, but it stands against every
  // older deletion, and against a full list that is older.
  bool repeated = false;
};

// What a new release writes besides its seals.
struct ReleaseContent {
  // Area codes written whole, by area code.
  std::map<int, AreaSetPtr> blocks;
  // Changes against the release before, by area code.
  std::map<int, std::vector<StoredChange>> changes;
};

class ReleaseStore {
 public:
  // `mark_path`: the file of the last acknowledged revision.
  ReleaseStore(Store* store, std::string mark_path)
      : store_(store), mark_path_(std::move(mark_path)) {}

  // DATA_LOSS STORAGE if the store is behind the mark: acknowledged changes are missing. A new
  // store gives an empty catalog.
  absl::StatusOr<storage::Catalog> ReadCatalog();

  // What was answered between a backup and the moment when it was put back is not known.
  absl::StatusOr<Untold> ReadUntold() const;

  absl::StatusOr<std::vector<storage::Release>> ReadReleases() const;
  absl::StatusOr<storage::Release> ReadRelease(uint64_t id) const;
  absl::StatusOr<storage::Seals> ReadSeals(uint64_t release_id) const;
  absl::StatusOr<std::vector<storage::Load>> ReadLoads(size_t limit) const;

  // An id that no release has had, also none that a crash cut off.
  absl::StatusOr<uint64_t> ReserveReleaseId();

  absl::Status WriteContent(uint32_t list_id, uint64_t release_id, const ReleaseContent& content);
  // Makes `catalog` durable as a whole, with the release and its seals if it brings one, and
  // forgets the records of the releases `cut_off`.
  absl::Status Commit(const storage::Catalog& catalog, const storage::Release* release,
                      const storage::Seals* seals, const std::vector<uint64_t>& cut_off = {});
  absl::Status WriteLoad(const storage::Load& load, uint64_t drop_id);

  // Adds the blocks of an area code to `builder`. DATA_LOSS if one is damaged.
  absl::Status ReadBlocks(uint32_t list_id, uint64_t generation, int area_code,
                          AreaSetBuilder& builder) const;
  // The changes of a release in an area code; empty if it had none there.
  absl::StatusOr<std::vector<StoredChange>> ReadChanges(uint32_t list_id, uint64_t release_id,
                                                        int area_code) const;

  // Removes blocks and changes of releases that `keeps` is false for.
  absl::Status CollectBlocks(uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);
  absl::Status CollectChanges(uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);

 private:
  absl::Status Collect(Column column, uint32_t list_id, absl::FunctionRef<bool(uint64_t)> keeps);

  Store* store_;
  std::string mark_path_;
};

}  // namespace dnc
