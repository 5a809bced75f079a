#include "server/tenants/directory_checks.h"

#include <algorithm>
#include <cstdint>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

absl::Status Invalid(std::string_view message) { return Error(reason::kInvalidRequest, message); }

// Returns the character at `text[at]`, and sets `size` to its length in bytes, or to 0 if it is not
// UTF-8.
uint32_t CharacterAt(std::string_view text, size_t at, size_t* size) {
  const auto first = static_cast<uint8_t>(text[at]);
  *size = first < 0x80         ? 1
          : first >> 5 == 0x6  ? 2
          : first >> 4 == 0xE  ? 3
          : first >> 3 == 0x1E ? 4
                               : 0;
  if (*size == 0 || at + *size > text.size()) {
    *size = 0;
    return 0;
  }
  if (*size == 1) return first;
  uint32_t character = first & (0x7FU >> *size);
  for (size_t i = 1; i < *size; ++i) {
    const auto next = static_cast<uint8_t>(text[at + i]);
    if (next >> 6 != 0x2) *size = 0;
    character = character << 6 | (next & 0x3FU);
    if (*size == 0) return 0;
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < kLeast[*size] || surrogate || character > 0x10FFFF) *size = 0;
  return character;
}

absl::Status CheckDisplayName(std::string_view name) {
  if (name.size() > kMaxDisplayNameBytes) {
    return Invalid(StrCat("display_name has ", name.size(), " bytes; at most ",
                          kMaxDisplayNameBytes, " are allowed"));
  }
  if (!IsPlainText(name)) {
    return Invalid("display_name is not valid UTF-8 or has control characters; leave them out");
  }
  return absl::OkStatus();
}

absl::Status CheckId(std::string_view field, std::string_view id) {
  if (IsPlainId(id)) return absl::OkStatus();
  return Invalid(StrCat(field, " must be 1 to 63 of a-z, 0-9 and `-`, not at the ends"));
}

absl::Status CheckTerms(const TenantTerms& terms) {
  for (int area_code = 0; area_code < kAreaCodes && !terms.entitled.all(); ++area_code) {
    if (terms.entitled[static_cast<size_t>(area_code)] && !IsAreaCode(area_code)) {
      return Invalid(StrCat("entitlement: ", area_code, " is no area code; give 200 to 999"));
    }
  }
  if (terms.lists.size() > kMaxPolicyLists) {
    return Invalid(StrCat("policy.lists names ", terms.lists.size(), " lists; at most ",
                          kMaxPolicyLists, " are allowed"));
  }
  for (const std::string& list : terms.lists) {
    if (list.empty() || list.size() > kMaxPolicyListBytes || !IsPlainText(list)) {
      return Invalid("policy.lists has an entry that names no list; give names such as state:TX");
    }
    if (std::count(terms.lists.begin(), terms.lists.end(), list) > 1) {
      return Invalid(StrCat("policy.lists names ", list, " twice"));
    }
  }
  if ((terms.consent_lifts & ~kAllLifts) != 0 || (terms.ebr_lifts & ~kAllLifts) != 0) {
    return Invalid("policy: exemptions lift national, state and wireless, and nothing else");
  }
  if ((terms.ebr_lifts & kLiftsWireless) != 0) {
    return Invalid(
        "policy.ebr_lifts must not have wireless: an established business relationship does not "
        "permit calls to wireless numbers; a consent can (consent_lifts)");
  }
  return absl::OkStatus();
}

absl::Status CheckQuotas(const Quotas& quotas) {
  const auto check = [](std::string_view field, uint64_t value, uint64_t most) {
    if (value <= most) return absl::OkStatus();
    return Invalid(
        StrCat("quotas.", field, " is at most ", most, "; 0 takes the server's default"));
  };
  DNC_RETURN_IF_ERROR(check("numbers_per_second", quotas.numbers_per_second, kMaxNumbersPerSecond));
  DNC_RETURN_IF_ERROR(check("calls_under_way", quotas.calls_under_way, kMaxCallsUnderWay));
  return check("max_records", quotas.max_records, kMaxQuotaRecords);
}

}  // namespace

