// A record of a tenant's list, and its form in the store: the one place that turns one into the
// other.
//
// Key: tenant (4 bytes), number (5), list (4), all big-endian, so that one short seek brings all
// that a tenant knows about a number, and a list of a tenant is read by number. Value: the facts
// and a checksum (XXH3-64 over key and facts). docs/internals/disk-format.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/numbers/phone_number.h"
#include "server/rules/ebr_rules.h"
#include "server/tenants/tenant.h"

namespace dnc {

enum class Channel : uint8_t { kUnspecified = 0, kCall, kText, kWeb, kImport, kAgent };

// dnc.v1.Record.
struct TenantRecord {
  Number number = 0;
  absl::Time made_at = absl::InfinitePast();
  std::string made_by;
  Channel channel = Channel::kUnspecified;
  std::string reason;
  std::string note;
  absl::Time expires_at = absl::InfiniteFuture();  // as given; see CountsUntil
  EbrKind ebr_kind = EbrKind::kNone;
  absl::Time last_event_at = absl::InfinitePast();
  std::string source;
  uint64_t revision = 0;  // of the write that wrote it last
};

struct RecordKey {
  TenantNumber tenant = 0;
  Number number = 0;
  ListNumber list = 0;
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
};

inline constexpr size_t kRecordKeyBytes = 13;

std::string EncodeRecordKey(const RecordKey& key);
// DATA_LOSS OWN_LISTS_DAMAGED if it is no such key.
absl::StatusOr<RecordKey> DecodeRecordKey(std::string_view bytes);

std::string EncodeTenantRecord(std::string_view key, const TenantRecord& record);
// DATA_LOSS OWN_LISTS_DAMAGED if the checksum or the form is wrong.
absl::StatusOr<TenantRecord> DecodeTenantRecord(std::string_view key, std::string_view value);

// From when on a record of a list of that kind no longer counts: its given end or, for a business
// relationship, the end by the rules for the number's area code (server/rules/ebr_rules.h),
// whichever comes first.
absl::Time CountsUntil(TenantListKind kind, const TenantRecord& record);

}  // namespace dnc
