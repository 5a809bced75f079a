// Who calls, and whether the call is permitted: API keys from the metadata of a call.
//
//   DNC_ASSIGN_OR_RETURN(const Caller caller, gatekeeper.Admit(context, Access::kScrub));
//
// `authorization: Bearer dnck_...` names the caller. An operator's key may name a tenant with
// `dnc-tenant`, and then acts as that tenant. Where keys are not required (a server on loopback), a
// call without one is the operator's, and the tenant's `default` unless it names another.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What a method asks of its caller.
enum class Access {
  kOpen,     // nothing
  kScrub,    // a tenant, and the scope to scrub
  kLists,    // a tenant, and the scope to write lists
  kRecords,  // the same, to read; the operator also of a suspended tenant
  kOperate,  // the operator
};

// Thread-safe.
class Gatekeeper {
 public:
  // `directory` and the `order` of its changes must outlive the gatekeeper.
  Gatekeeper(const TenantDirectory* directory, const RevisionOrder* order, bool keys_required)
      : directory_(directory), order_(order), keys_required_(keys_required) {}

  // As of now. Errors: UNAUTHENTICATED (UNAUTHENTICATED); PERMISSION_DENIED (SCOPE_MISSING,
  // TENANT_SUSPENDED); for operators only NOT_FOUND (NOT_FOUND) and INVALID_ARGUMENT
  // (INVALID_REQUEST).
  absl::StatusOr<Caller> Admit(const grpc::ServerContextBase& context, Access access) const;

 private:
  absl::StatusOr<Caller> Identify(const grpc::ServerContextBase& context) const;

  const TenantDirectory* const directory_;
  const RevisionOrder* const order_;
  const bool keys_required_;
};

}  // namespace dnc
