// A tenant, its keys and its lists as they are configured: values that know nothing of storage.
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

// The short name of a tenant in records and in the filter. It is given once and never reused; 0 is
// nobody.
using TenantNumber = uint32_t;
// The short name of a list within its tenant.
using ListNumber = uint32_t;

// The tenant of calls without a key, where those are allowed. It is there from the first start.
inline constexpr char kDefaultTenantId[] = "default";
// The list that every tenant has from the start, for do-not-call requests made to it.
inline constexpr char kDefaultListId[] = "internal";

enum class TenantState : uint8_t { kActive = 1, kSuspended = 2 };

// The limits of a tenant's use. 0 stands for the server's default.
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

// A tenant with its lists. Immutable.
struct TenantView {
  Tenant tenant;
  std::map<std::string, TenantList> lists;  // by id
  // What the blocks of its do-not-call lists of one scope hold, ready for the scrub.
  struct Blocks {
    std::string scope;
    std::bitset<kAreaCodes> area_codes;
    std::vector<uint32_t> exchanges;  // six digits, ascending
  };
  std::vector<Blocks> blocks;  // one for each scope that has any
  // The scopes that its lists have, and the brands of those that are a campaign's.
  std::set<std::string, std::less<>> scopes;
};
using TenantViewPtr = std::shared_ptr<const TenantView>;

struct TenantChange {
  uint64_t revision = 0;
  absl::Time time;
  std::string changed_by;
  std::string description;
  // Unset for changes of keys, lists and blocks, and for a removal.
  std::optional<Tenant> after;
};

// A valid `TenantId`, list id or part of a scope: 1 to 63 of a-z, 0-9 and `-`, not at the ends.
bool IsPlainId(std::string_view text);
// Empty, or one or two plain ids with a slash between.
bool IsScope(std::string_view text);
// Whether what holds for the scope `wide` holds for `narrow`, too: `wide` is empty, equal to it, or
// its first part.
bool Covers(std::string_view wide, std::string_view narrow);

}  // namespace dnc
