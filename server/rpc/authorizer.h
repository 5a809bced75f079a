// Who calls, and whether the call is permitted: API keys from the metadata of a call.
//
//   DNC_ASSIGN_OR_RETURN(const Caller caller, authorizer.Admit(context, Permission::kScrub));
//
// `authorization: Bearer dnck_...` names the caller. An operator's key may name a tenant with
// `dnc-tenant`, and then acts as that tenant. Where keys are not required (a server on loopback), a
// call without one is the operator's, and the tenant's `default` unless it names another.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What a method asks of its caller.
enum class Permission {
  kOpen,     // nothing
  kScrub,    // a tenant, and the scope to scrub
  kLists,    // a tenant, and the scope to write lists
  kRecords,  // the same, to read; the operator also of a suspended tenant
  kOperate,  // the operator
};

// Thread-safe.
class Authorizer {
 public:
  // `directory` and the `order` of its changes must outlive the authorizer.
  // Of each call at most `max_metadata` bytes of metadata are taken, as HTTP/2 counts them.
  Authorizer(const TenantDirectory* directory, const RevisionOrder* order, bool keys_required,
             size_t max_metadata = 16 << 10)
      : directory_(directory),
        order_(order),
        keys_required_(keys_required),
        max_metadata_(max_metadata) {}

  // As of now. Errors: RESOURCE_EXHAUSTED (LIMIT_REACHED) for too much metadata; UNAUTHENTICATED
  // (UNAUTHENTICATED); PERMISSION_DENIED (SCOPE_MISSING, TENANT_SUSPENDED); for operators only
  // NOT_FOUND (NOT_FOUND) and INVALID_ARGUMENT (INVALID_REQUEST).
  absl::StatusOr<Caller> Admit(const grpc::ServerContextBase& context, Permission permission) const;

 private:
  absl::Status CheckMetadata(const grpc::ServerContextBase& context) const;
  absl::StatusOr<Caller> Identify(const grpc::ServerContextBase& context) const;

  const TenantDirectory* const directory_;
  const RevisionOrder* const order_;
  const bool keys_required_;
  const size_t max_metadata_;
};

}  // namespace dnc
