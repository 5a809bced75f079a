#include "server/tenants/own_books.h"

#include <algorithm>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/storage/sealed_value.h"
#include "server/tenants/own_keys.h"
#include "xxhash.h"

namespace dnc {

uint64_t DigestOfRecord(std::string_view key, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()) + 1);
}

absl::StatusOr<OwnBooks> OwnBooks::Read(const StoreSnapshot& store) {
  OwnBooks books;
  DNC_RETURN_IF_ERROR(store.Scan(
      Column::kMeta, kBookPrefix, EndOf(kBookPrefix),
      [&books](std::string_view key, std::string_view value) -> absl::Status {
        const auto content = UnsealValue(key, value);
        if (!content.has_value() || content->size() != 16 || key.size() != kBookPrefix.size() + 8) {
          return OwnListsDamaged("the book of a list is damaged");
        }
        const std::string_view id = key.substr(kBookPrefix.size());
        const OwnBook book{GetNumber(content->substr(0, 8)), GetNumber(content->substr(8))};
        const auto tenant = static_cast<TenantNumber>(GetNumber(id.substr(0, 4)));
        books.books_[{tenant, static_cast<ListNumber>(GetNumber(id.substr(4)))}] = book;
        books.of_tenant_[tenant] += book.records;
        books.records_ += book.records;
        return absl::OkStatus();
      }));
  return books;
}

OwnBooks::Place& OwnBooks::At(const Id& id) {
  if (last_.book == nullptr || last_.id != id) {
    last_.id = id;
    last_.book = &books_[id];
    last_.of_tenant = &of_tenant_[id.first];
    changed_.insert(id);
  }
  return last_;
}

void OwnBooks::Add(const Id& id, const OwnBook& records) {
  const Place& at = At(id);
  at.book->records += records.records;
  at.book->digest += records.digest;
  *at.of_tenant += records.records;
  records_ += records.records;
}

void OwnBooks::Remove(const Id& id, uint64_t digest) {
  const Place& at = At(id);
  --at.book->records;
  at.book->digest -= digest;
  --*at.of_tenant;
  --records_;
}

void OwnBooks::Merge(const OwnBooks& other) {
  for (const auto& [id, book] : other.books_) Add(id, book);
}

void OwnBooks::Drop(TenantNumber tenant, StoreBatch& batch) {
  std::string begin(kBookPrefix);
  PutNumber(begin, tenant, 4);
  std::string end(kBookPrefix);
  PutNumber(end, uint64_t{tenant} + 1, 4);
  batch.DeleteRange(Column::kMeta, begin, end);
  records_ -= records(tenant);
  of_tenant_.erase(tenant);
  std::erase_if(books_, [tenant](const auto& entry) { return entry.first.first == tenant; });
  std::erase_if(changed_, [tenant](const Id& id) { return id.first == tenant; });
  last_ = Place();
}

uint64_t OwnBooks::records(TenantNumber tenant) const {
  const auto found = of_tenant_.find(tenant);
  return found == of_tenant_.end() ? 0 : found->second;
}

uint64_t OwnBooks::records(const Id& id) const {
  const auto found = books_.find(id);
  return found == books_.end() ? 0 : found->second.records;
}

std::vector<TenantNumber> OwnBooks::Tenants() const {
  std::vector<TenantNumber> tenants;
  for (const auto& [tenant, records] : of_tenant_) tenants.push_back(tenant);
  return tenants;
}

void OwnBooks::WriteChanged(StoreBatch& batch) {
  for (const Id& id : changed_) {
    std::string key(kBookPrefix);
    PutNumber(key, id.first, 4);
    PutNumber(key, id.second, 4);
    std::string content;
    PutNumber(content, books_[id].records, 8);
    PutNumber(content, books_[id].digest, 8);
    batch.Put(Column::kMeta, key, SealValue(key, content));
  }
  changed_.clear();
  last_ = Place();  // so that the next change of the same book is noted
}

std::vector<TenantNumber> OwnBooks::Differences(const OwnBooks& other) const {
  std::vector<TenantNumber> tenants;
  const auto compare = [&tenants](const OwnBooks& a, const OwnBooks& b) {
    for (const auto& [id, book] : a.books_) {
      const auto found = b.books_.find(id);
      const OwnBook there = found == b.books_.end() ? OwnBook() : found->second;
      if (!(book == there)) tenants.push_back(id.first);
    }
  };
  compare(*this, other);
  compare(other, *this);
  std::sort(tenants.begin(), tenants.end());
  tenants.erase(std::unique(tenants.begin(), tenants.end()), tenants.end());
  return tenants;
}

}  // namespace dnc
