// Checks what tenants, keys, lists and blocks must be like to be accepted. Errors are
// INVALID_ARGUMENT INVALID_REQUEST, except where noted, and name the field.
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
// The highest quota, also for the server's default.
inline constexpr uint64_t kMaxNumbersPerSecond = 1'000'000'000'000;
inline constexpr uint64_t kMaxCallsUnderWay = 1'000'000;
inline constexpr uint64_t kMaxQuotaRecords = 100'000'000'000;

// Returns whether a text is valid UTF-8 without control characters.
bool IsPlainText(std::string_view text);

absl::Status CheckTenant(const Tenant& tenant);
absl::Status CheckKey(const ApiKey& key, absl::Time now);
absl::Status CheckList(const TenantList& list);
// Checks the blocks of a call. The list must be a do-not-call list.
absl::Status CheckBlocks(const TenantList& list, const std::vector<std::string>& blocks);

}  // namespace dnc
