// The directory in the tenants' store: read as a whole at the start, written one change at a time.
//
// Damage is found in three ways. Each record has a check (checked_value.h). The head record has a
// digest over all others, which also reveals a missing or old record. And a mark outside the
// database tells whether the newest changes are missing. Records of past changes are not in the
// digest, because nobody's rights rest on them.
//
// Not thread-safe, except for Changes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/store.h"
#include "server/tenants/directory_records.h"

namespace dnc {

// Records that become durable together.
class DirectoryBatch {
 public:
  void Put(const StoredTenant& tenant) {
    records_[TenantRecordKey(tenant.tenant.number)] = Encode(tenant);
  }
  void Put(const StoredKey& key) { records_[KeyRecordKey(key.key.id)] = Encode(key); }
  void Put(const StoredList& list) {
    records_[ListRecordKey(list.tenant, list.list.number)] = Encode(list);
  }
  void DeleteKey(std::string_view key_id) { records_[KeyRecordKey(key_id)] = std::nullopt; }
  void DeleteList(TenantNumber tenant, ListNumber list) {
    records_[ListRecordKey(tenant, list)] = std::nullopt;
  }
  // Sets what is recorded about the change itself.
  void SetChange(TenantNumber tenant, TenantChange change) {
    tenant_ = tenant;
    change_ = std::move(change);
  }
  void SetNextNumber(TenantNumber number) { next_number_ = number; }
  // Returns a batch for what others store together with it.
  StoreBatch& beside() { return beside_; }

 private:
  friend class DirectoryStore;
  std::map<std::string, std::optional<std::string>> records_;  // nullopt: to be deleted
  TenantNumber tenant_ = 0;
  std::optional<TenantChange> change_;  // none for a note, such as a key's last use
  std::optional<TenantNumber> next_number_;
  StoreBatch beside_;
};

// Reads the head record; nullopt in a new store. Fails with DATA_LOSS if it is damaged.
absl::StatusOr<std::optional<DirectoryHead>> ReadDirectoryHead(const Store& store);

class DirectoryStore {
 public:
  // `store` must outlive this object.
  DirectoryStore(Store* store, uint32_t max_changes)
      : store_(store), mark_path_(store->path() + ".directory"), max_changes_(max_changes) {}

  struct Contents {
    std::vector<StoredTenant> tenants;
    std::vector<StoredKey> keys;
    std::vector<StoredList> lists;
  };
  // Reads everything; nothing from a new store. Fails with DATA_LOSS if something is damaged or
  // missing.
  absl::StatusOr<Contents> Read();

  // Writes the batch, durable when it returns OK. Otherwise nothing was written.
  absl::Status Write(const DirectoryBatch& batch);

  // Returns changes, newest first, with revisions below `before` (0: all).
  absl::StatusOr<std::vector<TenantChange>> Changes(TenantNumber tenant, size_t limit,
                                                    uint64_t before) const;

  const DirectoryHead& head() const { return head_; }
  bool is_new() const { return head_.revision == 0; }

 private:
  absl::Status CheckMark();
  // Adds the change, and removes the oldest ones if there are too many.
  absl::Status AddChange(const DirectoryBatch& batch, StoreBatch& out, uint64_t* kept);

  Store* store_;
  std::string mark_path_;
  uint32_t max_changes_;
  DirectoryHead head_;
  // How many changes of a tenant are kept; counted at its first change since the start.
  absl::flat_hash_map<TenantNumber, uint64_t> changes_kept_;
};

}  // namespace dnc
