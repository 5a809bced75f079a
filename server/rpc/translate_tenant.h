// Between the tenants' values and those of dnc/v1/tenant_service.proto.
#pragma once

#include "absl/status/statusor.h"
#include "dnc/v1/tenant_service.pb.h"
#include "server/tenants/tenant.h"

namespace dnc {

// Without the count of records.
void FillTenant(const Tenant& tenant, v1::Tenant* out);

// INVALID_REQUEST for values that the contract does not know. Without a policy the default one.
absl::StatusOr<Tenant> FromProto(const v1::Tenant& tenant);

void FillKey(const ApiKey& key, v1::Key* out);

void FillChange(const TenantChange& change, v1::TenantChange* out);

}  // namespace dnc
