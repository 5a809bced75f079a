#include "server/records/ledger.h"

#include <algorithm>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/records/record_keys.h"
#include "server/storage/checked_value.h"
#include "xxhash.h"

namespace dnc {

uint64_t DigestOfRecord(std::string_view key, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()) + 1);
}

absl::StatusOr<Ledger> Ledger::Read(const StoreSnapshot& store) {
  Ledger ledger;
  DNC_RETURN_IF_ERROR(store.Scan(
      Column::kMeta, kLedgerPrefix, EndOf(kLedgerPrefix),
      [&ledger](std::string_view key, std::string_view value) -> absl::Status {
        const auto content = RemoveCheck(key, value);
        if (!content.has_value() || content->size() != 16 ||
            key.size() != kLedgerPrefix.size() + 8) {
          return RecordsDamaged("the ledger's entry of a list is damaged");
        }
        const std::string_view id = key.substr(kLedgerPrefix.size());
        const LedgerEntry entry{GetNumber(content->substr(0, 8)), GetNumber(content->substr(8))};
        const auto tenant = static_cast<TenantNumber>(GetNumber(id.substr(0, 4)));
        ledger.ledger_[{tenant, static_cast<ListNumber>(GetNumber(id.substr(4)))}] = entry;
        ledger.of_tenant_[tenant] += entry.records;
        ledger.records_ += entry.records;
        return absl::OkStatus();
      }));
  return ledger;
}

Ledger::Place& Ledger::At(const Id& id) {
  if (last_.entry == nullptr || last_.id != id) {
    last_.id = id;
    last_.entry = &ledger_[id];
    last_.of_tenant = &of_tenant_[id.first];
    changed_.insert(id);
  }
  return last_;
}

void Ledger::Add(const Id& id, const LedgerEntry& records) {
  const Place& at = At(id);
  at.entry->records += records.records;
  at.entry->digest += records.digest;
  *at.of_tenant += records.records;
  records_ += records.records;
}

void Ledger::Remove(const Id& id, uint64_t digest) {
  const Place& at = At(id);
  --at.entry->records;
  at.entry->digest -= digest;
  --*at.of_tenant;
  --records_;
}

void Ledger::Merge(const Ledger& other) {
  for (const auto& [id, entry] : other.ledger_) Add(id, entry);
}

void Ledger::Drop(TenantNumber tenant, StoreBatch& batch) {
  std::string begin(kLedgerPrefix);
  PutNumber(begin, tenant, 4);
  std::string end(kLedgerPrefix);
  PutNumber(end, uint64_t{tenant} + 1, 4);
  batch.DeleteRange(Column::kMeta, begin, end);
  records_ -= records(tenant);
  of_tenant_.erase(tenant);
  std::erase_if(ledger_, [tenant](const auto& entry) { return entry.first.first == tenant; });
  std::erase_if(changed_, [tenant](const Id& id) { return id.first == tenant; });
  last_ = Place();
}

uint64_t Ledger::records(TenantNumber tenant) const {
  const auto found = of_tenant_.find(tenant);
  return found == of_tenant_.end() ? 0 : found->second;
}

uint64_t Ledger::records(const Id& id) const {
  const auto found = ledger_.find(id);
  return found == ledger_.end() ? 0 : found->second.records;
}

std::vector<TenantNumber> Ledger::Tenants() const {
  std::vector<TenantNumber> tenants;
  for (const auto& [tenant, records] : of_tenant_) tenants.push_back(tenant);
  return tenants;
}

void Ledger::WriteChanged(StoreBatch& batch) {
  for (const Id& id : changed_) {
    std::string key(kLedgerPrefix);
    PutNumber(key, id.first, 4);
    PutNumber(key, id.second, 4);
    std::string content;
    PutNumber(content, ledger_[id].records, 8);
    PutNumber(content, ledger_[id].digest, 8);
    batch.Put(Column::kMeta, key, AddCheck(key, content));
  }
  changed_.clear();
  last_ = Place();  // so that the next change of the same entry is noted
}

std::vector<TenantNumber> Ledger::Differences(const Ledger& other) const {
  std::vector<TenantNumber> tenants;
  const auto compare = [&tenants](const Ledger& a, const Ledger& b) {
    for (const auto& [id, entry] : a.ledger_) {
      const auto found = b.ledger_.find(id);
      const LedgerEntry there = found == b.ledger_.end() ? LedgerEntry() : found->second;
      if (!(entry == there)) tenants.push_back(id.first);
    }
  };
  compare(*this, other);
  compare(other, *this);
  std::sort(tenants.begin(), tenants.end());
  tenants.erase(std::unique(tenants.begin(), tenants.end()), tenants.end());
  return tenants;
}

}  // namespace dnc
