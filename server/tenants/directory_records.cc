#include "server/tenants/directory_records.h"

#include <algorithm>
#include <bitset>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/scrub/list_name.h"
#include "server/tenants/api_key.h"
#include "server/tenants/directory_records.pb.h"

namespace dnc {
namespace {

template <typename T>
void AppendBigEndian(T value, std::string& key) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

absl::Time FromMicros(int64_t micros) { return absl::FromUnixMicros(micros); }
int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }

std::string ToBytes(const std::bitset<kAreaCodes>& area_codes) {
  std::string bytes(kAreaCodes / 8, '\0');
  for (size_t i = 0; i < area_codes.size(); ++i) {
    if (area_codes[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << i % 8);
  }
  bytes.erase(bytes.find_last_not_of('\0') + 1);
  return bytes;
}

std::bitset<kAreaCodes> FromBytes(std::string_view bytes) {
  std::bitset<kAreaCodes> area_codes;
  for (size_t i = 0; i < 8 * bytes.size(); ++i) {
    area_codes[i] = (static_cast<uint8_t>(bytes[i / 8]) >> i % 8 & 1) != 0;
  }
  return area_codes;
}

void ToProto(const StoredTenant& stored, directory::TenantRecord* record) {
  const Tenant& tenant = stored.tenant;
  record->set_number(tenant.number);
  record->set_id(tenant.id);
  record->set_display_name(tenant.display_name);
  record->set_state(static_cast<uint32_t>(tenant.state));
  record->set_entitled(ToBytes(tenant.terms.entitled));
  for (const std::string& list : tenant.terms.lists) record->add_lists(list);
  record->set_consent_lifts(tenant.terms.consent_lifts);
  record->set_ebr_lifts(tenant.terms.ebr_lifts);
  record->set_wireless_counts(tenant.terms.wireless_counts);
  record->set_numbers_per_second(tenant.quotas.numbers_per_second);
  record->set_calls_under_way(tenant.quotas.calls_under_way);
  record->set_max_records(tenant.quotas.max_records);
  record->set_created_at(ToMicros(tenant.created_at));
  record->set_revision(tenant.revision);
  if (stored.removed()) record->set_removed_at(ToMicros(stored.removed_at));
}

// Returns false if it is no valid tenant.
bool FromProto(const directory::TenantRecord& record, StoredTenant* stored) {
  if (record.number() == 0 || !IsPlainId(record.id()) || record.state() < 1 || record.state() > 2 ||
      record.entitled().size() > kAreaCodes / 8 || record.consent_lifts() > kAllLifts ||
      record.ebr_lifts() > kAllLifts) {
    return false;
  }
  Tenant& tenant = stored->tenant;
  tenant.number = record.number();
  tenant.id = record.id();
  tenant.display_name = record.display_name();
  tenant.state = static_cast<TenantState>(record.state());
  tenant.terms.entitled = FromBytes(record.entitled());
  for (const std::string& stored_name : record.lists()) {
    // Earlier versions kept names as they were written.
    std::string list = CanonicalOrSame(stored_name);
    std::vector<std::string>& lists = tenant.terms.lists;
    if (std::find(lists.begin(), lists.end(), list) == lists.end())
      lists.push_back(std::move(list));
  }
  tenant.terms.consent_lifts = static_cast<uint8_t>(record.consent_lifts());
  tenant.terms.ebr_lifts = static_cast<uint8_t>(record.ebr_lifts());
  tenant.terms.wireless_counts = record.wireless_counts();
  tenant.quotas.numbers_per_second = record.numbers_per_second();
  tenant.quotas.calls_under_way = record.calls_under_way();
  tenant.quotas.max_records = record.max_records();
  tenant.created_at = FromMicros(record.created_at());
  tenant.revision = record.revision();
  if (record.has_removed_at()) stored->removed_at = FromMicros(record.removed_at());
  return true;
}

template <typename Record>
bool Parse(std::string_view content, Record& record) {
  return record.ParseFromArray(content.data(), static_cast<int>(content.size()));
}

}  // namespace

std::string TenantRecordKey(TenantNumber tenant) {
  std::string key(kTenantPrefix);
  AppendBigEndian(tenant, key);
  return key;
}

std::string KeyRecordKey(std::string_view key_id) { return StrCat(kKeyPrefix, key_id); }

std::string ListRecordKey(TenantNumber tenant, ListNumber list) {
  std::string key(kListPrefix);
  AppendBigEndian(tenant, key);
  AppendBigEndian(list, key);
  return key;
}

std::string ChangeRecordKey(TenantNumber tenant, uint64_t revision) {
  std::string key(kChangePrefix);
  AppendBigEndian(tenant, key);
  AppendBigEndian(revision, key);
  return key;
}

std::string Encode(const DirectoryHead& head) {
  directory::HeadRecord record;
  record.set_next_number(head.next_number);
  record.set_revision(head.revision);
  record.set_digest(head.digest);
  record.set_changed_at(ToMicros(head.changed_at));
  return record.SerializeAsString();
}

std::string Encode(const StoredTenant& tenant) {
  directory::TenantRecord record;
  ToProto(tenant, &record);
  return record.SerializeAsString();
}

std::string Encode(const StoredKey& stored) {
  const ApiKey& key = stored.key;
  directory::KeyRecord record;
  record.set_id(key.id);
  record.set_hash(key.hash);
  record.set_tenant(stored.tenant);
  for (const KeyScope scope : key.scopes) record.add_scopes(static_cast<uint32_t>(scope));
  record.set_display_name(key.display_name);
  record.set_created_at(ToMicros(key.created_at));
  if (key.expires_at != absl::InfiniteFuture()) record.set_expires_at(ToMicros(key.expires_at));
  if (key.revoked_at != absl::InfiniteFuture()) record.set_revoked_at(ToMicros(key.revoked_at));
  if (key.last_used_at != absl::InfinitePast()) {
    record.set_last_used_at(ToMicros(key.last_used_at));
  }
  return record.SerializeAsString();
}

std::string Encode(const StoredList& stored) {
  const TenantList& list = stored.list;
  directory::ListRecord record;
  record.set_tenant(stored.tenant);
  record.set_number(list.number);
  record.set_id(list.id);
  record.set_kind(static_cast<uint32_t>(list.kind));
  record.set_scope(list.scope);
  record.set_display_name(list.display_name);
  record.set_created_at(ToMicros(list.created_at));
  for (const std::string& block : list.blocks) record.add_blocks(block);
  return record.SerializeAsString();
}

std::string Encode(const TenantChange& change) {
  directory::ChangeRecord record;
  record.set_revision(change.revision);
  record.set_time(ToMicros(change.time));
  record.set_changed_by(change.changed_by);
  record.set_description(change.description);
  if (change.after.has_value()) {
    ToProto({.tenant = *change.after, .removed_at = absl::InfiniteFuture()},
            record.mutable_after());
  }
  return record.SerializeAsString();
}

absl::Status Decode(std::string_view key, std::string_view content, DirectoryHead* head) {
  directory::HeadRecord record;
  if (key != kHeadKey || !Parse(content, record) || record.next_number() == 0) {
    return DirectoryDamaged("counter of tenants");
  }
  *head = {record.next_number(), record.revision(), record.digest(),
           FromMicros(record.changed_at())};
  return absl::OkStatus();
}

absl::Status Decode(std::string_view key, std::string_view content, StoredTenant* tenant) {
  directory::TenantRecord record;
  if (!Parse(content, record) || !FromProto(record, tenant) ||
      key != TenantRecordKey(record.number())) {
    return DirectoryDamaged("record of a tenant");
  }
  return absl::OkStatus();
}

absl::Status Decode(std::string_view key, std::string_view content, StoredKey* stored) {
  directory::KeyRecord record;
  bool right = Parse(content, record) && key == KeyRecordKey(record.id()) &&
               IsApiKeyHash(record.hash()) && record.scopes_size() > 0;
  for (const uint32_t scope : record.scopes()) right = right && scope >= 1 && scope <= 3;
  if (!right) return DirectoryDamaged("record of a key");
  stored->tenant = record.tenant();
  ApiKey& value = stored->key;
  value.id = record.id();
  value.hash = record.hash();
  for (const uint32_t scope : record.scopes()) value.scopes.push_back(static_cast<KeyScope>(scope));
  value.display_name = record.display_name();
  value.created_at = FromMicros(record.created_at());
  if (record.has_expires_at()) value.expires_at = FromMicros(record.expires_at());
  if (record.has_revoked_at()) value.revoked_at = FromMicros(record.revoked_at());
  if (record.has_last_used_at()) value.last_used_at = FromMicros(record.last_used_at());
  return absl::OkStatus();
}

absl::Status Decode(std::string_view key, std::string_view content, StoredList* stored) {
  directory::ListRecord record;
  if (!Parse(content, record) || key != ListRecordKey(record.tenant(), record.number()) ||
      record.kind() < 1 || record.kind() > 3 || !IsPlainId(record.id()) ||
      !IsScope(record.scope())) {
    return DirectoryDamaged("record of a tenant's list");
  }
  stored->tenant = record.tenant();
  TenantList& list = stored->list;
  list.number = record.number();
  list.id = record.id();
  list.kind = static_cast<TenantListKind>(record.kind());
  list.scope = record.scope();
  list.display_name = record.display_name();
  list.created_at = FromMicros(record.created_at());
  list.blocks.assign(record.blocks().begin(), record.blocks().end());
  const bool right = std::all_of(list.blocks.begin(), list.blocks.end(), [](std::string_view b) {
    return (b.size() == 3 || b.size() == 6) &&
           b.find_first_not_of("0123456789") == std::string_view::npos;
  });
  return right ? absl::OkStatus() : DirectoryDamaged("record of a tenant's list");
}

absl::Status Decode(std::string_view key, std::string_view content, TenantChange* change) {
  directory::ChangeRecord record;
  StoredTenant after;
  const bool parsed =
      Parse(content, record) && (!record.has_after() || FromProto(record.after(), &after));
  std::string revision;
  AppendBigEndian(record.revision(), revision);
  if (!parsed || key.size() < revision.size() ||
      key.substr(key.size() - revision.size()) != revision) {
    return DirectoryDamaged("record of a change");
  }
  change->revision = record.revision();
  change->time = FromMicros(record.time());
  change->changed_by = record.changed_by();
  change->description = record.description();
  if (record.has_after()) change->after = std::move(after.tenant);
  return absl::OkStatus();
}

absl::Status DirectoryDamaged(std::string_view what) {
  return Error(reason::kStorageDamaged,
               StrCat("the tenants' store is damaged: the ", what,
                      " is missing or not what was written. Restore the newest copy of the data "
                      "folder; docs/operations.md says how"));
}

}  // namespace dnc
