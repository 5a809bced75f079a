// What a tenant, a key, a list and blocks must be like before they are taken. Errors are
// INVALID_ARGUMENT INVALID_REQUEST unless said otherwise, and name the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/tenants/tenant.h"

namespace dnc {

inline constexpr size_t kMaxDisplayNameBytes = 200;
inline constexpr size_t kMaxPolicyLists = 100;
inline constexpr size_t kMaxPolicyListBytes = 100;
inline constexpr size_t kMaxBlocksACall = 1'000;
// Of quotas; those of the server's defaults, too.
inline constexpr uint64_t kMaxNumbersPerSecond = 1'000'000'000'000;
inline constexpr uint64_t kMaxCallsUnderWay = 1'000'000;
inline constexpr uint64_t kMaxQuotaRecords = 100'000'000'000;

// Valid UTF-8 without control characters.
bool IsPlainText(std::string_view text);

absl::Status CheckTenant(const Tenant& tenant);
absl::Status CheckKey(const ApiKey& key, absl::Time now);
absl::Status CheckList(const TenantList& list);
// Of a call; the list must be a do-not-call list.
absl::Status CheckBlocks(const TenantList& list, const std::vector<std::string>& blocks);

}  // namespace dnc
