// Makes the sentences that record a tenant's changes: what was changed, from what to what. They are
// for people, and contain no secrets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/tenants/tenant.h"

namespace dnc {

std::string DescribeCreation(const Tenant& tenant);
// Returns an empty text if both have the same configuration.
std::string DescribeUpdate(const Tenant& before, const Tenant& after);
std::string DescribeNewKey(const ApiKey& key);
std::string DescribeNewList(const TenantList& list);
// `verb` is "blocked" or "ended the blocks of".
std::string DescribeBlocks(std::string_view verb, const std::vector<std::string>& blocks,
                           const TenantList& list);

}  // namespace dnc
