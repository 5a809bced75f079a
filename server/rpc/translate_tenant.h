// Between the tenants' values and those of dnc/v1/tenant_service.proto.
#pragma once

#include "absl/status/statusor.h"
#include "dnc/v1/tenant_service.pb.h"
#include "server/tenants/tenant.h"

namespace dnc {

// Without the count of records.
void FillTenant(const Tenant& tenant, v1::Tenant* out);

// `base` with what `tenant` says in its place. What is not said opens nothing: without an
// entitlement there is none, and a state, a policy and quotas that are left out are those of
// `base`. What only the server tells is not looked at. INVALID_REQUEST for values that the contract
// does not know.
absl::StatusOr<Tenant> FromProto(const v1::Tenant& tenant, const Tenant& base);

void FillKey(const ApiKey& key, v1::Key* out);

void FillChange(const TenantChange& change, v1::TenantChange* out);

}  // namespace dnc
