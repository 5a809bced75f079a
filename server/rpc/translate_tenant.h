// Translates between what operators ask of tenants and keys and the messages of
// dnc/v1/tenant_service.proto. Nothing is decided here.
#pragma once

#include "absl/status/statusor.h"
#include "dnc/v1/tenant_service.pb.h"
#include "server/service/tenant_admin.h"
#include "server/tenants/tenant.h"

namespace dnc {

void FillTenant(const ToldTenant& told, v1::Tenant* out);
// Tells all but the count of records.
void FillTenant(const Tenant& tenant, v1::Tenant* out);

// What a message says of a tenant. INVALID_REQUEST for values that the contract does not know.
absl::StatusOr<GivenTenant> FromProto(const v1::Tenant& tenant);
// INVALID_REQUEST for scopes that the contract does not know, and for an impossible time.
absl::StatusOr<GivenKey> FromProto(const v1::CreateKeyRequest& request);

void FillKey(const ApiKey& key, v1::Key* out);

void FillChange(const TenantChange& change, v1::TenantChange* out);

}  // namespace dnc
