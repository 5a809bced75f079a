// A tenant, its keys and its lists as they are configured: values that know nothing about storage.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/tenant_terms.h"

namespace dnc {

// A tenant's short name in records and in the filter. Each is given once and never reused; 0 is
// nobody.
using TenantNumber = uint32_t;
// A list's short name within its tenant.
using ListNumber = uint32_t;

// The tenant of calls without a key, where these are allowed. It exists from the first start.
inline constexpr char kDefaultTenantId[] = "default";
// The list that every tenant has from the start, for do-not-call requests that it receives.
inline constexpr char kDefaultListId[] = "internal";

enum class TenantState : uint8_t { kActive = 1, kSuspended = 2 };

// The limits of a tenant's use; 0 stands for the server's default.
struct Quotas {
  uint64_t numbers_per_second = 0;
  uint32_t calls_under_way = 0;
  uint64_t max_records = 0;
  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// The tenant of dnc.v1.Tenant; `terms` are its entitlement and policy.
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

// The key of dnc.v1.Key, with the hash that calls are compared with.
struct ApiKey {
  std::string id;         // public
  std::string hash;       // SHA-256 of the secret, 32 bytes
  std::string tenant_id;  // empty: the operator's
  std::vector<KeyScope> scopes;
  std::string display_name;
  absl::Time created_at = absl::InfinitePast();
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Time revoked_at = absl::InfiniteFuture();  // InfiniteFuture: not revoked
  absl::Time last_used_at = absl::InfinitePast();
};

enum class TenantListKind : uint8_t { kInternal = 1, kEbr = 2, kConsent = 3 };

// The list of dnc.v1.TenantList, without its count.
struct TenantList {
  ListNumber number = 0;
  std::string id;
  TenantListKind kind = TenantListKind::kInternal;
  std::string scope;  // empty for the whole tenant, or BRAND, or BRAND/CAMPAIGN
  std::string display_name;
  absl::Time created_at = absl::InfinitePast();
  std::vector<std::string> blocks;  // three or six digits each, ascending
};

// A tenant with its lists. Immutable.
struct TenantView {
  Tenant tenant;
  std::map<std::string, TenantList> lists;  // by id
  // What the blocks of its do-not-call lists of one scope cover, ready for the scrub.
  struct Blocks {
    std::string scope;
    std::bitset<kAreaCodes> area_codes;
    std::vector<uint32_t> exchanges;  // six digits each, ascending
  };
  std::vector<Blocks> blocks;  // one for each scope that has any
  // The scopes of its lists, and the brands of those that belong to a campaign.
  std::set<std::string, std::less<>> scopes;
};
using TenantViewPtr = std::shared_ptr<const TenantView>;

struct TenantChange {
  uint64_t revision = 0;
  absl::Time time;
  std::string changed_by;
  std::string description;
  // Not set for changes of keys, lists and blocks, and for a removal.
  std::optional<Tenant> after;
};

// Returns whether a text is a valid `TenantId`, list id or part of a scope: 1 to 63 characters of
// a-z, 0-9 and `-`, with no `-` at either end.
bool IsPlainId(std::string_view text);
// Returns whether a text is empty, or one or two plain ids with a slash in between.
bool IsScope(std::string_view text);
// Returns whether what applies to the scope `wide` also applies to `narrow`: `wide` is empty, equal
// to it, or its first part.
bool Covers(std::string_view wide, std::string_view narrow);

}  // namespace dnc
