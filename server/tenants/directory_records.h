// Converts tenants, keys, lists and changes to stored records and back; nothing else does. It makes
// the keys, and the contents without their checks (checked_value.h). docs/internals/disk-format.md
// has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/tenants/tenant.h"

namespace dnc {

inline constexpr std::string_view kTenantPrefix = "tenant/";
inline constexpr std::string_view kKeyPrefix = "key/";
inline constexpr std::string_view kListPrefix = "list/";
inline constexpr std::string_view kChangePrefix = "tenant-change/";
inline constexpr std::string_view kHeadKey = "next-number";

struct DirectoryHead {
  TenantNumber next_number = 1;
  uint64_t revision = 0;
  uint64_t digest = 0;  // the checks of all tenant, key and list records, combined by exclusive or
  absl::Time changed_at = absl::UnixEpoch();  // time of the last change; the epoch: not known
};

struct StoredTenant {
  Tenant tenant;
  absl::Time removed_at = absl::InfiniteFuture();
  bool removed() const { return removed_at != absl::InfiniteFuture(); }
};

struct StoredKey {
  TenantNumber tenant = 0;  // 0: the operator's
  ApiKey key;               // its tenant_id is empty when it is read back
};

struct StoredList {
  TenantNumber tenant = 0;
  TenantList list;
};

std::string TenantRecordKey(TenantNumber tenant);
std::string KeyRecordKey(std::string_view key_id);
std::string ListRecordKey(TenantNumber tenant, ListNumber list);
// Returns the key of a change record. Changes of the operator's keys are stored under tenant 0.
std::string ChangeRecordKey(TenantNumber tenant, uint64_t revision);

std::string Encode(const DirectoryHead& head);
std::string Encode(const StoredTenant& tenant);
std::string Encode(const StoredKey& key);
std::string Encode(const StoredList& list);
std::string Encode(const TenantChange& change);

// Fail with DATA_LOSS STORAGE if `content` is no such record, or not the one of `key`.
absl::Status Decode(std::string_view key, std::string_view content, DirectoryHead* head);
absl::Status Decode(std::string_view key, std::string_view content, StoredTenant* tenant);
absl::Status Decode(std::string_view key, std::string_view content, StoredKey* stored);
absl::Status Decode(std::string_view key, std::string_view content, StoredList* stored);
absl::Status Decode(std::string_view key, std::string_view content, TenantChange* change);

// Makes the error for a record that cannot be what was written.
absl::Status DirectoryDamaged(std::string_view what);

}  // namespace dnc