bool IsPlainText(std::string_view text) {
  size_t size = 0;
  for (size_t at = 0; at < text.size(); at += size) {
    const uint32_t character = CharacterAt(text, at, &size);
    // These are the control characters C0, DEL and C1.
    if (size == 0 || character < 0x20 || (character >= 0x7F && character <= 0x9F)) return false;
  }
  return true;
}

absl::Status CheckTenant(const Tenant& tenant) {
  DNC_RETURN_IF_ERROR(CheckId("tenant_id", tenant.id));
  DNC_RETURN_IF_ERROR(CheckDisplayName(tenant.display_name));
  if (tenant.state != TenantState::kActive && tenant.state != TenantState::kSuspended) {
    return Invalid("state must be active or suspended");
  }
  DNC_RETURN_IF_ERROR(CheckQuotas(tenant.quotas));
  return CheckTerms(tenant.terms);
}

absl::Status CheckKey(const ApiKey& key, absl::Time now) {
  DNC_RETURN_IF_ERROR(CheckDisplayName(key.display_name));
  if (key.scopes.empty()) return Invalid("scopes is empty; a key needs at least one");
  for (const KeyScope scope : key.scopes) {
    if (scope < KeyScope::kScrub || scope > KeyScope::kOperate) {
      return Invalid("scopes has a value that is no scope; give scrub, write lists or operate");
    }
    if (std::count(key.scopes.begin(), key.scopes.end(), scope) > 1) {
      return Invalid("scopes has the same scope twice");
    }
    if (key.tenant_id.empty() && scope != KeyScope::kOperate) {
      return Invalid(
          "a key of no tenant is an operator's and has exactly the scope operate; name a tenant "
          "for a key that scrubs or writes lists");
    }
    if (!key.tenant_id.empty() && scope == KeyScope::kOperate) {
      return Invalid(
          "a tenant's key can't have the scope operate; leave tenant_id empty for an "
          "operator's key");
    }
  }
  if (key.expires_at <= now) {
    return Invalid("expires_at is not in the future; give a later time, or none for no expiry");
  }
  return absl::OkStatus();
}

absl::Status CheckList(const TenantList& list) {
  DNC_RETURN_IF_ERROR(CheckId("list_id", list.id));
  DNC_RETURN_IF_ERROR(CheckDisplayName(list.display_name));
  if (list.kind < TenantListKind::kInternal || list.kind > TenantListKind::kConsent) {
    return Invalid("kind must be internal, EBR or consent");
  }
  if (!IsScope(list.scope)) {
    return Invalid(
        "scope must be empty, BRAND or BRAND/CAMPAIGN, each 1 to 63 of a-z, 0-9 and `-`, not at "
        "the ends");
  }
  return absl::OkStatus();
}

absl::Status CheckBlocks(const TenantList& list, const std::vector<std::string>& blocks) {
  if (list.kind != TenantListKind::kInternal) {
    return Invalid(StrCat("list ", list.id, " is no do-not-call list; only those have blocks"));
  }
  if (blocks.empty()) return Invalid("blocks is empty; give three or six digits each");
  if (blocks.size() > kMaxBlocksACall) {
    return Invalid(StrCat("blocks has ", blocks.size(), " entries; at most ", kMaxBlocksACall,
                          " are allowed in a call"));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const std::string_view block = blocks[i];
    if ((block.size() != 3 && block.size() != 6) ||
        block.find_first_not_of("0123456789") != std::string_view::npos) {
      return Invalid(StrCat("blocks[", i,
                            "] must be an area code (three digits) or an area code "
                            "and an exchange (six)"));
    }
    if (block[0] < '2') {
      return Invalid(StrCat("blocks[", i, "]: ", block.substr(0, 3),
                            " is no area code; they go from 200 to 999"));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc
