// A tenant, its keys and its lists as they are configured: values, without their storage.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/tenant_terms.h"

namespace dnc {

// How a tenant is named in records and in the filter: short, given once, never reused. 0: nobody.
using TenantNumber = uint32_t;
// The same for a list, within its tenant.
using ListNumber = uint32_t;

// The tenant of calls without a key, where those are allowed; there from the first start.
inline constexpr char kDefaultTenantId[] = "default";
// The list that every tenant has from the start: its own do-not-call requests.
inline constexpr char kDefaultListId[] = "internal";

enum class TenantState : uint8_t { kActive = 1, kSuspended = 2 };

// Limits of a tenant's use; 0: the server's default.
struct Quotas {
  uint64_t numbers_per_second = 0;
  uint32_t calls_under_way = 0;
  uint64_t max_records = 0;
  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// dnc.v1.Tenant; `terms` are its entitlement and policy.
struct Tenant {
  TenantNumber number = 0;
  std::string id;
  std::string display_name;
  TenantState state = TenantState::kActive;
  TenantTerms terms;
  Quotas quotas;
  absl::Time created_at = absl::InfinitePast();
  uint64_t revision = 0;
};

enum class KeyScope : uint8_t { kScrub = 1, kWriteLists = 2, kOperate = 3 };

// dnc.v1.Key, with the hash that calls are compared with.
struct ApiKey {
  std::string id;         // public
  std::string hash;       // SHA-256 of the secret, 32 bytes
  std::string tenant_id;  // empty: the operator's
  std::vector<KeyScope> scopes;
  std::string display_name;
  absl::Time created_at = absl::InfinitePast();
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Time revoked_at = absl::InfiniteFuture();  // InfiniteFuture: not
  absl::Time last_used_at = absl::InfinitePast();
};

enum class TenantListKind : uint8_t { kInternal = 1, kEbr = 2, kConsent = 3 };

// dnc.v1.TenantList without its count.
struct TenantList {
  ListNumber number = 0;
  std::string id;
  TenantListKind kind = TenantListKind::kInternal;
  std::string scope;  // empty: the whole tenant; BRAND; BRAND/CAMPAIGN
  std::string display_name;
  absl::Time created_at = absl::InfinitePast();
  std::vector<std::string> blocks;  // three or six digits, ascending
};

struct TenantChange {
  uint64_t revision = 0;
  absl::Time time;
  std::string changed_by;
  std::string description;
  std::optional<Tenant> after;  // not of changes of keys, lists and blocks, nor of a removal
};

// A valid `TenantId`, list id or part of a scope: 1 to 63 of a-z, 0-9 and `-`, not at the ends.
bool IsPlainId(std::string_view text);
// Empty, or one or two plain ids with a slash between.
bool IsScope(std::string_view text);
// Whether what holds for `wide` holds for `narrow` too: it is empty, equal, or its first part.
bool Covers(std::string_view wide, std::string_view narrow);

}  // namespace dnc
