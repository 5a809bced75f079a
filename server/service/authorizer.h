// Decides who calls and whether the call is permitted, from credentials that a front has read.
//
//   DNC_ASSIGN_OR_RETURN(const Caller caller,
//                        authorizer.Admit(credentials, Permission::kScrub));
//
// `Bearer dnck_...` names the caller. An operator's key may name a tenant, and then acts as that
// tenant. Where keys are not required (a server on loopback), a call without one is the operator's,
// and the tenant's `default` unless it names another.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/revision_order.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What a method asks of its caller.
enum class Permission {
  kOpen,     // nothing
  kScrub,    // a tenant, and the scope to scrub
  kLists,    // a tenant, and the scope to write lists
  kRecords,  // the same, to read; the operator may also read those of a suspended tenant
  kOperate,  // the operator
};

// What a call says of its caller. The texts are the front's and must live as long as the call of
// Admit; blanks at their ends say nothing.
struct Credentials {
  std::optional<std::string_view> authorization;  // `Bearer dnck_...`
  std::optional<std::string_view> tenant;         // whom an operator acts as: `dnc-tenant`
  size_t metadata_bytes = 0;  // of all metadata of the call, as HTTP/2 counts them
};

// Thread-safe.
class Authorizer {
 public:
  // `directory` and the `order` of its changes must outlive the authorizer. A call may bring at
  // most `max_metadata` bytes of metadata.
  Authorizer(const TenantDirectory* directory, const RevisionOrder* order, bool keys_required,
             size_t max_metadata = 16 << 10)
      : directory_(directory),
        order_(order),
        keys_required_(keys_required),
        max_metadata_(max_metadata) {}

  // The caller as of now. Errors: RESOURCE_EXHAUSTED (LIMIT_REACHED) for too much metadata;
  // UNAUTHENTICATED (UNAUTHENTICATED); PERMISSION_DENIED (SCOPE_MISSING, TENANT_SUSPENDED); for
  // operators only NOT_FOUND (NOT_FOUND) and INVALID_ARGUMENT (INVALID_REQUEST).
  absl::StatusOr<Caller> Admit(const Credentials& credentials, Permission permission) const;

 private:
  absl::Status CheckMetadata(const Credentials& credentials) const;
  absl::StatusOr<Caller> Identify(const Credentials& credentials) const;

  const TenantDirectory* const directory_;
  const RevisionOrder* const order_;
  const bool keys_required_;
  const size_t max_metadata_;
};

}  // namespace dnc
