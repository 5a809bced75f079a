// The ledger of tenants' lists: how many records each has, and a digest of them that does not
// depend on their order. Stored with every commit, so that records that vanish from the store, or
// come back to it, are noticed when all are read.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/store.h"
#include "server/tenants/tenant.h"

namespace dnc {

struct LedgerEntry {
  uint64_t records = 0;
  uint64_t digest = 0;  // sum of XXH3-64 over key and value, modulo 2^64
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

// What a stored record adds to the digest of its entry.
uint64_t DigestOfRecord(std::string_view key, std::string_view value);

// Not thread-safe.
class Ledger {
 public:
  using Id = std::pair<TenantNumber, ListNumber>;

  // DATA_LOSS OWN_LISTS_DAMAGED if a stored entry is damaged.
  static absl::StatusOr<Ledger> Read(const StoreSnapshot& store);

  void Add(const Id& id, uint64_t digest) { Add(id, LedgerEntry{1, digest}); }
  // The same for many records at once.
  void Add(const Id& id, const LedgerEntry& records);
  void Remove(const Id& id, uint64_t digest);
  // Adds what the other ledger holds.
  void Merge(const Ledger& other);
  // Forgets the tenant, and puts that into `batch`.
  void Drop(TenantNumber tenant, StoreBatch& batch);
  // The tenants that have an entry, ascending.
  std::vector<TenantNumber> Tenants() const;

  uint64_t records() const { return records_; }
  uint64_t records(TenantNumber tenant) const;
  uint64_t records(const Id& id) const;

  // Puts the entries that were changed since the last call into `batch`.
  void WriteChanged(StoreBatch& batch);

  // The tenants whose entries differ.
  std::vector<TenantNumber> Differences(const Ledger& other) const;

 private:
  // Where the records of a list are counted. Records come by list, so the last one is kept at hand.
  struct Place {
    Place() = default;
    // What a copy points at belongs to another object, so it is looked up anew.
    Place(const Place& /*other*/) {}
    Place& operator=(const Place& /*other*/) {
      entry = nullptr;
      of_tenant = nullptr;
      return *this;
    }
    Id id;
    LedgerEntry* entry = nullptr;
    uint64_t* of_tenant = nullptr;
  };
  Place& At(const Id& id);

  std::map<Id, LedgerEntry> ledger_;
  std::map<TenantNumber, uint64_t> of_tenant_;
  std::set<Id> changed_;
  uint64_t records_ = 0;
  Place last_;
};

}  // namespace dnc
