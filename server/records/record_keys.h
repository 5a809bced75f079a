// The keys of tenants' records in the store; docs/internals/disk-format.md has them all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/storage/store.h"

namespace dnc {

// These are keys, or beginnings of keys, in Column::kMeta.
inline constexpr std::string_view kRecordsStoreKey = "own/store";        // the store's id
inline constexpr std::string_view kRecordsRevisionKey = "own/revision";  // RecordsRevision
inline constexpr std::string_view kLedgerPrefix = "own/book/";           // tenant (4), list (4)
inline constexpr std::string_view kMarkPrefix = "own/mark/";             // revision (8)

// The least key above all that begin with `prefix`, whose last byte is below 255.
inline std::string EndOf(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

// Numbers are big-endian, so that keys sort by number.
inline void PutNumber(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}
inline uint64_t GetNumber(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// What the keys of a tenant begin with.
inline std::string TenantPrefix(uint64_t tenant) {
  std::string prefix;
  PutNumber(prefix, tenant, 4);
  return prefix;
}
// Above every key of the tenant, and below those of the next one.
inline std::string EndOfTenant(uint32_t tenant) {
  return tenant == UINT32_MAX ? std::string(64, '\xFF') : TenantPrefix(uint64_t{tenant} + 1);
}

// What the keys of a number in Column::kRecords begin with: tenant (4), number (5).
inline StorePrefix PrefixOf(uint32_t tenant, uint64_t number) {
  StorePrefix prefix;
  for (size_t i = 0; i < 4; ++i) prefix[i] = static_cast<char>(tenant >> (8 * (3 - i)));
  for (size_t i = 0; i < 5; ++i) prefix[4 + i] = static_cast<char>(number >> (8 * (4 - i)));
  return prefix;
}

// A key in Column::kRecordChanges: tenant (4), revision (8), place in the commit (8).
inline std::string ChangeKey(uint32_t tenant, uint64_t revision, uint64_t place) {
  std::string key = TenantPrefix(tenant);
  PutNumber(key, revision, 8);
  PutNumber(key, place, 8);
  return key;
}

inline absl::Status RecordsDamaged(std::string_view what) {
  return Error(reason::kOwnListsDamaged,
               StrCat(what,
                      "; stop the server and restore the folder `tenants` and the files "
                      "`tenants.*` of the data folder together from the newest backup "
                      "(docs/operations.md)"));
}

}  // namespace dnc
